/// OpenAI's chat completion, as DeepSeek, Qwen, gpt-oss, Jamba and others speak it.
struct ChatFormat: AnswerFormat {
    /// AI21 leaves out what kind of object it is, when and by which model it was made.
    var isJamba = false
    /// Everything comes in one chunk.
    var isOneChunk = false

    func completes(_ step: Step) -> Bool {
        switch step {
        case .messageStop: !isJamba && !isOneChunk
        case .metadata: isJamba || isOneChunk
        default: false
        }
    }

    func failure(named name: String, message: String) -> JSONValue? {
        ["error": ["message": .string(message), "type": .string(name), "param": .null, "code": .string(name)]]
    }

    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        if isOneChunk {
            guard case .metadata = step else { return [] }
            let choice: JSONValue = [
                "index": 0, "delta": Self.message(answer, isDelta: true),
                "finish_reason": .string(StopWord.short(answer)),
            ]
            return [.chunk(last(answer, context, [choice]), isDelta: true)]
        }
        switch step {
        case .messageStart: return [chunk(["role": "assistant", "content": ""], context)]
        case .blockStart(let block): return start(answer, block).map { [chunk($0, context)] } ?? []
        case .delta(let block, let at):
            return delta(answer, block, at, context).map { [chunk($0, context, isDelta: true)] } ?? []
        case .messageStop: return isJamba ? [] : [chunk([:], context, stop: .string(StopWord.short(answer)))]
        case .metadata:
            let stop: JSONValue = [
                "index": 0, "delta": ["content": ""], "finish_reason": .string(StopWord.short(answer)),
            ]
            if isJamba { return [.chunk(last(answer, context, [stop]))] }
            return context.hasMetrics ? [.chunk(last(answer, context, []))] : []
        case .blockStop: return []
        }
    }

    private func start(_ answer: Answer, _ block: Int) -> JSONValue? {
        guard let call = answer.blocks[block].clientTool else { return nil }
        let start: JSONValue = [
            "index": .integer(answer.toolIndex(ofBlock: block)), "id": .string(Self.id(call)), "type": "function",
            "function": ["name": .string(call.name), "arguments": ""],
        ]
        return ["tool_calls": [start]]
    }

    private func delta(_ answer: Answer, _ block: Int, _ at: Int, _ context: RenderContext) -> JSONValue? {
        switch answer.blocks[block] {
        case .text(let pieces, _):
            return at < pieces.count ? ["content": .string(context.text(pieces[at]))] : nil
        case .reasoning(let pieces, _):
            return at < pieces.count ? ["reasoning_content": .string(context.text(pieces[at]))] : nil
        case .tool(let call):
            if call.isServerTool { return nil }
            let index = JSONValue.integer(answer.toolIndex(ofBlock: block))
            return ["tool_calls": [["index": index, "function": ["arguments": .string(call.pieces[at])]]]]
        case .redacted, .toolResult, .image: return nil
        }
    }

    private func chunk(
        _ delta: JSONValue, _ context: RenderContext, stop: JSONValue = .null, isDelta: Bool = false
    ) -> StreamEvent {
        let choice: JSONValue = ["index": 0, "delta": delta, "finish_reason": stop]
        return .chunk(head("chat.completion.chunk", context).with([("choices", [choice])]), isDelta: isDelta)
    }

    private func last(_ answer: Answer, _ context: RenderContext, _ choices: [JSONValue]) -> JSONValue {
        head("chat.completion.chunk", context).with("choices", .array(choices))
            .with("usage", context.hasMetrics ? Self.usage(answer) : nil).with(context.trailer(answer))
    }

    private func head(_ object: String, _ context: RenderContext) -> JSONValue {
        if isJamba { return ["id": .string("chat-" + context.answerID)] }
        return [
            "id": .string("chatcmpl-" + context.answerID), "object": .string(object),
            "created": .integer(Int(context.createdAt)), "model": .string(context.modelID),
        ]
    }

    static func id(_ call: Answer.ToolCall) -> String { "call_" + call.id.dropFirst(8) }

    private static func usage(_ answer: Answer) -> JSONValue {
        let cached = answer.cachedTokens ?? 0
        let input = answer.inputTokens + cached
        let usage: JSONValue = [
            "prompt_tokens": .integer(input), "completion_tokens": .integer(answer.outputTokens),
            "total_tokens": .integer(input + answer.outputTokens),
        ]
        return usage.with("prompt_tokens_details", answer.cachedTokens.map { ["cached_tokens": .integer($0)] })
    }

    func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        let choice: JSONValue = [
            "index": 0, "message": Self.message(answer, isDelta: false),
            "finish_reason": .string(StopWord.short(answer)),
        ]
        return head("chat.completion", context).with("choices", [choice])
            .with("usage", context.hasMetrics ? Self.usage(answer) : nil)
    }

    /// Text, reasoning and tool calls together; in a delta each call has its number.
    private static func message(_ answer: Answer, isDelta: Bool) -> JSONValue {
        let calls = answer.clientTools.enumerated().map { at, call -> JSONValue in
            let number: [(String, JSONValue)] = isDelta ? [("index", .integer(at))] : []
            let function: JSONValue = ["name": .string(call.name), "arguments": .string(call.pieces.text)]
            return .object(number + [("id", .string(id(call))), ("type", "function"), ("function", function)])
        }
        let reasoning = answer.reasoning
        let message: JSONValue = ["role": "assistant", "content": .string(answer.text)]
        return message.with("reasoning_content", reasoning.isEmpty ? nil : .string(reasoning))
            .with("tool_calls", calls.isEmpty ? nil : .array(calls))
    }
}

/// Mistral's chat completion on Bedrock: whole messages with a `stop_reason`, a tool call in one piece.
struct MistralChatFormat: AnswerFormat {
    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        switch step {
        case .delta(let block, let at):
            guard case .text(let pieces, _) = answer.blocks[block], at < pieces.count else { return [] }
            return [.chunk(Self.part(context.text(pieces[at]), [], .null), isDelta: true)]
        case .blockStop(let block):
            guard let call = answer.blocks[block].clientTool else { return [] }
            return [.chunk(Self.part("", [call], .null), isDelta: true)]
        case .metadata:
            return [.chunk(Self.part("", [], .string(StopWord.short(answer))).with(context.trailer(answer)))]
        case .messageStart, .blockStart, .messageStop: return []
        }
    }

    private static func part(_ text: String, _ calls: [Answer.ToolCall], _ stop: JSONValue) -> JSONValue {
        let tools = calls.map { call -> JSONValue in
            let function: JSONValue = ["name": .string(call.name), "arguments": .string(call.pieces.text)]
            return ["id": .string(id(call)), "function": function]
        }
        let message: JSONValue = ["role": "assistant", "content": .string(text)]
        let whole = message.with("tool_calls", tools.isEmpty ? nil : .array(tools))
        return ["choices": [["index": 0, "message": whole, "stop_reason": stop]]]
    }

    /// Mistral's ids have nine letters and digits.
    static func id(_ call: Answer.ToolCall) -> String { String(call.id.suffix(9)) }

    func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        Self.part(
            String(decoding: answer.text, as: UTF8.self), answer.clientTools, .string(StopWord.short(answer)))
    }
}
