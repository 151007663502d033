import Foundation
import Recording

@testable import BedrockCore

/// What a model means to say.
struct MeantAnswer {
    enum Block {
        case reasoning(String, signature: String)
        case redacted(String)
        case text([Unicode.Scalar])
    }

    var blocks: [Block] = []

    var text: [Unicode.Scalar] {
        blocks.flatMap { block -> [Unicode.Scalar] in
            if case .text(let text) = block { text } else { [] }
        }
    }

    /// Words and white space of many scripts.
    static func random(_ random: inout SeededRandom) -> MeantAnswer {
        var answer = MeantAnswer()
        for number in 0..<(1 + random.below(3)) {
            if random.isTrue(oneIn: 3) { answer.blocks.append(.reasoning("so \(number)", signature: "c2ln\(number)")) }
            if random.isTrue(oneIn: 6) { answer.blocks.append(.redacted("cmVk")) }
            answer.blocks.append(.text(text(&random)))
        }
        return answer
    }

    private static func text(_ random: inout SeededRandom) -> [Unicode.Scalar] {
        let letters: [Unicode.Scalar] = ["a", "b", "c", "\"", "\\", "é", "ß", "東", "😀", "\u{301}", "/", "\u{7F}"]
        let spaces = [" ", " ", " ", "\n", "\n\n", "\t", "  ", "\u{3000}", "\u{A0}", "\r\n", "\u{2028} "]
        var text: [Unicode.Scalar] = random.isTrue(oneIn: 3) ? ["\n"] : []
        for _ in 0..<(1 + random.below(8)) {
            for _ in 0...random.below(9) { text.append(letters[random.below(letters.count)]) }
            if !random.isTrue(oneIn: 8) { text += Array(spaces[random.below(spaces.count)].unicodeScalars) }
        }
        return text
    }
}

extension Unicode.Scalar {
    var isSpace: Bool { properties.isWhitespace || 0x1C...0x1F ~= value }
}

/// A model that goes on exactly where the assistant's turn of a request ends.
struct ModelServer {
    /// How a model that is nudged takes up its answer.
    enum Manner: CaseIterable {
        /// The white space that the request's text lacks comes again.
        case resends
        /// It is left out.
        case skips
        /// The end of the text is repeated.
        case repeats
        /// The model reasons anew first.
        case reasons
    }

    let meant: MeantAnswer
    let isAnthropic: Bool
    let asNudge: Bool
    var random: SeededRandom
    var faults: [String] = []

    /// The events of an answer to `body`. `delivered` is what its reader has, in scalars of the text.
    mutating func answer(_ body: Bytes, _ manner: Manner, delivered: Int) -> [Bytes] {
        let spoken = read(body)
        let text = meant.text
        let position = place(behind: spoken, text)
        var lead = Array(text[position..<position])
        var from = position
        if position > 0, manner == .skips, maySkip(text, position, delivered) { from = delivered }
        if position > 0, asNudge, manner == .repeats { lead = repeated(text, position) }
        if position > 0, asNudge, manner != .repeats, looksRepeated(text, position, from) { from = position }
        var blocks = rest(from: from)
        if !lead.isEmpty {
            if case .text(let first)? = blocks.first {
                blocks[0] = .text(lead + first)
            } else {
                blocks.insert(.text(lead), at: 0)
            }
        }
        if manner == .reasons { blocks.insert(.reasoning("again", signature: "YWdhaW4="), at: 0) }
        return written(blocks)
    }

    // MARK: What the request says

    /// The texts of the assistant's turn; the rules of services are checked.
    private mutating func read(_ body: Bytes) -> [Unicode.Scalar] {
        guard let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any],
            var messages = object["messages"] as? [[String: Any]]
        else {
            faults.append("a body without messages")
            return []
        }
        let roles = messages.map { $0["role"] as? String }
        for (role, next) in zip(roles, roles.dropFirst()) where role == next {
            faults.append("two turns of the \(role ?? "unknown")")
        }
        if asNudge, messages.count == 3 { messages.removeLast() }
        guard messages.count == 2, let blocks = messages[1]["content"] as? [[String: Any]] else { return [] }
        if roles.last != (asNudge ? "user" : "assistant") {
            faults.append("the last turn is \(roles.last.flatMap { $0 } ?? "nobody")'s")
        }
        return read(blocks)
    }

    private mutating func read(_ blocks: [[String: Any]]) -> [Unicode.Scalar] {
        var spoken: [Unicode.Scalar] = []
        for (place, block) in blocks.enumerated() {
            guard let text = block["text"] as? String else {
                if place == blocks.count - 1 { faults.append("the last block is reasoning") }
                continue
            }
            let scalars = Array(text.unicodeScalars)
            if scalars.allSatisfy(\.isSpace) { faults.append("a blank block") }
            if place == blocks.count - 1, scalars.last?.isSpace == true { faults.append("white space at the end") }
            spoken += scalars
        }
        return spoken
    }

    /// Where the text goes on. White space between blocks may be missing in what was sent.
    private mutating func place(behind spoken: [Unicode.Scalar], _ text: [Unicode.Scalar]) -> Int {
        var at = 0
        for scalar in spoken where !scalar.isSpace {
            while at < text.count, text[at].isSpace { at += 1 }
            guard at < text.count, text[at] == scalar else {
                faults.append("what was sent is not what was said")
                return 0
            }
            at += 1
        }
        return at
    }

    // MARK: How it goes on

    /// Without the white space between: only where none follows that could be taken for it.
    private func maySkip(_ text: [Unicode.Scalar], _ position: Int, _ delivered: Int) -> Bool {
        delivered >= position && delivered < text.count && !text[delivered].isSpace
            && text[position..<delivered].allSatisfy(\.isSpace)
    }

    /// At least twelve bytes of the end of what was said, from a word's letter on.
    private mutating func repeated(_ text: [Unicode.Scalar], _ position: Int) -> [Unicode.Scalar] {
        let block = textBlock(before: position)
        var start = position - 1
        while start > block.lowerBound, bytes(text[start..<position]) < 12 || random.isTrue(oneIn: 2) { start -= 1 }
        while start < position, text[start].isSpace { start += 1 }
        let lead = Array(text[start..<position])
        if bytes(lead[...]) < 12 || bytes(lead[...]) > 400 { return [] }
        // A longer repeat would be taken for what it is.
        for other in block.lowerBound..<start {
            let longer = text[other..<position]
            if (lead + text[position...]).starts(with: longer) { return [] }
        }
        return lead
    }

    private func looksRepeated(_ text: [Unicode.Scalar], _ position: Int, _ from: Int) -> Bool {
        let block = textBlock(before: position)
        let next = text[from...].drop { $0.isSpace }
        return block.contains { bytes(text[$0..<position]) >= 12 && next.starts(with: text[$0..<position]) }
    }

    private func bytes(_ scalars: ArraySlice<Unicode.Scalar>) -> Int {
        scalars.reduce(0) { $0 + UTF8.width($1) }
    }

    /// The part of the text before `position` that is in its block.
    private func textBlock(before position: Int) -> Range<Int> {
        var start = 0
        for case .text(let text) in meant.blocks {
            if position <= start + text.count { return start..<position }
            start += text.count
        }
        return start..<start
    }

    /// The blocks from a place of the text on. At its start nothing was said.
    private func rest(from position: Int) -> [MeantAnswer.Block] {
        if position == 0 { return meant.blocks }
        var blocks: [MeantAnswer.Block] = []
        var start = 0
        for block in meant.blocks {
            guard case .text(let text) = block else {
                if start >= position { blocks.append(block) }
                continue
            }
            let skipped = max(0, min(position - start, text.count))
            if skipped < text.count { blocks.append(.text(Array(text[skipped...]))) }
            start += text.count
        }
        return blocks
    }
}

// MARK: - As events

extension ModelServer {
    private mutating func written(_ blocks: [MeantAnswer.Block]) -> [Bytes] {
        var events = [isAnthropic ? chunk(#"{"type":"message_start","message":{}}"#) : converse("messageStart", "{}")]
        for (index, block) in blocks.enumerated() { events += written(block, index) }
        if isAnthropic {
            events.append(chunk(#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#))
            events.append(chunk(#"{"type":"message_stop"}"#))
        } else {
            events.append(converse("messageStop", #"{"stopReason":"end_turn"}"#))
        }
        return events
    }

    private mutating func written(_ block: MeantAnswer.Block, _ index: Int) -> [Bytes] {
        let stop =
            isAnthropic
            ? chunk(#"{"type":"content_block_stop","index":\#(index)}"#)
            : converse("contentBlockStop", #"{"contentBlockIndex":\#(index)}"#)
        switch block {
        case .text(let text):
            var pieces: [String] = []
            var at = 0
            while at < text.count {
                let end = min(text.count, at + 1 + random.below(6))
                pieces.append(String(String.UnicodeScalarView(text[at..<end])))
                at = end
            }
            let start = start(index, #"{"type":"text","text":""}"#)
            return start + pieces.map { delta(index, #"{"type":"text_delta","text":\#(quoted($0))}"#, $0) } + [stop]
        case .reasoning(let text, let signature):
            guard isAnthropic else {
                return [
                    delta(index, "", #"{"reasoningContent":{"text":\#(quoted(text))}}"#, isJSON: true),
                    delta(index, "", #"{"reasoningContent":{"signature":"\#(signature)"}}"#, isJSON: true), stop,
                ]
            }
            return start(index, #"{"type":"thinking","thinking":""}"#) + [
                delta(index, #"{"type":"thinking_delta","thinking":\#(quoted(text))}"#, ""),
                delta(index, #"{"type":"signature_delta","signature":"\#(signature)"}"#, ""), stop,
            ]
        case .redacted(let data):
            if isAnthropic { return start(index, #"{"type":"redacted_thinking","data":"\#(data)"}"#) + [stop] }
            return [delta(index, "", #"{"reasoningContent":{"redactedContent":"\#(data)"}}"#, isJSON: true), stop]
        }
    }

    /// Converse announces neither text nor reasoning; some of its kin do.
    private mutating func start(_ index: Int, _ block: String) -> [Bytes] {
        if isAnthropic {
            return [chunk(#"{"type":"content_block_start","index":\#(index),"content_block":\#(block)}"#)]
        }
        return random.isTrue(oneIn: 4)
            ? [converse("contentBlockStart", #"{"start":{},"contentBlockIndex":\#(index)}"#)] : []
    }

    private func delta(_ index: Int, _ anthropic: String, _ text: String, isJSON: Bool = false) -> Bytes {
        if isAnthropic { return chunk(#"{"type":"content_block_delta","index":\#(index),"delta":\#(anthropic)}"#) }
        let json = isJSON ? text : #"{"text":\#(quoted(text))}"#
        return converse("contentBlockDelta", #"{"delta":\#(json),"contentBlockIndex":\#(index),"p":"abc"}"#)
    }

    private func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(Bytes(text.utf8))
        return String(writer.buffer.array)
    }

    private func chunk(_ json: String) -> Bytes { Wire.chunk(json) }
    private func converse(_ type: String, _ json: String) -> Bytes { Wire.event(type, json) }
}
