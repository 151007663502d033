/// What an event is; the numbers of `brs_event_kind`.
public enum EventKind: Int32, CaseIterable, BitwiseCopyable, Sendable {
    case messageStart = 1
    case blockStart = 2
    case delta = 3
    case blockStop = 4
    case messageStop = 5
    case metadata = 6
    case tool = 7
    case stop = 8
    case error = 9
    case retry = 10
    case restart = 11
    case continuation = 12
    case fallback = 13
    case toolWaiting = 14
    case toolAnswered = 15
    case other = 99
}

/// What a content block is, as far as its start tells; but for `unknown` the numbers of `brs_block_kind`.
public enum BlockKind: Int32, CaseIterable, BitwiseCopyable, Sendable {
    /// It did not say: Converse announces neither text nor reasoning.
    case unknown = 0
    case text = 1
    case reasoning = 2
    case toolUse = 3
    case toolResult = 4
    case image = 5
    /// What is not known yet.
    case other = 99
}

/// What a delta carries; the numbers of `brs_delta_kind`.
public enum DeltaKind: Int32, CaseIterable, BitwiseCopyable, Sendable {
    case text = 1
    case reasoning = 2
    case reasoningSignature = 3
    case reasoningRedacted = 4
    case toolInput = 5
    case toolResult = 6
    case citation = 7
    case image = 8
    case other = 99
}

/// Why the model stopped; the numbers of `brs_stop_reason`.
public enum StopReason: Int32, CaseIterable, BitwiseCopyable, Sendable {
    case none = 0
    case endTurn = 1
    case toolUse = 2
    case maxTokens = 3
    case stopSequence = 4
    case guardrail = 5
    case contentFiltered = 6
    case malformedOutput = 7
    case malformedToolUse = 8
    case contextExceeded = 9
    case refusal = 10
    case pauseTurn = 11
    case other = 99

    /// The reason for a word of the service: those of Converse, and those that the families of the invoke route use for
    /// the same.
    public init(_ word: Span<UInt8>) {
        if word.isEqual(to: "end_turn") {
            self = .endTurn
        } else if word.isEqual(to: "tool_use") {
            self = .toolUse
        } else if word.isEqual(to: "max_tokens") {
            self = .maxTokens
        } else if word.isEqual(to: "stop_sequence") {
            self = .stopSequence
        } else {
            self = StopReason(rare: word)
        }
    }

    private init(rare word: Span<UInt8>) {
        let words: [(StaticString, StopReason)] = [
            // Converse and Anthropic Messages.
            ("guardrail_intervened", .guardrail), ("content_filtered", .contentFiltered),
            ("malformed_model_output", .malformedOutput), ("malformed_tool_use", .malformedToolUse),
            ("model_context_window_exceeded", .contextExceeded), ("refusal", .refusal), ("pause_turn", .pauseTurn),
            // Chat completion and what is like it: DeepSeek, Qwen, gpt-oss, Mistral, AI21, Llama.
            ("stop", .endTurn), ("length", .maxTokens), ("tool_calls", .toolUse), ("function_call", .toolUse),
            ("content_filter", .contentFiltered), ("model_length", .contextExceeded), ("endoftext", .endTurn),
            // Titan.
            ("FINISH", .endTurn), ("FINISHED", .endTurn), ("LENGTH", .maxTokens), ("STOP_CRITERIA_MET", .stopSequence),
            ("CONTENT_FILTERED", .contentFiltered),
            // Cohere.
            ("COMPLETE", .endTurn), ("MAX_TOKENS", .maxTokens), ("STOP_SEQUENCE", .stopSequence),
            ("TOOL_CALL", .toolUse), ("ERROR_LIMIT", .contextExceeded), ("ERROR_TOXIC", .contentFiltered),
        ]
        for (name, reason) in words where word.isEqual(to: name) {
            self = reason
            return
        }
        self = word.isEmpty ? .none : .other
    }

    /// The answer was cut off at a limit of tokens.
    public var isTruncation: Bool { self == .maxTokens || self == .contextExceeded }
    /// A guardrail, a filter or the model refused.
    public var isRefusal: Bool { self == .guardrail || self == .contentFiltered || self == .refusal }
}

/// A place in an event's scratch memory, with a NUL behind it.
public struct Slice: BitwiseCopyable, Sendable {
    // Narrow, as events are copied: no memory that slices are of may grow beyond 2 GiB.
    private var low: UInt32
    private var length: UInt32
    public var start: Int { Int(low) }
    public var count: Int { Int(length) }

    init(start: Int = 0, count: Int = 0) {
        low = UInt32(truncatingIfNeeded: start)
        length = UInt32(truncatingIfNeeded: count)
    }

    var range: Range<Int> { start..<(start &+ count) }
}

/// One event with its texts as places in the scratch memory of the decoder that made it.
public struct StreamEvent: BitwiseCopyable, Sendable {
    public var kind = EventKind.other
    public var hasDelta = false
    public var deltaKind = DeltaKind.other
    public var blockIndex: Int32 = -1
    /// The wire's name and payload; empty unless raw events are wanted.
    public var type = Slice()
    public var json = Slice()
    /// The delta's text, or the tool's input.
    public var text = Slice()
    public var toolID = Slice()
    public var toolName = Slice()
    public var isServerTool = false
    public var isValidTool = false
    /// Of a block's start: what the block is, and the wire's word for it.
    public var blockKind = BlockKind.unknown
    public var blockType = Slice()
    /// Of the start of a tool's result: the tool failed.
    public var isErrorResult = false
    /// A complete call that somebody else than the service has to carry out.
    public var isClientCall: Bool { kind == .tool && !isServerTool }
    /// Which answer of the stream it belongs to.
    public var round: UInt32 = 0

    public init(kind: EventKind = .other) {
        self.kind = kind
    }
}
