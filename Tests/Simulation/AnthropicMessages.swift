import BedrockCore

/// An answer as InvokeModelWithResponseStream sends it: chunks around the events of Anthropic Messages.
struct AnthropicMessages {
    private static let chunk = Bytes("chunk")

    private let answer: Answer
    private(set) var messages: [Message] = []

    init(_ answer: Answer) {
        self.answer = answer
        addStart()
        for block in answer.blocks { add(block) }
        addEnd()
    }

    private mutating func addStart() {
        let answer = answer
        add(.messageStart, "message_start") { writer in
            writer.key("message")
            writer.beginObject()
            writer.key("role")
            writer.string("assistant")
            writer.key("usage")
            writer.beginObject()
            writer.key("input_tokens")
            writer.integer(answer.inputTokens)
            writer.endObject()
            writer.endObject()
        }
        messages[messages.count - 1].usage = ReportedUsage(input: answer.inputTokens)
    }

    private mutating func add(_ block: Answer.Block) {
        addStart(of: block)
        for piece in block.pieces { addDelta(block, piece, isSignature: false) }
        if !block.signature.isEmpty { addDelta(block, block.signature, isSignature: true) }
        add(.blockStop, "content_block_stop", block: block.index) { _ in }
        if block.kind == .tool { messages[messages.count - 1].events.append(.call(block)) }
    }

    private mutating func addStart(of block: Answer.Block) {
        add(.blockStart, "content_block_start", block: block.index) { writer in
            writer.key("content_block")
            writer.beginObject()
            writer.key("type")
            switch block.kind {
            case .reasoning:
                writer.string("thinking")
            case .text:
                writer.string("text")
                writer.key("text")
                writer.string("")
            case .tool:
                writer.string(block.isServerTool ? "server_tool_use" : "tool_use")
                writer.key("id")
                writer.string(block.toolID)
                writer.key("name")
                writer.string(block.toolName)
            }
            writer.endObject()
        }
    }

    private mutating func addDelta(_ block: Answer.Block, _ piece: Bytes, isSignature: Bool) {
        let names: (StaticString, StaticString, DeltaKind) =
            switch block.kind {
            case .text: ("text_delta", "text", .text)
            case .tool: ("input_json_delta", "partial_json", .toolInput)
            case .reasoning:
                isSignature
                    ? ("signature_delta", "signature", .reasoningSignature) : ("thinking_delta", "thinking", .reasoning)
            }
        add(.delta, "content_block_delta", block: block.index, delta: names.2, text: piece) { writer in
            writer.key("delta")
            writer.beginObject()
            writer.key("type")
            writer.string(names.0)
            writer.key(names.1)
            writer.string(piece)
            writer.endObject()
        }
    }

    private mutating func addEnd() {
        let answer = answer
        add(.metadata, "message_delta") { writer in
            writer.key("delta")
            writer.beginObject()
            writer.key("stop_reason")
            writer.string(answer.stopWord)
            writer.endObject()
            writer.key("usage")
            writer.beginObject()
            writer.key("output_tokens")
            writer.integer(answer.outputTokens)
            writer.endObject()
        }
        messages[messages.count - 1].usage = ReportedUsage(output: answer.outputTokens)
        add(.messageStop, "message_stop") { writer in
            writer.key("amazon-bedrock-invocationMetrics")
            writer.beginObject()
            writer.key("inputTokenCount")
            writer.integer(answer.inputTokens)
            writer.key("outputTokenCount")
            writer.integer(answer.outputTokens)
            writer.endObject()
        }
        messages[messages.count - 1].isStop = true
        messages[messages.count - 1].usage = ReportedUsage(input: answer.inputTokens, output: answer.outputTokens)
    }

    private mutating func add(
        _ kind: EventKind, _ type: StaticString, block: Int = -1, delta: DeltaKind? = nil, text: Bytes = [],
        _ fill: (inout JSONWriter) -> Void
    ) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        writer.string(type)
        if block >= 0 {
            writer.key("index")
            writer.integer(Int64(block))
        }
        fill(&writer)
        writer.endObject()
        let event = ExpectedEvent(
            kind: kind, delta: delta, block: Int32(block), type: Self.chunk, json: writer.buffer.array, text: text)
        messages.append(Message(bytes: Frames.event(Self.chunk, wrapped(writer.buffer.span).span), events: [event]))
    }

    private func wrapped(_ json: Span<UInt8>) -> Bytes {
        var writer = JSONWriter()
        var digits = ByteBuffer()
        Base64.encode(json, into: &digits)
        writer.beginObject()
        writer.key("bytes")
        writer.string(digits.span)
        if !answer.padding.isEmpty {
            writer.key("p")
            writer.string(answer.padding)
        }
        writer.endObject()
        return writer.buffer.array
    }
}
