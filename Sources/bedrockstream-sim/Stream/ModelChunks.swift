import BedrockCore

extension StreamEvent {
    /// The event that carries a model's own JSON.
    static func chunk(_ inner: JSONValue, isDelta: Bool = false) -> StreamEvent {
        StreamEvent(type: "chunk", payload: ["bytes": .base64(inner.bytes)], isDelta: isDelta)
    }
}

extension JSONValue {
    /// A blob as JSON has it.
    static func base64(_ bytes: [UInt8]) -> JSONValue {
        var encoded = ByteBuffer()
        Base64.encode(bytes.span, into: &encoded)
        return .string(String(encoded.array))
    }
}

extension RenderContext {
    /// What the service adds to the last chunk of every model.
    func trailer(_ answer: Answer) -> [(String, JSONValue)] {
        (hasMetrics ? [("amazon-bedrock-invocationMetrics", metrics(answer))] : []) + answer.guardrailMembers
    }

    private func metrics(_ answer: Answer) -> JSONValue {
        let metrics: JSONValue = [
            "inputTokenCount": .integer(answer.inputTokens), "outputTokenCount": .integer(answer.outputTokens),
            "invocationLatency": .integer(latencyMs), "firstByteLatency": .integer(firstByteLatencyMs),
        ]
        guard let read = answer.cachedTokens else { return metrics }
        return metrics.with([
            ("cacheReadInputTokenCount", .integer(read)),
            ("cacheWriteInputTokenCount", .integer(read + (answer.hourTokens ?? 0))),
        ])
    }
}

extension Answer {
    /// What a model's own JSON tells of a guardrail.
    var guardrailMembers: [(String, JSONValue)] {
        guard let action = guardrailAction else { return [] }
        let trace = metadata.last { $0.0 == "trace" }?.1["guardrail"]
        return [("amazon-bedrock-guardrailAction", .string(action))]
            + (trace.map { [("amazon-bedrock-trace", ["guardrail": $0])] } ?? [])
    }
}
