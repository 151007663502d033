/// The instance metadata service of EC2: credentials of the instance's role, and its region.
///
/// A machine that is no instance has nothing at the address: that is no error, and is known after one second at most.
enum MetadataSource {
    static func credentials(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
        guard let service = try MetadataService.open(inquiry) else { return nil }
        let path: StaticString = "/latest/meta-data/iam/security-credentials/"
        guard let role = try service.line(path, "has no role for this instance") else { return nil }
        guard role.allSatisfy({ $0.isUnreserved || "+=,@".utf8.contains($0) }) else {
            throw .failed(service.source, "has a role with a character that no role's name has")
        }
        let finding = try service.get(Bytes(path) + role)
        guard finding.failure == nil, finding.status == 200 else { throw .refused(service.source, finding) }
        if let code = finding.errorCode, code != "Success" { throw .refused(service.source, finding) }
        return extended(try finding.keys(service.source, token: "Token", expiry: "Expiration"), inquiry)
    }

    static func region(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
        guard let service = try MetadataService.open(inquiry),
            let region = try service.line("/latest/meta-data/placement/region", "has no region")
        else { return nil }
        return ResolvedIdentity(region: region, source: service.source)
    }

    /// Credentials that are about to expire, or have, are what the service gives while it has trouble of its own. They
    /// are used on, as AWS wants it, and asked for again after a while that differs from instance to instance.
    private static func extended(_ identity: ResolvedIdentity, _ inquiry: Inquiry) -> ResolvedIdentity {
        guard let expiry = identity.expiry, expiry <= inquiry.startedAt &+ 900 else { return identity }
        let wait = 900 &+ 120 &+ Int64(truncatingIfNeeded: inquiry.jitter % 481)
        return identity.with(
            expiry: inquiry.startedAt &+ wait,
            source: identity.source + ", which gave ones that were about to expire or had, used on nevertheless")
    }
}

/// Where it is, and the token that it wants to see with each request.
private struct MetadataService {
    let inquiry: Inquiry
    let source: Message
    private let url: Bytes
    /// Nil where it is asked as before there were tokens.
    private var token: Secret?

    /// Nil where there is none.
    static func open(_ inquiry: Inquiry) throws(Halt) -> MetadataService? {
        var service = MetadataService(inquiry)
        if inquiry.settings.flag(.imdsDisabled) {
            service.skip("is switched off")
            return nil
        }
        return try service.fetchToken() ? service : nil
    }

    private init(_ inquiry: Inquiry) {
        self.inquiry = inquiry
        url = Self.url(inquiry.settings)
        source = "the instance metadata at \(url, upTo: 200)"
    }

    private static func url(_ settings: Settings) -> Bytes {
        guard var url = settings.value(.imdsEndpoint) else {
            let isIPv6 = settings.text(.imdsEndpointMode).last == UInt8(ascii: "6")
            return Bytes(isIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254")
        }
        while url.last == UInt8(ascii: "/") { url.removeLast() }
        return url
    }

    private func skip(_ reason: Message) { inquiry.skip("instance metadata", reason) }

    private mutating func fetchToken() throws(Halt) -> Bool {
        let seconds = HTTPHeader("x-aws-ec2-metadata-token-ttl-seconds", Bytes("21600"))
        let finding = try send("PUT", Bytes("/latest/api/token"), seconds)
        if finding.status == 200 {
            let text = finding.trimmedContents
            guard !text.isEmpty, text.span.isHeaderValue else { throw .failed(source, "gave a token that is none") }
            token = text
            return true
        }
        guard finding.isTimeout || finding.failure == nil else {
            skip("\(url, upTo: 200): \(finding.failure ?? "")")
            return false
        }
        guard finding.isTimeout || finding.status == 403 || finding.status == 404 || finding.status == 405 else {
            throw .refused(source, finding)
        }
        guard !inquiry.settings.flag(.imdsV1Disabled) else {
            throw .failed(source, "gives no token, and imds.v1_disabled is on")
        }
        return true
    }

    func get(_ path: Bytes) throws(Halt) -> Finding {
        try send("GET", path, token.map { HTTPHeader("x-aws-ec2-metadata-token", [], secret: $0) })
    }

    private func send(_ method: StaticString, _ path: Bytes, _ header: HTTPHeader?) throws(Halt) -> Finding {
        let settings = inquiry.settings
        let request = IdentityRequest(
            method, url + path, headers: header.map { [$0] } ?? [], connectLimit: 1_000_000_000,
            limit: settings.integer(.imdsTimeout) &* 1_000_000_000, usesProxy: false)
        let tries = Int(truncatingIfNeeded: settings.integer(.imdsAttempts))
        return try inquiry.send(request, tries: tries, pause: 0, wantsJSON: false)
    }

    /// The first line of what is at a path; nil, and skipped, where nothing is.
    func line(_ path: StaticString, _ missing: Message) throws(Halt) -> Bytes? {
        let finding = try get(Bytes(path))
        if finding.status == 404 || token == nil && finding.isTimeout {
            skip(finding.isTimeout ? "\(url, upTo: 200): \(finding.failure ?? "")" : missing)
            return nil
        }
        guard finding.failure == nil, finding.status == 200 else { throw .refused(source, finding) }
        let text = finding.trimmedCopy
        let line = Bytes(text.prefix { $0 > 0x20 })
        guard 1...256 ~= line.count else { throw .failed(source, missing) }
        return line
    }
}
