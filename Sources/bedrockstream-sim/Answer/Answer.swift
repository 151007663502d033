/// What the model says, in the order it is streamed.
struct Answer {
    struct ToolCall {
        var id: String
        var name: String
        var input: JSONValue
        /// The input's JSON text as it is streamed.
        var pieces: Pieces
        /// The service runs the tool itself.
        var isServerTool = false
    }

    /// What a tool answered that the service ran.
    struct ServerResult {
        var id: String
        /// Each a `{"text": ...}` or a `{"json": ...}`, streamed in a delta of its own.
        var content: [JSONValue]
        var isError = false
    }

    struct Image {
        var format = "png"
        /// The bytes, as they are streamed: pieces may end anywhere.
        var pieces: [[UInt8]]
        /// What kept the image from being made, told last.
        var error: String?
    }

    enum Block {
        case text(Pieces, citations: [Citation])
        /// No signature: the model gives none.
        case reasoning(Pieces, signature: String?)
        /// Base64 of what only the model can read.
        case redacted(String)
        case tool(ToolCall)
        case toolResult(ServerResult)
        case image(Image)

        /// How many deltas the block is streamed in.
        var deltaCount: Int {
            switch self {
            case .text(let pieces, let citations): pieces.count + citations.count
            case .reasoning(let pieces, let signature): pieces.count + (signature == nil ? 0 : 1)
            case .tool(let call): call.pieces.count
            case .redacted: 1
            case .toolResult(let result): result.content.count
            case .image(let image): image.pieces.count + (image.error == nil ? 0 : 1)
            }
        }

        /// The tool that the caller is asked to run.
        var clientTool: ToolCall? {
            guard case .tool(let call) = self, !call.isServerTool else { return nil }
            return call
        }
    }

    var blocks: [Block] = []
    var stopReason = "end_turn"
    /// The sequence of the request that came up.
    var stopSequence: String?
    var inputTokens = 0
    var outputTokens = 0
    /// Input tokens that came from the cache, beside `inputTokens`, and as many that went there for five minutes.
    var cachedTokens: Int?
    /// Input tokens that went to the cache for an hour, beside all others.
    var hourTokens: Int?
    /// Further members of the metadata.
    var metadata: [(String, JSONValue)] = []
    /// Further members beside the stop reason.
    var additionalFields: JSONValue?
    /// What a guardrail did, in the word of the invoke routes; nil: none was asked for.
    var guardrailAction: String?

    /// All the text, for formats that know nothing else.
    var text: [UInt8] {
        blocks.flatMap { block in
            if case .text(let pieces, _) = block { return pieces.text }
            return []
        }
    }

    /// All the reasoning.
    var reasoning: [UInt8] {
        blocks.flatMap { block in
            if case .reasoning(let pieces, _) = block { return pieces.text }
            return []
        }
    }

    var clientTools: [ToolCall] { blocks.compactMap { $0.clientTool } }

    var citations: [Citation] {
        blocks.flatMap { block in
            if case .text(_, let citations) = block { return citations }
            return []
        }
    }

    /// How many of the tools before this block the caller is asked to run.
    func toolIndex(ofBlock block: Int) -> Int { blocks[..<block].count { $0.clientTool != nil } }

    /// How many pieces have been streamed up to this delta, itself included.
    func pieceCount(upTo block: Int, _ at: Int) -> Int {
        blocks[..<block].reduce(at + 1) { $0 + $1.deltaCount }
    }
}

/// Where the source of a cited passage is.
enum Citation: String, CaseIterable {
    case web, char, page, chunk, search
}

/// A place in the stream of an answer.
enum Step {
    case messageStart
    case blockStart(Int)
    case delta(block: Int, at: Int)
    case blockStop(Int)
    case messageStop
    case metadata
}

/// Walks an answer.
struct StepCursor {
    private let deltaCounts: [Int]
    private var block = -1
    private var delta = -1
    private var ended = 0

    init(_ answer: Answer) {
        deltaCounts = answer.blocks.map { $0.deltaCount }
    }

    mutating func next() -> Step? {
        if block < 0 {
            block = 0
            return .messageStart
        }
        guard block < deltaCounts.count else {
            ended += 1
            return ended == 1 ? .messageStop : ended == 2 ? .metadata : nil
        }
        defer { delta += 1 }
        if delta < 0 { return .blockStart(block) }
        if delta < deltaCounts[block] { return .delta(block: block, at: delta) }
        defer {
            block += 1
            delta = -2
        }
        return .blockStop(block)
    }
}
