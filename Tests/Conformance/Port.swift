import BedrockCore

/// Answers requests, one line each, until there are no more.
///
/// Of the library's objects only those that a client shares between its streams live longer than one request: the
/// signer, which keeps its last key.
final class Port {
    private var lines = LineReader()
    private let signing = SigningOperations()

    func serve() {
        while let line = lines.next() {
            var answer = Self.answer(to: line, with: signing)
            answer.buffer.append(0x0A)
            writeOut(answer.buffer.span)
        }
    }

    private static func answer(to line: LineReader.Line, with signing: SigningOperations) -> JSONWriter {
        let request: Request
        switch line {
        case .tooLong: return refuse(.malformed("the line is longer than \(LineReader.longest) bytes"), nil)
        case .whole(let text): request = Request(text)
        }
        var writer = JSONWriter()
        writer.begin(id: request.id)
        writer.key("ok")
        do throws(Refusal) {
            try run(request, signing, &writer)
        } catch {
            return refuse(error, request.id)
        }
        writer.endObject()
        guard !writer.buffer.isExhausted else { return refuse(.malformed("the answer is too long"), request.id) }
        return writer
    }

    private static func run(
        _ request: Request, _ signing: SigningOperations, _ writer: inout JSONWriter
    ) throws(Refusal) {
        if let problem = request.problem { throw problem }
        guard let operation = operation(request.operation, signing) else { throw .unsupported }
        try operation(request.arguments(), &writer)
    }

    /// Writes what becomes the member `ok`.
    typealias Operation = (Arguments, inout JSONWriter) throws(Refusal) -> Void

    private static func operation(_ name: Bytes, _ signing: SigningOperations) -> Operation? {
        let operations: [(StaticString, Operation)] = [
            ("sign", signing.sign), ("decode", decode), ("encode", encode), ("classify", classify),
            ("bedrock_event", bedrockEvent), ("build_request", buildRequest), ("encode_label", encodeLabel),
            ("parse_error", parseError), ("parse_json", parseJSON), ("parse_profile", parseProfile),
            ("resolve_credentials", resolveCredentials), ("resolve_token", resolveToken),
            ("file_locations", fileLocations), ("retry_simulate", retrySimulate),
            ("parse_timestamp", parseTimestamp), ("resolve_endpoint", resolveEndpoint),
            ("configured_endpoint", configuredEndpoint), ("auth_scheme", authScheme),
            ("sign_event", signEvent),
        ]
        return operations.first { name == $0.0 }?.1
    }

    private static func refuse(_ refusal: Refusal, _ id: Bytes?) -> JSONWriter {
        var writer = JSONWriter()
        writer.begin(id: id)
        switch refusal {
        case .unsupported:
            writer.key("unsupported")
            writer.bool(true)
        case .failed(let kind, let message, let messages):
            writer.key("error")
            writer.beginObject()
            writer.member("kind", Bytes(kind))
            writer.member("message", Bytes(message.utf8))
            if let messages {
                writer.key("messages")
                writer.raw(messages.span)
            }
            writer.endObject()
        }
        writer.endObject()
        return writer
    }
}
