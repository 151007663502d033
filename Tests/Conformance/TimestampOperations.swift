import BedrockCore

extension Port {
    static func parseTimestamp(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("format", "text")
        let format = try arguments.text("format")
        let text = try arguments.text("text")
        let moment: Timestamp?
        if format == "date-time" {
            moment = Timestamp(dateTime: text.span)
        } else if format == "http-date" {
            moment = Timestamp(httpDate: text.span)
        } else if format == "epoch-seconds" {
            moment = Timestamp(epochSeconds: text.span)
        } else {
            throw .unsupported
        }
        guard let moment else { throw .failed(kind: "parse", message: "the text is no \(String(format))") }
        writer.beginObject()
        writer.key("seconds")
        writer.integer(moment.seconds)
        writer.key("nanos")
        writer.integer(Int64(moment.nanos))
        writer.endObject()
    }
}
