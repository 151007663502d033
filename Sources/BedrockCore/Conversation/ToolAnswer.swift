/// What the result of a tool call is; the numbers of `brs_tool_content`.
public enum ToolContent: Int32, CaseIterable, BitwiseCopyable, Sendable {
    case text = 1
    /// One JSON value.
    case json = 2
    /// A JSON array of content blocks, in the format of the request.
    case blocks = 3
}

/// The result of one tool call, checked.
public final class ToolAnswer: Sendable {
    public let id: Bytes
    public let content: ToolContent
    /// Text, or JSON that is well-formed.
    public let text: ByteBuffer
    public let isError: Bool

    private init(id: Bytes, content: ToolContent, text: consuming ByteBuffer, isError: Bool) {
        self.id = id
        self.content = content
        self.text = text
        self.isError = isError
    }

    /// Copies the result. More than `maxLength` bytes are refused, and what is not what `content` says. Nil without
    /// memory.
    public static func make(
        id: Span<UInt8>, content: ToolContent, text: Span<UInt8>, isError: Bool, maxLength: Int
    ) throws(ArgumentError) -> ToolAnswer? {
        try checkLength(UInt(text.count), maxLength: maxLength)
        switch content {
        case .text: try checkText(text)
        case .json: try checkJSON(text)
        case .blocks: try checkBlocks(text)
        }
        var copy = ByteBuffer(limit: text.count)
        copy.append(text)
        if copy.isExhausted { return nil }
        return ToolAnswer(id: Bytes(copying: id), content: content, text: copy, isError: isError)
    }

    /// For callers that have not yet looked at the text.
    public static func checkLength(_ length: UInt, maxLength: Int) throws(ArgumentError) {
        guard length <= UInt(max(maxLength, 0)) else {
            throw ArgumentError("len", "the result has \(length) bytes, more than turn.max_result_bytes=\(maxLength)")
        }
    }

    private static func checkText(_ text: Span<UInt8>) throws(ArgumentError) {
        var at = 0
        while at < text.count {
            let length = text.utf8SequenceLength(at: at)
            if length == 0 { throw ArgumentError("text", "the result is not UTF-8: invalid byte at \(at)") }
            at &+= length
        }
    }

    private static func checkJSON(_ text: Span<UInt8>) throws(ArgumentError) {
        do throws(JSONError) {
            try JSONReader.validate(text)
        } catch {
            throw ArgumentError("text", "the result is not JSON: " + error.message)
        }
    }

    private static func checkBlocks(_ text: Span<UInt8>) throws(ArgumentError) {
        try checkJSON(text)
        guard isListOfObjects(text) else {
            throw ArgumentError("text", "the result is no JSON array of content blocks, which are objects")
        }
    }

    /// The text is JSON.
    private static func isListOfObjects(_ text: Span<UInt8>) -> Bool {
        var reader = JSONReader(text)
        do throws(JSONError) {
            guard try reader.enterArray() else { return false }
            while try reader.nextElement() {
                guard try reader.enterObject() else { return false }
                while try reader.nextKey() != nil {}
            }
            return true
        } catch {
            return false
        }
    }
}
