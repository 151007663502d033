/// Reads the payloads of ConverseStream's events (Bedrock API, ConverseStreamOutput). Members that are not known are
/// passed over; a member of another type than expected counts as absent.
extension EventDecoder {
    /// Which event a name means.
    static func kind(ofConverse type: Span<UInt8>) -> EventKind {
        if type.isEqual(to: "contentBlockDelta") { return .delta }
        if type.isEqual(to: "contentBlockStart") { return .blockStart }
        if type.isEqual(to: "contentBlockStop") { return .blockStop }
        if type.isEqual(to: "messageStart") { return .messageStart }
        if type.isEqual(to: "messageStop") { return .messageStop }
        if type.isEqual(to: "metadata") { return .metadata }
        return .other
    }

    mutating func readConverse(_ kind: EventKind, _ payload: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(payload)
        guard try reader.enterObject() else {
            _ = try reader.next()
            return
        }
        event.kind = kind
        try readConverseMembers(&reader)
        _ = try reader.next()  // refuses what stands behind the object
        if joint.isActive, !joinEvent() { return }
        switch kind {
        case .delta: finishDelta()
        case .blockStart: startTool()
        case .blockStop: tools.finish(index: event.blockIndex)
        case .messageStop: completeAnswer()
        case .metadata: answer.keepMetadata(payload)
        default: break
        }
    }

    @_lifetime(reader: copy reader)
    mutating func readConverseMembers(_ reader: inout JSONReader) throws(JSONError) {
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "contentBlockIndex") {
                event.blockIndex = Int32(exactly: try reader.integerOrSkip() ?? -1) ?? -1
            } else if event.kind == .delta, reader.isEqual(key, to: "delta") {
                try readDelta(&reader)
            } else if event.kind == .blockStart, reader.isEqual(key, to: "start") {
                try readBlockStart(&reader)
            } else if event.kind == .messageStop, reader.isEqual(key, to: "stopReason") {
                try readStopReason(&reader)
            } else if event.kind == .metadata {
                try readMetadataMember(key, &reader)
            } else {
                _ = try reader.skipValue()
            }
        }
    }

    // MARK: Deltas

    @_lifetime(reader: copy reader)
    private mutating func readDelta(_ reader: inout JSONReader) throws(JSONError) {
        let start = reader.offset
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "text") {
                try takeString(.text, &reader)
            } else if reader.isEqual(key, to: "toolUse") {
                try readToolUseDelta(&reader)
            } else if reader.isEqual(key, to: "reasoningContent") {
                try readReasoningDelta(&reader)
            } else {
                try takeRareDelta(key, &reader)
            }
        }
        if event.hasDelta, event.deltaKind == .other {
            event.text = scratch.appendSlice(reader.raw(start..<reader.offset).trimmedToObject())
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func readToolUseDelta(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "input") {
                try takeString(.toolInput, &reader)
            } else {
                _ = try reader.skipValue()
            }
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func readReasoningDelta(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "text") {
                try takeString(.reasoning, &reader)
            } else if reader.isEqual(key, to: "signature") {
                try takeString(.reasoningSignature, &reader)
            } else if reader.isEqual(key, to: "redactedContent") {
                try takeString(.reasoningRedacted, &reader)
            } else {
                _ = try reader.skipValue()
            }
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func takeRareDelta(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        let kind: DeltaKind =
            reader.isEqual(key, to: "citation")
            ? .citation
            : reader.isEqual(key, to: "image") ? .image : reader.isEqual(key, to: "toolResult") ? .toolResult : .other
        let value = try reader.skipValue()
        if reader.raw(value).isEqual(to: "null") { return }
        // A member that is not known says nothing beside one that is.
        if kind == .other, event.hasDelta { return }
        event.hasDelta = true
        event.deltaKind = kind
        if kind != .other { event.text = scratch.appendSlice(reader.raw(value)) }
    }

    /// Decodes the string that comes next as the event's text.
    @inline(__always)
    @_lifetime(reader: copy reader)
    mutating func takeString(_ kind: DeltaKind, _ reader: inout JSONReader) throws(JSONError) {
        guard let text = try reader.stringOrSkip() else { return }
        let start = scratch.count
        reader.append(text, to: &scratch)
        event.text = scratch.closeSlice(from: start)
        event.hasDelta = true
        event.deltaKind = kind
    }

    /// The delta is whole, its block known: what it adds to the answer.
    mutating func finishDelta() {
        guard event.hasDelta else { return }
        switch event.deltaKind {
        case .text: answer.text.append(scratch, event.text.range)
        case .toolInput:
            if !tools.append(scratch, event.text.range, index: event.blockIndex) { exceeded = .toolInput }
        default: break
        }
        if answer.text.isExhausted { exceeded = .text }
    }

    // MARK: Blocks

    @_lifetime(reader: copy reader)
    private mutating func readBlockStart(_ reader: inout JSONReader) throws(JSONError) {
        started = StartedBlock()
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "toolUse") {
                started.kind = .toolUse
                try readToolUseStart(&reader)
            } else {
                if started.kind == .unknown { started.kind = .other }
                _ = try reader.skipValue()
            }
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func readToolUseStart(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        var call = PendingTool()
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "toolUseId") {
                if let text = try reader.stringOrSkip() { call.id = reader.bytes(of: text) }
            } else if reader.isEqual(key, to: "name") {
                if let text = try reader.stringOrSkip() { call.name = reader.bytes(of: text) }
            } else if reader.isEqual(key, to: "type") {
                if let text = try reader.stringOrSkip() {
                    call.isServerTool = reader.isEqual(text, to: "server_tool_use")
                }
            } else {
                _ = try reader.skipValue()
            }
        }
        pendingTool = call
    }

    // MARK: The end

    @_lifetime(reader: copy reader)
    private mutating func readStopReason(_ reader: inout JSONReader) throws(JSONError) {
        guard let text = try reader.stringOrSkip() else { return }
        answer.stop(reader.bytes(of: text).span)
    }

    @_lifetime(reader: copy reader)
    private mutating func readMetadataMember(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        if reader.isEqual(key, to: "usage") {
            try readUsage(&reader)
        } else if reader.isEqual(key, to: "metrics") {
            guard try reader.enterObject() else { return }
            while let key = try reader.nextKey() {
                if reader.isEqual(key, to: "latencyMs") {
                    answer.serverLatencyMs = try reader.integerOrSkip() ?? answer.serverLatencyMs
                } else {
                    _ = try reader.skipValue()
                }
            }
        } else {
            _ = try reader.skipValue()
        }
    }

    /// Token counts under the names of Converse, of Anthropic Messages and of the invocation metrics.
    @_lifetime(reader: copy reader)
    mutating func readUsage(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "inputTokens") || reader.isEqual(key, to: "input_tokens")
                || reader.isEqual(key, to: "inputTokenCount")
            {
                answer.attemptUsage.inputTokens = try reader.integerOrSkip() ?? answer.attemptUsage.inputTokens
            } else if reader.isEqual(key, to: "outputTokens") || reader.isEqual(key, to: "output_tokens")
                || reader.isEqual(key, to: "outputTokenCount")
            {
                answer.attemptUsage.outputTokens = try reader.integerOrSkip() ?? answer.attemptUsage.outputTokens
            } else {
                try readRareUsage(key, &reader)
            }
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func readRareUsage(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        if reader.isEqual(key, to: "totalTokens") {
            answer.attemptUsage.totalTokens = try reader.integerOrSkip() ?? answer.attemptUsage.totalTokens
        } else if reader.isEqual(key, to: "cacheReadInputTokens")
            || reader.isEqual(key, to: "cache_read_input_tokens")
            || reader.isEqual(key, to: "cacheReadInputTokenCount")
        {
            answer.attemptUsage.cacheReadInputTokens =
                try reader.integerOrSkip() ?? answer.attemptUsage.cacheReadInputTokens
        } else if reader.isEqual(key, to: "cacheWriteInputTokens")
            || reader.isEqual(key, to: "cache_creation_input_tokens")
            || reader.isEqual(key, to: "cacheWriteInputTokenCount")
        {
            answer.attemptUsage.cacheWriteInputTokens =
                try reader.integerOrSkip() ?? answer.attemptUsage.cacheWriteInputTokens
        } else if reader.isEqual(key, to: "invocationLatency") {
            answer.serverLatencyMs = try reader.integerOrSkip() ?? answer.serverLatencyMs
        } else {
            _ = try reader.skipValue()
        }
    }
}

extension Span where Element == UInt8 {
    /// From the first brace on: an offset taken before a value may point at the colon or blanks in front of it.
    @_lifetime(copy self)
    func trimmedToObject() -> Span<UInt8> {
        extracting((firstIndex(of: UInt8(ascii: "{")) ?? count)..<count)
    }
}
