/// The format of Amazon's Nova models: the events of Converse, each in an object of its name.
struct NovaFormat: EventFormat {
    func completes(_ step: Step) -> Bool { ConverseFormat().completes(step) }

    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        guard let event = ConverseFormat().event(step, of: answer, context) else { return [] }
        var members: [(String, JSONValue)] = [(event.type, event.payload)]
        if case .metadata = step { members.append(context.invocationMetrics(answer)) }
        return [.chunk(.object(members), isDelta: event.isDelta)]
    }
}

/// The format of Amazon's Titan text models: text, and nothing but text.
struct TitanFormat: EventFormat {
    func completes(_ step: Step) -> Bool {
        if case .metadata = step { return true }
        return false
    }

    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        switch step {
        case .delta(let block, let at):
            guard case .text(let pieces, _) = answer.blocks[block], at < pieces.count else { return [] }
            return [.chunk(.object(Self.part(context.text(pieces[at]), answer)), isDelta: true)]
        case .metadata:
            let metrics = context.hasMetrics ? [context.invocationMetrics(answer)] : []
            return [.chunk(.object(Self.part("", answer, isLast: true) + metrics))]
        case .messageStart, .blockStart, .blockStop, .messageStop: return []
        }
    }

    private static func part(_ text: String, _ answer: Answer, isLast: Bool = false) -> [(String, JSONValue)] {
        [
            ("outputText", .string(text)), ("index", .integer(0)),
            ("totalOutputTextTokenCount", isLast ? .integer(answer.outputTokens) : .null),
            ("completionReason", isLast ? .string(completionReason(answer)) : .null),
            ("inputTextTokenCount", isLast ? .integer(answer.inputTokens) : .null),
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

    static func whole(_ answer: Answer) -> JSONValue {
        .object([
            ("inputTextTokenCount", .integer(answer.inputTokens)),
            (
                "results",
                .array([
                    .object([
                        ("tokenCount", .integer(answer.outputTokens)),
                        ("outputText", .string(String(decoding: answer.text, as: UTF8.self))),
                        ("completionReason", .string(completionReason(answer))),
                    ])
                ])
            ),
        ])
    }
}
