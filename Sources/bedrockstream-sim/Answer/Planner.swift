/// Makes an answer from a request. Nothing here knows a clock or a socket.
struct Planner {
    private let prompt: Prompt
    private let knobs: Knobs

    static func plan(_ prompt: Prompt, _ knobs: Knobs) -> Answer {
        var answer = Planner(prompt: prompt, knobs: knobs).answer()
        answer.inputTokens = prompt.inputTokens
        answer.limit(to: prompt.maxTokens)
        if knobs.tool == .broken { answer.breakLastTool() }
        if let reason = knobs.stop { answer.stopReason = reason }
        answer.cachedTokens = knobs.cached
        answer.hourTokens = knobs.cachedForAnHour
        answer.metadata = prompt.metadata
        if let trace = GuardrailTrace.members(prompt, knobs) { answer.metadata.append(("trace", trace)) }
        if knobs.guardrail || prompt.wantsTrace { answer.guardrailAction = knobs.guardrail ? "INTERVENED" : "NONE" }
        answer.additionalFields = fields(answer, prompt, knobs)
        return answer
    }

    private static func fields(_ answer: Answer, _ prompt: Prompt, _ knobs: Knobs) -> JSONValue? {
        guard prompt.wantsStopSequence || knobs.fields else { return nil }
        let sequence: [(String, JSONValue)] =
            prompt.wantsStopSequence ? [("stop_sequence", .optional(answer.stopSequence))] : []
        let more: JSONValue = ["model": "sim", "nested": ["list": [1, "two", .null], "ratio": .number("2.5")]]
        return .object(sequence + (knobs.fields ? more.members ?? [] : []))
    }

    private func answer() -> Answer {
        var answer = Answer()
        if knobs.guardrail {
            answer.blocks = [.text(Pieces(words: "Sorry, this cannot be answered here."), citations: [])]
            answer.stopReason = "guardrail_intervened"
            return answer
        }
        if let count = knobs.reasoning {
            let thought = Pieces([Array("The".utf8), Array(" user".utf8)], count: count, size: nil)
            answer.blocks.append(.reasoning(thought, signature: knobs.isUnsigned ? nil : Self.signature))
        }
        if knobs.redacted { answer.blocks.append(.redacted("cmVkYWN0ZWQgcmVhc29uaW5n")) }
        if knobs.serverTool { appendServerTool(to: &answer) }
        let tools = toolsToCall
        if tools.isEmpty {
            appendText(to: &answer)
        } else {
            callTools(tools, in: &answer)
        }
        if knobs.image || knobs.hasImageError { answer.blocks.append(.image(image)) }
        return answer
    }

    /// What the model signs its reasoning with; it takes back no other.
    static let signature = "c2lnbmF0dXJlLW9mLXRoZS1yZWFzb25pbmc="

    private var image: Answer.Image {
        let bytes = knobs.image ? Self.onePixel : []
        let size = max((bytes.count + knobs.imagePieces - 1) / knobs.imagePieces, 1)
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        return Answer.Image(pieces: pieces, error: knobs.hasImageError ? "The image could not be made." : nil)
    }

    /// A PNG of one pixel.
    private static let onePixel: [UInt8] = [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00,
        0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1F, 0x15, 0xC4, 0x89, 0x00, 0x00, 0x00,
        0x0D, 0x49, 0x44, 0x41, 0x54, 0x78, 0xDA, 0x63, 0x64, 0xF8, 0xCF, 0x50, 0x0F, 0x00, 0x03, 0x86, 0x01, 0x80,
        0x5A, 0x34, 0x7D, 0x6B, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
    ]
}

// MARK: - Text

extension Planner {
    private func appendText(to answer: inout Answer) {
        var pieces = textPieces
        if let spoken = prompt.spoken, let rest = Self.rest(of: pieces.text, after: spoken) {
            pieces = Pieces(words: rest)
        }
        if let (kept, sequence) = firstStop(in: pieces) {
            pieces = Pieces(words: kept)
            answer.stopReason = "stop_sequence"
            answer.stopSequence = sequence
        }
        answer.blocks.append(.text(pieces, citations: citations))
    }

    private var citations: [Citation] {
        if let kind = knobs.cite { return Citation(rawValue: kind.rawValue).map { [$0] } ?? Citation.allCases }
        return knobs.citation ? [.web] : []
    }

    private var textPieces: Pieces {
        var head = Self.split(wording)
        if let size = knobs.huge { head.insert(Filler.bytes(from: 0, count: size), at: min(1, head.count)) }
        if let count = knobs.pieces, count <= head.count { head.removeLast(head.count - count) }
        return Pieces(head, count: knobs.pieces, size: knobs.piece)
    }

    private static func split(_ text: String) -> [[UInt8]] {
        let pieces = Pieces(words: text)
        return (0..<pieces.count).map { pieces[$0] }
    }

    /// What is said to the request.
    private var wording: String {
        if let text = knobs.text { return text }
        if knobs.echo { return prompt.userText }
        let results = prompt.toolResults.joined(separator: "; ")
        var text = prompt.toolResults.isEmpty ? reply : "The tool answered: " + results
        if knobs.unicode { text += " Grüße, 東京, مرحبا, 👩‍👩‍👧 and 🎈, a \"quote\", a \\ and a tab\t." }
        return text + "\n\nMore:" + Filler.paragraph(words: knobs.words ?? 24, seed: Array(prompt.userText.utf8))
    }

    private var reply: String {
        let said = String(prompt.userText.prefix(2000))
        let words = said.split { $0.isWhitespace }
        let backwards = words.reversed().joined(separator: " ")
        let count = words.count == 1 ? "1 word" : "\(words.count) words"
        return "You said: \(said)\n\nThat is \(count), and backwards: \(backwards)"
    }

    /// What is left of `text` when `spoken` has been said; nil when it is no beginning of it.
    private static func rest(of text: [UInt8], after spoken: String) -> String? {
        let spoken = Array(spoken.utf8)
        guard !spoken.isEmpty, text.count >= spoken.count, text[0..<spoken.count] == spoken[...] else { return nil }
        return String(decoding: text[spoken.count...], as: UTF8.self)
    }

    /// The text before the stop sequence that comes up first.
    private func firstStop(in pieces: Pieces) -> (kept: String, sequence: String)? {
        guard !prompt.stopSequences.isEmpty else { return nil }
        let text = pieces.text
        var best: (at: Int, sequence: String)?
        for sequence in prompt.stopSequences {
            guard let at = text.firstRange(of: Array(sequence.utf8))?.lowerBound else { continue }
            if best.map({ at < $0.at }) ?? true { best = (at, sequence) }
        }
        return best.map { (String(decoding: text[..<$0.at], as: UTF8.self), $0.sequence) }
    }
}

// MARK: - Tools

extension Planner {
    /// The tools that the answer calls; none when it is a text.
    private var toolsToCall: [Prompt.Tool] {
        if case .none = prompt.toolChoice { return [] }
        if prompt.tools.isEmpty || knobs.tool == .never { return [] }
        if case .named(let name) = prompt.toolChoice { return prompt.tools.filter { $0.name == name } }
        let hasEnough =
            knobs.rounds.map { prompt.toolRounds >= $0 } ?? (prompt.toolResultCount >= knobs.turns)
        let isDone = !prompt.toolResults.isEmpty && hasEnough
        if case .auto = prompt.toolChoice, isDone, knobs.tool != .always { return [] }
        return (0..<min(knobs.tools, 64)).map { prompt.tools[$0 % prompt.tools.count] }
    }

    private func callTools(_ tools: [Prompt.Tool], in answer: inout Answer) {
        let names = tools.map { String($0.name.prefix(64)) }.joined(separator: " and ")
        answer.blocks.append(.text(Pieces(words: "I will ask \(names) for that."), citations: []))
        for tool in tools {
            let isEmpty = knobs.tool == .empty
            let input = isEmpty ? [:] : ToolInput(userText: prompt.userText, root: tool.schema).value()
            answer.blocks.append(
                .tool(
                    Answer.ToolCall(
                        id: Self.toolUseID(), name: tool.name, input: input,
                        pieces: Pieces(isEmpty ? [[]] : Self.fragments(input.bytes)))))
        }
        answer.stopReason = "tool_use"
    }

    private func appendServerTool(to answer: inout Answer) {
        let id = Self.toolUseID()
        let input: JSONValue = ["query": .string(prompt.userText)]
        answer.blocks.append(
            .tool(
                Answer.ToolCall(
                    id: id, name: "nova_grounding", input: input, pieces: Pieces(Self.fragments(input.bytes)),
                    isServerTool: true)))
        answer.blocks.append(.toolResult(serverResult(id)))
    }

    private func serverResult(_ id: String) -> Answer.ServerResult {
        let text: JSONValue = ["text": "1 result"]
        let json: JSONValue = ["json": ["results": [["url": "https://example.com/rivers", "rank": 1]]]]
        switch knobs.serverResult {
        case .text: return Answer.ServerResult(id: id, content: [text])
        case .json: return Answer.ServerResult(id: id, content: [json])
        case .both: return Answer.ServerResult(id: id, content: [text, json])
        case .error: return Answer.ServerResult(id: id, content: [["text": "no result"]], isError: true)
        }
    }

    static func toolUseID() -> String { "tooluse_" + randomID(22) }

    static func randomID(_ length: Int) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<length).map { _ in letters[Int.random(in: 0..<letters.count)] })
    }

    /// As models stream it: an empty piece, then some bytes each, which may end anywhere between two characters.
    private static func fragments(_ json: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = [[]]
        var at = 0
        while at < json.count {
            var end = min(at + 5 + pieces.count % 7, json.count)
            while end < json.count, json[end] & 0xC0 == 0x80 { end += 1 }
            pieces.append(Array(json[at..<end]))
            at = end
        }
        return pieces
    }
}

// MARK: - Limits

extension Answer {
    /// Cuts at `maxTokens` pieces, wherever that is, and counts what is left.
    fileprivate mutating func limit(to maxTokens: Int?) {
        var left = maxTokens ?? .max
        var kept: [Block] = []
        for block in blocks where left > 0 {
            kept.append(block.keepingFirst(left))
            left -= min(left, block.tokenCount)
        }
        let all = blocks.reduce(0) { $0 + $1.tokenCount }
        if let maxTokens, all > maxTokens {
            stopReason = "max_tokens"
            stopSequence = nil
            blocks = kept
        }
        outputTokens = min(all, maxTokens ?? .max)
    }

    /// Leaves half of the last tool call's input, as a model does that ran into its limit.
    fileprivate mutating func breakLastTool() {
        guard case .tool(var call) = blocks.last else { return }
        call.pieces.keepFirst(max(call.pieces.count / 2, 2))
        blocks[blocks.count - 1] = .tool(call)
        stopReason = "max_tokens"
    }
}

extension Answer.Block {
    fileprivate var tokenCount: Int {
        switch self {
        case .text(let pieces, _), .reasoning(let pieces, _): pieces.count
        case .tool(let call): call.pieces.count
        case .redacted, .toolResult, .image: 1
        }
    }

    fileprivate func keepingFirst(_ count: Int) -> Answer.Block {
        switch self {
        case .text(var pieces, let citations):
            pieces.keepFirst(count)
            return .text(pieces, citations: citations)
        case .reasoning(var pieces, let signature):
            pieces.keepFirst(count)
            return .reasoning(pieces, signature: signature)
        case .tool(var call):
            call.pieces.keepFirst(count)
            return .tool(call)
        case .redacted, .toolResult, .image: return self
        }
    }
}

extension Array where Element == UInt8 {
    /// The first place where `other`, which is not empty, occurs.
    fileprivate func firstRange(of other: [UInt8]) -> Range<Int>? {
        guard let first = other.first, other.count <= count else { return nil }
        for at in 0...(count - other.count) where self[at] == first && self[at..<at + other.count] == other[...] {
            return at..<at + other.count
        }
        return nil
    }
}
