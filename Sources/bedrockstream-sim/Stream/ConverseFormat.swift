/// ConverseStream's events.
struct ConverseFormat: EventFormat {
    func completes(_ step: Step) -> Bool {
        if case .messageStop = step { return true }
        return false
    }

    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent] {
        event(step, of: answer, context).map { [$0] } ?? []
    }

    func event(_ step: Step, of answer: Answer, _ context: RenderContext) -> StreamEvent? {
        switch step {
        case .messageStart:
            return StreamEvent(type: "messageStart", payload: .object([("role", .string("assistant"))]))
        case .blockStart(let block):
            guard let start = Self.start(answer.blocks[block]) else { return nil }
            return StreamEvent(type: "contentBlockStart", payload: Self.inBlock(block, ("start", start)))
        case .delta(let block, let at):
            let delta = Self.delta(answer.blocks[block], at, context)
            return StreamEvent(type: "contentBlockDelta", payload: Self.inBlock(block, ("delta", delta)), isDelta: true)
        case .blockStop(let block):
            return StreamEvent(type: "contentBlockStop", payload: Self.inBlock(block))
        case .messageStop:
            return StreamEvent(
                type: "messageStop",
                payload: .object([("stopReason", .string(answer.stopReason))] + Self.additionalFields(answer)))
        case .metadata:
            guard context.hasMetrics else { return nil }
            return StreamEvent(
                type: "metadata",
                payload: .object(
                    [
                        ("usage", Self.usage(answer)),
                        ("metrics", .object([("latencyMs", .integer(context.latencyMs))])),
                    ] + answer.metadata))
        }
    }

    private static func additionalFields(_ answer: Answer) -> [(String, JSONValue)] {
        answer.additionalFields.map { [("additionalModelResponseFields", $0)] } ?? []
    }

    static func usage(_ answer: Answer) -> JSONValue {
        let cached = answer.cachedTokens ?? 0
        var members: [(String, JSONValue)] = [
            ("inputTokens", .integer(answer.inputTokens)), ("outputTokens", .integer(answer.outputTokens)),
            ("totalTokens", .integer(answer.inputTokens + answer.outputTokens + 2 * cached)),
        ]
        if cached > 0 {
            members.append(("cacheReadInputTokens", .integer(cached)))
            members.append(("cacheWriteInputTokens", .integer(cached)))
            let detail: [(String, JSONValue)] = [("ttl", .string("5m")), ("inputTokens", .integer(cached))]
            members.append(("cacheDetails", .array([.object(detail)])))
        }
        return .object(members)
    }

    private static func inBlock(_ block: Int, _ member: (String, JSONValue)? = nil) -> JSONValue {
        .object([("contentBlockIndex", .integer(block))] + (member.map { [$0] } ?? []))
    }

    /// Text and reasoning begin with their first delta: the model of the API has no start for them.
    private static func start(_ block: Answer.Block) -> JSONValue? {
        switch block {
        case .text, .reasoning, .redacted: return nil
        case .tool(let call):
            var members: [(String, JSONValue)] = [("toolUseId", .string(call.id)), ("name", .string(call.name))]
            if call.isServerTool { members.append(("type", .string("server_tool_use"))) }
            return .object([("toolUse", .object(members))])
        case .toolResult(let id, _):
            let members: [(String, JSONValue)] = [
                ("toolUseId", .string(id)), ("type", .string("nova_grounding_result")), ("status", .string("success")),
            ]
            return .object([("toolResult", .object(members))])
        case .image:
            return .object([("image", .object([("format", .string("png"))]))])
        }
    }

    private static func delta(_ block: Answer.Block, _ at: Int, _ context: RenderContext) -> JSONValue {
        switch block {
        case .text(let pieces, _):
            return at < pieces.count ? .object([("text", .string(context.text(pieces[at])))]) : citation
        case .reasoning(let pieces, let signature):
            let member: (String, JSONValue) =
                at < pieces.count ? ("text", .string(context.text(pieces[at]))) : ("signature", .string(signature))
            return .object([("reasoningContent", .object([member]))])
        case .redacted(let content):
            return .object([("reasoningContent", .object([("redactedContent", .string(content))]))])
        case .tool(let call):
            let input = String(decoding: call.pieces[at], as: UTF8.self)
            return .object([("toolUse", .object([("input", .string(input))]))])
        case .toolResult(_, let text):
            return .object([("toolResult", .array([.object([("text", .string(text))])]))])
        case .image(let bytes):
            return .object([("image", .object([("source", .object([("bytes", .string(bytes))]))]))])
        }
    }

    private static let citationMembers: [(String, JSONValue)] = [
        ("title", .string("On rivers")), ("source", .string("https://example.com/rivers")),
        ("sourceContent", .array([.object([("text", .string("a river does not hurry"))])])),
        (
            "location",
            .object([
                ("web", .object([("url", .string("https://example.com/rivers")), ("domain", .string("example.com"))]))
            ])
        ),
    ]
    private static let citation = JSONValue.object([("citation", .object(citationMembers))])

    /// The whole answer, as Converse gives it.
    static func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        .object(
            [
                ("metrics", .object([("latencyMs", .integer(context.latencyMs))])),
                (
                    "output",
                    .object([
                        (
                            "message",
                            .object([
                                ("content", .array(answer.blocks.map(content))), ("role", .string("assistant")),
                            ])
                        )
                    ])
                ),
                ("stopReason", .string(answer.stopReason)), ("usage", usage(answer)),
            ] + answer.metadata + additionalFields(answer))
    }

    private static func content(_ block: Answer.Block) -> JSONValue {
        switch block {
        case .text(let pieces, let isCited):
            let text = JSONValue.string(String(decoding: pieces.text, as: UTF8.self))
            guard isCited else { return .object([("text", text)]) }
            return .object([
                (
                    "citationsContent",
                    .object([
                        ("content", .array([.object([("text", text)])])),
                        ("citations", .array([.object(citationMembers)])),
                    ])
                )
            ])
        case .reasoning(let pieces, let signature):
            let text = String(decoding: pieces.text, as: UTF8.self)
            let members: [(String, JSONValue)] = [("text", .string(text)), ("signature", .string(signature))]
            return .object([("reasoningContent", .object([("reasoningText", .object(members))]))])
        case .redacted(let content):
            return .object([("reasoningContent", .object([("redactedContent", .string(content))]))])
        case .tool(let call):
            return .object([
                (
                    "toolUse",
                    .object(
                        [
                            ("toolUseId", .string(call.id)), ("name", .string(call.name)), ("input", call.input),
                        ] + (call.isServerTool ? [("type", .string("server_tool_use"))] : []))
                )
            ])
        case .toolResult(let id, let text):
            let members: [(String, JSONValue)] = [
                ("toolUseId", .string(id)), ("content", .array([.object([("text", .string(text))])])),
                ("status", .string("success")), ("type", .string("nova_grounding_result")),
            ]
            return .object([("toolResult", .object(members))])
        case .image(let bytes):
            return .object([
                (
                    "image",
                    .object([
                        ("format", .string("png")), ("source", .object([("bytes", .string(bytes))])),
                    ])
                )
            ])
        }
    }
}
