/// How a message's content is written.
enum TurnFormat {
    /// Converse, and Amazon Nova's own format.
    case converse
    /// Anthropic Messages.
    case anthropic
}

/// Makes the assistant's message of what was delivered.
enum MessageWriter {
    /// The message as JSON; empty where nothing was delivered that a message could hold. Look at `isExhausted`.
    static func message(_ transcript: borrowing Transcript, _ format: TurnFormat) -> ByteBuffer {
        var blocks = MessageBlocks(message: transcript, format)
        return blocks.takeMessage()
    }
}

/// The blocks of an assistant's message, as JSON.
///
/// What services refuse is left out: blocks of nothing but white space, for Anthropic also reasoning without a
/// signature, and what the format has no form for.
struct MessageBlocks: ~Copyable {
    /// The first text, escaped: it goes on with one that the caller began.
    private(set) var joined = ByteBuffer()
    /// All other blocks, with commas between them.
    private var list = JSONWriter()
    private static var start: StaticString { "{\"role\":\"assistant\",\"content\":[" }

    /// Everything, to be taken as a message.
    fileprivate init(message transcript: borrowing Transcript, _ format: TurnFormat) {
        list.buffer.append(Self.start)
        append(whole: transcript, format, joinsText: false)
    }

    /// The message, which is large and not copied; nothing where it would be empty.
    fileprivate mutating func takeMessage() -> ByteBuffer {
        if list.buffer.count == Self.start.utf8CodeUnitCount, !isExhausted { return ByteBuffer() }
        list.buffer.append("]}" as StaticString)
        return list.take()
    }

    /// Everything.
    init(whole transcript: borrowing Transcript, _ format: TurnFormat, joinsText: Bool) {
        append(whole: transcript, format, joinsText: joinsText)
    }

    private mutating func append(whole transcript: borrowing Transcript, _ format: TurnFormat, joinsText: Bool) {
        let isAnthropic = transcript.family == .anthropic
        for block in transcript.blocks {
            list.reasoning(of: block, format)
            if !block.citations.isEmpty {
                list.citedText(of: block, format, isAnthropic: isAnthropic)
            } else if !block.text.span.isBlankText {
                append(block, 0..<block.text.count, format, joinsText)
            }
            for part in block.parts { list.part(part, format) }
        }
    }

    /// What a turn may begin with that is to be gone on with: text, up to the last of it that is more than white space,
    /// and reasoning before that.
    init(begun transcript: borrowing Transcript, _ format: TurnFormat, joinsText: Bool) {
        let count = transcript.sentCount
        for (place, block) in transcript.blocks.prefix(count).enumerated() {
            list.reasoning(of: block, format)
            if block.text.span.isBlankText { continue }
            let end = place &+ 1 == count ? block.text.span.trailingWhiteSpaceStart() : block.text.count
            append(block, 0..<end, format, joinsText)
        }
    }

    private mutating func append(_ block: Block, _ range: Range<Int>, _ format: TurnFormat, _ joinsText: Bool) {
        if joinsText, isEmpty {
            joined.append(escapingPart: block.text, range)
        } else {
            list.text(block.text, range, format)
        }
    }

    var hasList: Bool { !list.buffer.isEmpty }
    var isEmpty: Bool { joined.isEmpty && !hasList }
    var isExhausted: Bool { joined.isExhausted || list.buffer.isExhausted }

    func appendList(to buffer: inout ByteBuffer) { buffer.append(list.buffer.span) }

    /// The list as a message; nothing where it is empty. Where the list is not whole, `buffer` will not be either.
    func appendMessage(to buffer: inout ByteBuffer) {
        guard hasList || isExhausted else { return }
        buffer.append(Self.start)
        appendList(to: &buffer)
        buffer.append("]}" as StaticString)
        if isExhausted { buffer.exhaust() }
    }

    // MARK: Behind a request's messages

    /// Writes a request up to the end of its messages with these blocks behind them: as a message, or as the rest of
    /// the turn that the caller began.
    func append(
        to body: inout ByteBuffer, behind original: Span<UInt8>, _ conversation: Conversation, _ turn: OpenTurn?
    ) {
        if let turn, !isEmpty {
            append(to: &body, behind: original, conversation, turn)
        } else {
            body.append(original.extracting(0..<conversation.end))
            guard hasList else { return }
            body.append(UInt8(ascii: ","))
            appendMessage(to: &body)
        }
        if isExhausted { body.exhaust() }
    }

    private func append(
        to body: inout ByteBuffer, behind original: Span<UInt8>, _ conversation: Conversation, _ turn: OpenTurn
    ) {
        let border = turn.textEnd ?? turn.contentEnd
        let isText = turn.isText && hasList
        if isText {
            // The text becomes a block, with its escapes as they are.
            body.append(original.extracting(0..<turn.contentStart))
            body.append("[{\"type\":\"text\",\"text\":" as StaticString)
            body.append(original.extracting(turn.contentStart..<border))
        } else {
            body.append(original.extracting(0..<border))
        }
        body.append(joined.span)
        body.append(original.extracting(border..<turn.contentEnd))
        if isText { body.append(UInt8(ascii: "}")) }
        if hasList {
            if !turn.isEmpty { body.append(UInt8(ascii: ",")) }
            appendList(to: &body)
        }
        if isText { body.append(UInt8(ascii: "]")) }
        body.append(original.extracting(turn.contentEnd..<conversation.end))
    }
}

extension ByteBuffer {
    fileprivate mutating func append(escapingPart other: borrowing ByteBuffer, _ range: Range<Int>) {
        append(escaping: other.span(range))
    }
}
