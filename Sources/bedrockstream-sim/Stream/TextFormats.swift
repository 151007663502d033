// Models that go on with a prompt: text, and nothing but text.

/// The format of Meta's Llama models.
struct LlamaFormat: AnswerFormat {
    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        switch step {
        case .delta(let block, let at):
            guard case .text(let pieces, _) = answer.blocks[block], at < pieces.count else { return [] }
            let count = answer.pieceCount(upTo: block, at)
            let prompt = count == 1 ? JSONValue.integer(answer.inputTokens) : .null
            return [.chunk(Self.part(context.text(pieces[at]), prompt, count, .null), isDelta: true)]
        case .metadata:
            let last = Self.part("", .null, answer.outputTokens, .string(StopWord.short(answer)))
            return [.chunk(last.with(context.trailer(answer)))]
        case .messageStart, .blockStart, .blockStop, .messageStop: return []
        }
    }

    private static func part(_ text: String, _ prompt: JSONValue, _ count: Int, _ stop: JSONValue) -> JSONValue {
        [
            "generation": .string(text), "prompt_token_count": prompt, "generation_token_count": .integer(count),
            "stop_reason": stop,
        ]
    }

    func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        Self.part(
            String(decoding: answer.text, as: UTF8.self), .integer(answer.inputTokens), answer.outputTokens,
            .string(StopWord.short(answer)))
    }
}

/// A list with one completion in it: Mistral's `outputs`, and the `choices` of DeepSeek-R1, which thinks aloud in the
/// text.
struct CompletionFormat: AnswerFormat {
    let list: String
    let thinksAloud: Bool

    static let mistral = CompletionFormat(list: "outputs", thinksAloud: false)
    static let deepSeek = CompletionFormat(list: "choices", thinksAloud: true)

    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        switch step {
        case .blockStart(let block): return mark(answer.blocks[block], "<think>\n")
        case .blockStop(let block): return mark(answer.blocks[block], "\n</think>\n\n")
        case .delta(let block, let at):
            guard let pieces = pieces(answer.blocks[block]), at < pieces.count else { return [] }
            return [.chunk(part(context.text(pieces[at]), .null), isDelta: true)]
        case .metadata:
            return [.chunk(part("", .string(StopWord.short(answer))).with(context.trailer(answer)))]
        case .messageStart, .messageStop: return []
        }
    }

    private func mark(_ block: Answer.Block, _ text: String) -> [StreamEvent] {
        guard thinksAloud, case .reasoning = block else { return [] }
        return [.chunk(part(text, .null))]
    }

    private func pieces(_ block: Answer.Block) -> Pieces? {
        switch block {
        case .text(let pieces, _): return pieces
        case .reasoning(let pieces, _): return thinksAloud ? pieces : nil
        default: return nil
        }
    }

    private func part(_ text: String, _ stop: JSONValue) -> JSONValue {
        [list: [["text": .string(text), "stop_reason": stop]]]
    }

    func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        var text = String(decoding: answer.text, as: UTF8.self)
        let reasoning = answer.reasoning
        if thinksAloud, !reasoning.isEmpty {
            text = "<think>\n" + String(decoding: reasoning, as: UTF8.self) + "\n</think>\n\n" + text
        }
        return part(text, .string(StopWord.short(answer)))
    }
}

/// The format of AI21's Jurassic models, which do not stream.
struct JurassicFormat: AnswerFormat {
    let streams = false

    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] { [] }

    func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        let reason: JSONValue
        switch answer.stopReason {
        case "max_tokens": reason = ["reason": "length", "length": .integer(answer.outputTokens)]
        case "stop_sequence": reason = ["reason": "stop", "sequence": .optional(answer.stopSequence)]
        default: reason = ["reason": "endoftext"]
        }
        let completion: JSONValue = ["data": ["text": .string(answer.text), "tokens": []], "finishReason": reason]
        return ["id": 1234, "prompt": ["text": "", "tokens": []], "completions": [completion]]
    }
}

/// Stop reasons as model makers call them. One that the table does not have is given as it is.
enum StopWord {
    /// As text completion and chat completion have it.
    static func short(_ answer: Answer) -> String {
        switch answer.stopReason {
        case "end_turn", "stop_sequence": "stop"
        case "max_tokens", "model_context_window_exceeded": "length"
        case "tool_use": "tool_calls"
        case "content_filtered", "guardrail_intervened": "content_filter"
        default: answer.stopReason
        }
    }

    /// As Cohere has it: an answer that calls tools is just complete.
    static func cohere(_ answer: Answer) -> String {
        switch answer.stopReason {
        case "end_turn", "tool_use": "COMPLETE"
        case "stop_sequence": "STOP_SEQUENCE"
        case "max_tokens": "MAX_TOKENS"
        case "model_context_window_exceeded": "ERROR_LIMIT"
        case "content_filtered", "guardrail_intervened": "ERROR_TOXIC"
        default: answer.stopReason
        }
    }
}
