/// The format of Amazon's Nova models: the events of Converse, each in an object of its name.
struct NovaFormat: AnswerFormat {
    func completes(_ step: Step) -> Bool { ConverseFormat().completes(step) }

    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        guard let event = ConverseFormat().event(step, of: answer, context) else { return [] }
        var members: [(String, JSONValue)] = [(event.type, event.payload)]
        if case .metadata = step { members += context.trailer(answer) }
        return [.chunk(.object(members), isDelta: event.isDelta)]
    }

    func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        ConverseFormat().whole(answer, context)
    }
}

/// The format of Amazon's Titan text models: text, and nothing but text.
struct TitanFormat: AnswerFormat {
    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        switch step {
        case .delta(let block, let at):
            guard case .text(let pieces, _) = answer.blocks[block], at < pieces.count else { return [] }
            return [.chunk(Self.part(context.text(pieces[at]), answer), isDelta: true)]
        case .metadata:
            return [.chunk(Self.part("", answer, isLast: true).with(context.trailer(answer)))]
        case .messageStart, .blockStart, .blockStop, .messageStop: return []
        }
    }

    private static func part(_ text: String, _ answer: Answer, isLast: Bool = false) -> JSONValue {
        [
            "outputText": .string(text), "index": 0,
            "totalOutputTextTokenCount": isLast ? .integer(answer.outputTokens) : .null,
            "completionReason": isLast ? .string(completionReason(answer)) : .null,
            "inputTextTokenCount": isLast ? .integer(answer.inputTokens) : .null,
        ]
    }

    private static func completionReason(_ answer: Answer) -> String {
        switch answer.stopReason {
        case "max_tokens": "LENGTH"
        case "stop_sequence": "STOP_CRITERIA_MET"
        case "content_filtered": "CONTENT_FILTERED"
        default: "FINISH"
        }
    }

    func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        let result: JSONValue = [
            "tokenCount": .integer(answer.outputTokens), "outputText": .string(answer.text),
            "completionReason": .string(Self.completionReason(answer)),
        ]
        return ["inputTextTokenCount": .integer(answer.inputTokens), "results": [result]]
    }
}
