/// The body of a Converse request of one user's message, for callers who have no JSON library.
public struct PromptBody {
    /// Most tokens of the answer; 0 leaves it to the model.
    public var maxTokens: Int64 = 0
    public var temperature: Double?

    public init() {}

    /// `prompt` is what the user says, an empty `system` none. Arguments that the service could not read are refused;
    /// what a model does not like is for the service to say.
    public func make(prompt: Span<UInt8>, system: Span<UInt8>) throws(ArgumentError) -> ByteBuffer {
        if prompt.isEmpty { throw ArgumentError("prompt", "the prompt is empty") }
        try Self.check(prompt, "prompt")
        try Self.check(system, "system")
        if maxTokens < 0 { throw ArgumentError("max_tokens", "\(maxTokens) is negative") }
        if let temperature { try Self.check(temperature) }
        var writer = JSONWriter(limit: Limits.requestBodyLength)
        writer.beginObject()
        write(prompt, to: &writer)
        if !system.isEmpty { write(system: system, to: &writer) }
        writeSettings(to: &writer)
        writer.endObject()
        if writer.buffer.isExhausted { throw RequestBuilder.bodyTooLong }
        return writer.buffer
    }

    private static func check(_ text: Span<UInt8>, _ argument: StaticString) throws(ArgumentError) {
        guard text.count <= Limits.requestBodyLength else {
            throw ArgumentError(argument, "the text is longer than \(Limits.requestBodyLength) bytes")
        }
        var at = 0
        while at < text.count {
            let length = text.utf8SequenceLength(at: at)
            if length == 0 { throw ArgumentError(argument, "the text is not UTF-8 at byte \(at)") }
            at &+= length
        }
    }

    /// Not a number compares to nothing, so this refuses it as well.
    private static func check(_ temperature: Double) throws(ArgumentError) {
        guard temperature >= 0, temperature <= 1 else {
            throw ArgumentError("temperature", "is not between 0 and 1")
        }
    }

    private func write(_ prompt: Span<UInt8>, to writer: inout JSONWriter) {
        writer.key("messages")
        writer.beginArray()
        writer.beginObject()
        writer.key("role")
        writer.string("user")
        writer.key("content")
        Self.write(textBlock: prompt, to: &writer)
        writer.endObject()
        writer.endArray()
    }

    private func write(system: Span<UInt8>, to writer: inout JSONWriter) {
        writer.key("system")
        Self.write(textBlock: system, to: &writer)
    }

    /// A list of one block.
    private static func write(textBlock text: Span<UInt8>, to writer: inout JSONWriter) {
        writer.beginArray()
        writer.beginObject()
        writer.key("text")
        writer.string(text)
        writer.endObject()
        writer.endArray()
    }

    private func writeSettings(to writer: inout JSONWriter) {
        guard maxTokens > 0 || temperature != nil else { return }
        writer.key("inferenceConfig")
        writer.beginObject()
        if maxTokens > 0 {
            writer.key("maxTokens")
            writer.integer(maxTokens)
        }
        if let temperature {
            writer.key("temperature")
            writer.number(temperature)
        }
        writer.endObject()
    }
}
