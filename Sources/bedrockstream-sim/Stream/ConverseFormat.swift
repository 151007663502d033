/// Converse and ConverseStream.
struct ConverseFormat: AnswerFormat {
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
            return StreamEvent(type: "messageStart", payload: ["role": "assistant"])
        case .blockStart(let block):
            guard let start = Self.start(answer.blocks[block]) else { return nil }
            return StreamEvent(type: "contentBlockStart", payload: Self.inBlock(block, ("start", start)))
        case .delta(let block, let at):
            let delta = Self.delta(answer.blocks[block], at, context)
            return StreamEvent(type: "contentBlockDelta", payload: Self.inBlock(block, ("delta", delta)), isDelta: true)
        case .blockStop(let block):
            return StreamEvent(type: "contentBlockStop", payload: Self.inBlock(block))
        case .messageStop:
            let payload: JSONValue = ["stopReason": .string(answer.stopReason)]
            return StreamEvent(
                type: "messageStop", payload: payload.with("additionalModelResponseFields", answer.additionalFields))
        case .metadata:
            guard context.hasMetrics else { return nil }
            let payload: JSONValue = [
                "usage": Self.usage(answer), "metrics": ["latencyMs": .integer(context.latencyMs)],
            ]
            return StreamEvent(type: "metadata", payload: payload.with(answer.metadata))
        }
    }

    static func usage(_ answer: Answer) -> JSONValue {
        let cached = answer.cachedTokens ?? 0
        let hour = answer.hourTokens ?? 0
        let usage: JSONValue = [
            "inputTokens": .integer(answer.inputTokens), "outputTokens": .integer(answer.outputTokens),
            "totalTokens": .integer(answer.inputTokens + answer.outputTokens + 2 * cached + hour),
        ]
        guard cached + hour > 0 else { return usage }
        let details = [("1h", hour), ("5m", cached)].filter { $0.1 > 0 }.map { ttl, tokens -> JSONValue in
            ["ttl": .string(ttl), "inputTokens": .integer(tokens)]
        }
        return usage.with([
            ("cacheReadInputTokens", .integer(cached)), ("cacheWriteInputTokens", .integer(cached + hour)),
            ("cacheDetails", .array(details)),
        ])
    }

    private static func inBlock(_ block: Int, _ member: (String, JSONValue)? = nil) -> JSONValue {
        .object([("contentBlockIndex", .integer(block))] + (member.map { [$0] } ?? []))
    }
}

// MARK: - Blocks in pieces

extension ConverseFormat {
    /// Text and reasoning begin with their first delta: the model of the API has no start for them.
    private static func start(_ block: Answer.Block) -> JSONValue? {
        switch block {
        case .text, .reasoning, .redacted: return nil
        case .tool(let call):
            let start: JSONValue = ["toolUseId": .string(call.id), "name": .string(call.name)]
            return ["toolUse": start.with("type", call.isServerTool ? "server_tool_use" : nil)]
        case .toolResult(let result):
            return [
                "toolResult": [
                    "toolUseId": .string(result.id), "type": "nova_grounding_result",
                    "status": result.isError ? "error" : "success",
                ]
            ]
        case .image(let image):
            return ["image": ["format": .string(image.format)]]
        }
    }

    private static func delta(_ block: Answer.Block, _ at: Int, _ context: RenderContext) -> JSONValue {
        switch block {
        case .text(let pieces, let citations):
            guard at < pieces.count else { return ["citation": citations[at - pieces.count].converse] }
            return ["text": .string(context.text(pieces[at]))]
        case .reasoning(let pieces, let signature):
            guard at < pieces.count else { return ["reasoningContent": ["signature": .optional(signature)]] }
            return ["reasoningContent": ["text": .string(context.text(pieces[at]))]]
        case .redacted(let content):
            return ["reasoningContent": ["redactedContent": .string(content)]]
        case .tool(let call):
            return ["toolUse": ["input": .string(call.pieces[at])]]
        case .toolResult(let result):
            return ["toolResult": [result.content[at]]]
        case .image(let image):
            guard at < image.pieces.count else { return ["image": ["error": ["message": .optional(image.error)]]] }
            return ["image": ["source": ["bytes": .base64(image.pieces[at])]]]
        }
    }
}

// MARK: - The whole answer

extension ConverseFormat {
    func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue {
        let message: JSONValue = ["content": .array(answer.blocks.map(Self.content)), "role": "assistant"]
        let body: JSONValue = [
            "metrics": ["latencyMs": .integer(context.latencyMs)], "output": ["message": message],
            "stopReason": .string(answer.stopReason), "usage": Self.usage(answer),
        ]
        return body.with(answer.metadata).with("additionalModelResponseFields", answer.additionalFields)
    }

    private static func content(_ block: Answer.Block) -> JSONValue {
        switch block {
        case .text(let pieces, let citations):
            let text: JSONValue = ["text": .string(pieces.text)]
            if citations.isEmpty { return text }
            return ["citationsContent": ["content": [text], "citations": .array(citations.map { $0.converse })]]
        case .reasoning(let pieces, let signature):
            let text: JSONValue = ["text": .string(pieces.text)]
            return ["reasoningContent": ["reasoningText": text.with("signature", signature.map { .string($0) })]]
        case .redacted(let content):
            return ["reasoningContent": ["redactedContent": .string(content)]]
        case .tool(let call):
            let use: JSONValue = ["toolUseId": .string(call.id), "name": .string(call.name), "input": call.input]
            return ["toolUse": use.with("type", call.isServerTool ? "server_tool_use" : nil)]
        case .toolResult(let result):
            return [
                "toolResult": [
                    "toolUseId": .string(result.id), "content": .array(result.content),
                    "status": result.isError ? "error" : "success", "type": "nova_grounding_result",
                ]
            ]
        case .image(let image):
            let whole: JSONValue = [
                "format": .string(image.format), "source": ["bytes": .base64(image.pieces.flatMap { $0 })],
            ]
            return ["image": whole.with("error", image.error.map { ["message": .string($0)] })]
        }
    }
}
