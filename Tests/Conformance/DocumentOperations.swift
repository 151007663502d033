import BedrockCore

extension Port {
    static func parseError(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("status", "headers", "body_b64")
        let status = try arguments.integer("status")
        let headers = try arguments.headers("headers")
        let body = try arguments.optionalBytes("body_b64") ?? []
        let error = ErrorParser.parse(status: Int(status), headers: headers, body: body.span)
        writer.beginObject()
        writer.member("code", optional: error.code)
        writer.member("message", optional: error.message)
        writer.endObject()
    }

    static func parseJSON(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("text_b64")
        let text = try arguments.bytes("text_b64")
        let value: Value
        do throws(JSONError) {
            value = try Value.read(document: text.span)
        } catch {
            throw .failed(kind: "parse", message: error.message.description)
        }
        writer.beginObject()
        writer.key("value")
        writer.write(value, of: text.span)
        writer.endObject()
    }
}
