import BedrockCore

extension StreamEvent {
    /// The event that carries a model's own JSON.
    static func chunk(_ inner: JSONValue, isDelta: Bool = false) -> StreamEvent {
        var encoded = ByteBuffer()
        Base64.encode(inner.bytes.span, into: &encoded)
        return StreamEvent(
            type: "chunk", payload: .object([("bytes", .string(String(encoded.array)))]), isDelta: isDelta)
    }
}

extension RenderContext {
    /// What the service adds to the last chunk of every model.
    func invocationMetrics(_ answer: Answer) -> (String, JSONValue) {
        (
            "amazon-bedrock-invocationMetrics",
            .object([
                ("inputTokenCount", .integer(answer.inputTokens)), ("outputTokenCount", .integer(answer.outputTokens)),
                ("invocationLatency", .integer(latencyMs)), ("firstByteLatency", .integer(firstByteLatencyMs)),
            ])
        )
    }
}

/// The Messages format of Anthropic's models.
struct AnthropicFormat: EventFormat {
    func completes(_ step: Step) -> Bool {
        switch step {
        case .messageStop, .metadata: true
        default: false
        }
    }

    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        guard let event = event(step, of: answer, context) else { return [] }
        if case .blockStart(0) = step { return [event, Self.ping] }
        return [event]
    }

    private func event(_ step: Step, of answer: Answer, _ context: RenderContext) -> StreamEvent? {
        switch step {
        case .messageStart:
            return .chunk(
                .object([
                    ("type", .string("message_start")), ("message", Self.message(answer, context, isWhole: false)),
                ]))
        case .blockStart(let block):
            guard let start = Self.block(answer.blocks[block], isWhole: false) else { return nil }
            return .chunk(Self.typed("content_block_start", block, ("content_block", start)))
        case .delta(let block, let at):
            guard let delta = Self.delta(answer.blocks[block], at, context) else { return nil }
            return .chunk(Self.typed("content_block_delta", block, ("delta", delta)), isDelta: true)
        case .blockStop(let block):
            guard Self.block(answer.blocks[block], isWhole: false) != nil else { return nil }
            return .chunk(Self.typed("content_block_stop", block, nil))
        case .messageStop:
            return .chunk(
                .object([
                    ("type", .string("message_delta")),
                    (
                        "delta",
                        .object([
                            ("stop_reason", .string(answer.stopReason)), ("stop_sequence", Self.stopSequence(answer)),
                        ])
                    ),
                    ("usage", .object([("output_tokens", .integer(answer.outputTokens))])),
                ]))
        case .metadata:
            let metrics = context.hasMetrics ? [context.invocationMetrics(answer)] : []
            return .chunk(.object([("type", .string("message_stop"))] + metrics))
        }
    }

    private static func typed(_ type: String, _ block: Int, _ member: (String, JSONValue)?) -> JSONValue {
        .object([("type", .string(type)), ("index", .integer(block))] + (member.map { [$0] } ?? []))
    }

    private static func stopSequence(_ answer: Answer) -> JSONValue {
        answer.stopSequence.map { .string($0) } ?? .null
    }

    static func message(_ answer: Answer, _ context: RenderContext, isWhole: Bool) -> JSONValue {
        .object([
            ("model", .string(context.modelID)), ("id", .string("msg_bdrk_" + Planner.toolUseID().dropFirst(8))),
            ("type", .string("message")), ("role", .string("assistant")),
            ("content", .array(isWhole ? answer.blocks.compactMap { block($0, isWhole: true) } : [])),
            ("stop_reason", isWhole ? .string(answer.stopReason) : .null),
            ("stop_sequence", isWhole ? stopSequence(answer) : .null),
            (
                "usage",
                .object([
                    ("input_tokens", .integer(answer.inputTokens)), ("cache_creation_input_tokens", .integer(0)),
                    ("cache_read_input_tokens", .integer(0)),
                    ("output_tokens", .integer(isWhole ? answer.outputTokens : 1)),
                ])
            ),
        ])
    }

    /// A content block: empty at the start of its stream, or whole. Images are none of this format's.
    private static func block(_ block: Answer.Block, isWhole: Bool) -> JSONValue? {
        let whole: (Pieces) -> JSONValue = { .string(isWhole ? String(decoding: $0.text, as: UTF8.self) : "") }
        switch block {
        case .text(let pieces, _):
            return .object([("type", .string("text")), ("text", whole(pieces))])
        case .reasoning(let pieces, let signature):
            return .object([
                ("type", .string("thinking")), ("thinking", whole(pieces)),
                ("signature", .string(isWhole ? signature : "")),
            ])
        case .redacted(let data):
            return .object([("type", .string("redacted_thinking")), ("data", .string(data))])
        case .tool(let call):
            return .object([
                ("type", .string(call.isServerTool ? "server_tool_use" : "tool_use")),
                ("id", .string("toolu_bdrk_" + call.id.dropFirst(8))),
                ("name", .string(call.name)), ("input", isWhole ? call.input : .object([])),
            ])
        case .toolResult, .image: return nil
        }
    }

    private static func delta(_ block: Answer.Block, _ at: Int, _ context: RenderContext) -> JSONValue? {
        let members: [(String, JSONValue)]
        switch block {
        case .text(let pieces, _):
            guard at < pieces.count else { return citation }
            members = [("type", .string("text_delta")), ("text", .string(context.text(pieces[at])))]
        case .reasoning(let pieces, let signature):
            members =
                at < pieces.count
                ? [("type", .string("thinking_delta")), ("thinking", .string(context.text(pieces[at])))]
                : [("type", .string("signature_delta")), ("signature", .string(signature))]
        case .tool(let call):
            let input = String(decoding: call.pieces[at], as: UTF8.self)
            members = [("type", .string("input_json_delta")), ("partial_json", .string(input))]
        case .redacted, .toolResult, .image: return nil
        }
        return .object(members)
    }

    private static let citation = JSONValue.object([
        ("type", .string("citations_delta")),
        (
            "citation",
            .object([
                ("type", .string("web_search_result_location")), ("url", .string("https://example.com/rivers")),
                ("title", .string("On rivers")), ("cited_text", .string("a river does not hurry")),
            ])
        ),
    ])

    /// Sent behind the first block's start, as the API does.
    private static let ping = StreamEvent.chunk(.object([("type", .string("ping"))]))
}
