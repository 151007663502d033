import Testing

@testable import BedrockCore

private let credentials = Credentials(
    accessKeyID: Bytes("AKID"), secretAccessKey: Bytes("sEcReT"), sessionToken: nil)

@Suite struct EventSigners {
    private func sign(
        _ payload: Bytes, after previous: String, region: String = "us-east-1", epoch: Int64 = 123_456_789
    ) throws -> (EventSigner.Signature, Bytes) {
        guard var signer = EventSigner() else { throw SigningError.digestFailed }
        var frame = ByteBuffer()
        let signature = try signer.sign(
            payload: payload.span, after: previous.utf8.span, credentials: credentials, region: Bytes(region.utf8),
            service: Bytes("testservice"), epochSeconds: epoch, into: &frame)
        return (signature, frame.array)
    }

    @Test("the string to sign that the Rust SDK's tests have")
    func stringToSign() throws {
        var message = ByteBuffer()
        try FrameEncoder.encode(
            headers: [FrameHeader(name: Bytes("some-header"), value: .string(Bytes("value")))],
            payload: Bytes("test payload").span, into: &message)
        let previous = "be1f8c7d79ef8e1abc5254a2c70e4da3bfaf4f07328f527444e1fc6ea67273e2"
        let (signature, frame) = try sign(message.array, after: previous)
        let expected = [
            "AWS4-HMAC-SHA256-PAYLOAD", "19731129T213309Z", "19731129/us-east-1/testservice/aws4_request", previous,
            "0c0e3b3bf66b59b976181bd7d401927bbd624107303c713fd1e5f3d3c8dd1b1e",
            "f2eba0f2e95967ee9fbc6db5e678d2fd599229c0d04b11e4fc8e0f2a02a806c6",
        ]
        #expect(String(signature.stringToSign) == expected.joined(separator: "\n"))
        #expect(
            try FrameEncoder.headers(of: frame.span) == [
                FrameHeader(name: Bytes(":date"), value: .timestamp(123_456_789_000)),
                FrameHeader(name: Bytes(":chunk-signature"), value: .byteArray(signature.bytes)),
            ])
    }

    @Test func anEmptyPayloadEndsTheStream() throws {
        let (signature, frame) = try sign([], after: String(repeating: "0", count: 64))
        #expect(signature.bytes.count == 32)
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(String(signature.stringToSign).hasSuffix("\n" + empty))
        // Prelude, checksums and two headers.
        #expect(frame.count == 16 + 15 + 52)
    }

    @Test func whatCannotBeSigned() {
        #expect(throws: SigningError.self) { try sign([], after: "", region: "") }
        #expect(throws: SigningError.self) { try sign([], after: "", epoch: .max) }
    }
}
