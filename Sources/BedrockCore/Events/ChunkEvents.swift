/// How a family of models marks the end of an answer on the invoke routes.
enum ModelFamily: UInt8 {
    /// No chunk has told yet.
    case unknown
    /// Anthropic Messages: `message_stop`.
    case anthropic
    /// Amazon Nova: the events of Converse, each as the one member of an object.
    case nova
    /// A format without events and blocks: pieces of text, and a member that is set in the last chunk only.
    case flat
    /// A format in which this library knows no text, but the last chunk, as the one that has metrics.
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
    @_optimize(speed)
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
    @_optimize(speed)
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
        if chunk.starts(with: "{\"type\":\"content_block_") { return try readBlockChunk(chunk) }
        guard let shape = ChunkShape(chunk) else {
            if family == .unknown { family = .unmarked }
            return nil
        }
        defer { transcript.family = family }
        if let metrics = shape.metrics { try readMetrics(chunk.extracting(metrics)) }
        noteGuardrail(chunk, shape)
        switch effectiveFamily(of: shape) {
        case .anthropic:
            family = .anthropic
            if let failure = try readAnthropic(chunk) { return failure }
        case .nova:
            family = .nova
            try readNova(chunk)
        case .flat:
            family = .flat
            try readFlat(chunk, shape)
        case .marked:
            family = .marked
            completeAnswer()
        case .unmarked, .unknown:
            if family == .unknown { family = .unmarked }
            try readFlatUsage(chunk, shape)
        }
        if isIntervened { answer.stopReason = .guardrail }
        return nil
    }

    /// The usual chunk of the busiest family is known by its first bytes.
    private mutating func readBlockChunk(_ chunk: Span<UInt8>) throws(JSONError) -> ServiceError? {
        family = .anthropic
        transcript.family = .anthropic
        return try readAnthropic(chunk)
    }

    /// Nova's last chunk, metadata and metrics, shows no mark of its own, nor does one of chat completion with usage
    /// alone.
    private func effectiveFamily(of shape: ChunkShape) -> ModelFamily {
        let isPlain = shape.family == .unmarked || shape.family == .marked || shape.family == .flat
        return isPlain && (family == .nova || family == .flat) ? family : shape.family
    }

    private mutating func noteGuardrail(_ chunk: Span<UInt8>, _ shape: ChunkShape) {
        if let trace = shape.trace { answer.trace.replace(with: chunk.extracting(trace)) }
        if shape.isIntervened { isIntervened = true }
    }

    mutating func readMetrics(_ json: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(json)
        try readUsage(&reader)
        answer.keepMetadata(json)
        if answer.isExhausted { exceeded = .event }
    }

    // MARK: Amazon Nova

    private mutating func readNova(_ chunk: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(chunk)
        var isFirst = true
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            let kind = Self.kind(ofConverse: key, reader)
            let value = try reader.skipValue()
            if kind == .other { continue }
            if isFirst {
                try readConverse(kind, chunk.extracting(value))
            } else {
                try readFurther(kind, chunk.extracting(value))
            }
            isFirst = false
        }
    }

    /// Another event of the same chunk waits in line.
    private mutating func readFurther(_ kind: EventKind, _ payload: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(payload)
        guard try reader.enterObject() else { return }
        let first = event
        event = StreamEvent(kind: kind)
        started = StartedBlock()
        try readConverseMembers(&reader)
        if kind == .blockStart { describeStart() }
        if kind == .metadata { answer.keepMetadata(payload) }
        let further = event
        event = first
        add(further)
    }
}
