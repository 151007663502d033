/// The format of Cohere's Command models: pieces of text where the request asks for a stream, else one chunk.
struct CohereCommandFormat: AnswerFormat {
    let isInPieces: Bool

    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        switch step {
        case .delta(let block, let at):
            guard isInPieces, case .text(let pieces, _) = answer.blocks[block], at < pieces.count else { return [] }
            let part: JSONValue = ["text": .string(context.text(pieces[at])), "is_finished": false]
            return [.chunk(part, isDelta: true)]
        case .metadata:
            return [.chunk(last(answer, context).with(context.trailer(answer)), isDelta: !isInPieces)]
        case .messageStart, .blockStart, .blockStop, .messageStop: return []
        }
    }

    private func last(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        guard isInPieces else { return whole(answer, context) }
        return [
            "is_finished": true, "finish_reason": .string(StopWord.cohere(answer)), "response": whole(answer, context),
        ]
    }

    func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        let generation: JSONValue = [
            "id": .string(context.answerID), "text": .string(answer.text),
            "finish_reason": .string(StopWord.cohere(answer)),
        ]
        return ["id": .string("response-" + context.answerID), "generations": [generation], "prompt": ""]
    }
}

/// The format of Cohere's Command R models: events that are told apart by `event_type`, the last with all of it again.
struct CohereChatFormat: AnswerFormat {
    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        switch step {
        case .messageStart:
            return [event("stream-start", ["generation_id": .string(context.answerID)])]
        case .delta(let block, let at):
            guard case .text(let pieces, let citations) = answer.blocks[block] else { return [] }
            guard at < pieces.count else {
                let cited = [Self.citation(at - pieces.count, citations[at - pieces.count])]
                return [event("citation-generation", ["citations": .array(cited)], isDelta: true)]
            }
            return [event("text-generation", ["text": .string(context.text(pieces[at]))], isDelta: true)]
        case .messageStop:
            let calls = Self.calls(answer)
            return calls.isEmpty ? [] : [event("tool-calls-generation", ["tool_calls": .array(calls)], isDelta: true)]
        case .metadata:
            let end: JSONValue = [
                "is_finished": true, "event_type": "stream-end", "finish_reason": .string(StopWord.cohere(answer)),
                "response": whole(answer, context),
            ]
            return [.chunk(end.with(context.trailer(answer)))]
        case .blockStart, .blockStop: return []
        }
    }

    private func event(_ type: String, _ members: JSONValue, isDelta: Bool = false) -> StreamEvent {
        let head: JSONValue = ["is_finished": false, "event_type": .string(type)]
        return .chunk(head.with(members.members ?? []), isDelta: isDelta)
    }

    private static func calls(_ answer: Answer) -> [JSONValue] {
        answer.clientTools.map { ["name": .string($0.name), "parameters": $0.input] }
    }

    /// Where in the answer the passage is, in characters.
    private static func citation(_ at: Int, _ citation: Citation) -> JSONValue {
        ["start": .integer(4 * at), "end": .integer(4 * at + 3), "text": "You", "document_ids": ["doc_0"]]
    }

    func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        let text = JSONValue.string(answer.text)
        var members: [(String, JSONValue)] = [
            ("response_id", .string("response-" + context.answerID)), ("text", text),
            ("generation_id", .string(context.answerID)),
            ("chat_history", [["role": "CHATBOT", "message": text]]),
            ("finish_reason", .string(StopWord.cohere(answer))),
        ]
        let citations = answer.citations.enumerated().map { Self.citation($0.offset, $0.element) }
        if !citations.isEmpty { members.append(("citations", .array(citations))) }
        let calls = Self.calls(answer)
        if !calls.isEmpty { members.append(("tool_calls", .array(calls))) }
        let tokens: JSONValue = [
            "input_tokens": .integer(answer.inputTokens), "output_tokens": .integer(answer.outputTokens),
        ]
        if context.hasMetrics {
            members.append(("meta", ["api_version": ["version": "1"], "billed_units": tokens, "tokens": tokens]))
        }
        return .object(members)
    }
}
