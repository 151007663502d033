/// What was delivered of an answer, block by block: the one place where it is kept. The result's text and message are
/// made of it, the requests that go on with a cut answer, and those that bring results of tools.
///
/// Blocks are in the order of their index.
public struct Transcript: ~Copyable {
    private(set) var blocks: [Block] = []
    private(set) var hasTool = false
    /// The message's start was delivered.
    var hasStarted = false
    /// Behind the highest index of a block.
    private(set) var nextIndex: Int32 = 0
    /// Whose format the chunks of an invoke route were.
    var family = ModelFamily.unknown
    private var hasUnjoinable = false
    private var hasTooMany = false
    /// Parts of all blocks.
    private var partCount = 0
    /// Bytes of all blocks.
    private var stored = 0
    /// The block that something was kept of last, one of `blocks`: no reference need be counted for each piece of text.
    private var current: Unmanaged<Block>?
    private var currentIndex: Int32?

    /// Why what was delivered cannot be sent back as a turn to go on with; nil where it can.
    public var obstacle: StaticString? {
        if hasTool { return "the answer had begun to call a tool" }
        if hasTooMany || stored > Limits.requestBodyLength { return "the answer is too long to be sent back" }
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

    // MARK: Keeping

    /// Keeps a piece of text. False where there is no room for it.
    @inline(__always)
    mutating func keep(text piece: Slice, of index: Int32, _ scratch: borrowing ByteBuffer) -> Bool {
        guard currentIndex == index || block(index) != nil, let current else { return false }
        stored &+= piece.count
        guard stored <= Limits.answerLength else { return false }
        return current._withUnsafeGuaranteedRef { $0.keep(text: scratch, piece.range) }
    }

    /// Keeps the piece of an open call's input. False where there is no room for it.
    mutating func keep(input piece: Slice, of call: BlockPart, _ scratch: borrowing ByteBuffer) -> Bool {
        keep(&call.data, scratch, piece)
    }

    /// Keeps any other delta but a piece of a call's input. `isWhole` says that it was made of a whole message.
    mutating func keep(_ delta: StreamEvent, _ scratch: borrowing ByteBuffer, isWhole: Bool) -> ContentFault? {
        guard let block = block(delta.blockIndex) else { return .limit(.blockCount) }
        var hasRoom = true
        switch delta.deltaKind {
        case .text: return keep(text: delta.text, of: delta.blockIndex, scratch) ? nil : .limit(.length)
        case .toolInput: hasTool = true  // an empty piece that no call is open for
        case .reasoning: hasRoom = keep(&block.reasoning, scratch, delta.text)
        case .reasoningSignature: hasRoom = keep(&block.signature, scratch, delta.text)
        case .reasoningRedacted: hasRoom = keep(redacted: delta.text, block, scratch)
        case .citation:
            block.isText = true
            hasRoom = keep(citation: delta.text, block, scratch)
        case .toolResult, .image:
            block.hasOther = true
            return keep(part: delta, block, scratch)
        case .other:
            block.hasOther = true
            if isWhole { hasRoom = keep(member: delta.text, block, scratch) }
        }
        return hasRoom ? nil : .limit(.length)
    }

    /// Keeps a member of a whole answer's content that streams have no form for, as it came.
    private mutating func keep(member piece: Slice, _ block: Block, _ scratch: borrowing ByteBuffer) -> Bool {
        var start = StartedBlock()
        start.kind = .other
        start.raw = piece
        start.isMember = true
        return addPart(start, block, scratch) != nil
    }

    /// Opens a block. The call that it begins, if it does.
    mutating func open(
        _ start: StartedBlock, _ index: Int32, _ scratch: borrowing ByteBuffer, _ exceeded: inout AnswerLimit?
    ) -> BlockPart? {
        guard let block = block(index) else {
            exceeded = .blockCount
            return nil
        }
        switch start.kind {
        case .unknown: return nil
        case .text: block.isText = true
        case .reasoning: if !keep(redacted: start.redacted, block, scratch) { exceeded = .length }
        case .toolUse, .toolResult, .image, .other:
            let part = addPart(start, block, scratch)
            if part == nil { exceeded = partFault }
            hasTool = hasTool || start.kind == .toolUse
            block.hasOther = block.hasOther || start.kind != .toolUse
            return start.kind == .toolUse ? part : nil
        }
        return nil
    }

    mutating func close(_ index: Int32) {
        block(index)?.isComplete = true
    }

    /// Why `addPart` gave none.
    private var partFault: AnswerLimit { partCount > Limits.blockCount ? .blockCount : .length }

    private mutating func addPart(
        _ start: StartedBlock, _ block: Block, _ scratch: borrowing ByteBuffer
    ) -> BlockPart? {
        for text in [start.id, start.name, start.type, start.status, start.input, start.raw] { stored &+= text.count }
        partCount &+= 1
        guard stored <= Limits.answerLength, partCount <= Limits.blockCount else { return nil }
        let part = BlockPart(start, index: block.index, scratch)
        block.parts.append(part)
        return part.isExhausted ? nil : part
    }

    /// Base64 texts can be joined as they are where the first has no padding.
    private mutating func keep(redacted piece: Slice, _ block: Block, _ scratch: borrowing ByteBuffer) -> Bool {
        guard piece.count > 0 else { return true }
        let isPadded = block.redacted.span.byteOrNUL(max(block.redacted.count &- 1, 0)) == UInt8(ascii: "=")
        guard block.redacted.count % 4 != 0 || isPadded else { return keep(&block.redacted, scratch, piece) }
        hasUnjoinable = true
        stored &+= piece.count
        guard stored <= Limits.answerLength else { return false }
        return Self.join(&block.redacted, scratch, piece) || keep(&block.redacted, scratch, piece)
    }

    private static func join(_ buffer: inout ByteBuffer, _ scratch: borrowing ByteBuffer, _ piece: Slice) -> Bool {
        buffer.append(base64: scratch.span(piece.range))
    }

    private mutating func keep(citation piece: Slice, _ block: Block, _ scratch: borrowing ByteBuffer) -> Bool {
        guard scratch.span(piece.range).byteOrNUL(0) == UInt8(ascii: "{") else { return true }
        return keep(element: piece.range, &block.citations, scratch)
    }

    private mutating func keep(
        element place: Range<Int>, _ buffer: inout ByteBuffer, _ scratch: borrowing ByteBuffer
    ) -> Bool {
        stored &+= place.count &+ 1
        guard stored <= Limits.answerLength else { return false }
        buffer.append(element: scratch.span(place))
        return !buffer.isExhausted
    }

    @inline(__always)
    private mutating func keep(_ buffer: inout ByteBuffer, _ scratch: borrowing ByteBuffer, _ piece: Slice) -> Bool {
        stored &+= piece.count
        guard stored <= Limits.answerLength else { return false }
        buffer.append(scratch, piece.range)
        return !buffer.isExhausted
    }

    // MARK: Blocks

    /// The block with that index, made where there is none; nil where no more are kept.
    private mutating func block(_ index: Int32) -> Block? {
        if let current, currentIndex == index { return current.takeUnretainedValue() }
        guard let block = find(index) else { return nil }
        (current, currentIndex) = (Unmanaged.passUnretained(block), index)
        return block
    }

    private mutating func find(_ index: Int32) -> Block? {
        var (low, high) = (0, blocks.count)
        while low < high {
            let middle = (low &+ high) / 2
            if blocks[middle].index < index { low = middle &+ 1 } else { high = middle }
        }
        if low < blocks.count, blocks[low].index == index { return blocks[low] }
        hasTooMany = blocks.count >= Limits.blockCount
        if hasTooMany { return nil }
        if index >= nextIndex { nextIndex = index &+ (index < .max ? 1 : 0) }
        let block = Block(index: index)
        blocks.insert(block, at: low)
        return block
    }
}

// MARK: - Results of tools, images

extension Transcript {
    /// Keeps a piece of a tool's result or of an image. One that was not announced begins with it.
    private mutating func keep(part delta: StreamEvent, _ block: Block, _ scratch: borrowing ByteBuffer)
        -> ContentFault?
    {
        let kind: BlockKind = delta.deltaKind == .image ? .image : .toolResult
        var start = StartedBlock()
        start.kind = kind
        guard let part = block.lastPart(kind) ?? addPart(start, block, scratch) else { return .limit(partFault) }
        do throws(JSONError) {
            return kind == .image
                ? try keep(image: delta.text, part, scratch) : try keep(result: delta.text, part, scratch)
        } catch {
            return nil  // it was read before
        }
    }

    private mutating func keep(
        result piece: Slice, _ part: BlockPart, _ scratch: borrowing ByteBuffer
    ) throws(JSONError) -> ContentFault? {
        var reader = JSONReader(scratch.span(piece.range))
        guard try reader.enterArray() else { return nil }
        while try reader.nextElement() {
            let place = try reader.skipValue()
            guard reader.raw(place).byteOrNUL(0) == UInt8(ascii: "{") else { continue }
            let range = (piece.start &+ place.lowerBound)..<(piece.start &+ place.upperBound)
            if !keep(element: range, &part.data, scratch) { return .limit(.length) }
        }
        return nil
    }

    private mutating func keep(
        image piece: Slice, _ part: BlockPart, _ scratch: borrowing ByteBuffer
    ) throws(JSONError) -> ContentFault? {
        var reader = JSONReader(scratch.span(piece.range))
        stored &+= piece.count
        guard stored <= Limits.answerLength else { return .limit(.length) }
        guard try reader.enterObject() else { return nil }
        while let key = try reader.nextKey() {
            let isSource = reader.isEqual(key, to: "source")
            let isFault = reader.isEqual(key, to: "error")
            let place = try reader.skipValue()
            guard reader.raw(place).byteOrNUL(0) == UInt8(ascii: "{") else { continue }
            let value = reader.raw(place)
            if isSource, let fault = try Self.keep(source: value, part) { return fault }
            if isFault { Self.replace(&part.fault, value) }
        }
        return part.isExhausted ? .limit(.length) : nil
    }

    private static func keep(source: Span<UInt8>, _ part: BlockPart) throws(JSONError) -> ContentFault? {
        var reader = JSONReader(source)
        var hasBytes = false
        guard try reader.enterObject() else { return nil }
        while let key = try reader.nextKey() {
            guard reader.isEqual(key, to: "bytes"), let digits = try reader.stringOrSkip() else { continue }
            hasBytes = true
            var text = ByteBuffer(limit: Limits.answerLength)
            reader.append(digits, to: &text)
            if !part.data.append(base64: text.span) { return text.isExhausted ? .limit(.length) : .imageBytes }
        }
        if !hasBytes { replace(&part.given, source) }
        return nil
    }

    private static func replace(_ buffer: inout ByteBuffer, _ json: Span<UInt8>) {
        buffer.removeAll()
        buffer.append(json)
    }
}

// MARK: - Text

extension Transcript {
    /// The one block that holds text; nil where there is none or several.
    var onlyText: Block? {
        var found: Block?
        for block in blocks where !block.text.isEmpty {
            if found != nil { return nil }
            found = block
        }
        return found
    }

    /// Writes the text of all blocks, one behind the other.
    func appendText(to buffer: inout ByteBuffer) {
        for block in blocks { buffer.append(block.text, 0..<block.text.count) }
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
