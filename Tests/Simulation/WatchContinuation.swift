import BedrockCore

/// Token counts as attempts reported them; nil where none did.
struct ReportedUsage: Equatable {
    var input: Int64?
    var output: Int64?
    var total: Int64?

    static func + (one: Self, other: Self) -> Self {
        func sum(_ first: Int64?, _ second: Int64?) -> Int64? {
            first == nil && second == nil ? nil : (first ?? 0) + (second ?? 0)
        }
        return Self(
            input: sum(one.input, other.input), output: sum(one.output, other.output),
            total: sum(one.total, other.total))
    }

    /// What a later message of the same attempt says counts.
    mutating func take(_ other: Self) {
        input = other.input ?? input
        output = other.output ?? output
        total = other.total ?? total
    }
}

/// What was delivered of one block of text.
struct DeliveredBlock {
    let index: Int32
    var text: Bytes
}

/// What must be true of an answer that is gone on with.
struct ContinuationWatch {
    private(set) var isRunning = false
    /// The whole text, as far as the server of the running attempt means it.
    private(set) var meantText = Bytes()
    /// What is meant cannot be told: the caller was not shown all, or a text repeats itself by chance.
    private(set) var isUnclear = false
    private var blocks: [DeliveredBlock] = []
    private var hasTool = false

    // MARK: What was delivered

    mutating func take(_ view: EventView) {
        if view.event.kind == .tool || view.event.deltaKind == .toolInput && view.event.hasDelta { hasTool = true }
        guard view.event.hasDelta, view.event.deltaKind == .text else { return }
        if let at = blocks.firstIndex(where: { $0.index == view.event.blockIndex }) {
            blocks[at].text += view.text.bytes
        } else {
            blocks.append(DeliveredBlock(index: view.event.blockIndex, text: view.text.bytes))
        }
    }

    mutating func restart() {
        self = ContinuationWatch()
    }

    mutating func begin(_ watch: Watch) {
        watch.require(!hasTool, "no continuation of a tool call", "")
        if !isRunning { meantText = watch.response?.answer?.text ?? [] }
        isRunning = true
    }

    /// What a request sends back: the texts of blocks that are more than white space, the last without white space at
    /// its end.
    private var sent: [Bytes] {
        var texts = blocks.map(\.text).filter { !$0.trimmedAtEnd.isEmpty }
        if let last = texts.popLast() { texts.append(last.trimmedAtEnd) }
        return texts
    }

    /// White space that was delivered behind that.
    private var unsent: Bytes {
        guard let last = blocks.lastIndex(where: { !$0.text.trimmedAtEnd.isEmpty }) else {
            return blocks.flatMap(\.text)
        }
        let text = blocks[last].text
        return Bytes(text[text.trimmedAtEnd.count...]) + blocks[(last + 1)...].flatMap(\.text)
    }

    // MARK: What is asked and answered

    func check(_ asked: AskedFor, _ watch: Watch) {
        let isExpected = isRunning && !sent.isEmpty
        guard !watch.call.isDetached, !isUnclear else { return }
        watch.require(
            asked.isContinued == isExpected, "only a continuation sends the answer back",
            "\(asked.roles.count) messages")
        guard asked.isContinued else { return }
        watch.require(
            asked.partial == sent, "what was delivered is sent back",
            "\(asked.partial.map { String($0) }) in place of \(sent.map { String($0) })")
    }

    /// What the server answers, and what the whole text is then meant to be.
    mutating func rest(_ asked: AskedFor, _ watch: Watch, _ dice: inout Dice) -> Answer {
        var answer = Answer.drawn(&dice, &watch.call.manner)
        if watch.call.isDetached { isUnclear = true }
        let delivered = watch.text
        let behind = delivered.count - unsent.count
        var rest = meantText.starts(with: delivered) ? Bytes(meantText[behind...]) : Bytes()
        // Some models begin with white space where they know none, some leave it out.
        if dice.percent(40) { rest = rest.trimmedAtStart }
        var said = rest
        if asked.isNudge, dice.percent(60) { said = repetition(asked, &dice) + rest }
        answer.lead(with: said, &dice)
        noteChance(said, rest, asked, answer.text)
        watch.world.note("the server says \(answer.blocks.map { $0.pieces.map { String($0) } })")
        let all = rest + answer.text.dropFirst(said.count)
        meantText = delivered + all[all.agreedLength(with: unsent)...]
        return answer
    }

    /// The end of what was sent, said once more.
    private func repetition(_ asked: AskedFor, _ dice: inout Dice) -> Bytes {
        let text = asked.partial.last ?? []
        // What is as short as this may be meant, and white space in front of it does not count.
        let starts = text.indices.filter {
            text[$0] & 0xC0 != 0x80 && text.count - $0 <= 400 && Bytes(text[$0...]).trimmedAtStart.count >= 12
        }
        guard !starts.isEmpty else { return [] }
        return (dice.percent(30) ? Bytes("\n") : []) + text[dice.pick(starts)...]
    }

    /// A text may look like a repetition that is none, or like a longer one.
    private mutating func noteChance(_ said: Bytes, _ rest: Bytes, _ asked: AskedFor, _ whole: Bytes) {
        guard asked.isNudge else { return }
        let text = asked.partial.last ?? []
        let start = said.trimmedAtStart
        let repeated = start.count - rest.count
        // What comes behind it may look like one as well.
        let beginning = whole.trimmedAtStart
        for length in 12...400 where length <= text.count && length <= beginning.count && length != repeated {
            if beginning.starts(with: text.suffix(length)) { isUnclear = true }
        }
        // White space is a part of what is repeated, or of what is new.
        if said.count > rest.count, rest.count > start.count { isUnclear = true }
    }

    func check(_ view: EventView, _ text: Bytes, _ watch: Watch) {
        if !isUnclear {
            watch.require(
                meantText.starts(with: text), "a continuation has no gap and no repeat",
                "\"\(String(text))\" of \"\(String(meantText))\"")
        }
        guard watch.call.wantsRaw, view.event.hasDelta, view.event.deltaKind == .text else { return }
        let raw = RawDelta(view.json.bytes)
        watch.require(
            raw.text == view.text.bytes && raw.index == Int64(view.event.blockIndex),
            "raw events agree with typed ones", view.json.string)
    }

    /// The whole text was delivered, and is in the result.
    func checkWhole(_ result: TextView, _ watch: Watch) {
        if isUnclear { return }
        watch.require(
            result.isEqual(to: meantText), "the result has the whole text",
            "\"\(result.string)\" in place of \"\(String(meantText))\"")
        if !watch.call.isDetached {
            watch.require(watch.text == meantText, "the whole text was delivered", "\"\(String(watch.text))\"")
        }
    }
}

/// The text and the block of a raw delta.
private struct RawDelta {
    var text = Bytes()
    var index: Int64 = -1

    init(_ json: Bytes) {
        do throws(JSONError) {
            var reader = JSONReader(json.span)
            guard try reader.enterObject() else { return }
            while let key = try reader.nextKey() {
                if reader.isEqual(key, to: "index") || reader.isEqual(key, to: "contentBlockIndex") {
                    index = try reader.integerOrSkip() ?? -1
                } else if reader.isEqual(key, to: "delta"), try reader.enterObject() {
                    while let key = try reader.nextKey() {
                        guard let value = try reader.stringOrSkip(), reader.isEqual(key, to: "text") else { continue }
                        text = reader.bytes(of: value)
                    }
                }
            }
        } catch {}
    }
}

extension Answer {
    /// Begins its first text with another one, in pieces; without a text it gets one.
    fileprivate mutating func lead(with text: Bytes, _ dice: inout Dice) {
        guard !text.isEmpty else { return }
        if !blocks.contains(where: { $0.kind == .text }) {
            let index = blocks.count
            blocks.append(Block(kind: .text, index: index, pieces: [], isAnnounced: true))
        }
        guard let at = blocks.firstIndex(where: { $0.kind == .text }) else { return }
        // What is gone on with comes before new calls.
        if let call = blocks.firstIndex(where: { $0.kind == .tool }), call < at {
            blocks.insert(blocks.remove(at: at), at: call)
            for place in blocks.indices { blocks[place].index = place }
        }
        let first = blocks.firstIndex { $0.kind == .text } ?? at
        blocks[first].pieces.insert(contentsOf: text.cutAnywhere(&dice), at: 0)
    }
}

extension Array where Element == UInt8 {
    private func scalars() -> String.UnicodeScalarView { String(decoding: self, as: UTF8.self).unicodeScalars }

    var trimmedAtEnd: Bytes {
        var text = scalars()
        while let last = text.last, last.properties.isWhitespace { text.removeLast() }
        return Bytes(String(text).utf8)
    }

    var trimmedAtStart: Bytes { Bytes(String(scalars().drop { $0.properties.isWhitespace }).utf8) }

    /// How many bytes both begin with, in whole characters.
    func agreedLength(with other: Bytes) -> Int {
        var length = 0
        for (one, two) in zip(scalars(), other.scalars()) {
            guard one == two else { break }
            length += UTF8.width(one)
        }
        return length
    }

    /// In pieces, none of which ends within a character.
    func cutAnywhere(_ dice: inout Dice) -> [Bytes] {
        var pieces: [Bytes] = [[]]
        for byte in self {
            if byte & 0xC0 != 0x80, dice.percent(10) { pieces.append([]) }
            pieces[pieces.count - 1].append(byte)
        }
        return pieces
    }
}
