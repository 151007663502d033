/// The start of a block of Anthropic Messages, and in a whole answer the block: where its parts stand.
struct AnthropicBlock {
    var type: JSONText?
    /// Of a tool call, or of the call that a result belongs to.
    var id: JSONText?
    var name: JSONText?
    var text: JSONText?
    var thinking: JSONText?
    var signature: JSONText?
    var data: JSONText?
    /// An object that is not empty.
    var input: Range<Int>?
    var citations: Range<Int>?
    var content: Range<Int>?
    var isError = false

    mutating func read(_ json: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(json)
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "input") {
                try readInput(&reader)
            } else if reader.isEqual(key, to: "citations") {
                citations = try reader.skipValue()
            } else if reader.isEqual(key, to: "content") {
                content = try reader.skipValue()
                try readResult(json.extracting(content ?? 0..<0))
            } else if reader.isEqual(key, to: "is_error") {
                isError = try reader.boolOrSkip() ?? isError
            } else if let text = try reader.stringOrSkip() {
                take(text, key, reader)
            }
        }
    }

    private mutating func take(_ text: JSONText, _ key: JSONText, _ reader: borrowing JSONReader) {
        if reader.isEqual(key, to: "type") {
            type = text
        } else if reader.isEqual(key, to: "id") || reader.isEqual(key, to: "tool_use_id") {
            id = text
        } else if reader.isEqual(key, to: "name") {
            name = text
        } else if reader.isEqual(key, to: "text") {
            self.text = text
        } else if reader.isEqual(key, to: "thinking") {
            thinking = text
        } else if reader.isEqual(key, to: "signature") {
            signature = text
        } else if reader.isEqual(key, to: "data") {
            data = text
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func readInput(_ reader: inout JSONReader) throws(JSONError) {
        let place = try reader.skipValue()
        var inner = JSONReader(reader.raw(place))
        guard try inner.enterObject(), try inner.nextKey() != nil else { return }
        input = place
    }

    /// A server tool's result that is no list tells of a failure by its type, as "web_search_tool_result_error".
    private mutating func readResult(_ content: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(content)
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            guard let text = try reader.stringOrSkip(), reader.isEqual(key, to: "type") else { continue }
            isError = isError || reader.bytes(of: text).span.ends(with: "_error")
        }
    }
}

extension BlockKind {
    init(anthropic type: Span<UInt8>) {
        if type.isEqual(to: "text") {
            self = .text
        } else if type.isEqual(to: "thinking") || type.isEqual(to: "redacted_thinking") {
            self = .reasoning
        } else if type.ends(with: "tool_use") {
            self = .toolUse
        } else {
            self = type.ends(with: "tool_result") ? .toolResult : .other
        }
    }
}

extension EventDecoder {
    /// Reads the block that the event in hand starts. What it has of its content comes as deltas behind it: in a stream
    /// that is little or nothing, in a whole answer all of it.
    mutating func readBlock(_ json: Span<UInt8>) throws(JSONError) {
        var block = AnthropicBlock()
        try block.read(json)
        let reader = JSONReader(json)
        // A start that says nothing of its kind says something all the same.
        started.kind = .other
        if let type = block.type {
            started.type = keep(type, reader)
            started.kind = BlockKind(anthropic: reader.bytes(of: type).span)
            started.isServerTool = started.kind == .toolUse && !reader.isEqual(type, to: "tool_use")
        }
        if let id = block.id { started.id = keep(id, reader) }
        if let name = block.name { started.name = keep(name, reader) }
        if block.isError { started.status = scratch.appendSlice(Bytes("error")) }
        if started.kind == .toolResult || started.kind == .other { started.raw = scratch.appendSlice(json) }
        try addContent(block, json)
    }

    private mutating func addContent(_ block: AnthropicBlock, _ json: Span<UInt8>) throws(JSONError) {
        let reader = JSONReader(json)
        switch started.kind {
        case .text:
            addNonEmpty(.text, block.text, reader)
            if let citations = block.citations { try addCitations(json.extracting(citations)) }
        case .reasoning:
            addNonEmpty(.reasoning, block.thinking, reader)
            addNonEmpty(.reasoningSignature, block.signature, reader)
            addNonEmpty(.reasoningRedacted, block.data, reader)
        case .toolUse:
            if let input = block.input {
                addDelta(.toolInput, event.blockIndex, scratch.appendSlice(reader.raw(input)))
            }
        case .toolResult:
            if let content = block.content {
                addDelta(.toolResult, event.blockIndex, scratch.appendSlice(reader.raw(content)))
            }
        default: break
        }
    }

    private mutating func addNonEmpty(_ kind: DeltaKind, _ text: JSONText?, _ reader: borrowing JSONReader) {
        guard let text, text.end > text.start else { return }
        addDelta(kind, event.blockIndex, keep(text, reader))
    }

    private mutating func addCitations(_ list: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(list)
        guard try reader.enterArray() else { return }
        while try reader.nextElement() {
            let place = try reader.skipValue()
            addDelta(.citation, event.blockIndex, scratch.appendSlice(reader.raw(place)))
        }
    }
}
