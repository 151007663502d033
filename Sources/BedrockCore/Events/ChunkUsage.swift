// Token counts as the formats of the invoke route have them.

extension EventDecoder {
    /// What the service counted goes before what the model did.
    mutating func readFlatUsage(_ chunk: Span<UInt8>, _ shape: ChunkShape) throws(JSONError) {
        if let tokens = shape.inputTokens { answer.attemptUsage.inputTokens = tokens }
        if let tokens = shape.outputTokens { answer.attemptUsage.outputTokens = tokens }
        if let usage = shape.usage { try readChatUsage(chunk.extracting(usage)) }
        if let response = shape.response { try readCohereUsage(chunk.extracting(response)) }
        if let metrics = shape.metrics { try readMetrics(chunk.extracting(metrics)) }
    }

    /// Chat completion. Its prompt counts what was read from the cache, as Converse's input does not.
    private mutating func readChatUsage(_ json: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(json)
        var prompt: Int64?
        var cached: Int64?
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "prompt_tokens") {
                prompt = try reader.integerOrSkip()
            } else if reader.isEqual(key, to: "completion_tokens") {
                let tokens = try reader.integerOrSkip()
                answer.attemptUsage.outputTokens = tokens ?? answer.attemptUsage.outputTokens
            } else if reader.isEqual(key, to: "total_tokens") {
                let tokens = try reader.integerOrSkip()
                answer.attemptUsage.totalTokens = tokens ?? answer.attemptUsage.totalTokens
            } else if reader.isEqual(key, to: "prompt_tokens_details") {
                cached = try Self.readCached(&reader)
            } else {
                _ = try reader.skipValue()
            }
        }
        if let cached { answer.attemptUsage.cacheReadInputTokens = cached }
        guard let prompt else { return }
        let known = max(cached ?? 0, 0)
        answer.attemptUsage.inputTokens = prompt >= known ? prompt &- known : prompt
    }

    @_lifetime(reader: copy reader)
    private static func readCached(_ reader: inout JSONReader) throws(JSONError) -> Int64? {
        guard try reader.enterObject() else { return nil }
        var tokens: Int64?
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "cached_tokens") {
                tokens = try reader.integerOrSkip()
            } else {
                _ = try reader.skipValue()
            }
        }
        return tokens
    }

    /// Cohere: what it billed, or rather the tokens, in `meta` or in the `meta` of the last event's `response`.
    private mutating func readCohereUsage(_ json: Span<UInt8>, isMeta: Bool = false) throws(JSONError) {
        var reader = JSONReader(json)
        var hasTokens = false
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "meta"), !isMeta {
                let place = try reader.skipValue()
                try readCohereUsage(json.extracting(place), isMeta: true)
            } else if reader.isEqual(key, to: "tokens") {
                hasTokens = true
                try readUsage(&reader)
            } else if reader.isEqual(key, to: "billed_units"), !hasTokens {
                try readUsage(&reader)
            } else {
                _ = try reader.skipValue()
            }
        }
    }
}

extension Answer {
    /// Takes from a response head what the body did not tell.
    mutating func fillIn(_ head: ResponseHead) {
        Self.fillIn(&attemptUsage.inputTokens, head.usage.inputTokens)
        Self.fillIn(&attemptUsage.outputTokens, head.usage.outputTokens)
        Self.fillIn(&attemptUsage.cacheReadInputTokens, head.usage.cacheReadInputTokens)
        Self.fillIn(&attemptUsage.cacheWriteInputTokens, head.usage.cacheWriteInputTokens)
        Self.fillIn(&serverLatencyMs, head.latencyMs)
        if serviceTier.isEmpty { serviceTier.append(head.serviceTier) }
        if performanceLatency.isEmpty { performanceLatency.append(head.performanceLatency) }
    }

    private static func fillIn(_ number: inout Int64, _ other: Int64) {
        if number < 0 { number = other }
    }
}
