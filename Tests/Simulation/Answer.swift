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
        /// The service carries the call out by itself.
        var isServerTool = false
        /// Its start is announced by an event of its own.
        var isAnnounced = false

        var content: Bytes { pieces.flatMap { $0 } }
        /// What a caller is given of a tool's input.
        var input: Bytes { pieces.allSatisfy { $0.isEmpty } ? Bytes("{}") : content }
        var isClientCall: Bool { kind == .tool && !isServerTool }
    }

    /// What a call's answers are like, over all of its rounds.
    struct Manner {
        /// Of answers that call tools.
        var toolPercent: Int
        /// Each block is announced.
        var announcesAll: Bool
        /// Answers come whole.
        var isWhole: Bool
        /// Names of tool calls so far.
        var idCount = 0
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
    static func drawn(_ dice: inout Dice, _ manner: inout Manner) -> Answer {
        var answer = Answer()
        if dice.percent(25) { answer.addReasoning(&dice) }
        for _ in 0..<dice.pick([0, 1, 1, 1, 1, 1, 2, 3]) { answer.addText(&dice) }
        if dice.percent(manner.toolPercent) { answer.addTools(&dice, &manner) }
        if manner.isWhole { answer.join() }
        for at in answer.blocks.indices
        where manner.announcesAll || answer.blocks[at].kind == .tool || dice.percent(20) {
            answer.blocks[at].isAnnounced = true
        }
        answer.stopReason = dice.pick(answer.endings(&dice))
        answer.inputTokens = Int64(dice.within(1...1000))
        answer.outputTokens = Int64(dice.within(1...1000))
        answer.padding = Bytes("abcdefghijklmnopqrstuvwxyz".utf8.prefix(dice.below(27)))
        return answer
    }

    /// An answer may call tools and stop for another reason: then nobody has to answer them.
    private func endings(_ dice: inout Dice) -> [StopReason] {
        guard blocks.contains(where: { $0.kind == .tool }) else { return [.endTurn, .endTurn, .maxTokens] }
        return dice.percent(95) ? [.toolUse] : [.endTurn, .maxTokens]
    }

    /// A whole answer has no pieces, and no texts without characters.
    private mutating func join() {
        blocks = blocks.filter { $0.kind == .tool || !$0.content.isEmpty }
        for at in blocks.indices {
            blocks[at].index = at
            blocks[at].pieces = [blocks[at].kind == .tool ? blocks[at].input : blocks[at].content]
        }
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

    /// Calls of one to three tools, texts between and behind them.
    private mutating func addTools(_ dice: inout Dice, _ manner: inout Manner) {
        for _ in 0..<dice.pick([1, 1, 1, 2, 2, 3]) {
            addTool(&dice, &manner)
            if dice.percent(10) { addText(&dice) }
        }
    }

    private mutating func addTool(_ dice: inout Dice, _ manner: inout Manner) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("query")
        writer.string(Words.piece(&dice))
        writer.endObject()
        var input = dice.percent(10) ? [] : writer.buffer.array
        // The model's output was cut, or is no JSON for another reason.
        if !manner.isWhole, !input.isEmpty, dice.percent(4) { input.removeLast() }
        let middle = dice.below(input.count + 1)
        var block = Block(kind: .tool, index: 0, pieces: [Bytes(input[..<middle]), Bytes(input[middle...])])
        // A piece must not end within a character.
        if input.contains(where: { $0 >= 0x80 }) || dice.percent(20) { block.pieces = [input] }
        // A name that comes again is another call's.
        if manner.idCount == 0 || dice.percent(92) { manner.idCount += 1 }
        block.toolID = Bytes("tool-\(dice.percent(95) ? manner.idCount : dice.within(1...manner.idCount))".utf8)
        block.toolName = Bytes(dice.pick(["search", "weather"]).utf8)
        block.isServerTool = dice.percent(12)
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
    /// The call that it hands over.
    var tool: Answer.Block?

    static func call(_ block: Answer.Block) -> ExpectedEvent {
        ExpectedEvent(kind: .tool, block: Int32(block.index), json: block.input, text: block.input, tool: block)
    }

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
