import BedrockCore

extension Port {
    static func signEvent(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("prev_signature_hex", "payload_b64", "epoch", "credentials", "region", "service")
        let previous = try arguments.text("prev_signature_hex")
        let payload = try arguments.bytes("payload_b64")
        let epoch = try arguments.integer("epoch")
        let credentials = try SigningOperations.credentials(arguments.object("credentials"))
        let region = try arguments.text("region")
        let service = try arguments.text("service")
        guard var signer = EventSigner() else { throw .malformed("libcrypto has no SHA-256") }
        var frame = ByteBuffer()
        let signature: EventSigner.Signature
        do throws(SigningError) {
            signature = try signer.sign(
                payload: payload.span, after: previous.span, credentials: credentials, region: region,
                service: service, epochSeconds: epoch, into: &frame)
        } catch {
            throw .malformed(error.message.description)
        }
        writer.beginObject()
        writer.member("signature", Hex.bytes(signature.bytes.span))
        writer.member("frame_b64", base64: frame.span)
        writer.member("string_to_sign", signature.stringToSign)
        writer.endObject()
    }
}
