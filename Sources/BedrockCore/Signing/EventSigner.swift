/// Signs the messages that a client sends in an event stream: each signature continues the one before it, the first the
/// request's. Keeps the derived key of the last secret, day, region and service. One thread at a time.
public struct EventSigner: ~Copyable {
    private let sha: SHA256
    private var key = DerivedKey()
    private var text = ByteBuffer()

    /// nil when memory is short or libcrypto refuses.
    public init?() {
        guard let sha = SHA256() else { return nil }
        self.sha = sha
    }

    /// What was signed last, for the next message.
    public struct Signature: Sendable {
        /// 32 bytes.
        public var bytes: Bytes
        public var stringToSign: Bytes
    }

    /// Appends the message that carries `payload`, a whole encoded message, to `frame`; an empty payload ends the
    /// stream. `previous` is the signature before it in hexadecimal digits.
    public mutating func sign(
        payload: Span<UInt8>, after previous: Span<UInt8>, credentials: Credentials, region: Bytes, service: Bytes,
        epochSeconds: Int64, into frame: inout ByteBuffer
    ) throws(SigningError) -> Signature {
        try credentials.checkForSigning()
        let time = CivilTime(epochSeconds: epochSeconds).basic
        let milliseconds = epochSeconds.multipliedReportingOverflow(by: 1000)
        guard !milliseconds.overflow else { throw SigningError("the time is out of range") }
        let date = HeaderValue.timestamp(milliseconds.partialValue)
        try key.setScope(date: time.span.extracting(0..<8), region: region.span, service: service.span)
        try writeStringToSign(time.span, previous, date, payload)
        try key.derive(from: credentials.secretAccessKey.span, with: sha)
        var code = Digest256(repeating: 0)
        guard sha.authenticate(text.span, key: key.value, into: &code) else { throw SigningError.digestFailed }
        let signature = Bytes(copying: code.span)
        do throws(FrameError) {
            let headers = [
                FrameHeader(name: Bytes(":date"), value: date),
                FrameHeader(name: Bytes(":chunk-signature"), value: .byteArray(signature)),
            ]
            try FrameEncoder.encode(headers: headers, payload: payload, into: &frame)
        } catch {
            throw SigningError(error.message)
        }
        return Signature(bytes: signature, stringToSign: text.array)
    }

    private mutating func writeStringToSign(
        _ time: Span<UInt8>, _ previous: Span<UInt8>, _ date: HeaderValue, _ payload: Span<UInt8>
    ) throws(SigningError) {
        var header = ByteBuffer()
        FrameEncoder.append(FrameHeader(name: Bytes(":date"), value: date), to: &header)
        text.removeAll()
        text.append("AWS4-HMAC-SHA256-PAYLOAD\n")
        text.append(time)
        text.append(UInt8(ascii: "\n"))
        text.append(key.scope, 0..<key.scope.count)
        text.append(UInt8(ascii: "\n"))
        text.append(previous)
        text.append(UInt8(ascii: "\n"))
        text.append(hex: try hash(header.span))
        text.append(UInt8(ascii: "\n"))
        text.append(hex: try hash(payload))
        if text.isExhausted { throw SigningError.outOfMemory }
    }

    private func hash(_ bytes: Span<UInt8>) throws(SigningError) -> Digest256 {
        var digest = Digest256(repeating: 0)
        guard sha.hash(bytes, into: &digest) else { throw SigningError.digestFailed }
        return digest
    }
}
