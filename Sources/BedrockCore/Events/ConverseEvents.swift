/// Reads the payloads of ConverseStream's events (Bedrock API, ConverseStreamOutput). Members that are not known are
/// passed over; a member of another type than expected counts as absent.
extension EventDecoder {
    /// Which event a name means.
    @_optimize(speed)
    static func kind(ofConverse type: Span<UInt8>) -> EventKind {
        if type.isEqual(to: "contentBlockDelta") { return .delta }
        if type.isEqual(to: "contentBlockStart") { return .blockStart }
        if type.isEqual(to: "contentBlockStop") { return .blockStop }
        if type.isEqual(to: "messageStart") { return .messageStart }
        if type.isEqual(to: "messageStop") { return .messageStop }
        if type.isEqual(to: "metadata") { return .metadata }
        return .other
    }

    static func kind(ofConverse name: JSONText, _ reader: borrowing JSONReader) -> EventKind {
        name.hasEscapes ? kind(ofConverse: reader.bytes(of: name).span) : kind(ofConverse: reader.raw(name))
    }

    @_optimize(speed)
    mutating func readConverse(_ kind: EventKind, _ payload: Span<UInt8>) throws(JSONError) {
        if kind == .delta, let delta = PlainDelta(payload) {
            event.kind = kind
            event.blockIndex = delta.index
            take(delta.text, of: payload, .text)
        } else if try !readConverseObject(kind, payload) {
            return
        }
        if let joint, !joinEvent(joint) { return }
        switch kind {
        case .delta: return finishDelta()
        case .messageStart: transcript.hasStarted = true
        case .blockStart: openBlock()
        case .blockStop: closeBlock()
        case .messageStop: completeAnswer()
        case .metadata: answer.keepMetadata(payload)
        default: return
        }
        if answer.isExhausted { exceeded = .event }
    }

    /// False where the payload is no object.
    @inline(never)
    private mutating func readConverseObject(_ kind: EventKind, _ payload: Span<UInt8>) throws(JSONError) -> Bool {
        var reader = JSONReader(payload)
        let isObject = try reader.enterObject()
        if isObject {
            event.kind = kind
            try readConverseMembers(&reader)
        }
        _ = try reader.next()  // refuses what stands behind the object
        return isObject
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
            } else if event.kind == .messageStop {
                try readStopMember(key, &reader)
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
        take(text, of: reader.input, kind)
    }

    @inline(__always)
    private mutating func take(_ text: JSONText, of payload: Span<UInt8>, _ kind: DeltaKind) {
        let start = scratch.count
        scratch.append(text, of: payload)
        event.text = scratch.closeSlice(from: start)
        event.hasDelta = true
        event.deltaKind = kind
    }

    // MARK: Blocks

    @_lifetime(reader: copy reader)
    private mutating func readBlockStart(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "toolUse") {
                try readStart(.toolUse, &reader)
            } else if reader.isEqual(key, to: "toolResult") {
                try readStart(.toolResult, &reader)
            } else if reader.isEqual(key, to: "image") {
                try readStart(.image, &reader)
            } else {
                if started.kind == .unknown { started.kind = .other }
                _ = try reader.skipValue()
            }
        }
    }

    /// What the starts of tool calls, results and images tell; no two of them give a name another meaning.
    @_lifetime(reader: copy reader)
    private mutating func readStart(_ kind: BlockKind, _ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        started.kind = kind
        while let key = try reader.nextKey() {
            guard let text = try reader.stringOrSkip() else { continue }
            if reader.isEqual(key, to: "toolUseId") {
                started.id = keep(text, reader)
            } else if reader.isEqual(key, to: "name") {
                started.name = keep(text, reader)
            } else if reader.isEqual(key, to: "type") {
                started.type = keep(text, reader)
                started.isServerTool = started.kind == .toolUse && reader.isEqual(text, to: "server_tool_use")
            } else if reader.isEqual(key, to: "status") {
                started.status = keep(text, reader)
            } else if reader.isEqual(key, to: "format") {
                started.type = keep(text, reader)
            }
        }
    }

    /// Copies what a text says to the scratch memory.
    mutating func keep(_ text: JSONText, _ reader: borrowing JSONReader) -> Slice {
        let start = scratch.count
        reader.append(text, to: &scratch)
        return scratch.closeSlice(from: start)
    }

    // MARK: The end

    @_lifetime(reader: copy reader)
    private mutating func readStopMember(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        if reader.isEqual(key, to: "stopReason") {
            guard let text = try reader.stringOrSkip() else { return }
            answer.stop(reader.bytes(of: text).span)
        } else if reader.isEqual(key, to: "additionalModelResponseFields") {
            let value = try reader.skipValue()
            if !reader.raw(value).isEqual(to: "null") { answer.additionalFields.replace(with: reader.raw(value)) }
        } else {
            _ = try reader.skipValue()
        }
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
        } else if reader.isEqual(key, to: "trace") {
            try readTrace(&reader)
        } else if reader.isEqual(key, to: "performanceConfig") {
            try Self.readWord("latency", &answer.performanceLatency, &reader)
        } else if reader.isEqual(key, to: "serviceTier") {
            try Self.readWord("type", &answer.serviceTier, &reader)
        } else {
            _ = try reader.skipValue()
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func readTrace(_ reader: inout JSONReader) throws(JSONError) {
        let start = reader.offset
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "promptRouter") {
                try Self.readWord("invokedModelId", &answer.answeredModelID, &reader)
            } else {
                _ = try reader.skipValue()
            }
        }
        answer.trace.replace(with: reader.raw(start..<reader.offset).trimmedToObject())
    }

    /// Keeps the one text of an object that counts.
    @_lifetime(reader: copy reader)
    private static func readWord(
        _ name: StaticString, _ buffer: inout ByteBuffer, _ reader: inout JSONReader
    ) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            guard let text = try reader.stringOrSkip(), reader.isEqual(key, to: name) else { continue }
            buffer.removeAll()
            reader.append(text, to: &buffer)
        }
    }

    /// Token counts under the names of Converse, of Anthropic Messages and of the invocation metrics.
    @inline(never)
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
        } else if reader.isEqual(key, to: "cacheDetails") {
            try readCacheDetails(&reader)
        } else if reader.isEqual(key, to: "cache_creation") {
            try readCacheCreation(&reader)
        } else if reader.isEqual(key, to: "invocationLatency") {
            answer.serverLatencyMs = try reader.integerOrSkip() ?? answer.serverLatencyMs
        } else {
            _ = try reader.skipValue()
        }
    }

    /// Converse: how long the tokens are kept, for each time.
    @_lifetime(reader: copy reader)
    private mutating func readCacheDetails(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterArray() else { return }
        while try reader.nextElement() {
            guard try reader.enterObject() else { continue }
            var (isHour, isShort) = (false, false)
            var tokens: Int64?
            while let key = try reader.nextKey() {
                if reader.isEqual(key, to: "ttl") {
                    guard let text = try reader.stringOrSkip() else { continue }
                    isHour = reader.isEqual(text, to: "1h")
                    isShort = reader.isEqual(text, to: "5m")
                } else if reader.isEqual(key, to: "inputTokens") {
                    tokens = try reader.integerOrSkip()
                } else {
                    _ = try reader.skipValue()
                }
            }
            if let tokens, isHour { answer.attemptUsage.cacheWrite1hInputTokens = tokens }
            if let tokens, isShort { answer.attemptUsage.cacheWrite5mInputTokens = tokens }
        }
    }

    /// The same of Anthropic Messages.
    @_lifetime(reader: copy reader)
    private mutating func readCacheCreation(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            let tokens = try reader.integerOrSkip()
            if let tokens, reader.isEqual(key, to: "ephemeral_5m_input_tokens") {
                answer.attemptUsage.cacheWrite5mInputTokens = tokens
            } else if let tokens, reader.isEqual(key, to: "ephemeral_1h_input_tokens") {
                answer.attemptUsage.cacheWrite1hInputTokens = tokens
            }
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
