/// The Messages format of Anthropic's models.
struct AnthropicFormat: AnswerFormat {
    func completes(_ step: Step) -> Bool {
        switch step {
        case .messageStop, .metadata: true
        default: false
        }
    }

    func failure(named name: String, message: String) -> JSONValue? {
        ["type": "error", "error": ["type": .string(name), "message": .string(message)]]
    }

    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        guard let event = event(step, of: answer, context) else { return [] }
        if case .blockStart(0) = step { return [event, Self.ping] }
        return [event]
    }

    /// Sent behind the first block's start, as the API does.
    private static let ping = StreamEvent.chunk(["type": "ping"])

    private func event(_ step: Step, of answer: Answer, _ context: RenderContext) -> StreamEvent? {
        switch step {
        case .messageStart:
            return .chunk(["type": "message_start", "message": Self.message(answer, context, isWhole: false)])
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
            let delta: JSONValue = [
                "stop_reason": .string(answer.stopReason), "stop_sequence": .optional(answer.stopSequence),
            ]
            let usage: JSONValue = ["output_tokens": .integer(answer.outputTokens)]
            return .chunk(["type": "message_delta", "delta": delta, "usage": usage])
        case .metadata:
            let stop: JSONValue = ["type": "message_stop"]
            return .chunk(stop.with(context.trailer(answer)))
        }
    }

    private static func typed(_ type: String, _ block: Int, _ member: (String, JSONValue)?) -> JSONValue {
        .object([("type", .string(type)), ("index", .integer(block))] + (member.map { [$0] } ?? []))
    }

    func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        Self.message(answer, context, isWhole: true)
    }

    private static func message(_ answer: Answer, _ context: RenderContext, isWhole: Bool) -> JSONValue {
        [
            "model": .string(context.modelID), "id": .string("msg_bdrk_" + context.answerID), "type": "message",
            "role": "assistant",
            "content": .array(isWhole ? answer.blocks.compactMap { block($0, isWhole: true) } : []),
            "stop_reason": isWhole ? .string(answer.stopReason) : .null,
            "stop_sequence": isWhole ? .optional(answer.stopSequence) : .null,
            "usage": usage(answer, outputTokens: isWhole ? answer.outputTokens : 1),
        ]
    }

    private static func usage(_ answer: Answer, outputTokens: Int) -> JSONValue {
        let cached = answer.cachedTokens ?? 0
        let hour = answer.hourTokens ?? 0
        let usage: JSONValue = [
            "input_tokens": .integer(answer.inputTokens), "cache_creation_input_tokens": .integer(cached + hour),
            "cache_read_input_tokens": .integer(cached),
        ]
        let creation: JSONValue = [
            "ephemeral_5m_input_tokens": .integer(cached), "ephemeral_1h_input_tokens": .integer(hour),
        ]
        return usage.with("cache_creation", cached + hour > 0 ? creation : nil)
            .with("output_tokens", .integer(outputTokens))
    }
}

// MARK: - Blocks

extension AnthropicFormat {
    /// A content block: empty at the start of its stream, or whole. Images are none of this format's.
    private static func block(_ block: Answer.Block, isWhole: Bool) -> JSONValue? {
        let whole: (Pieces) -> JSONValue = { isWhole ? .string($0.text) : "" }
        switch block {
        case .text(let pieces, let citations):
            let text: JSONValue = ["type": "text", "text": whole(pieces)]
            let cited = isWhole && !citations.isEmpty
            return text.with("citations", cited ? .array(citations.map { $0.anthropic }) : nil)
        case .reasoning(let pieces, let signature):
            return [
                "type": "thinking", "thinking": whole(pieces), "signature": .string(isWhole ? signature ?? "" : ""),
            ]
        case .redacted(let data):
            return ["type": "redacted_thinking", "data": .string(data)]
        case .tool(let call):
            return [
                "type": call.isServerTool ? "server_tool_use" : "tool_use",
                "id": .string(id(call.id, call.isServerTool)),
                "name": call.isServerTool ? "web_search" : .string(call.name), "input": isWhole ? call.input : [:],
            ]
        case .toolResult(let result):
            return [
                "type": "web_search_tool_result", "tool_use_id": .string(id(result.id, true)),
                "content": searchResult(result),
            ]
        case .image: return nil
        }
    }

    private static func id(_ id: String, _ isServerTool: Bool) -> String {
        (isServerTool ? "srvtoolu_bdrk_" : "toolu_bdrk_") + id.dropFirst(8)
    }

    /// Results of a search come whole, at the start of their block.
    private static func searchResult(_ result: Answer.ServerResult) -> JSONValue {
        if result.isError { return ["type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"] }
        return [
            [
                "type": "web_search_result", "title": "On rivers", "url": "https://example.com/rivers",
                "encrypted_content": "ZW5jcnlwdGVk", "page_age": "November 20, 2026",
            ]
        ]
    }

    private static func delta(_ block: Answer.Block, _ at: Int, _ context: RenderContext) -> JSONValue? {
        switch block {
        case .text(let pieces, let citations):
            guard at < pieces.count else {
                return ["type": "citations_delta", "citation": citations[at - pieces.count].anthropic]
            }
            return ["type": "text_delta", "text": .string(context.text(pieces[at]))]
        case .reasoning(let pieces, let signature):
            guard at < pieces.count else { return ["type": "signature_delta", "signature": .optional(signature)] }
            return ["type": "thinking_delta", "thinking": .string(context.text(pieces[at]))]
        case .tool(let call):
            return ["type": "input_json_delta", "partial_json": .string(call.pieces[at])]
        case .redacted, .toolResult, .image: return nil
        }
    }
}
