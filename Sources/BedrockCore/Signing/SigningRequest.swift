/// What is signed: a request as it will go over the wire.
public struct SigningRequest: Sendable {
    public var method: Bytes
    public var scheme: Bytes
    /// With the port where it is not the scheme's default.
    public var host: Bytes
    /// As on the request line, percent-encoded.
    public var path: Bytes
    /// As on the request line, without the question mark.
    public var query: Bytes
    public var headers: [HTTPHeader]

    public init(method: Bytes, scheme: Bytes, host: Bytes, path: Bytes, query: Bytes, headers: [HTTPHeader]) {
        self.method = method
        self.scheme = scheme
        self.host = host
        self.path = path
        self.query = query
        self.headers = headers
    }

    /// The host in lower case, without user information and without the scheme's default port.
    var hostHeader: Bytes {
        var value = Bytes()
        value.reserveCapacity(host.count)
        for byte in host {
            if byte == UInt8(ascii: "@") {
                value.removeAll(keepingCapacity: true)
            } else {
                value.append(byte.asciiLowercased)
            }
        }
        let defaultPort: StaticString = scheme.span.isEqualIgnoringCase("https") ? ":443" : ":80"
        if value.span.ends(with: defaultPort) { value.removeLast(defaultPort.utf8CodeUnitCount) }
        return value
    }
}

/// Where services differ. The defaults are those of Bedrock and of every service but S3.
public struct SigningOptions: Sendable {
    /// What is kept of the canonical request.
    public enum Record: Sendable {
        case none
        /// Without secrets, for people to read.
        case redacted
        case whole
    }

    /// Takes dot segments and empty segments out of the path that is signed.
    public var normalizesPath: Bool
    /// Encodes the path, which is encoded on the wire already, once more.
    public var doubleEncodesPath: Bool
    /// Sends the body's digest in x-amz-content-sha256.
    public var addsContentSHA256: Bool
    /// Adds the session token after signing instead of signing it.
    public var omitsSessionToken: Bool
    public var record: Record

    public init(
        normalizesPath: Bool = true, doubleEncodesPath: Bool = true, addsContentSHA256: Bool = false,
        omitsSessionToken: Bool = false, record: Record = .none
    ) {
        self.record = record
        self.normalizesPath = normalizesPath
        self.doubleEncodesPath = doubleEncodesPath
        self.addsContentSHA256 = addsContentSHA256
        self.omitsSessionToken = omitsSessionToken
    }
}

/// A request that cannot be signed, and why.
public struct SigningError: Error {
    public var message: Message

    public init(_ message: Message) {
        self.message = message
    }

    static var outOfMemory: SigningError { SigningError("out of memory, or the request head is too large to sign") }
    static var digestFailed: SigningError { SigningError("libcrypto failed to compute a digest") }
}

/// What signing adds to a request.
public struct SignedRequest: Sendable {
    /// Headers to add, in place of those of the same name that the request has.
    public var headers: [HTTPHeader]
    /// Empty, or as the options want it.
    public var canonicalRequest: Bytes
    /// Empty, unless the options want a record of the whole.
    public var stringToSign: Bytes
}

extension Credentials {
    /// nil where there is no session token to send.
    var usableToken: Secret? { sessionToken.flatMap { $0.isEmpty ? nil : $0 } }

    /// Why nothing can be signed with them.
    var problem: Message? {
        if accessKeyID.isEmpty || accessKeyID.span.hasControlCharacter {
            return "the access key id is empty or malformed"
        }
        if secretAccessKey.isEmpty { return "the secret access key is empty" }
        let isTokenGood = sessionToken.map { !$0.span.hasControlCharacter } ?? true
        return isTokenGood ? nil : "the session token holds a control character"
    }

    func checkForSigning() throws(SigningError) {
        if let problem { throw SigningError(problem) }
    }
}

enum HeaderName {
    static let host = Bytes("host")
    static let date = Bytes("x-amz-date")
    static let contentSHA256 = Bytes("x-amz-content-sha256")
    static let securityToken = Bytes("x-amz-security-token")
    static let authorization = Bytes("authorization")

    /// False for headers that proxies and clients change on the way, and for the signature itself (the list is
    /// botocore's).
    static func isSigned(_ name: Span<UInt8>) -> Bool {
        switch name.count {
        case 2: !name.isEqualIgnoringCase("te")
        case 6: !name.isEqualIgnoringCase("expect")
        case 7:
            !(name.isEqualIgnoringCase("baggage") || name.isEqualIgnoringCase("trailer")
                || name.isEqualIgnoringCase("upgrade"))
        case 10:
            !(name.isEqualIgnoringCase("connection") || name.isEqualIgnoringCase("keep-alive")
                || name.isEqualIgnoringCase("tracestate") || name.isEqualIgnoringCase("user-agent"))
        case 11: !name.isEqualIgnoringCase("traceparent")
        case 13: !name.isEqualIgnoringCase("authorization")
        case 15: !name.isEqualIgnoringCase("x-amzn-trace-id")
        case 17: !name.isEqualIgnoringCase("transfer-encoding")
        case 18: !name.isEqualIgnoringCase("proxy-authenticate")
        case 19: !name.isEqualIgnoringCase("proxy-authorization")
        default: true
        }
    }

    /// Whether a list like "host;x-amz-date" names that header, whatever the case.
    static func list(_ list: Span<UInt8>, names name: Span<UInt8>) -> Bool {
        var start = 0
        while start < list.count {
            let end = list.firstIndex(of: UInt8(ascii: ";"), from: start) ?? list.count
            if list.extracting(start..<end).isEqualIgnoringCase(name) { return true }
            start = end &+ 1
        }
        return false
    }
}
