import CSystem.Sim

/// Answers as the service gives them: a stream of events, or one document.
struct GoodAnswer {
    let request: Request
    let operation: Route.Operation
    let model: String
    let format: any AnswerFormat
    let knobs: Knobs
    let now: Int64

    func reply(_ prompt: Prompt) throws(Refusal) -> Reply {
        if operation.isStream, !format.streams {
            throw .validation("The model is unsupported for streaming.")
        }
        var prompt = prompt
        if operation.isInvoke { prompt.wantsTrace = wantsTrace }
        let answer = Planner.plan(prompt, knobs)
        var context = RenderContext(modelID: model, startedAt: now, now: now, firstByteAt: now)
        context.createdAt = sim_wall_s()
        context.hasMetrics = !knobs.noMetadata
        return operation.isStream ? stream(answer, context) : whole(answer, context)
    }

    private var wantsTrace: Bool {
        request.header("x-amzn-bedrock-guardrailidentifier") != nil
            && request.header("x-amzn-bedrock-trace")?.hasPrefix("ENABLED") == true
    }

    private func stream(_ answer: Answer, _ context: RenderContext) -> Reply {
        let stream = EventStream(answer, format: format, knobs: knobs, context: context)
        var headers = [Header(name: "Content-Type", value: "application/vnd.amazon.eventstream")]
        if operation.isInvoke {
            headers.append(Header(name: "X-Amzn-Bedrock-Content-Type", value: "application/json"))
            headers += repeatedHeaders
        }
        return Reply(headers: headers, body: .source(stream), delivery: knobs.delivery)
    }

    /// What the invoke routes tell of the request's wishes.
    private var repeatedHeaders: [Header] {
        ["X-Amzn-Bedrock-PerformanceConfig-Latency", "X-Amzn-Bedrock-Service-Tier"].compactMap { name in
            request.header(name.lowercased()).map { Header(name: name, value: $0) }
        }
    }
}

// MARK: - One document

extension GoodAnswer {
    private func whole(_ answer: Answer, _ context: RenderContext) -> Reply {
        var context = context
        context.now = now + knobs.first
        var document = format.whole(answer, context)
        if operation.isInvoke { document = document.with(answer.guardrailMembers) }
        if knobs.novel { document = document.with("novelty", ["depth": 1]) }
        if knobs.noStop { document = document.without(Self.stopNames) }
        if knobs.noMetadata { document = document.without(Self.usageNames) }
        let headers = operation.isInvoke ? repeatedHeaders + countHeaders(answer, context) : []
        return Reply(
            headers: [Header(name: "Content-Type", value: "application/json")] + headers,
            body: .bytes(body(document)), delivery: delivery)
    }

    private static let stopNames: Set = [
        "stopReason", "stop_reason", "finish_reason", "finishReason", "completionReason",
    ]
    private static let usageNames: Set = [
        "usage", "metrics", "meta", "prompt_token_count", "generation_token_count", "inputTextTokenCount", "tokenCount",
    ]

    private func countHeaders(_ answer: Answer, _ context: RenderContext) -> [Header] {
        if knobs.noMetadata { return [] }
        var counts = [("Input-Token-Count", answer.inputTokens), ("Output-Token-Count", answer.outputTokens)]
        if let read = answer.cachedTokens {
            counts.append(("Cache-Read-Input-Token-Count", read))
            counts.append(("Cache-Write-Input-Token-Count", read + (answer.hourTokens ?? 0)))
        }
        counts.append(("Invocation-Latency", context.latencyMs))
        return counts.map { Header(name: "X-Amzn-Bedrock-" + $0.0, value: "\($0.1)") }
    }

    /// Where a stream would break off behind deltas, a document does behind bytes.
    private var breakOff: Int? { knobs.cutBytes ?? knobs.cutDeltas }

    private func body(_ document: JSONValue) -> [UInt8] {
        switch knobs.corrupt {
        case .notjson: return Array("{\"output\": {\"message\": {\"con".utf8)
        case .garbage: return (0..<64).map { _ in UInt8.random(in: 0...255) }
        case .nopayload: return []
        default: break
        }
        let bytes = document.bytes
        guard let breakOff, knobs.how == .end else { return bytes }
        return Array(bytes.prefix(breakOff))
    }

    private var delivery: Delivery {
        var delivery = knobs.delivery
        delivery.cutAt = knobs.how == .end ? nil : breakOff
        delivery.stallAt = knobs.stall
        delivery.bodyDelay = knobs.event
        return delivery
    }
}
