/// Token counts as the service reports them; -1 where it did not.
public struct Usage: BitwiseCopyable, Equatable, Sendable {
    public var inputTokens: Int64 = -1
    public var outputTokens: Int64 = -1
    public var totalTokens: Int64 = -1
    public var cacheReadInputTokens: Int64 = -1
    public var cacheWriteInputTokens: Int64 = -1
    /// Of the tokens written to the cache, those kept for five minutes, and for an hour.
    public var cacheWrite5mInputTokens: Int64 = -1
    public var cacheWrite1hInputTokens: Int64 = -1

    /// What two attempts used; what neither reported stays -1.
    static func + (first: Usage, second: Usage) -> Usage {
        var both = Usage()
        both.inputTokens = sum(first.inputTokens, second.inputTokens)
        both.outputTokens = sum(first.outputTokens, second.outputTokens)
        both.totalTokens = sum(first.totalTokens, second.totalTokens)
        both.cacheReadInputTokens = sum(first.cacheReadInputTokens, second.cacheReadInputTokens)
        both.cacheWriteInputTokens = sum(first.cacheWriteInputTokens, second.cacheWriteInputTokens)
        both.cacheWrite5mInputTokens = sum(first.cacheWrite5mInputTokens, second.cacheWrite5mInputTokens)
        both.cacheWrite1hInputTokens = sum(first.cacheWrite1hInputTokens, second.cacheWrite1hInputTokens)
        return both
    }

    /// The numbers are the service's and may be anything.
    private static func sum(_ first: Int64, _ second: Int64) -> Int64 {
        if first < 0 { return second }
        if second < 0 { return first }
        let (sum, isTooLarge) = first.addingReportingOverflow(second)
        return isTooLarge ? .max : sum
    }
}

/// What can be too large about an answer.
enum AnswerLimit {
    case text, toolInput, toolName, toolCount, blockCount, event

    var message: String {
        switch self {
        case .text: "the answer's text has more than \(Limits.answerLength) bytes"
        case .toolInput: "the input of open tool calls has more than \(Limits.answerLength) bytes"
        case .toolName: "a tool call's name or id has more than \(Limits.toolNameLength) bytes"
        case .toolCount: "more than \(Limits.blockCount) tool calls are open"
        case .blockCount: "the answer has more than \(Limits.blockCount) content blocks"
        case .event: "an event has more than \(Limits.messageLength) bytes"
        }
    }
}

/// What an answer has come to so far.
public struct Answer: ~Copyable {
    /// All text deltas joined.
    public var text = ByteBuffer(limit: Limits.answerLength)
    public var stopReason = StopReason.none
    public var stopReasonText = ByteBuffer(limit: Limits.errorTextLength)
    /// What the attempt that runs has reported.
    var attemptUsage = Usage()
    /// What those before it had reported.
    private var earlierUsage = Usage()
    public var serverLatencyMs: Int64 = -1
    /// The metadata event's payload, or the invocation metrics of an invoke route.
    public var metadata = ByteBuffer(limit: Limits.messageLength)
    /// Deltas handed over, those of an answer that began anew since included.
    public var delivered: UInt64 = 0
    private var deliveredBefore: UInt64 = 0
    /// How much of `text` belongs to earlier rounds.
    private var earlierLength = 0
    /// The event that completes an answer came.
    public var isComplete = false

    init() {}

    /// Token counts of all attempts.
    public var usage: Usage { earlierUsage + attemptUsage }
    /// Deltas handed over since the answer began, or began anew.
    public var deliveredSinceStart: UInt64 { delivered &- deliveredBefore }

    /// Another attempt goes on where this one was cut.
    mutating func goOn() {
        earlierUsage = usage
        attemptUsage = Usage()
        isComplete = false
        stopReason = .none
        stopReasonText.removeAll()
    }

    /// Another attempt answers from the beginning.
    mutating func restart() {
        goOn()
        text.truncate(to: earlierLength)
        metadata.removeAll()
        serverLatencyMs = -1
        deliveredBefore = delivered
    }

    /// Another answer follows in the same stream: what this one came to stays.
    mutating func nextRound() {
        goOn()
        earlierLength = text.count
        metadata.removeAll()
        serverLatencyMs = -1
        deliveredBefore = delivered
    }

    mutating func stop(_ word: Span<UInt8>) {
        stopReason = StopReason(word)
        stopReasonText.removeAll()
        stopReasonText.append(word)
    }

    mutating func keepMetadata(_ json: Span<UInt8>) {
        metadata.removeAll()
        metadata.append(json)
    }

    mutating func terminateTexts() {
        text.terminate()
        stopReasonText.terminate()
        metadata.terminate()
    }
}
