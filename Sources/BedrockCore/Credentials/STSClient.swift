/// Asks the AWS Security Token Service for credentials of a role.
enum STSClient {
    /// The role of a profile, whose session is that of whom the credentials `source` are.
    static func assumeRole(
        _ inquiry: Inquiry, _ section: ProfileSection, by source: ResolvedIdentity
    ) throws(Halt) -> ResolvedIdentity {
        guard let role = section["role_arn"], let credentials = source.credentials else { return source }
        var form = form("AssumeRole", role.text, section["role_session_name"]?.text, inquiry)
        if let id = section["external_id"] { form.append("ExternalId", field: id.text) }
        if let duration = section["duration_seconds"] {
            guard let seconds = duration.text.span.decimal(), 900...43_200 ~= seconds else {
                throw .failed(duration.origin, "not a whole number from 900 to 43200")
            }
            form.append("DurationSeconds", field: duration.text)
        }
        if let device = section["mfa_serial"] {
            form.append("SerialNumber", field: device.text)
            form.append("TokenCode", field: try code(inquiry, device))
        }
        return try send(inquiry, form, role.origin, credentials)
    }

    /// The role, for somebody whom an identity provider knows; `origin` is the setting that names the role.
    static func assumeRole(
        _ inquiry: Inquiry, _ role: Bytes, _ origin: Message, session: Bytes?, token: Secret
    ) throws(Halt) -> ResolvedIdentity {
        var form = form("AssumeRoleWithWebIdentity", role, session, inquiry)
        form.append("WebIdentityToken", secret: token)
        return try send(inquiry, form, origin, nil)
    }

    private static func form(
        _ action: StaticString, _ role: Bytes, _ session: Bytes?, _ inquiry: Inquiry
    ) -> ByteBuffer {
        var form = ByteBuffer(isSecret: true)
        form.append("Action=")
        form.append(action)
        form.append("&Version=2011-06-15")
        form.append("RoleArn", field: role)
        form.append("RoleSessionName", field: session ?? [])
        if session == nil {
            form.append("bedrockstream-")
            form.append(decimal: inquiry.startedAt)
        }
        return form
    }

    private static func code(_ inquiry: Inquiry, _ device: Profile.Value) throws(Halt) -> Bytes {
        guard inquiry.shared.hostKinds.contains(.mfaCode) else {
            throw .failed(device.origin, "the device's code is needed, and there is no callback that is asked for it")
        }
        let finding = try inquiry.find { Ask.host(.mfaCode, device.text) }
        let code = finding.trimmedCopy
        if let failure = finding.failure { throw .failed(device.origin, failure) }
        if code.isEmpty { throw .failed(device.origin, "the callback gave no code") }
        return code
    }

    // MARK: Sending

    /// Signed by `credentials` where there are some. Tried several times where that may help.
    private static func send(
        _ inquiry: Inquiry, _ form: consuming ByteBuffer, _ origin: Message, _ credentials: Credentials?
    ) throws(Halt) -> ResolvedIdentity {
        let call = try STSCall(inquiry, RequestBody(form), origin, credentials)
        var number: UInt32 = 1
        var isClockCorrected = false
        while true {
            let request = try call.request()
            let finding = try inquiry.find { Ask.http(request) }
            let answer = STSAnswer(finding)
            if finding.failure == nil, finding.status == 200 { return try call.identity(answer) }
            let correctsClock = !isClockCorrected && call.correctsClock(finding, answer.text(.code).span)
            isClockCorrected = isClockCorrected || correctsClock
            let kind = correctsClock ? .transient : retryClass(finding, answer.text(.code).span)
            guard kind != .none, number < attempts else { throw call.failed(finding, answer) }
            if !correctsClock {
                let delay = Backoff.delay(retry: number, kind, hint: nil, random: inquiry.jitter, maxBackoff: 0)
                _ = try inquiry.find { Ask.wait(delay) }
            }
            number &+= 1
        }
    }

    private static let attempts: UInt32 = 3

    /// As the AWS SDKs see it: STS tells by a code of its own that it could not reach an identity provider.
    private static func retryClass(_ finding: Finding, _ code: Span<UInt8>) -> RetryClass {
        if finding.failure != nil || finding.status >= 500 || ServiceCode.isTransient(code)
            || code.isEqual(to: "IDPCommunicationError")
        {
            return .transient
        }
        return finding.status == 429 || ServiceCode.isThrottling(code) ? .throttling : .none
    }
}

/// A call to STS, which may take several requests.
private struct STSCall {
    let inquiry: Inquiry
    let body: RequestBody
    /// The setting that names the role.
    let origin: Message
    let credentials: Credentials?
    let region: Bytes
    let endpoint: Endpoint

    /// STS is asked in the region of the client, as by the AWS SDKs.
    init(
        _ inquiry: Inquiry, _ body: RequestBody, _ origin: Message, _ credentials: Credentials?
    ) throws(Halt) {
        guard let wanted = inquiry.region else {
            throw .failed(origin, "there is no region to assume the role in: set region, AWS_REGION or the profile's")
        }
        do throws(ArgumentError) {
            (endpoint, region) = try inquiry.settings.place(of: .sts, wanted)
            // A signature is good for one request, the token of an identity provider for many.
            if credentials == nil { try endpoint.checkPrivacy() }
        } catch {
            throw .failed(origin, error.message)
        }
        self.inquiry = inquiry
        self.body = body
        self.origin = origin
        self.credentials = credentials
    }

    func request() throws(Halt) -> IdentityRequest {
        let path = endpoint.basePath + Bytes("/")
        var request = IdentityRequest(
            "POST", endpoint.url(path: path.span),
            headers: [HTTPHeader("content-type", Bytes("application/x-www-form-urlencoded"))], body: body)
        if let credentials { request.headers += try signature(request.headers, path, credentials) }
        return request
    }

    private func signature(
        _ headers: [HTTPHeader], _ path: Bytes, _ credentials: Credentials
    ) throws(Halt) -> [HTTPHeader] {
        let signed = SigningRequest(
            method: Bytes("POST"), scheme: endpoint.scheme, host: endpoint.host, path: path, query: [],
            headers: headers + [HTTPHeader("host", endpoint.host)])
        do throws(SigningError) {
            return try Self.sign(
                signed, body.bytes, credentials, region, inquiry.shared.signer,
                inquiry.wall &+ inquiry.shared.skew.offset(host: endpoint.host))
        } catch {
            throw .failed(origin, error.message)
        }
    }

    private static func sign(
        _ request: SigningRequest, _ body: borrowing ByteBuffer, _ credentials: Credentials, _ region: Bytes,
        _ signer: RequestSigner, _ epochSeconds: Int64
    ) throws(SigningError) -> [HTTPHeader] {
        try signer.sign(
            request, body: body.span, credentials: credentials, region: region, service: Bytes("sts"),
            epochSeconds: epochSeconds
        ).headers
    }

    /// The answer refuses the signature for its time, or may do so; the next one carries the server's.
    func correctsClock(_ finding: Finding, _ code: Span<UInt8>) -> Bool {
        guard credentials != nil, let server = finding.serverSeconds else { return false }
        let isLate = (server &- finding.wall).magnitude >= 240
        guard ServiceCode.isClockSkew(code) || isLate && ServiceCode.isPossibleClockSkew(code) else { return false }
        _ = inquiry.shared.skew.learn(host: endpoint.host, serverSeconds: server, wall: finding.wall)
        return true
    }

    func identity(_ answer: STSAnswer) throws(Halt) -> ResolvedIdentity {
        guard answer.isWhole else { throw failed("an answer that is no whole XML document") }
        let credentials = Credentials(
            accessKeyID: try answer.needed(answered, .accessKeyID).copy,
            secretAccessKey: try answer.needed(answered, .secretAccessKey),
            sessionToken: try answer.needed(answered, .sessionToken))
        let time = try answer.needed(answered, .expiration)
        guard let expiry = Timestamp(dateTime: time.span) else {
            throw failed("an Expiration that is not written as in RFC 3339")
        }
        return ResolvedIdentity(
            credentials: credentials, accountID: answer.accountID, expiry: expiry.seconds, source: origin)
    }

    // MARK: Messages

    /// What STS says of it is shown, what was sent is not.
    func failed(_ finding: Finding, _ answer: STSAnswer) -> Halt {
        if let failure = finding.failure { return failed(failure) }
        let code = answer.text(.code)
        if code.isEmpty { return failed("status \(finding.status)") }
        return failed("\(code, upTo: 100): \(answer.text(.message), upTo: 1000)")
    }

    private func failed(_ what: Message) -> Halt { .failed(answered, what) }

    private var answered: Message { "\(origin): STS at \(endpoint.host)" }
}

extension ByteBuffer {
    /// Another field of a form.
    fileprivate mutating func append(_ name: StaticString, field value: Bytes) {
        append(name, field: value.span)
    }

    fileprivate mutating func append(_ name: StaticString, secret value: Secret) {
        append(name, field: value.span)
    }

    private mutating func append(_ name: StaticString, field value: Span<UInt8>) {
        append(UInt8(ascii: "&"))
        append(name)
        append(UInt8(ascii: "="))
        PercentEncoding.label(value, into: &self)
    }
}
