import BedrockCore

/// `sign`, with one signer for all requests, as a client has.
final class SigningOperations {
    private var signer: SigV4Signer?

    init() {
        signer = SigV4Signer()
    }

    func sign(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow(
            "method", "scheme", "host", "path", "query", "headers", "body_b64", "credentials", "region", "service",
            "time", "options")
        let request = SigningRequest(
            method: try arguments.text("method"), scheme: try arguments.text("scheme"),
            host: try arguments.text("host"), path: try arguments.text("path"),
            query: try arguments.optionalText("query") ?? [], headers: try arguments.headers("headers"))
        let signed = try sign(request, arguments)
        writer.beginObject()
        writer.member("headers", signed.headers)
        writer.member("canonical_request", signed.canonicalRequest)
        writer.member("string_to_sign", signed.stringToSign)
        writer.endObject()
    }

    private func sign(_ request: SigningRequest, _ arguments: Arguments) throws(Refusal) -> SignedRequest {
        let body = try arguments.optionalBytes("body_b64") ?? []
        let credentials = try Self.credentials(arguments.object("credentials"))
        let region = try arguments.text("region")
        let service = try arguments.text("service")
        let time = try Self.time(arguments.text("time"))
        var options = try Self.options(arguments.optionalObject("options"))
        options.record = .whole
        do throws(SigningError) {
            guard
                let signed = try signer?.sign(
                    request, body: body.span, credentials: credentials, region: region, service: service,
                    epochSeconds: time, options: options)
            else { throw SigningError("libcrypto has no SHA-256") }
            return signed
        } catch {
            throw .failed(kind: "sign", message: error.message.description)
        }
    }

    static func credentials(_ object: Arguments) throws(Refusal) -> Credentials {
        Credentials(
            accessKeyID: try object.text("access_key_id"), secretAccessKey: try object.text("secret_access_key"),
            sessionToken: try object.optionalText("session_token"))
    }

    private static func time(_ text: Bytes) throws(Refusal) -> Int64 {
        guard let seconds = CivilTime.parseBasic(text.span) else {
            throw .malformed("args.time is no time like 20150830T123600Z")
        }
        return seconds
    }

    private static func options(_ object: Arguments?) throws(Refusal) -> SigningOptions {
        guard let object else { return SigningOptions() }
        try object.allow("normalize_path", "double_uri_encode", "add_content_sha256", "omit_session_token")
        return SigningOptions(
            normalizesPath: try object.bool("normalize_path", otherwise: true),
            doubleEncodesPath: try object.bool("double_uri_encode", otherwise: true),
            addsContentSHA256: try object.bool("add_content_sha256", otherwise: false),
            omitsSessionToken: try object.bool("omit_session_token", otherwise: false))
    }
}
