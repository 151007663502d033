/// Why no request can be made that goes on with a cut answer.
public enum ContinuationError: Error {
    /// What was delivered cannot be sent back.
    case obstacle(StaticString)
    /// The request is not what is known of its format.
    case request(StaticString)
    case malformed(JSONError)
    /// The format of the model's family is not known.
    case format
    case tooLarge

    public var message: String {
        switch self {
        case .obstacle(let text), .request(let text): String(copying: Bytes(text).span)
        case .malformed(let error): "the request body is not JSON: " + error.message
        case .format: "the partial answer cannot be put into a request of this model's format"
        case .tooLarge: "with the partial answer the request would have more than \(Limits.requestBodyLength) bytes"
        }
    }
}

/// Makes the request that goes on with a cut answer: the original one, with what was delivered as the start of the
/// assistant's turn.
///
/// What services refuse is left out: white space at the end of the text, blocks of nothing else, reasoning at the end.
/// Where nothing remains, nothing needs to be gone on with: the body is the original's, the joint does the rest.
public enum ContinuationBody {
    /// `nudge` is what the user says where the model takes no turn that the assistant has begun.
    public static func make(
        original: Span<UInt8>, operation: Operation, transcript: borrowing Transcript, asNudge: Bool,
        nudge: Span<UInt8>
    ) throws(ContinuationError) -> ByteBuffer {
        if let obstacle = transcript.obstacle { throw .obstacle(obstacle) }
        let conversation = try Conversation(original)
        let format = try conversation.format(operation, transcript.family)
        let turn = try conversation.openTurn(original, format)
        var body = ByteBuffer(limit: Limits.requestBodyLength)
        let blocks = TurnBlocks(transcript, format, joinsText: turn?.textEnd != nil)
        if blocks.isEmpty {
            body.append(original)
        } else {
            if let turn {
                append(original, conversation, turn, blocks, to: &body)
            } else {
                body.append(original.extracting(0..<conversation.end))
                body.append(",{\"role\":\"assistant\",\"content\":[" as StaticString)
                body.append(blocks.list.buffer.span)
                body.append("]}" as StaticString)
            }
            if asNudge { body.append(nudge: nudge, format) }
            body.append(original.extracting(conversation.end..<original.count))
        }
        if body.isExhausted || blocks.isExhausted { throw .tooLarge }
        return body
    }

    /// Appends everything up to the end of the conversation, the caller's own start of the turn gone on with.
    private static func append(
        _ original: Span<UInt8>, _ conversation: Conversation, _ turn: OpenTurn, _ blocks: borrowing TurnBlocks,
        to body: inout ByteBuffer
    ) {
        let border = turn.textEnd ?? turn.contentEnd
        let isText = turn.isText && blocks.hasList
        if isText {
            // The text becomes a block, with its escapes as they are.
            body.append(original.extracting(0..<turn.contentStart))
            body.append("[{\"type\":\"text\",\"text\":" as StaticString)
            body.append(original.extracting(turn.contentStart..<border))
        } else {
            body.append(original.extracting(0..<border))
        }
        body.append(blocks.joined.span)
        body.append(original.extracting(border..<turn.contentEnd))
        if isText { body.append(UInt8(ascii: "}")) }
        if blocks.hasList {
            if !turn.isEmpty { body.append(UInt8(ascii: ",")) }
            body.append(blocks.list.buffer.span)
        }
        if isText { body.append(UInt8(ascii: "]")) }
        body.append(original.extracting(turn.contentEnd..<conversation.end))
    }
}

/// How a turn's content is written.
enum TurnFormat {
    /// Converse, and Amazon Nova's own format.
    case converse
    /// Anthropic Messages.
    case anthropic
}

/// What is sent back of a transcript, as JSON.
private struct TurnBlocks: ~Copyable {
    /// The first text, escaped: it goes on with one that the caller began.
    var joined = ByteBuffer(limit: Limits.requestBodyLength)
    /// All other blocks, with commas between them.
    var list = JSONWriter(limit: Limits.requestBodyLength)

    init(_ transcript: borrowing Transcript, _ format: TurnFormat, joinsText: Bool) {
        let count = transcript.sentCount
        for (place, block) in transcript.blocks.prefix(count).enumerated() {
            list.reasoning(of: block, format)
            if block.text.span.isBlankText { continue }
            let end = place &+ 1 == count ? block.text.span.trailingWhiteSpaceStart() : block.text.count
            if joinsText, isEmpty {
                joined.append(escapingPart: block.text, 0..<end)
            } else {
                list.text(block.text, 0..<end, format)
            }
        }
    }

    var hasList: Bool { !list.buffer.isEmpty }
    var isEmpty: Bool { joined.isEmpty && !hasList }
    var isExhausted: Bool { joined.isExhausted || list.buffer.isExhausted }
}

extension JSONWriter {
    fileprivate mutating func text(_ text: Span<UInt8>, _ format: TurnFormat) {
        beginObject()
        if format == .anthropic { member("type", "text") }
        key("text")
        string(text)
        endObject()
    }

    fileprivate mutating func text(_ buffer: borrowing ByteBuffer, _ range: Range<Int>, _ format: TurnFormat) {
        text(buffer.span(range), format)
    }

    /// Writes a block's reasoning, if there is any. Anthropic takes none that is not signed.
    fileprivate mutating func reasoning(of block: Transcript.Block, _ format: TurnFormat) {
        let isSigned = !block.signature.isEmpty
        if isSigned || (format == .converse && !block.reasoning.isEmpty) {
            switch format {
            case .converse: reasoningText(block)
            case .anthropic: thinking(block)
            }
        }
        guard !block.redacted.isEmpty else { return }
        beginObject()
        if format == .converse {
            key("reasoningContent")
            beginObject()
            member("redactedContent", block.redacted)
            endObject()
        } else {
            member("type", "redacted_thinking")
            member("data", block.redacted)
        }
        endObject()
    }

    private mutating func reasoningText(_ block: Transcript.Block) {
        beginObject()
        key("reasoningContent")
        beginObject()
        key("reasoningText")
        beginObject()
        member("text", block.reasoning)
        if !block.signature.isEmpty { member("signature", block.signature) }
        endObject()
        endObject()
        endObject()
    }

    private mutating func thinking(_ block: Transcript.Block) {
        beginObject()
        member("type", "thinking")
        member("thinking", block.reasoning)
        member("signature", block.signature)
        endObject()
    }

    private mutating func member(_ name: StaticString, _ value: StaticString) {
        key(name)
        string(value)
    }

    private mutating func member(_ name: StaticString, _ value: borrowing ByteBuffer) {
        key(name)
        string(value.span)
    }
}

extension ByteBuffer {
    fileprivate mutating func append(escapingPart other: borrowing ByteBuffer, _ range: Range<Int>) {
        append(escaping: other.span(range))
    }

    /// Appends a comma and what the user says behind the assistant's turn.
    fileprivate mutating func append(nudge: Span<UInt8>, _ format: TurnFormat) {
        var list = JSONWriter(limit: Limits.requestBodyLength)
        list.text(nudge, format)
        append(",{\"role\":\"user\",\"content\":[" as StaticString)
        append(list.buffer.span)
        append("]}" as StaticString)
    }
}
