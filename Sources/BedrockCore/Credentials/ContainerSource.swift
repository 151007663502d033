/// Credentials of the container that the process runs in: by the agent of ECS, by EKS Pod Identity, by any server that
/// speaks as they do.
enum ContainerSource {
    private static let ecsHost: StaticString = "http://169.254.170.2"
    /// Nanoseconds for each try, and tries, as in botocore.
    private static let limit: Int64 = 2_000_000_000
    private static let tries = 3
    private static let pause: Int64 = 1_000_000_000

    static func resolve(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
        guard let url = try url(inquiry.settings.environment) else {
            inquiry.skip(
                "container",
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set")
            return nil
        }
        let source: Message = "the container credentials at \(url, upTo: 200)"
        var request = IdentityRequest(
            "GET", url, headers: [HTTPHeader("accept", Bytes("application/json"))], connectLimit: limit, limit: limit,
            usesProxy: false)
        if let token = try authorization(inquiry) {
            request.headers.append(HTTPHeader("authorization", [], secret: token))
        }
        let finding = try inquiry.send(request, tries: tries, pause: pause)
        guard finding.failure == nil, finding.status == 200 else { throw .refused(source, finding) }
        return try finding.keys(source, token: "Token", expiry: "Expiration")
    }

    /// Where to ask; nil where nothing says that.
    private static func url(_ environment: Environment) throws(Halt) -> Bytes? {
        if let path = environment.value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            let name: Message = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
            guard path.first == UInt8(ascii: "/") else { throw .failed(name, "does not begin with a slash") }
            let url = Bytes(ecsHost) + path
            try check(url, name)
            return url
        }
        guard let url = environment.value("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        try check(url, "AWS_CONTAINER_CREDENTIALS_FULL_URI")
        return url
    }

    /// What is asked in plain goes to this machine and the addresses of such services, nowhere else.
    private static func check(_ url: Bytes, _ name: Message) throws(Halt) {
        let end = url.firstIndex(of: UInt8(ascii: "?")) ?? url.count
        for byte in url[end...] where !(0x21...0x7E ~= byte) || byte == UInt8(ascii: "#") {
            throw .failed(name, "has a query that is no URL's")
        }
        let place: Endpoint
        do throws(ArgumentError) {
            place = try Endpoint(url: url.span.extracting(0..<end))
        } catch {
            throw .failed(name, error.message)
        }
        guard place.isSecure || place.isLoopback || isService(place.host.span) else {
            throw .failed(
                name,
                "http is for loopback addresses, 169.254.170.2, 169.254.170.23 and fd00:ec2::23 only, not for "
                    + "\(place.host, upTo: 200)")
        }
    }

    private static let services: [StaticString] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]

    /// A host, with a port or without.
    private static func isService(_ host: Span<UInt8>) -> Bool {
        for service in services where host.starts(with: service) {
            let length = service.utf8CodeUnitCount
            if host.count == length || host[length] == UInt8(ascii: ":") { return true }
        }
        return false
    }

    /// The value of the Authorization header. The file is read each time: what is in it is replaced from outside.
    private static func authorization(_ inquiry: Inquiry) throws(Halt) -> Secret? {
        let environment = inquiry.settings.environment
        var name: Message = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
        var token = environment.value("AWS_CONTAINER_AUTHORIZATION_TOKEN").map { Secret($0) }
        if let path = environment.value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            name += "_FILE"
            token = try inquiry.read(name, path).contents
        }
        guard let token else { return nil }
        guard !token.isEmpty else { throw .failed(name, "is empty") }
        guard token.span.isHeaderValue else { throw .failed(name, "has a line end or another control character") }
        return token
    }
}
