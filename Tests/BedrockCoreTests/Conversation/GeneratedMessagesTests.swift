import Foundation
import Recording
import Testing

@testable import BedrockCore

/// Random blocks, cut into pieces at random and interleaved at random, against a plain fold over the same events.
@Suite struct GeneratedMessages {
    @Test func messagesAreTheFoldOfTheirEvents() throws {
        var generator = BlockGenerator(random: SeededRandom(for: "messagesAreTheFoldOfTheirEvents"))
        for _ in 0..<400 {
            let events = generator.events()
            // The whole, and a stream that is cut somewhere.
            let cut = events.prefix(generator.random.below(events.count + 1))
            for events in [events[...], cut] {
                let end = try #require(Self.record(events, &generator.random))
                let content = Fold(events).content
                let expected: Any = ["role": "assistant", "content": content]
                let message = content.isEmpty ? "" : try Self.canonical(expected)
                let list = content.isEmpty ? "[]" : try Self.canonical([expected])
                let told = end.message.isEmpty ? "" : try Self.canonical(try Self.json(end.message))
                if told == message, try Self.canonical(try Self.json(end.newMessages)) == list { continue }
                Issue.record("\(events.map(\.json))\n\(told)\n\(message)")
                return
            }
        }
    }

    @Test func textIsThatOfAllBlocks() throws {
        var generator = BlockGenerator(random: SeededRandom(for: "textIsThatOfAllBlocks"))
        for _ in 0..<200 {
            let events = generator.events()
            #expect(Self.record(events[...], &generator.random)?.text == Fold(events[...]).text)
        }
    }

    private static func json(_ text: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    private static func canonical(_ value: Any) throws -> String {
        let data = try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
    }

    /// The end of a stream of these events, in pieces of any length.
    private static func record(_ events: ArraySlice<GeneratedEvent>, _ random: inout SeededRandom) -> RecordedEnd? {
        let body = events.flatMap { Wire.event($0.type, $0.json) }
        let places = (0..<random.below(6)).map { _ in random.below(body.count + 1) }.sorted()
        let recording = StreamRecorder(wantsRaw: random.isTrue(oneIn: 2)).record(body.cut(at: places))
        #expect(recording.faults == [])
        return recording.end
    }
}

private struct GeneratedEvent {
    let type: String
    let block: Int
    let member: [String: Any]

    var json: String {
        let object = ["contentBlockIndex": block].merging(member) { $1 }
        guard let data = try? JSONSerialization.data(withJSONObject: object) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }
}

private struct BlockGenerator {
    var random: SeededRandom

    mutating func events() -> [GeneratedEvent] {
        var blocks: [[GeneratedEvent]] = []
        for index in 0..<random.below(7) { blocks.append(block(index * (1 + random.below(3)))) }
        // A number may come twice: those blocks follow one another.
        var merged: [GeneratedEvent] = []
        while let next = blocks.indices.filter({ !blocks[$0].isEmpty }).randomElement(using: &random) {
            let first = blocks.firstIndex { $0.first?.block == blocks[next].first?.block } ?? next
            merged.append(blocks[first].removeFirst())
        }
        return merged
    }

    private mutating func block(_ index: Int) -> [GeneratedEvent] {
        var events = content(index)
        if random.below(4) > 0 { events.append(GeneratedEvent(type: "contentBlockStop", block: index, member: [:])) }
        return events
    }

    private mutating func content(_ index: Int) -> [GeneratedEvent] {
        switch random.below(7) {
        case 0:
            var start: [String: Any] = ["toolUseId": text(), "name": text()]
            if random.isTrue(oneIn: 3) { start["type"] = "server_tool_use" }
            let inputs = ["", "{}", #"{"a":[1,"é\n"]}"#, #"{"a":"#, "no", "[1]", "\u{1}\""]
            let pieces = pieces(inputs[random.below(inputs.count)])
            return [begin(index, "toolUse", start)] + pieces.map { delta(index, "toolUse", ["input": $0]) }
        case 1:
            var start: [String: Any] = ["toolUseId": text()]
            if random.isTrue(oneIn: 2) { start["status"] = "error" }
            if random.isTrue(oneIn: 2) { start["type"] = text() }
            return [begin(index, "toolResult", start)]
                + (0..<random.below(4)).map { _ in delta(index, "toolResult", results()) }
        case 2:
            let pieces = (0..<(1 + random.below(4))).map { _ in Data(random.bytes(random.below(9))) }
            return [begin(index, "image", ["format": "png"])]
                + pieces.map { delta(index, "image", ["source": ["bytes": $0.base64EncodedString()]]) }
        case 3: return pieces(text()).map { delta(index, "reasoningContent", ["text": $0]) } + signature(index)
        case 4:
            let pieces = (0..<(1 + random.below(3))).map { _ in Data(random.bytes(random.below(9))) }
            return pieces.map { delta(index, "reasoningContent", ["redactedContent": $0.base64EncodedString()]) }
        default:
            var events = pieces(text()).map { delta(index, "text", $0) }
            for _ in 0..<(random.isTrue(oneIn: 3) ? 2 : 0) {
                events.insert(delta(index, "citation", ["title": text()]), at: random.below(events.count + 1))
            }
            return events
        }
    }

    private mutating func signature(_ index: Int) -> [GeneratedEvent] {
        random.isTrue(oneIn: 2) ? [delta(index, "reasoningContent", ["signature": "c2ln"])] : []
    }

    private mutating func results() -> [Any] {
        (0..<random.below(3)).map { _ in random.isTrue(oneIn: 2) ? ["text": text()] : ["json": ["a": [1, NSNull()]]] }
    }

    private func begin(_ index: Int, _ name: String, _ value: Any) -> GeneratedEvent {
        GeneratedEvent(type: "contentBlockStart", block: index, member: ["start": [name: value]])
    }

    private func delta(_ index: Int, _ name: String, _ value: Any) -> GeneratedEvent {
        GeneratedEvent(type: "contentBlockDelta", block: index, member: ["delta": [name: value]])
    }

    private mutating func text() -> String {
        let words = ["", " ", "\n\t", "a", "é😀", "\"\\", "\u{0}", "word ", "\u{2003}"]
        return (0..<random.below(4)).map { _ in words[random.below(words.count)] }.joined()
    }

    private mutating func pieces(_ text: String) -> [String] {
        var pieces: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            let piece = rest.prefix(random.below(4))
            rest = rest.dropFirst(piece.count)
            pieces.append(String(piece))
        }
        return pieces
    }
}

/// What events come to, as anybody would write it down.
private struct Fold {
    /// One thing that a block holds, in Converse's shape; nil for what is left out.
    private struct Kept {
        var text: String?
        var citations: [Any] = []
        var reasoning = ""
        var signature = ""
        var redacted: Data?
        var parts: [(kind: String, value: [String: Any], data: Data)] = []
    }

    private var blocks: [Int: Kept] = [:]

    init(_ events: ArraySlice<GeneratedEvent>) {
        for event in events {
            if let start = event.member["start"] as? [String: Any] { begin(event.block, start) }
            if let delta = event.member["delta"] as? [String: Any] { add(event.block, delta) }
        }
    }

    var text: String { blocks.sorted { $0.key < $1.key }.compactMap(\.value.text).joined() }

    private mutating func begin(_ index: Int, _ start: [String: Any]) {
        for (kind, value) in start {
            guard let value = value as? [String: Any] else { continue }
            blocks[index, default: Kept()].parts.append((kind, value, Data()))
        }
    }

    private mutating func add(_ index: Int, _ delta: [String: Any]) {
        var block = blocks[index] ?? Kept()
        let last = block.parts.count - 1
        if let text = delta["text"] as? String { block.text = (block.text ?? "") + text }
        if let citation = delta["citation"] { block.citations.append(citation) }
        if let piece = delta["toolUse"] as? [String: String] {
            block.parts[last].data += Data((piece["input"] ?? "").utf8)
        }
        if let elements = delta["toolResult"] as? [Any] {
            let earlier = block.parts[last].value["content"] as? [Any] ?? []
            block.parts[last].value["content"] = earlier + elements
        }
        if let image = delta["image"] as? [String: [String: String]] {
            block.parts[last].data += Data(base64Encoded: image["source"]?["bytes"] ?? "") ?? Data()
        }
        if let reasoning = delta["reasoningContent"] as? [String: String] {
            block.reasoning += reasoning["text"] ?? ""
            block.signature += reasoning["signature"] ?? ""
            if let digits = reasoning["redactedContent"] {
                block.redacted = (block.redacted ?? Data()) + (Data(base64Encoded: digits) ?? Data())
            }
        }
        blocks[index] = block
    }

    var content: [Any] { blocks.sorted { $0.key < $1.key }.flatMap { Self.content($0.value) } }

    private static func content(_ block: Kept) -> [Any] {
        var content: [Any] = []
        if !block.reasoning.isEmpty || !block.signature.isEmpty {
            var text = ["text": block.reasoning]
            if !block.signature.isEmpty { text["signature"] = block.signature }
            content.append(["reasoningContent": ["reasoningText": text]])
        }
        if let redacted = block.redacted, !redacted.isEmpty {
            content.append(["reasoningContent": ["redactedContent": redacted.base64EncodedString()]])
        }
        let text = block.text ?? ""
        if !block.citations.isEmpty {
            content.append(["citationsContent": ["content": [["text": text]], "citations": block.citations]])
        } else if !text.unicodeScalars.allSatisfy(\.properties.isWhitespace) {
            content.append(["text": text])
        }
        return content + block.parts.compactMap { part($0.kind, $0.value, $0.data) }
    }

    private static func part(_ kind: String, _ start: [String: Any], _ data: Data) -> Any? {
        var value = start
        switch kind {
        case "toolUse":
            let raw = String(decoding: data, as: UTF8.self)
            let input = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
            value["input"] = data.isEmpty ? [String: Any]() : input ?? ["INVALID_JSON": raw]
        case "toolResult":
            if start["toolUseId"] as? String == "" { return nil }
            value["content"] = start["content"] ?? [Any]()
            if start["type"] as? String == "" { value["type"] = nil }
        default:
            if data.isEmpty { return nil }
            value["source"] = ["bytes": data.base64EncodedString()]
        }
        return [kind: value]
    }
}
