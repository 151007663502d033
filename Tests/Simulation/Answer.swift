import BedrockCore

/// What a simulated model means to say in one response.
struct Answer {
    enum Kind {
        case reasoning, text, tool
    }

    struct Block {
        var kind: Kind
        /// Of the wire.
        var index: Int
        var pieces: [Bytes]
        /// Of reasoning.
        var signature: Bytes = []
        var toolID: Bytes = []
        var toolName: Bytes = []
        /// Its start is announced by an event of its own.
        var isAnnounced = false
    }

    var blocks: [Block] = []
    var stopReason = StopReason.endTurn
    var inputTokens: Int64 = 0
    var outputTokens: Int64 = 0
    /// The beginning of a member that Bedrock adds to hide lengths.
    var padding: Bytes = []

    var text: Bytes { blocks.filter { $0.kind == .text }.flatMap { $0.pieces.flatMap { $0 } } }
    var stopWord: StaticString {
        switch stopReason {
        case .toolUse: "tool_use"
        case .maxTokens: "max_tokens"
        default: "end_turn"
        }
    }
}

extension Answer {
    static func drawn(_ dice: inout Dice, announcesAll: Bool) -> Answer {
        var answer = Answer()
        if dice.percent(25) { answer.addReasoning(&dice) }
        for _ in 0..<dice.pick([0, 1, 1, 1, 1, 1, 2, 3]) { answer.addText(&dice) }
        if dice.percent(20) { answer.addTool(&dice) }
        for at in answer.blocks.indices where announcesAll || answer.blocks[at].kind == .tool || dice.percent(20) {
            answer.blocks[at].isAnnounced = true
        }
        let endings: [StopReason] = answer.blocks.last?.kind == .tool ? [.toolUse] : [.endTurn, .endTurn, .maxTokens]
        answer.stopReason = dice.pick(endings)
        answer.inputTokens = Int64(dice.within(1...1000))
        answer.outputTokens = Int64(dice.within(1...1000))
        answer.padding = Bytes("abcdefghijklmnopqrstuvwxyz".utf8.prefix(dice.below(27)))
        return answer
    }

    private mutating func add(_ block: Block, _ dice: inout Dice) {
        blocks.append(block)
        blocks[blocks.count - 1].index = blocks.count - 1
    }

    private mutating func addReasoning(_ dice: inout Dice) {
        let pieces = Words.pieces(dice.within(1...3), &dice)
        add(Block(kind: .reasoning, index: 0, pieces: pieces, signature: Bytes("c2lnbmVk")), &dice)
    }

    private mutating func addText(_ dice: inout Dice) {
        add(Block(kind: .text, index: 0, pieces: Words.pieces(dice.within(1...8), &dice)), &dice)
    }

    private mutating func addTool(_ dice: inout Dice) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("query")
        writer.string(Words.piece(&dice))
        writer.endObject()
        let input = dice.percent(10) ? [] : writer.buffer.array
        let middle = dice.below(input.count + 1)
        var block = Block(kind: .tool, index: 0, pieces: [Bytes(input[..<middle]), Bytes(input[middle...])])
        // A piece must not end within a character.
        if input.contains(where: { $0 >= 0x80 }) || dice.percent(20) { block.pieces = [input] }
        block.toolID = Bytes("tool-1")
        block.toolName = Bytes("search")
        add(block, &dice)
    }
}

/// An event that a consumer is to be given.
struct ExpectedEvent {
    var kind: EventKind
    var delta: DeltaKind?
    var block: Int32 = -1
    /// The wire's name of it.
    var type: Bytes = []
    var json: Bytes = []
    var text: Bytes = []

    /// Also consumers without raw events are given it.
    var isTyped: Bool { delta != nil || kind == .tool }
}

/// A message of the wire, and the events that follow from it.
struct Message {
    var bytes: Bytes
    var events: [ExpectedEvent] = []
    /// It completes the answer.
    var isStop = false
    var usage: ReportedUsage?
}
