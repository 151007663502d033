/// The start of a content block, while its event is read.
struct StartedBlock {
    var kind = BlockKind.unknown
    /// Anthropic's redacted reasoning comes whole, with its block's start.
    var redacted = Slice()
}

/// What was delivered of an answer, block by block: enough to send it back as the start of the assistant's turn.
///
/// Blocks are in the order of their index. Citations are not kept, the text that they stand behind is. Nothing is kept
/// beyond what a request may hold.
public struct Transcript: ~Copyable {
    /// What was delivered of one block. A class because an array cannot hold what is not copyable.
    final class Block {
        let index: Int32
        var text = ByteBuffer(limit: Limits.requestBodyLength)
        var reasoning = ByteBuffer(limit: Limits.requestBodyLength)
        var signature = ByteBuffer(limit: Limits.requestBodyLength)
        /// Base64, as the service sent it.
        var redacted = ByteBuffer(limit: Limits.requestBodyLength)
        /// The block's end came.
        var isComplete = false
        /// Text, or what belongs to a text, has come.
        var isText = false
        /// It began as something that is neither text nor reasoning, or held nothing else.
        var hasOther = false

        init(index: Int32) {
            self.index = index
        }

        var hasReasoning: Bool { !reasoning.isEmpty || !signature.isEmpty || !redacted.isEmpty }
        /// Reasoning that may be cut off in the middle.
        var endsInReasoning: Bool {
            text.isEmpty && !reasoning.isEmpty && !isComplete && signature.isEmpty && redacted.isEmpty
        }
    }

    private(set) var blocks: [Block] = []
    private(set) var hasTool = false
    /// The message's start was delivered.
    private(set) var hasStarted = false
    /// Behind the highest index of a block.
    private(set) var nextIndex: Int32 = 0
    /// Whose format the chunks of an invoke route were.
    var family = ModelFamily.unknown
    private var hasUnjoinable = false
    private var isTooLong = false
    /// Bytes of all blocks.
    private var stored = 0

    /// Why what was delivered cannot be sent back; nil where it can.
    public var obstacle: StaticString? {
        if hasTool { return "the answer had begun to call a tool" }
        if isTooLong { return "the answer is too long to be sent back" }
        if hasUnjoinable { return "its redacted reasoning came in pieces that cannot be joined" }
        for block in blocks where block.hasOther && block.text.isEmpty && !block.hasReasoning {
            return "the answer holds more than text and reasoning"
        }
        for block in blocks.reversed() where !block.text.isEmpty || block.hasReasoning {
            return block.endsInReasoning ? "the answer was cut inside reasoning that is not signed yet" : nil
        }
        return nil
    }

    /// The block of text that the answer was cut in; nil where it was cut behind a complete block, or in another kind.
    var openText: Int32? {
        guard let last = blocks.last, !last.isComplete, !last.hasReasoning, !last.hasOther, last.isText else {
            return nil
        }
        return last.index
    }

    /// Feeds one event that is handed over, or would be if raw events were wanted.
    mutating func take(_ event: StreamEvent, _ start: StartedBlock, _ scratch: borrowing ByteBuffer) {
        switch event.kind {
        case .messageStart: hasStarted = true
        case .blockStart: take(start, event.blockIndex, scratch)
        case .delta where event.hasDelta: takeDelta(event, scratch)
        case .blockStop: block(event.blockIndex)?.isComplete = true
        default: break
        }
    }

    private mutating func take(_ start: StartedBlock, _ index: Int32, _ scratch: borrowing ByteBuffer) {
        guard let block = block(index) else { return }
        switch start.kind {
        case .unknown, .reasoning: break
        case .text: block.isText = true
        case .toolUse: hasTool = true
        case .toolResult, .image, .other: block.hasOther = true
        }
        takeRedacted(block, scratch, start.redacted)
    }

    private mutating func takeDelta(_ event: StreamEvent, _ scratch: borrowing ByteBuffer) {
        guard let block = block(event.blockIndex) else { return }
        switch event.deltaKind {
        case .text:
            block.isText = true
            keep(&block.text, scratch, event.text)
        case .reasoning: keep(&block.reasoning, scratch, event.text)
        case .reasoningSignature: keep(&block.signature, scratch, event.text)
        case .reasoningRedacted: takeRedacted(block, scratch, event.text)
        case .citation: block.isText = true
        case .toolInput: hasTool = true
        case .toolResult, .image, .other: block.hasOther = true
        }
    }

    /// Base64 texts can be joined where the first has no padding.
    private mutating func takeRedacted(_ block: Block, _ scratch: borrowing ByteBuffer, _ piece: Slice) {
        guard piece.count > 0 else { return }
        let isPadded = block.redacted.span.byteOrNUL(max(block.redacted.count &- 1, 0)) == UInt8(ascii: "=")
        if block.redacted.count % 4 != 0 || isPadded { hasUnjoinable = true }
        keep(&block.redacted, scratch, piece)
    }

    private mutating func keep(_ buffer: inout ByteBuffer, _ scratch: borrowing ByteBuffer, _ piece: Slice) {
        stored &+= piece.count
        if stored <= Limits.requestBodyLength { buffer.append(scratch, piece.range) }
        if stored > Limits.requestBodyLength || buffer.isExhausted { giveUp() }
    }

    /// What is too long is not kept in part.
    private mutating func giveUp() {
        isTooLong = true
        blocks.removeAll()
    }

    /// The block with that index, made where there is none; nil where no more are kept.
    private mutating func block(_ index: Int32) -> Block? {
        if isTooLong { return nil }
        if index >= nextIndex { nextIndex = index &+ (index < .max ? 1 : 0) }
        if let last = blocks.last, last.index == index { return last }
        let place = blocks.firstIndex { $0.index >= index } ?? blocks.count
        if place < blocks.count, blocks[place].index == index { return blocks[place] }
        guard blocks.count < Limits.blockCount else {
            giveUp()
            return nil
        }
        let block = Block(index: index)
        blocks.insert(block, at: place)
        return block
    }
}

// MARK: - What is sent back

extension Transcript {
    /// How many of the blocks are sent back: up to the last one with a text that is more than white space. Services
    /// refuse a turn that ends in white space or in reasoning.
    var sentCount: Int {
        guard let last = blocks.lastIndex(where: { !$0.text.span.isBlankText }) else { return 0 }
        return last &+ 1
    }

    /// Writes the white space that was delivered behind what is sent back.
    func appendUnsentSpace(to buffer: inout ByteBuffer) {
        let sent = sentCount
        for (place, block) in blocks.enumerated() where place &+ 1 >= sent {
            let start = place &+ 1 == sent ? block.text.span.trailingWhiteSpaceStart() : 0
            buffer.append(block.text, start..<block.text.count)
        }
    }

    /// Writes the end of what is sent back, at most `length` bytes, in whole characters.
    func appendSentTail(_ length: Int, to buffer: inout ByteBuffer) {
        guard sentCount > 0, sentCount <= blocks.count else { return }
        let block = blocks[sentCount &- 1]
        let end = block.text.span.trailingWhiteSpaceStart()
        let start = block.text.span.characterBorder(from: max(end &- length, 0))
        buffer.append(block.text, min(start, end)..<end)
    }
}
