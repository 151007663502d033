import Recording

@testable import BedrockCore

/// A well-formed stream made up at random, and what it means.
struct GeneratedStream {
    var operation: BedrockCore.Operation
    var messages: [Bytes] = []
    /// Deltas and tool calls in the order in which they must come.
    var expected: [RecordedEvent] = []
    var stopReason = StopReason.endTurn
    /// How many messages make the answer complete.
    var completeAt = 0

    var body: Bytes { messages.flatMap { $0 } }
    var text: String { expected.filter { $0.delta == .text }.map(\.text).joined() }
    /// Where a body may end that is a success.
    var goodEnds: Set<Int> {
        Set((completeAt...messages.count).map { messages.prefix($0).reduce(0) { $0 + $1.count } })
    }
}

/// Writes answers in one of the many ways that mean the same: members in any order, unknown ones among them, strings
/// with escapes or without, headers of every type, unknown events in between.
struct StreamGenerator {
    var random: SeededRandom
    private var stream = GeneratedStream(operation: .converseStream)

    init(random: SeededRandom) {
        self.random = random
    }

    mutating func stream(_ operation: BedrockCore.Operation) -> GeneratedStream {
        stream = GeneratedStream(operation: operation)
        addEvent("messageStart", [("role", quoted("assistant"))])
        for index in 0..<random.below(4) { addBlock(Int32(index)) }
        let words: [(String, StopReason)] = [
            ("end_turn", .endTurn), ("tool_use", .toolUse), ("max_tokens", .maxTokens), ("new_reason", .other),
        ]
        let (word, reason) = words[random.below(words.count)]
        stream.stopReason = reason
        addEvent("messageStop", [("stopReason", quoted(word))])
        stream.completeAt = stream.messages.count
        if random.isTrue(oneIn: 2) { addEvent("metadata", [("usage", object([("inputTokens", "1")]))]) }
        return stream
    }

    // MARK: Blocks

    private mutating func addBlock(_ index: Int32) {
        switch random.below(4) {
        case 0: addTool(index)
        case 1: addDeltas(index, .reasoning) { $0.object([("reasoningContent", $0.object([("text", $1)]))]) }
        default: addDeltas(index, .text) { $0.object([("text", $1)]) }
        }
        addEvent("contentBlockStop", [("contentBlockIndex", "\(index)")])
        for call in waiting { stream.expected.append(call) }
        waiting = []
    }

    /// Calls that come with the end of their block.
    private var waiting: [RecordedEvent] = []

    private mutating func addDeltas(
        _ index: Int32, _ kind: DeltaKind, _ write: (inout StreamGenerator, String) -> String
    ) {
        for _ in 0..<random.below(5) { addDelta(index, kind, text(), write) }
    }

    private mutating func addDelta(
        _ index: Int32, _ kind: DeltaKind, _ text: String, _ write: (inout StreamGenerator, String) -> String
    ) {
        let payload = quoted(text)
        addEvent("contentBlockDelta", [("delta", write(&self, payload)), ("contentBlockIndex", "\(index)")])
        stream.expected.append(RecordedEvent(.delta, delta: kind, block: index, text: text))
    }

    private mutating func addTool(_ index: Int32) {
        let (id, name) = (text(), text())
        let start = object([("toolUse", object([("toolUseId", quoted(id)), ("name", quoted(name))]))])
        addEvent("contentBlockStart", [("start", start), ("contentBlockIndex", "\(index)")])
        let input = #"{"a":[\#(random.below(1000)),"\#(random.below(10))"]}"#
        var rest = Substring(input)
        while !rest.isEmpty, !random.isTrue(oneIn: 8) {
            let piece = rest.prefix(1 + random.below(8))
            rest = rest.dropFirst(piece.count)
            addDelta(index, .toolInput, String(piece)) { $0.object([("toolUse", $0.object([("input", $1)]))]) }
        }
        let sent = rest.count == input.count ? "{}" : String(input.dropLast(rest.count))
        let isValid = rest.isEmpty || rest.count == input.count
        waiting.append(
            RecordedEvent(
                .tool, block: index, json: sent, text: sent, tool: RecordedTool(id, name, isValid: isValid)))
    }

    // MARK: Messages

    private mutating func addEvent(_ type: String, _ members: [(String, String)]) {
        if random.isTrue(oneIn: 6) { stream.messages.append(message("newEvent", object([]))) }
        let payload = object(members)
        guard stream.operation.isInvoke else {
            stream.messages.append(message(type, payload))
            return
        }
        var inner: [(String, String)] = [(type, payload)]
        if random.isTrue(oneIn: 6) { inner.append(("amazon-bedrock-new", "{}")) }
        stream.messages.append(message("chunk", wrapped(object(inner, hasUnknown: false))))
    }

    private mutating func wrapped(_ inner: String) -> String {
        var digits = ByteBuffer()
        Base64.encode(Bytes(inner.utf8).span, into: &digits)
        return object([("bytes", quoted(String(digits.array)))])
    }

    private mutating func message(_ type: String, _ payload: String) -> Bytes {
        var headers = [
            FrameHeader(name: Bytes(":event-type"), value: .string(Bytes(type.utf8))),
            FrameHeader(name: Bytes(":message-type"), value: .string(Bytes("event"))),
        ]
        if random.isTrue(oneIn: 2) {
            headers.append(FrameHeader(name: Bytes(":content-type"), value: .string(Bytes("application/json"))))
        }
        for number in 0..<random.below(3) {
            headers.append(FrameHeader(name: Bytes("x-\(number)".utf8), value: headerValue()))
        }
        headers.shuffle(using: &random)
        var buffer = ByteBuffer()
        do throws(FrameError) {
            try FrameEncoder.encode(headers: headers, payload: Bytes(payload.utf8).span, into: &buffer)
        } catch {
            return []
        }
        return buffer.array
    }

    private mutating func headerValue() -> HeaderValue {
        switch random.below(9) {
        case 0: .bool(random.isTrue(oneIn: 2))
        case 1: .byte(.random(in: .min ... .max, using: &random))
        case 2: .short(.random(in: .min ... .max, using: &random))
        case 3: .integer(.random(in: .min ... .max, using: &random))
        case 4: .long(.random(in: .min ... .max, using: &random))
        case 5: .timestamp(.random(in: .min ... .max, using: &random))
        case 6: .byteArray(random.bytes(random.below(300)))
        case 7: .uuid(random.bytes(16))
        default: .string(Bytes(text().utf8))
        }
    }

    // MARK: JSON

    private mutating func object(_ members: [(String, String)], hasUnknown: Bool = true) -> String {
        var members = members
        if hasUnknown, random.isTrue(oneIn: 3) { members.append(("p", quoted(text()))) }
        if hasUnknown, random.isTrue(oneIn: 8) { members.append(("new", #"{"text":["no",{"delta":1.5e3}]}"#)) }
        members.shuffle(using: &random)
        let written = members.map { blank() + quoted($0.0) + blank() + ":" + blank() + $0.1 + blank() }
        return "{" + written.joined(separator: ",") + "}"
    }

    private mutating func blank() -> String {
        random.isTrue(oneIn: 6) ? [" ", "\n", "\t", "\r\n "][random.below(4)] : ""
    }

    private mutating func text() -> String {
        let letters: [Unicode.Scalar] = [
            "a", "b", " ", "\"", "\\", "/", "\n", "\0", "\u{7F}", "é", "€", "😀", "\u{FFFF}",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<(random.isTrue(oneIn: 30) ? random.below(3000) : random.below(12)) {
            text.append(letters[random.below(letters.count)])
        }
        return String(text)
    }

    /// The text between quotes, each character as it is or as an escape.
    private mutating func quoted(_ text: String) -> String {
        var written = "\""
        let escapesMuch = random.isTrue(oneIn: 8)
        for scalar in text.unicodeScalars {
            let needsEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            guard needsEscape || (escapesMuch && random.isTrue(oneIn: 2)) else {
                written.unicodeScalars.append(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16, uppercase: random.isTrue(oneIn: 2))
                written += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return written + "\""
    }
}
