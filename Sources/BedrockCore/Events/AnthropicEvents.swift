/// Reads the chunks of Anthropic Messages (platform documentation, "Streaming messages").
extension EventDecoder {
    @_optimize(speed)
    mutating func readAnthropic(_ chunk: Span<UInt8>) throws(JSONError) -> ServiceError? {
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
        if members.type == .blockStart, let block = members.block { try readBlock(chunk.extracting(block)) }
        settle()
        return nil
    }

    @_lifetime(reader: copy reader)
    @_optimize(speed)
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
            members.block = try reader.skipValue()
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
                error.code = ErrorParser.sanitized(reader.bytes(of: text).span)
            } else if reader.isEqual(key, to: "message") {
                error.message = reader.bytes(of: text)
            }
        }
        return error
    }

    @_lifetime(reader: copy reader)
    private mutating func readAnthropicMessage(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "usage") {
                try readUsage(&reader)
            } else if reader.isEqual(key, to: "model") {
                guard let model = try reader.stringOrSkip() else { continue }
                answer.answeredModelID.replace(with: reader.bytes(of: model).span)
            } else {
                _ = try reader.skipValue()
            }
        }
    }
}

private struct AnthropicMembers {
    var type = AnthropicType.other
    var block: Range<Int>?
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
