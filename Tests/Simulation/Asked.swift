import BedrockCore

/// What a request's body says, as far as the simulated service looks at it.
struct AskedFor {
    var maxTokens: Int64 = 0
    /// The texts of the assistant's last turn.
    var partial: [Bytes] = []
    var reasoning: [Bytes] = []
    /// Of the messages behind those that the round began with.
    var roles: [Bytes] = []
    /// All messages as they are written.
    var messages: [Bytes] = []
    var isMalformed = false
    private let known: Int

    var endsInAssistant: Bool { roles.last.map { $0 == "assistant" } ?? false }
    var isContinued: Bool { roles.contains { $0 == "assistant" } }
    var isNudge: Bool { isContinued && !endsInAssistant }
    var partialText: Bytes { partial.flatMap { $0 } }

    /// `known` is the number of messages that the round began with.
    init(_ body: Bytes, behind known: Int) {
        self.known = known
        do throws(JSONError) {
            var reader = JSONReader(body.span)
            guard try reader.enterObject() else { return }
            while let key = try reader.nextKey() { try readMember(key, &reader) }
        } catch {
            isMalformed = true
        }
    }

    /// A body as the caller of the library gives it.
    static func body(
        _ operation: BedrockCore.Operation, maxTokens: Int64, _ messages: [Bytes]? = nil
    ) -> Bytes {
        let list = Bytes((messages ?? [question(operation)]).joined(separator: Bytes(",")))
        let (start, end) =
            operation.isInvoke
            ? ("{\"anthropic_version\":\"bedrock-2023-05-31\",\"max_tokens\":\(maxTokens),\"messages\":[", "]}")
            : ("{\"messages\":[", "],\"inferenceConfig\":{\"maxTokens\":\(maxTokens)}}")
        return Bytes(start.utf8) + list + Bytes(end.utf8)
    }

    static func question(_ operation: BedrockCore.Operation) -> Bytes {
        Bytes(
            operation.isInvoke
                ? "{\"role\":\"user\",\"content\":\"Say something.\"}"
                : "{\"role\":\"user\",\"content\":[{\"text\":\"Say something.\"}]}")
    }

    @_lifetime(reader: copy reader)
    private mutating func readMember(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        if reader.isEqual(key, to: "inferenceConfig") {
            guard try reader.enterObject() else { return }
            while let key = try reader.nextKey() { try readMember(key, &reader) }
        } else if reader.isEqual(key, to: "maxTokens") || reader.isEqual(key, to: "max_tokens") {
            maxTokens = try reader.integerOrSkip() ?? -1
        } else if reader.isEqual(key, to: "messages") {
            guard try reader.enterArray() else { return }
            while try reader.nextElement() {
                let place = try reader.skipValue()
                messages.append(Bytes(copying: reader.raw(place)))
                if messages.count > known { try readMessage(messages[messages.count - 1]) }
            }
        } else {
            _ = try reader.skipValue()
        }
    }

    private mutating func readMessage(_ message: Bytes) throws(JSONError) {
        var reader = JSONReader(message.span)
        guard try reader.enterObject() else { return }
        var texts: [Bytes] = []
        var thoughts: [Bytes] = []
        var role = Bytes()
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "role") {
                if let text = try reader.stringOrSkip() { role = reader.bytes(of: text) }
            } else if reader.isEqual(key, to: "content") {
                try readContent(&reader, &texts, &thoughts)
            } else {
                _ = try reader.skipValue()
            }
        }
        roles.append(role)
        if role == "assistant" { (partial, reasoning) = (texts, thoughts) }
    }

    /// A text, or an array of blocks.
    @_lifetime(reader: copy reader)
    private func readContent(
        _ reader: inout JSONReader, _ texts: inout [Bytes], _ thoughts: inout [Bytes]
    ) throws(JSONError) {
        guard try reader.enterArray() else { return }
        while try reader.nextElement() { try readBlock(&reader, &texts, &thoughts) }
    }

    @_lifetime(reader: copy reader)
    private func readBlock(
        _ reader: inout JSONReader, _ texts: inout [Bytes], _ thoughts: inout [Bytes]
    ) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "text") {
                if let text = try reader.stringOrSkip() { texts.append(reader.bytes(of: text)) }
            } else if reader.isEqual(key, to: "thinking") {
                if let text = try reader.stringOrSkip() { thoughts.append(reader.bytes(of: text)) }
            } else if reader.isEqual(key, to: "reasoningContent") {
                try readReasoning(&reader, &thoughts)
            } else {
                _ = try reader.skipValue()
            }
        }
    }

    @_lifetime(reader: copy reader)
    private func readReasoning(_ reader: inout JSONReader, _ thoughts: inout [Bytes]) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "reasoningText") {
                guard try reader.enterObject() else { return }
                while let key = try reader.nextKey() {
                    guard let text = try reader.stringOrSkip() else { continue }
                    if reader.isEqual(key, to: "text") { thoughts.append(reader.bytes(of: text)) }
                }
            } else {
                _ = try reader.skipValue()
            }
        }
    }
}
