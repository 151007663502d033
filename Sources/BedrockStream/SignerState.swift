import BedrockCore
import CBedrockStream
import CSystem.Memory

/// The signer of a handle and the texts that its last signature points to.
final class SignerState {
    private let signer: RequestSigner
    private var texts = ByteBuffer(isSecret: true)
    private var headers: UnsafeMutablePointer<brs_header>?
    private var headerCount = 0
    /// Of the last signature: making secrets takes longer than signing.
    private var secretAccessKey: Secret?
    private var sessionToken: Secret?
    private var canonicalRequest = 0
    private var stringToSign = 0

    private static let headerLimit = 256

    init?() {
        guard let signer = RequestSigner() else { return nil }
        self.signer = signer
    }

    deinit {
        free(headers)
    }

    func sign(_ request: brs_signing_request) throws(Refusal) {
        let signing = try signingRequest(request)
        let body = try Self.view(request.body, request.body_len)
        let credentials = try credentials(request)
        var signed: SignedRequest
        do throws(SigningError) {
            signed = try signer.sign(
                signing, body: Span(_unsafeElements: body), credentials: credentials,
                region: try Self.part(request.region), service: try Self.part(request.service),
                epochSeconds: request.time_s, record: .whole)
        } catch {
            throw Refusal(BRS_E_SIGNING, error.message)
        }
        try keep(&signed)
    }

    private func credentials(_ request: brs_signing_request) throws(Refusal) -> Credentials {
        let secret = try Self.secret(
            request.secret_access_key, "request.secret_access_key", 4096, like: secretAccessKey)
        let limit = Limits.configValueLength
        let token = try request.session_token.map { (pointer) throws(Refusal) in
            try Self.secret(pointer, "request.session_token", limit, like: sessionToken)
        }
        (secretAccessKey, sessionToken) = (secret, token)
        return Credentials(
            accessKeyID: try text(request.access_key_id, "request.access_key_id", limit: 4096),
            secretAccessKey: secret, sessionToken: token)
    }

    /// A secret of the caller's; `other` where it is the same.
    private static func secret(
        _ pointer: UnsafePointer<CChar>?, _ name: StaticString, _ limit: Int, like other: Secret?
    ) throws(Refusal) -> Secret {
        var bytes = try text(pointer, name, limit: limit)
        defer { bytes.wipe() }
        if let other, other.span.isEqual(to: bytes.span) { return other }
        return Secret(bytes)
    }

    private static func part(_ pointer: UnsafePointer<CChar>?) throws(SigningError) -> Bytes {
        do throws(Refusal) {
            return try text(pointer, "region or service", limit: 256)
        } catch {
            throw SigningError(error.message)
        }
    }

    /// The caller's memory, which lives until the call returns.
    private static func view(
        _ pointer: UnsafePointer<CChar>?, _ length: Int
    ) throws(Refusal) -> UnsafeBufferPointer<UInt8> {
        guard length >= 0 else { throw Refusal(BRS_E_ARGUMENT, "request.body_len: out of range") }
        guard length > 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
        guard let pointer else { throw .null("request.body") }
        return UnsafeBufferPointer(
            start: UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt8.self), count: length)
    }

    private func signingRequest(_ request: brs_signing_request) throws(Refusal) -> SigningRequest {
        var headers: [HTTPHeader] = []
        guard request.header_count >= 0, request.header_count <= Self.headerLimit else {
            throw Refusal(BRS_E_ARGUMENT, "request.header_count: more than \(Self.headerLimit)")
        }
        guard request.header_count == 0 || request.headers != nil else { throw .null("request.headers") }
        for at in 0..<request.header_count {
            guard let header = request.headers?[at] else { break }
            headers.append(
                HTTPHeader(
                    name: try text(header.name, "request.headers.name", limit: 1024),
                    value: try text(header.value, "request.headers.value", limit: Limits.configValueLength)))
        }
        return SigningRequest(
            method: try text(request.method, "request.method", limit: 64),
            scheme: try text(request.scheme, "request.scheme", limit: 64),
            host: try text(request.host, "request.host", limit: 1024),
            path: try text(request.path, "request.path", limit: Limits.configValueLength),
            query: try optionalText(request.query, "request.query", limit: Limits.configValueLength) ?? [],
            headers: headers)
    }

    /// Copies what was made to where C may read it: texts first, pointers when they do not move any more.
    private func keep(_ signed: inout SignedRequest) throws(Refusal) {
        texts.wipe()
        var starts: [(name: Int, value: Int)] = []
        for header in signed.headers {
            let name = add(header.name)
            starts.append((name, add(header.value, header.secret)))
        }
        canonicalRequest = add(signed.canonicalRequest)
        signed.canonicalRequest.wipe()
        stringToSign = add(signed.stringToSign)
        let size = max(starts.count, 1) * MemoryLayout<brs_header>.stride
        guard !texts.isExhausted, let base = texts.pointer, let memory = realloc(headers, size) else { throw .memory }
        let chars = UnsafeRawPointer(base).assumingMemoryBound(to: CChar.self)
        let table = memory.bindMemory(to: brs_header.self, capacity: max(starts.count, 1))
        for (at, start) in starts.enumerated() {
            table[at] = brs_header(name: chars + start.name, value: chars + start.value)
        }
        headers = table
        headerCount = starts.count
    }

    @inline(never)
    private func add(_ text: Bytes, _ rest: Secret? = nil) -> Int {
        let start = texts.count
        texts.append(text)
        if let rest { texts.append(rest.span) }
        texts.append(0)
        return start
    }

    func write(to signature: UnsafeMutablePointer<brs_signature>) {
        guard let base = texts.pointer else { return }
        let chars = UnsafeRawPointer(base).assumingMemoryBound(to: CChar.self)
        signature.pointee.headers = UnsafePointer(headers)
        signature.pointee.header_count = headerCount
        signature.pointee.canonical_request = chars + canonicalRequest
        signature.pointee.string_to_sign = chars + stringToSign
    }
}
