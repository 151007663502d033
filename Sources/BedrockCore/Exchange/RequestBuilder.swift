/// Turns arguments into what goes over the wire (Bedrock API model, Smithy HTTP bindings).
public enum RequestBuilder {
    /// `basePath` is the endpoint's, encoded already. `options` count for InvokeModel* alone.
    public static func head(
        operation: Operation, modelID: Span<UInt8>, basePath: Span<UInt8>, options: InvokeOptions
    ) throws(ArgumentError) -> RequestHead {
        try check(modelID: modelID)
        var path = ByteBuffer()
        path.append(basePath)
        path.append("/model/")
        PercentEncoding.label(modelID, into: &path)
        path.append(UInt8(ascii: "/"))
        path.append(operation.suffix)
        if path.isExhausted { throw ArgumentError("model_id", "out of memory for the request's path") }
        let headers =
            operation.isInvoke
            ? try headers(options, operation) : [HTTPHeader("Content-Type", Bytes("application/json"))]
        return RequestHead(method: Bytes("POST"), path: path.array, query: [], headers: headers)
    }

    /// Options that are not set send no header, as in botocore.
    private static func headers(
        _ options: InvokeOptions, _ operation: Operation
    ) throws(ArgumentError) -> [HTTPHeader] {
        var headers: [HTTPHeader] = []
        var index = 0
        while let member = options.member(index, of: operation) {
            index &+= 1
            guard let value = member.value else { continue }
            guard value.span.isHeaderValue else {
                throw ArgumentError(member.argument, "the value holds a control character, which no header can")
            }
            headers.append(HTTPHeader(member.header, value))
        }
        return headers
    }

    /// Whether there is a head for these; throws what `head` would.
    public static func check(
        operation: Operation, modelID: Span<UInt8>, options: InvokeOptions
    ) throws(ArgumentError) {
        try check(modelID: modelID)
        if operation.isInvoke { _ = try headers(options, operation) }
    }

    static func check(modelID: Span<UInt8>) throws(ArgumentError) {
        if modelID.isEmpty { throw ArgumentError("model_id", "the model id is empty") }
        if modelID.count > Limits.modelIDLength {
            throw ArgumentError("model_id", "the model id is longer than \(Limits.modelIDLength) bytes")
        }
        if !modelID.isValidUTF8 { throw ArgumentError("model_id", "the model id is not UTF-8") }
    }

    /// Converse takes one JSON object; the bodies of InvokeModel* are the model's own business. All have a bound.
    public static func checkBody(_ body: Span<UInt8>, operation: Operation) throws(ArgumentError) {
        guard body.count <= Limits.requestBodyLength else { throw bodyTooLong }
        if operation.isInvoke { return }
        var isObject = false
        do throws(JSONError) {
            var reader = JSONReader(body)
            isObject = try reader.next() == .beginObject
            while try reader.next() != .end {}
        } catch {
            throw ArgumentError("body", error.message)
        }
        if !isObject { throw ArgumentError("body", "the body is no JSON object") }
    }

    static var bodyTooLong: ArgumentError {
        ArgumentError("body", "the body is longer than \(Limits.requestBodyLength) bytes")
    }
}
