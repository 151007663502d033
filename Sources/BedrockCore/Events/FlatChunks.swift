/// Reads chunks of formats without events and blocks: each holds a piece of the text, in chat formats also of reasoning
/// and of tool calls. A whole answer in such a format is one chunk.
extension EventDecoder {
    mutating func readFlat(_ chunk: Span<UInt8>, _ shape: ChunkShape) throws(JSONError) {
        try readFlatUsage(chunk, shape)
        let reader = JSONReader(chunk)
        if let model = shape.model { Self.keep(model, reader, &answer.answeredModelID) }
        if let tier = shape.serviceTier { Self.keep(tier, reader, &answer.serviceTier) }
        // The text of Cohere's tool calls may be the one that came before them.
        if let text = shape.text, !(shape.isEvent && shape.toolCalls != nil && flat.hasText) { addText(text, reader) }
        if let list = shape.list { try readFlatList(chunk.extracting(list)) }
        try readCohere(chunk, shape)
        if let reason = shape.stopReason { flatStop(reader.bytes(of: reason).span) }
        if shape.isLast, !answer.isComplete { addStop() }
        if event.kind == .other, shape.usage != nil || shape.metrics != nil { event.kind = .metadata }
        settleMade()
    }

    /// What is said of each chunk is kept once.
    private static func keep(_ text: JSONText, _ reader: borrowing JSONReader, _ buffer: inout ByteBuffer) {
        if buffer.isEmpty { reader.append(text, to: &buffer) }
    }

    // MARK: Events of one chunk

    /// Adds a typed thing that the chunk in hand holds: the first is its event, the others wait in line.
    mutating func add(_ part: StreamEvent) {
        if event.kind == .other {
            event = part
        } else if queue.count < Limits.blockCount {
            queue.append(part)
        } else {
            exceeded = .blockCount
        }
    }

    mutating func addDelta(_ kind: DeltaKind, _ index: Int32, _ text: Slice) {
        var part = StreamEvent(kind: .delta)
        part.hasDelta = true
        part.deltaKind = kind
        part.blockIndex = index
        part.text = text
        add(part)
    }

    /// An answer that ends in tool calls stops for them, and one that is a refusal for that, whatever its format calls
    /// it: some know but one word for an end.
    private mutating func flatStop(_ word: Span<UInt8>) {
        answer.stop(word)
        guard answer.stopReason == .endTurn else { return }
        if flat.hasCalls { answer.stopReason = .toolUse } else if flat.isRefused { answer.stopReason = .refusal }
    }

    private mutating func addStop() {
        if case .messageStop = event.kind { return }
        add(StreamEvent(kind: .messageStop))
    }

    /// An empty text says nothing: chunks have one beside what they are about.
    private mutating func addText(_ text: JSONText, _ reader: borrowing JSONReader) {
        if text.end > text.start { addDelta(.text, flat.text(), keep(text, reader)) }
    }

    private mutating func addReasoning(_ text: JSONText, _ reader: borrowing JSONReader) {
        if text.end > text.start { addDelta(.reasoning, flat.reasoning(), keep(text, reader)) }
    }

    // MARK: Lists

    /// The first of the answers; others, as some formats have them, would mix with it.
    private mutating func readFlatList(_ list: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(list)
        guard try reader.enterArray() else { return }
        while try reader.nextElement() {
            let place = try reader.skipValue()
            var choice = FlatChoice()
            try choice.read(list.extracting(place))
            if choice.number == 0 { try take(choice, list.extracting(place)) }
        }
    }

    private mutating func take(_ choice: FlatChoice, _ json: Span<UInt8>) throws(JSONError) {
        let reader = JSONReader(json)
        if let reasoning = choice.reasoningContent ?? choice.reasoning { addReasoning(reasoning, reader) }
        if let text = choice.text { addText(text, reader) }
        if let content = choice.content { try readContent(json.extracting(content), isReasoning: false) }
        if let refusal = choice.refusal {
            flat.isRefused = flat.isRefused || refusal.end > refusal.start
            addText(refusal, reader)
        }
        if let calls = choice.toolCalls { try readToolCalls(json.extracting(calls)) }
        if let call = choice.functionCall { try readToolCall(json.extracting(call)) }
        if let count = choice.tokenCount { answer.attemptUsage.outputTokens = count }
        guard let reason = choice.stopReason, reason.end > reason.start else { return }
        flatStop(reader.bytes(of: reason).span)
        addStop()
    }

    /// A text, or a list of parts (Mistral): texts, and reasoning that is a list of texts itself.
    private mutating func readContent(_ content: Span<UInt8>, isReasoning: Bool) throws(JSONError) {
        var reader = JSONReader(content)
        if content.trimmed().byteOrNUL(0) == UInt8(ascii: "\"") {
            guard let text = try reader.stringOrSkip() else { return }
            return isReasoning ? addReasoning(text, reader) : addText(text, reader)
        }
        guard try reader.enterArray() else { return }
        while try reader.nextElement() {
            guard try reader.enterObject() else { continue }
            while let key = try reader.nextKey() {
                if reader.isEqual(key, to: "text") {
                    guard let text = try reader.stringOrSkip() else { continue }
                    if isReasoning { addReasoning(text, reader) } else { addText(text, reader) }
                } else if reader.isEqual(key, to: "thinking") {
                    let place = try reader.skipValue()
                    if !isReasoning { try readContent(content.extracting(place), isReasoning: true) }
                } else {
                    _ = try reader.skipValue()
                }
            }
        }
    }

    // MARK: Tool calls

    private mutating func readToolCalls(_ calls: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(calls)
        guard try reader.enterArray() else { return }
        while try reader.nextElement() {
            let place = try reader.skipValue()
            try readToolCall(calls.extracting(place))
        }
    }

    /// A call, or a piece of one.
    private mutating func readToolCall(_ json: Span<UInt8>) throws(JSONError) {
        var piece = FlatCallPiece()
        guard try piece.read(json) else { return }
        let reader = JSONReader(json)
        let id = piece.id.map { reader.bytes(of: $0) } ?? []
        let hasName = piece.name.map { $0.end > $0.start } ?? false
        guard let block = flat.block(number: piece.number, id: id, hasName: hasName) ?? start(piece, id, reader) else {
            exceeded = .toolCount
            return
        }
        if let text = piece.text {
            if text.end > text.start { addDelta(.toolInput, block, keep(text, reader)) }
        } else if let input = piece.json {
            addDelta(.toolInput, block, scratch.appendSlice(reader.raw(input)))
        }
    }

    private mutating func start(_ piece: FlatCallPiece, _ id: Bytes, _ reader: borrowing JSONReader) -> Int32? {
        guard let block = flat.addCall(number: piece.number, id: id) else { return nil }
        var part = StreamEvent(kind: .blockStart)
        part.blockIndex = block
        part.blockKind = .toolUse
        part.toolID = scratch.appendSlice(id)
        if let name = piece.name { part.toolName = keep(name, reader) }
        if let type = piece.type { part.blockType = keep(type, reader) }
        add(part)
        return block
    }

    // MARK: Cohere (Command R, "Chat streaming" of its documentation, version 1)

    private mutating func readCohere(_ chunk: Span<UInt8>, _ shape: ChunkShape) throws(JSONError) {
        if let citations = shape.citations {
            var reader = JSONReader(chunk.extracting(citations))
            guard try reader.enterArray() else { return }
            while try reader.nextElement() {
                let place = try reader.skipValue()
                addDelta(.citation, flat.text(), scratch.appendSlice(reader.raw(place)))
            }
        }
        if let piece = shape.toolCallDelta { try readToolCall(chunk.extracting(piece)) }
        // In a stream all calls come once more when their pieces have.
        if let calls = shape.toolCalls, !(shape.isEvent && flat.hasCalls) {
            try readToolCalls(chunk.extracting(calls))
        }
    }
}

/// Where the parts of a list's element stand.
private struct FlatChoice {
    var number: Int64 = 0
    var text: JSONText?
    /// A text, or a list of parts.
    var content: Range<Int>?
    var reasoning: JSONText?
    var reasoningContent: JSONText?
    var refusal: JSONText?
    var toolCalls: Range<Int>?
    var functionCall: Range<Int>?
    var stopReason: JSONText?
    var tokenCount: Int64?

    mutating func read(_ json: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(json)
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "delta") || reader.isEqual(key, to: "message") {
                try readMessage(&reader)
            } else if reader.isEqual(key, to: "index") {
                number = try reader.integerOrSkip() ?? 0
            } else if reader.isEqual(key, to: "text") || reader.isEqual(key, to: "outputText") {
                text = try reader.stringOrSkip()
            } else if ChunkShape.isReason(key, reader) {
                stopReason = try reader.stringOrSkip()
            } else if reader.isEqual(key, to: "tokenCount") {
                tokenCount = try reader.integerOrSkip()
            } else if reader.isEqual(key, to: "data") {
                try readOnly("text", &text, &reader)
            } else if reader.isEqual(key, to: "finishReason") {
                try readOnly("reason", &stopReason, &reader)
            } else {
                _ = try reader.skipValue()
            }
        }
    }

    /// Of Jurassic's objects one text counts.
    @_lifetime(reader: copy reader)
    private func readOnly(
        _ name: StaticString, _ text: inout JSONText?, _ reader: inout JSONReader
    ) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: name) { text = try reader.stringOrSkip() } else { _ = try reader.skipValue() }
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func readMessage(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "content") {
                content = try reader.skipValue()
            } else if reader.isEqual(key, to: "reasoning_content") {
                reasoningContent = try reader.stringOrSkip()
            } else if reader.isEqual(key, to: "reasoning") {
                reasoning = try reader.stringOrSkip()
            } else if reader.isEqual(key, to: "refusal") {
                refusal = try reader.stringOrSkip()
            } else if reader.isEqual(key, to: "tool_calls") {
                toolCalls = try reader.skipValue()
            } else if reader.isEqual(key, to: "function_call") {
                functionCall = try reader.skipValue()
            } else {
                _ = try reader.skipValue()
            }
        }
    }
}

/// Where the parts of a tool call, or of a piece of one, stand: in the call itself (Cohere), or in its function.
private struct FlatCallPiece {
    var number: Int64 = -1
    var id: JSONText?
    var name: JSONText?
    var type: JSONText?
    /// The input, or a piece of it, as the content of a string.
    var text: JSONText?
    /// The input as it is.
    var json: Range<Int>?

    /// False for what is no object.
    mutating func read(_ json: Span<UInt8>) throws(JSONError) -> Bool {
        var reader = JSONReader(json)
        guard try reader.enterObject() else { return false }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "index") {
                number = max(try reader.integerOrSkip() ?? -1, -1)
            } else if reader.isEqual(key, to: "id") {
                id = try reader.stringOrSkip()
            } else if reader.isEqual(key, to: "type") {
                type = try reader.stringOrSkip()
            } else if reader.isEqual(key, to: "function") {
                guard try reader.enterObject() else { continue }
                while let key = try reader.nextKey() { try readFunction(key, &reader) }
            } else {
                try readFunction(key, &reader)
            }
        }
        return true
    }

    @_lifetime(reader: copy reader)
    private mutating func readFunction(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        if reader.isEqual(key, to: "name") {
            name = try reader.stringOrSkip()
        } else if reader.isEqual(key, to: "arguments") || reader.isEqual(key, to: "parameters") {
            let place = try reader.skipValue()
            let value = reader.raw(place)
            if value.byteOrNUL(0) == UInt8(ascii: "\"") {
                let hasEscapes = value.firstIndex(of: UInt8(ascii: "\\")) != nil
                text = JSONText(start: place.lowerBound &+ 1, end: place.upperBound &- 1, hasEscapes: hasEscapes)
            } else if !value.isEqual(to: "null") {
                json = place
            }
        } else {
            _ = try reader.skipValue()
        }
    }
}
