/// How a family of models marks the end of an answer on the invoke routes.
enum ModelFamily: UInt8 {
    /// No chunk has told yet.
    case unknown
    /// Anthropic Messages: `message_stop`.
    case anthropic
    /// Amazon Nova: the events of Converse, each as the one member of an object.
    case nova
    /// A format with a member that is set in the last chunk only.
    case marked
    /// A format without an end that this library knows: the end of the body is the end of the answer.
    case unmarked
}

extension EventDecoder {
    /// Chunks have come of a format in which this library knows no deltas: each is a piece of the answer.
    var isForeign: Bool { family == .marked || family == .unmarked }
}

/// Reads the chunks of InvokeModelWithResponseStream: `{"bytes": base64}` around the model's own JSON.
extension EventDecoder {
    mutating func decodeChunk(_ type: Span<UInt8>, _ payload: Span<UInt8>) throws(JSONError) -> Outcome {
        guard try unwrapChunk(payload) else { return .malformed("a chunk without base64 in its member bytes") }
        if inner.isExhausted { return .overLimit(.event) }
        // The chunk is read from a buffer of its own while this decoder changes.
        var chunk = ByteBuffer()
        swap(&chunk, &inner)
        defer { swap(&chunk, &inner) }
        if let failure = try readChunk(chunk.span) { return .exception(failure) }
        return finish(type, chunk.span)
    }

    /// Decodes the member `bytes` into `inner`; false where there is none or it is no base64.
    private mutating func unwrapChunk(_ payload: Span<UInt8>) throws(JSONError) -> Bool {
        var reader = JSONReader(payload)
        var isFound = false
        guard try reader.enterObject() else { return false }
        while let key = try reader.nextKey() {
            guard reader.isEqual(key, to: "bytes"), let text = try reader.stringOrSkip() else { continue }
            inner.removeAll()
            isFound = decodeBase64(text, reader) || inner.isExhausted
        }
        _ = try reader.next()  // refuses what stands behind the object
        return isFound
    }

    private mutating func decodeBase64(_ text: JSONText, _ reader: borrowing JSONReader) -> Bool {
        guard text.hasEscapes else { return Base64.decode(reader.raw(text), into: &inner) }
        // Some writers of JSON escape the digit "/".
        var digits = ByteBuffer(limit: Limits.messageLength)
        reader.append(text, to: &digits)
        return Base64.decode(digits.span, into: &inner)
    }

    /// A chunk that is no JSON object is the model's business: it is handed over as it came.
    mutating func readChunk(_ chunk: Span<UInt8>) throws(JSONError) -> ServiceError? {
        event.kind = .other
        guard let shape = ChunkShape(chunk) else {
            if family == .unknown { family = .unmarked }
            return nil
        }
        defer { transcript.family = family }
        if let metrics = shape.metrics { try readMetrics(chunk.extracting(metrics)) }
        // Nova's last chunk, metadata and metrics, shows no mark of its own.
        switch family == .nova && shape.family != .anthropic ? .nova : shape.family {
        case .anthropic:
            family = .anthropic
            return try readAnthropic(chunk)
        case .nova:
            family = .nova
            try readNova(chunk)
        case .marked:
            family = .marked
            if let reason = shape.stopReason { answer.stop(reason.span) }
            if shape.isLast { completeAnswer() }
        case .unmarked, .unknown:
            if family == .unknown { family = .unmarked }
        }
        return nil
    }

    private mutating func readMetrics(_ json: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(json)
        try readUsage(&reader)
        answer.keepMetadata(json)
        if answer.isExhausted { exceeded = .event }
    }

    // MARK: Amazon Nova

    private mutating func readNova(_ chunk: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(chunk)
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            let name = reader.bytes(of: key)
            let kind = Self.kind(ofConverse: name.span)
            let value = try reader.skipValue()
            if kind != .other { try readConverse(kind, chunk.extracting(value)) }
        }
    }

    // MARK: Anthropic Messages (platform documentation, "Streaming messages")

    private mutating func readAnthropic(_ chunk: Span<UInt8>) throws(JSONError) -> ServiceError? {
        var reader = JSONReader(chunk)
        var members = AnthropicMembers()
        guard try reader.enterObject() else { return nil }
        while let key = try reader.nextKey() {
            try readAnthropicMember(key, &reader, &members)
        }
        _ = try reader.next()  // refuses what stands behind the object
        if members.type == .error { return members.error }
        event.kind = members.type.kind
        // Only a delta's chunk has a delta: the same member name carries the stop reason of message_delta.
        if members.type != .blockDelta { event.hasDelta = false }
        if joint.isActive, !joinEvent() { return nil }
        switch members.type {
        case .blockDelta: finishDelta()
        case .blockStart: openBlock()
        case .blockStop: closeBlock()
        case .messageStart: transcript.hasStarted = true
        case .messageStop: completeAnswer()
        case .messageDelta, .error, .other: break
        }
        return nil
    }

    @_lifetime(reader: copy reader)
    private mutating func readAnthropicMember(
        _ key: JSONText, _ reader: inout JSONReader, _ members: inout AnthropicMembers
    ) throws(JSONError) {
        if reader.isEqual(key, to: "type") {
            if let text = try reader.stringOrSkip() { members.type = AnthropicType(text, reader) }
        } else if reader.isEqual(key, to: "index") {
            event.blockIndex = Int32(exactly: try reader.integerOrSkip() ?? -1) ?? -1
        } else if reader.isEqual(key, to: "delta") {
            try readAnthropicDelta(&reader)
        } else if reader.isEqual(key, to: "content_block") {
            try readAnthropicBlock(&reader)
        } else if reader.isEqual(key, to: "usage") {
            try readUsage(&reader)
        } else if reader.isEqual(key, to: "message") {
            try readAnthropicMessage(&reader)
        } else if reader.isEqual(key, to: "error") {
            members.error = try readAnthropicError(&reader)
        } else {
            _ = try reader.skipValue()
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func readAnthropicDelta(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "text") {
                try takeString(.text, &reader)
            } else if reader.isEqual(key, to: "thinking") {
                try takeString(.reasoning, &reader)
            } else if reader.isEqual(key, to: "signature") {
                try takeString(.reasoningSignature, &reader)
            } else if reader.isEqual(key, to: "partial_json") {
                try takeString(.toolInput, &reader)
            } else if reader.isEqual(key, to: "stop_reason") {
                if let text = try reader.stringOrSkip() { answer.stop(reader.bytes(of: text).span) }
            } else if reader.isEqual(key, to: "citation") {
                let value = try reader.skipValue()
                event.hasDelta = true
                event.deltaKind = .citation
                event.text = scratch.appendSlice(reader.raw(value))
            } else {
                _ = try reader.skipValue()
            }
        }
    }

    @_lifetime(reader: copy reader)
    private func readAnthropicError(_ reader: inout JSONReader) throws(JSONError) -> ServiceError {
        var error = ServiceError()
        guard try reader.enterObject() else { return error }
        while let key = try reader.nextKey() {
            guard let text = try reader.stringOrSkip() else { continue }
            if reader.isEqual(key, to: "type") {
                error.code = reader.bytes(of: text)
            } else if reader.isEqual(key, to: "message") {
                error.message = reader.bytes(of: text)
            }
        }
        return error
    }

    @_lifetime(reader: copy reader)
    private mutating func readAnthropicBlock(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            guard let text = try reader.stringOrSkip() else { continue }
            if reader.isEqual(key, to: "type") {
                started.type = keep(text, reader)
                started.isServerTool = reader.isEqual(text, to: "server_tool_use")
                started.kind = Self.kind(ofAnthropicBlock: reader.bytes(of: text).span)
            } else if reader.isEqual(key, to: "data") {
                started.redacted = keep(text, reader)
            } else if reader.isEqual(key, to: "id") {
                started.id = keep(text, reader)
            } else if reader.isEqual(key, to: "name") {
                started.name = keep(text, reader)
            }
        }
    }

    private static func kind(ofAnthropicBlock type: Span<UInt8>) -> BlockKind {
        if type.isEqual(to: "text") { return .text }
        if type.isEqual(to: "thinking") || type.isEqual(to: "redacted_thinking") { return .reasoning }
        return type.isEqual(to: "tool_use") || type.isEqual(to: "server_tool_use") ? .toolUse : .other
    }

    @_lifetime(reader: copy reader)
    private mutating func readAnthropicMessage(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "usage") {
                try readUsage(&reader)
            } else {
                _ = try reader.skipValue()
            }
        }
    }
}

private struct AnthropicMembers {
    var type = AnthropicType.other
    var error = ServiceError()
}

private enum AnthropicType {
    case messageStart, blockStart, blockDelta, blockStop, messageDelta, messageStop, error, other

    var kind: EventKind {
        switch self {
        case .blockDelta: .delta
        case .blockStart: .blockStart
        case .blockStop: .blockStop
        case .messageStart: .messageStart
        case .messageDelta: .metadata
        case .messageStop: .messageStop
        case .error, .other: .other
        }
    }

    /// The names hold nothing that has to be escaped, but it may be.
    @inline(__always)
    init(_ text: JSONText, _ reader: borrowing JSONReader) {
        self = text.hasEscapes ? Self(reader.bytes(of: text).span) : Self(reader.raw(text))
    }

    private init(_ name: Span<UInt8>) {
        if name.isEqual(to: "content_block_delta") {
            self = .blockDelta
        } else if name.isEqual(to: "content_block_start") {
            self = .blockStart
        } else if name.isEqual(to: "content_block_stop") {
            self = .blockStop
        } else if name.isEqual(to: "message_start") {
            self = .messageStart
        } else if name.isEqual(to: "message_delta") {
            self = .messageDelta
        } else if name.isEqual(to: "message_stop") {
            self = .messageStop
        } else {
            self = name.isEqual(to: "error") ? .error : .other
        }
    }
}
