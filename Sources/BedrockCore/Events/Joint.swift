/// Where the events of an attempt belong that goes on with a cut answer.
///
/// The service numbers the blocks of each attempt from 0, and the model knows the text so far without the white space
/// at its end, or (asked by a nudge) may begin with what it had said last. So:
///
/// - The first text goes on with the block of text that was open; every other block comes behind those delivered.
/// - Reasoning in front of that text is left out: it would stand in the middle of a block. Where no text is open, it is
///   delivered as a further block.
/// - The white space that was not sent back is not delivered twice: of the text's first white space as much is dropped
///   as agrees with it.
/// - After a nudge the first bytes are held back until it is known whether they repeat the end of what was sent.
struct Joint: ~Copyable {
    /// Shortest and longest repeat that is taken for one, in bytes. What is shorter may be meant.
    static let repeatLengths = 12...400

    enum Stage {
        /// The text goes through as it comes.
        case passing
        /// Its first white space may have been delivered before.
        case space
        /// Its first words may have been.
        case repeating
    }

    /// What becomes of the event in hand.
    enum Fate {
        case passes
        case leftOut
        /// A text that is kept until more of it has come.
        case held
    }

    private struct Link: BitwiseCopyable {
        let wire: Int32
        /// Nil for a block that is left out.
        let index: Int32?
    }

    private(set) var stage = Stage.passing
    var fate = Fate.passes
    /// The text of the event in hand is not the wire's.
    var hasNewText = false

    private var links: [Link] = []
    /// The open block of text, until something goes on with it or comes behind it.
    private var openText: Int32?
    private var nextIndex: Int32 = 0

    /// The white space that was delivered but not sent back, and how much of it has come again.
    private var space = ByteBuffer()
    private var matched = 0
    /// The end of what was sent back.
    private var tail = ByteBuffer()

    /// Text that is held back, and the last event it came with.
    private var held = ByteBuffer()
    private(set) var heldIndex: Int32 = -1
    private var heldType = ByteBuffer()
    private var heldJSON = ByteBuffer()
    /// The JSON of the event in hand with its own numbers and text.
    private var rewritten = ByteBuffer()

    /// A text that was held back and comes before the event in hand.
    private var flushed: StreamEvent?
    /// The event that comes behind it.
    private var waiting: StreamEvent?

    /// Goes on with what the transcript holds.
    init(behind transcript: borrowing Transcript, isNudge: Bool) {
        openText = transcript.openText
        nextIndex = transcript.nextIndex
        transcript.appendUnsentSpace(to: &space)
        if isNudge { transcript.appendSentTail(Self.repeatLengths.upperBound, to: &tail) }
        stage = tail.count >= Self.repeatLengths.lowerBound ? .repeating : space.isEmpty ? .passing : .space
    }

    /// Something was lost for want of memory.
    var isExhausted: Bool {
        space.isExhausted || tail.isExhausted || held.isExhausted || heldJSON.isExhausted || rewritten.isExhausted
    }

    // MARK: Blocks

    /// Whether something of that block of the attempt has come.
    func isKnown(_ wire: Int32) -> Bool { link(wire) != nil }

    /// Whether a block that begins like that would go on with the open text, or stand before it.
    func mayGoOn(_ kind: BlockKind) -> Bool {
        openText != nil && (kind == .text || kind == .unknown || kind == .reasoning)
    }

    /// The index that a block has in the answer; nil where it is left out. Sets `isOver` when there are too many.
    mutating func index(_ wire: Int32, _ kind: BlockKind, _ isOver: inout Bool) -> Int32? {
        if let link = link(wire) { return link.index }
        guard links.count < Limits.blockCount else {
            isOver = true
            return nil
        }
        let link = Link(wire: wire, index: place(kind))
        links.append(link)
        return link.index
    }

    private func link(_ wire: Int32) -> Link? {
        links.last { $0.wire == wire }
    }

    private mutating func place(_ kind: BlockKind) -> Int32? {
        if kind == .reasoning, openText != nil { return nil }
        let open = openText
        openText = nil
        if kind == .text, let open { return open }
        let index = nextIndex
        nextIndex = index &+ (index < .max ? 1 : 0)
        return index
    }

    // MARK: Text

    /// Takes from the start of a text the white space that was delivered before. False where nothing was taken.
    mutating func dropSpace(_ scratch: borrowing ByteBuffer, _ text: inout Slice) -> Bool {
        guard stage == .space else { return false }
        let agreed = scratch.span(text.range).agreedLength(with: space.span(matched..<space.count))
        matched &+= agreed
        if agreed < text.count || matched == space.count { stage = .passing }
        text = Slice(start: text.start &+ agreed, count: text.count &- agreed)
        return agreed > 0
    }

    var isHolding: Bool { !held.isEmpty }

    mutating func hold(_ scratch: borrowing ByteBuffer, _ text: Slice, index: Int32) {
        held.append(scratch, text.range)
        heldIndex = index
    }

    /// What is left of the held text, now that it is known how much of it was delivered before; nil while that is not
    /// known. Nothing is held any more then.
    mutating func release(isLast: Bool, into scratch: inout ByteBuffer) -> Slice? {
        guard let dropped = repeatedLength(isLast: isLast) else { return nil }
        let slice = scratch.appendSlice(held.span(dropped..<held.count))
        held.removeAll()
        stage = space.isEmpty ? .passing : .space
        return slice
    }

    /// How many bytes of the held text repeat the end of what was sent, white space in front of it included; nil while
    /// more text may tell.
    private func repeatedLength(isLast: Bool) -> Int? {
        let text = held.span
        let start = text.leadingWhiteSpaceLength()
        let rest = text.extracting(start..<text.count)
        let mayWait = !isLast && text.count < Self.repeatLengths.upperBound
        // The longest first.
        for at in 0...max(tail.count &- Self.repeatLengths.lowerBound, 0) {
            let end = tail.span(at..<tail.count)
            if end.count <= rest.count {
                if end.isEqual(to: rest.extracting(0..<end.count)), end.characterBorder(from: 0) == 0 {
                    return start &+ end.count
                }
            } else if mayWait, end.extracting(0..<rest.count).isEqual(to: rest) {
                return nil
            }
        }
        return 0
    }

    // MARK: Raw events

    /// Keeps the wire's form of the event whose text is held back.
    mutating func keepRaw(_ type: Span<UInt8>, _ json: Span<UInt8>) {
        heldType.removeAll()
        heldType.append(type)
        heldJSON.removeAll()
        heldJSON.append(json)
    }

    /// Gives an event the wire's name and the JSON that says what the event does.
    mutating func appendRaw(
        _ type: Span<UInt8>, _ json: Span<UInt8>, _ shape: EventShape, _ event: inout StreamEvent,
        into scratch: inout ByteBuffer
    ) {
        rewritten.removeAll()
        rewritten.append(event: json, shape, event, scratch, hasNewText: hasNewText)
        event.type = scratch.appendSlice(type)
        event.json = scratch.appendSlice(rewritten)
    }

    /// The same for the event whose text was held back.
    mutating func appendHeldRaw(_ shape: EventShape, _ event: inout StreamEvent, into scratch: inout ByteBuffer) {
        var json = ByteBuffer()
        swap(&json, &heldJSON)
        rewritten.removeAll()
        rewritten.append(event: json.span, shape, event, scratch, hasNewText: true)
        event.type = scratch.appendSlice(heldType)
        event.json = scratch.appendSlice(rewritten)
    }

    // MARK: Events out of turn

    mutating func flush(_ event: StreamEvent) { flushed = event }

    /// The event that comes before `event`, which then waits if it is wanted.
    mutating func takeFlushed(before event: StreamEvent, isWanted: Bool) -> StreamEvent? {
        guard let first = flushed else { return nil }
        flushed = nil
        waiting = isWanted ? event : nil
        return first
    }

    var hasWaiting: Bool { waiting != nil }

    mutating func takeWaiting() -> StreamEvent? {
        defer { waiting = nil }
        return waiting
    }
}

/// A joint with memory of its own: few streams have one.
final class JointBox {
    var value: Joint

    init(_ value: consuming Joint) {
        self.value = value
    }
}
