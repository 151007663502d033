import BedrockCore

extension Port {
    static func buildRequest(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("op", "params", "body_b64")
        let operation = try arguments.operation("op", where: { _ in true })
        let params = try arguments.required("params")
        let given = try arguments.optionalBytes("body_b64")
        var body = ByteBuffer()
        let basePath = Bytes()
        let head: RequestHead
        do throws(ArgumentError) {
            let text = JSONReader(arguments.text.span).raw(params.range)
            let (modelID, options) = try RequestBuilder.splitParameters(text, operation: operation, into: &body)
            if let given { try put(given, into: &body, operation) }
            try RequestBuilder.checkBody(body.span, operation: operation)
            head = try RequestBuilder.head(
                operation: operation, modelID: modelID.span, basePath: basePath.span, options: options)
        } catch {
            throw .failed(kind: "argument", message: "\(error.argument): \(error.message)")
        }
        writer.beginObject()
        writer.member("method", head.method)
        writer.member("path", head.path)
        writer.member("query", head.query)
        writer.member("headers", head.headers)
        writer.member("body_b64", base64: body.span)
        writer.endObject()
    }

    /// The body that stands beside the parameters.
    private static func put(
        _ given: Bytes, into body: inout ByteBuffer, _ operation: BedrockCore.Operation
    ) throws(ArgumentError) {
        guard operation.isInvoke, body.isEmpty else { throw ArgumentError("body", "the request has a body already") }
        body.append(given)
    }

    static func encodeLabel(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("text")
        let text = try arguments.text("text")
        var label = ByteBuffer()
        PercentEncoding.label(text.span, into: &label)
        writer.beginObject()
        writer.key("label")
        writer.string(label.span)
        writer.endObject()
    }
}

extension Arguments {
    /// An operation by its name in the API reference; one that the library does not offer is not supported.
    func operation(
        _ name: StaticString, where isOffered: (BedrockCore.Operation) -> Bool
    ) throws(Refusal) -> BedrockCore.Operation {
        let wanted = try text(name)
        guard let operation = BedrockCore.Operation.allCases.first(where: { wanted == $0.name }), isOffered(operation)
        else { throw .unsupported }
        return operation
    }
}
