/// What the outermost members of a chunk tell: whose format it is, and where its parts stand.
///
/// The formats are those of the model parameters pages of the Amazon Bedrock user guide, and of the vendors where these
/// pages say no more. Whatever the family, the last chunk also carries `amazon-bedrock-invocationMetrics`.
struct ChunkShape {
    var family = ModelFamily.unmarked
    var isLast = false
    var stopReason: JSONText?
    var metrics: Range<Int>?
    var trace: Range<Int>?
    /// A guardrail changed or refused the answer.
    var isIntervened = false

    // Of formats without events.
    /// The text, wherever it is the answer's own.
    var text: JSONText?
    /// A list with one answer in it, or, asked for several, more.
    var list: Range<Int>?
    var usage: Range<Int>?
    var model: JSONText?
    var serviceTier: JSONText?
    var inputTokens: Int64?
    var outputTokens: Int64?

    // Cohere's Command R.
    var isEvent = false
    var toolCalls: Range<Int>?
    var toolCallDelta: Range<Int>?
    var citations: Range<Int>?
    /// Of the last chunk: the answer once more, with its counts.
    var response: Range<Int>?

    /// Nil where the chunk is no JSON object.
    init?(_ chunk: Span<UInt8>) {
        do throws(JSONError) {
            var reader = JSONReader(chunk)
            guard try reader.enterObject() else { return nil }
            while let key = try reader.nextKey() {
                try readMember(key, &reader)
            }
            guard case .end = try reader.next() else { return nil }
        } catch {
            return nil
        }
        guard metrics != nil, family == .unmarked || family == .flat else { return }
        if family == .unmarked { family = .marked }
        isLast = true
    }

    @_lifetime(reader: copy reader)
    private mutating func readMember(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        if reader.isEqual(key, to: "type") {
            try readType(&reader)
        } else if reader.isEqual(key, to: "choices") || reader.isEqual(key, to: "outputs") {
            // Chat completion, in which AI21, DeepSeek, Qwen, gpt-oss, Mistral and others speak; Mistral's text.
            try readList(&reader)
            if list != nil { markFlat() }
        } else if reader.isEqual(key, to: "outputText") || reader.isEqual(key, to: "generation") {
            // Titan, Llama.
            text = try reader.stringOrSkip() ?? text
            markFlat()
        } else if reader.isEqual(key, to: "text") || reader.isEqual(key, to: "completion") {
            // Cohere, Anthropic's text completion; others may mean something else by it.
            text = try reader.stringOrSkip() ?? text
        } else if Self.isReason(key, reader) {
            // null, or nothing, until the last chunk.
            try readReason(&reader)
        } else if reader.isEqual(key, to: "is_finished") {
            markFlat()
            if try reader.boolOrSkip() == true { isLast = true }
        } else {
            try readRareMember(key, &reader)
        }
    }

    static func isReason(_ key: JSONText, _ reader: borrowing JSONReader) -> Bool {
        reader.isEqual(key, to: "finish_reason") || reader.isEqual(key, to: "stop_reason")
            || reader.isEqual(key, to: "completionReason")
    }

    @_lifetime(reader: copy reader)
    private mutating func readRareMember(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        if reader.isEqual(key, to: "usage") {
            usage = try reader.skipValue()
        } else if reader.isEqual(key, to: "model") {
            model = try reader.stringOrSkip()
        } else if reader.isEqual(key, to: "service_tier") {
            serviceTier = try reader.stringOrSkip()
        } else if reader.isEqual(key, to: "prompt_token_count") || reader.isEqual(key, to: "inputTextTokenCount") {
            inputTokens = try reader.integerOrSkip()
        } else if reader.isEqual(key, to: "generation_token_count")
            || reader.isEqual(key, to: "totalOutputTextTokenCount")
        {
            outputTokens = try reader.integerOrSkip()
        } else if reader.isEqual(key, to: "results") || reader.isEqual(key, to: "generations")
            || reader.isEqual(key, to: "completions")
        {
            // Whole answers of Titan, Cohere's Command, AI21's Jurassic.
            try readList(&reader)
        } else {
            try readBedrockMember(key, &reader)
        }
    }

    /// What the service adds, and Cohere's events.
    @_lifetime(reader: copy reader)
    private mutating func readBedrockMember(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        if reader.isEqual(key, to: "amazon-bedrock-invocationMetrics") {
            metrics = try reader.skipValue()
        } else if reader.isEqual(key, to: "amazon-bedrock-guardrailAction") {
            if let text = try reader.stringOrSkip() { isIntervened = reader.isEqual(text, to: "INTERVENED") }
        } else if reader.isEqual(key, to: "amazon-bedrock-trace") {
            trace = try reader.skipValue()
        } else if reader.isEqual(key, to: "event_type") {
            isEvent = try reader.stringOrSkip() != nil
            if isEvent { markFlat() }
        } else if reader.isEqual(key, to: "tool_calls") {
            toolCalls = try reader.skipValue()
        } else if reader.isEqual(key, to: "tool_call_delta") {
            toolCallDelta = try reader.skipValue()
        } else if reader.isEqual(key, to: "citations") {
            citations = try reader.skipValue()
        } else if reader.isEqual(key, to: "response") || reader.isEqual(key, to: "meta") {
            response = try reader.skipValue()
        } else {
            if isNova(key, reader) { family = .nova }
            _ = try reader.skipValue()
        }
    }

    private mutating func markFlat() {
        if family == .unmarked { family = .flat }
    }

    /// Other formats may have metadata too: that alone is no mark.
    private func isNova(_ key: JSONText, _ reader: borrowing JSONReader) -> Bool {
        guard family == .unmarked else { return false }
        let kind = EventDecoder.kind(ofConverse: key, reader)
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
        markFlat()
        // Some servers say "" for none.
        guard let text = try reader.stringOrSkip(), text.end > text.start else { return }
        stopReason = text
        isLast = true
    }

    /// Notes where the list stands; one whose answers have a reason to stop shows the format.
    @_lifetime(reader: copy reader)
    private mutating func readList(_ reader: inout JSONReader) throws(JSONError) {
        let start = reader.offset
        guard try reader.enterArray() else { return }
        while try reader.nextElement() {
            guard try reader.enterObject() else { continue }
            while let key = try reader.nextKey() {
                if Self.isReason(key, reader) || reader.isEqual(key, to: "finishReason") { markFlat() }
                _ = try reader.skipValue()
            }
        }
        list = start..<reader.offset
    }
}
