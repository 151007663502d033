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

    enum Block {
        case text(Pieces, isCited: Bool)
        case reasoning(Pieces, signature: String)
        /// Base64 of what only the model can read.
        case redacted(String)
        case tool(ToolCall)
        case toolResult(id: String, text: String)
        /// Base64 of a PNG.
        case image(String)

        /// How many deltas the block is streamed in.
        var deltaCount: Int {
            switch self {
            case .text(let pieces, let isCited): pieces.count + (isCited ? 1 : 0)
            case .reasoning(let pieces, _): pieces.count + 1
            case .tool(let call): call.pieces.count
            case .redacted, .toolResult, .image: 1
            }
        }
    }

    var blocks: [Block] = []
    var stopReason = "end_turn"
    /// The sequence of the request that came up.
    var stopSequence: String?
    var inputTokens = 0
    var outputTokens = 0
    /// Input tokens that came from the cache, beside `inputTokens`.
    var cachedTokens: Int?
    /// Further members of the metadata.
    var metadata: [(String, JSONValue)] = []
    /// Further members beside the stop reason.
    var additionalFields: JSONValue?

    /// All the text, for formats that know nothing else.
    var text: [UInt8] {
        blocks.flatMap { block in
            if case .text(let pieces, _) = block { return pieces.text }
            return []
        }
    }
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
