import BedrockCore

/// An answer as ConverseStream sends it.
struct ConverseMessages {
    private let answer: Answer
    private(set) var messages: [Message] = []

    init(_ answer: Answer) {
        self.answer = answer
        add(.messageStart, "messageStart") { writer in
            writer.key("role")
            writer.string("assistant")
        }
        for block in answer.blocks { add(block) }
        addEnd()
    }

    private mutating func add(_ block: Answer.Block) {
        if block.isAnnounced { addStart(block) }
        for piece in block.pieces { addDelta(block, piece) }
        if !block.signature.isEmpty { addSignature(block) }
        add(.blockStop, "contentBlockStop", block: block.index) { _ in }
        if block.kind == .tool { messages[messages.count - 1].events.append(.call(block)) }
    }

    private mutating func addStart(_ block: Answer.Block) {
        add(.blockStart, "contentBlockStart", block: block.index) { writer in
            writer.key("start")
            writer.beginObject()
            if block.kind == .tool {
                writer.key("toolUse")
                writer.beginObject()
                writer.key("toolUseId")
                writer.string(block.toolID)
                writer.key("name")
                writer.string(block.toolName)
                if block.isServerTool {
                    writer.key("type")
                    writer.string("server_tool_use")
                }
                writer.endObject()
            }
            writer.endObject()
        }
    }

    private mutating func addDelta(_ block: Answer.Block, _ piece: Bytes) {
        let kind: DeltaKind = block.kind == .text ? .text : block.kind == .tool ? .toolInput : .reasoning
        add(.delta, "contentBlockDelta", block: block.index, delta: kind, text: piece) { writer in
            writer.key("delta")
            writer.beginObject()
            if kind == .toolInput {
                writer.key("toolUse")
            } else if kind == .reasoning {
                writer.key("reasoningContent")
            }
            if kind != .text { writer.beginObject() }
            writer.key(kind == .toolInput ? "input" : "text")
            writer.string(piece)
            if kind != .text { writer.endObject() }
            writer.endObject()
        }
    }

    private mutating func addSignature(_ block: Answer.Block) {
        let text = block.signature
        add(.delta, "contentBlockDelta", block: block.index, delta: .reasoningSignature, text: text) { writer in
            writer.key("delta")
            writer.beginObject()
            writer.key("reasoningContent")
            writer.beginObject()
            writer.key("signature")
            writer.string(text)
            writer.endObject()
            writer.endObject()
        }
    }

    private mutating func addEnd() {
        let answer = answer
        add(.messageStop, "messageStop") { writer in
            writer.key("stopReason")
            writer.string(answer.stopWord)
        }
        messages[messages.count - 1].isStop = true
        add(.metadata, "metadata") { writer in
            writer.key("usage")
            writer.beginObject()
            writer.key("inputTokens")
            writer.integer(answer.inputTokens)
            writer.key("outputTokens")
            writer.integer(answer.outputTokens)
            writer.key("totalTokens")
            writer.integer(answer.inputTokens + answer.outputTokens)
            writer.endObject()
            writer.key("metrics")
            writer.beginObject()
            writer.key("latencyMs")
            writer.integer(7)
            writer.endObject()
        }
        messages[messages.count - 1].usage = ReportedUsage(
            input: answer.inputTokens, output: answer.outputTokens, total: answer.inputTokens + answer.outputTokens)
    }

    private mutating func add(
        _ kind: EventKind, _ type: StaticString, block: Int = -1, delta: DeltaKind? = nil, text: Bytes = [],
        _ fill: (inout JSONWriter) -> Void
    ) {
        var writer = JSONWriter()
        writer.beginObject()
        if block >= 0 {
            writer.key("contentBlockIndex")
            writer.integer(Int64(block))
        }
        fill(&writer)
        if !answer.padding.isEmpty {
            writer.key("p")
            writer.string(answer.padding)
        }
        writer.endObject()
        let event = ExpectedEvent(
            kind: kind, delta: delta, block: Int32(block), type: Bytes(type), json: writer.buffer.array, text: text)
        messages.append(Message(bytes: Frames.event(event.type, writer.buffer.span), events: [event]))
    }
}
