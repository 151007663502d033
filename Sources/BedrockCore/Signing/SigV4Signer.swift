/// Signs requests by AWS Signature Version 4 (AWS4-HMAC-SHA256). Keeps the derived key of the last secret, day, region
/// and service, and its memory. One thread at a time.
public struct SigV4Signer: ~Copyable {
    private let sha: SHA256
    private var key = DerivedKey()
    private var canonical = CanonicalRequest()
    /// The string to sign.
    private var text = ByteBuffer(limit: CanonicalRequest.length)

    /// nil when memory is short or libcrypto refuses.
    public init?() {
        guard let sha = SHA256() else { return nil }
        self.sha = sha
    }

    /// What to add to `request` so that the service takes it as coming from `credentials`.
    @_optimize(speed)
    public mutating func sign(
        _ request: SigningRequest, body: Span<UInt8>, credentials: Credentials, region: Bytes, service: Bytes,
        epochSeconds: Int64, options: SigningOptions = .init()
    ) throws(SigningError) -> SignedRequest {
        defer { canonical.wipe() }
        try credentials.checkForSigning()
        let time = CivilTime(epochSeconds: epochSeconds).basic
        let ownHash = request.headers.firstValue(of: "x-amz-content-sha256")
        let payloadHash: Bytes
        if let ownHash { payloadHash = ownHash } else { payloadHash = try self.payloadHash(of: body) }
        var headers = Self.headersToSign(request, time: time, credentials: credentials, options: options)
        if options.addsContentSHA256 && ownHash == nil {
            headers.append(HTTPHeader(name: HeaderName.contentSHA256, value: payloadHash))
        }
        try writeCanonical(request, adding: headers, credentials: credentials, payloadHash, options: options)
        try key.setScope(date: time.span.extracting(0..<8), region: region.span, service: service.span)
        try writeStringToSign(digest: hash(canonical.text.span), time: time.span)
        try key.derive(from: credentials.secretAccessKey.span, with: sha)
        let signature = try authenticate(text.span)
        headers.append(try authorization(credentials.accessKeyID, signature: signature))
        if options.omitsSessionToken, let token = credentials.usableToken {
            headers.append(HTTPHeader(name: HeaderName.securityToken, value: [], secret: token))
        }
        return SignedRequest(
            headers: headers, canonicalRequest: record(options.record),
            stringToSign: options.record == .whole ? text.array : [])
    }

    @inline(never)
    private func record(_ record: SigningOptions.Record) -> Bytes {
        switch record {
        case .none: []
        case .redacted: Redaction.redacted(canonical.text.span)
        case .whole: canonical.text.array
        }
    }

    /// Headers that signing adds and signs.
    @inline(never)
    private static func headersToSign(
        _ request: SigningRequest, time: Bytes, credentials: Credentials, options: SigningOptions
    ) -> [HTTPHeader] {
        var headers: [HTTPHeader] = []
        headers.reserveCapacity(5)
        if request.headers.firstValue(of: "host") == nil {
            headers.append(HTTPHeader(name: HeaderName.host, value: request.hostHeader))
        }
        headers.append(HTTPHeader(name: HeaderName.date, value: time))
        if !options.omitsSessionToken, let token = credentials.usableToken {
            headers.append(HTTPHeader(name: HeaderName.securityToken, value: [], secret: token))
        }
        return headers
    }

    @inline(never)
    private mutating func writeCanonical(
        _ request: SigningRequest, adding headers: [HTTPHeader], credentials: Credentials, _ payloadHash: Bytes,
        options: SigningOptions
    ) throws(SigningError) {
        let replacesToken = !(credentials.sessionToken?.isEmpty ?? true)
        try canonical.begin(request, options: options)
        for header in request.headers where HeaderName.isSigned(header.name.span) {
            if header.name.span.isEqualIgnoringCase("x-amz-date") { continue }
            if replacesToken, header.name.span.isEqualIgnoringCase("x-amz-security-token") { continue }
            try canonical.add(header)
        }
        for header in headers { try canonical.add(header) }
        try canonical.finish(payloadHash: payloadHash.span.trimmed())
    }

    @inline(never)
    private func authorization(_ accessKeyID: Bytes, signature: Digest256) throws(SigningError) -> HTTPHeader {
        var value = ByteBuffer(limit: CanonicalRequest.length)
        value.append("AWS4-HMAC-SHA256 Credential=")
        value.append(accessKeyID)
        value.append(UInt8(ascii: "/"))
        value.append(key.scope.span)
        value.append(", SignedHeaders=")
        value.append(canonical.text.span(canonical.signedHeaders))
        value.append(", Signature=")
        value.append(hex: signature)
        if value.isExhausted { throw SigningError.outOfMemory }
        return HTTPHeader(name: HeaderName.authorization, value: value.array)
    }
}

// MARK: - Steps

extension SigV4Signer {
    private func hash(_ bytes: Span<UInt8>) throws(SigningError) -> Digest256 {
        var digest = Digest256(repeating: 0)
        guard sha.hash(bytes, into: &digest) else { throw SigningError.digestFailed }
        return digest
    }

    private mutating func writeStringToSign(digest: Digest256, time: Span<UInt8>) throws(SigningError) {
        text.removeAll()
        text.append("AWS4-HMAC-SHA256\n")
        text.append(time)
        text.append(UInt8(ascii: "\n"))
        text.append(0..<key.scope.count, of: key.scope)
        text.append(UInt8(ascii: "\n"))
        text.append(hex: digest)
        if text.isExhausted { throw SigningError.outOfMemory }
    }

    private func authenticate(_ stringToSign: Span<UInt8>) throws(SigningError) -> Digest256 {
        var signature = Digest256(repeating: 0)
        guard sha.authenticate(stringToSign, key: key.value, into: &signature) else {
            throw SigningError.digestFailed
        }
        return signature
    }
}

// MARK: - Steps that a verifier takes

extension SigV4Signer {
    /// The digest of a body in hexadecimal digits.
    public func payloadHash(of body: Span<UInt8>) throws(SigningError) -> Bytes {
        let digest = try hash(body)
        var digits = ByteBuffer()
        digits.append(hex: digest)
        return digits.array
    }

    /// The canonical request over exactly the headers that `signedHeaders` names, as "host;x-amz-date".
    public mutating func canonicalRequest(
        _ request: SigningRequest, signedHeaders: Span<UInt8>, payloadHash: Span<UInt8>,
        options: SigningOptions = .init()
    ) throws(SigningError) -> Bytes {
        try canonical.begin(request, options: options)
        for header in request.headers where HeaderName.list(signedHeaders, names: header.name.span) {
            try canonical.add(header)
        }
        try canonical.finish(payloadHash: payloadHash)
        return canonical.text.array
    }

    /// The string to sign of a canonical request; `time` is the value of x-amz-date.
    public mutating func stringToSign(
        canonicalRequest: Span<UInt8>, time: Span<UInt8>, region: Span<UInt8>, service: Span<UInt8>
    ) throws(SigningError) -> Bytes {
        try key.setScope(date: time.extracting(0..<min(8, time.count)), region: region, service: service)
        try writeStringToSign(digest: hash(canonicalRequest), time: time)
        return text.array
    }

    /// The signature of a string to sign in hexadecimal digits; `date` is the day of the scope, as 20150830.
    public mutating func signature(
        of stringToSign: Span<UInt8>, secretAccessKey: Span<UInt8>, date: Span<UInt8>, region: Span<UInt8>,
        service: Span<UInt8>
    ) throws(SigningError) -> Bytes {
        try key.setScope(date: date, region: region, service: service)
        try key.derive(from: secretAccessKey, with: sha)
        let signature = try authenticate(stringToSign)
        var digits = ByteBuffer()
        digits.append(hex: signature)
        return digits.array
    }
}
