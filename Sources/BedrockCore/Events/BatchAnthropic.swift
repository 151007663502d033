/// Where the members of an Anthropic message stand (platform documentation, "Messages").
struct AnthropicBody {
    var content: Range<Int>?
    var stopReason: Range<Int>?
    var stopSequence: Range<Int>?
    var usage: Range<Int>?
    var model: Range<Int>?
    /// What the service adds, `"name":value` each, with their names.
    var additions: [Range<Int>] = []
    private var isMessage = false

    /// Nil where the body is no such message.
    init?(_ body: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(body)
        guard try reader.enterObject() else { return nil }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "type") {
                if let text = try reader.stringOrSkip() { isMessage = reader.isEqual(text, to: "message") }
            } else if reader.isEqual(key, to: "content") {
                content = try reader.skipValue()
            } else if reader.isEqual(key, to: "stop_reason") {
                stopReason = try reader.skipValue()
            } else if reader.isEqual(key, to: "stop_sequence") {
                stopSequence = try reader.skipValue()
            } else if reader.isEqual(key, to: "usage") {
                usage = try reader.skipValue()
            } else if reader.isEqual(key, to: "model") {
                model = try reader.skipValue()
            } else if reader.raw(key).starts(with: "amazon-bedrock-"), additions.count < 16 {
                let end = try reader.skipValue().upperBound
                additions.append((key.start &- 1)..<end)
            }
        }
        if !isMessage { return nil }
    }
}

extension BatchScript {
    mutating func add(anthropic answer: AnthropicBody, of body: Span<UInt8>) throws(JSONError) {
        addStart(answer, of: body)
        if let content = answer.content { try addBlocks(body.extracting(content)) }
        let start = count
        append("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":")
        append(answer.stopReason, of: body)
        append(",\"stop_sequence\":")
        append(answer.stopSequence, of: body)
        append("},\"usage\":")
        append(answer.usage, of: body)
        append("}")
        close(.other, from: start)
        let end = count
        append("{\"type\":\"message_stop\"")
        for addition in answer.additions {
            append(",")
            append(body.extracting(addition))
        }
        append("}")
        close(.other, from: end)
    }

    private mutating func addStart(_ answer: AnthropicBody, of body: Span<UInt8>) {
        let start = count
        append("{\"type\":\"message_start\",\"message\":{\"role\":\"assistant\",\"model\":")
        append(answer.model, of: body)
        append(",\"usage\":")
        append(answer.usage, of: body)
        append("}}")
        close(.other, from: start)
    }

    private mutating func addBlocks(_ content: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(content)
        guard try reader.enterArray() else { return }
        var index = 0
        while try reader.nextElement(), exceeded == nil {
            let block = try reader.skipValue()
            if index >= Limits.blockCount { return refuseBlocks() }
            addBlock(content.extracting(block), index)
            index &+= 1
        }
    }

    private mutating func addBlock(_ block: Span<UInt8>, _ index: Int) {
        let start = count
        append("{\"type\":\"content_block_start\",\"index\":")
        append(decimal: index)
        append(",\"content_block\":")
        append(block)
        append("}")
        close(.other, from: start)
        let end = count
        append("{\"type\":\"content_block_stop\",\"index\":")
        append(decimal: index)
        append("}")
        close(.other, from: end)
    }
}
