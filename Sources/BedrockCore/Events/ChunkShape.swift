/// What the outermost members of a chunk tell: whose format it is, and whether it is the last.
///
/// The formats are those of the model parameters pages of the Amazon Bedrock user guide. Whatever the family, the last
/// chunk also carries `amazon-bedrock-invocationMetrics`.
struct ChunkShape {
    var family = ModelFamily.unmarked
    var isLast = false
    var stopReason: Bytes?
    var metrics: Range<Int>?

    /// Nil where the chunk is no JSON object.
    init?(_ chunk: Span<UInt8>) {
        do throws(JSONError) {
            var reader = JSONReader(chunk)
            guard try reader.enterObject() else { return nil }
            while let key = try reader.nextKey() {
                try readMember(key, &reader)
                // The usual chunk of the busiest family is known by its first member.
                if family == .anthropic, metrics == nil, !Self.mayHoldMetrics(chunk) { return }
            }
            guard case .end = try reader.next() else { return nil }
        } catch {
            return nil
        }
        if metrics != nil, family == .unmarked || family == .marked {
            family = .marked
            isLast = true
        }
    }

    /// Deltas are never the last chunk; the metrics come with `message_stop`.
    private static func mayHoldMetrics(_ chunk: Span<UInt8>) -> Bool {
        !chunk.starts(with: "{\"type\":\"content_block")
    }

    @_lifetime(reader: copy reader)
    private mutating func readMember(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        if reader.isEqual(key, to: "type") {
            try readType(&reader)
        } else if reader.isEqual(key, to: "amazon-bedrock-invocationMetrics") {
            metrics = try reader.skipValue()
        } else if reader.isEqual(key, to: "completionReason") || reader.isEqual(key, to: "stop_reason")
            || reader.isEqual(key, to: "finish_reason")
        {
            // Titan, Llama, Cohere: null until the last chunk.
            try readReason(&reader)
        } else if reader.isEqual(key, to: "is_finished") {
            family = family == .anthropic ? family : .marked
            if try reader.boolOrSkip() == true { isLast = true }
        } else if reader.isEqual(key, to: "outputs") || reader.isEqual(key, to: "choices") {
            // Mistral; AI21, DeepSeek, Qwen, gpt-oss.
            try readChoices(&reader)
        } else {
            if Self.isNova(reader.bytes(of: key).span), family == .unmarked { family = .nova }
            _ = try reader.skipValue()
        }
    }

    /// Other formats may have metadata too: that alone is no mark.
    private static func isNova(_ key: Span<UInt8>) -> Bool {
        let kind = EventDecoder.kind(ofConverse: key)
        return kind != .other && kind != .metadata
    }

    /// Anthropic's type names; another `type` says nothing.
    @_lifetime(reader: copy reader)
    private mutating func readType(_ reader: inout JSONReader) throws(JSONError) {
        guard let text = try reader.stringOrSkip() else { return }
        if text.hasEscapes ? Self.isAnthropic(reader.bytes(of: text).span) : Self.isAnthropic(reader.raw(text)) {
            family = .anthropic
        }
    }

    private static func isAnthropic(_ type: Span<UInt8>) -> Bool {
        type.starts(with: "content_block_") || type.starts(with: "message_") || type.isEqual(to: "ping")
            || type.isEqual(to: "error")
    }

    @_lifetime(reader: copy reader)
    private mutating func readReason(_ reader: inout JSONReader) throws(JSONError) {
        if family != .anthropic { family = .marked }
        // Some servers say "" for none.
        guard let text = try reader.stringOrSkip(), text.end > text.start else { return }
        stopReason = reader.bytes(of: text)
        isLast = true
    }

    @_lifetime(reader: copy reader)
    private mutating func readChoices(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterArray() else { return }
        if family != .anthropic { family = .marked }
        while try reader.nextElement() {
            guard try reader.enterObject() else { continue }
            while let key = try reader.nextKey() {
                if reader.isEqual(key, to: "stop_reason") || reader.isEqual(key, to: "finish_reason") {
                    try readReason(&reader)
                } else {
                    _ = try reader.skipValue()
                }
            }
        }
    }
}
