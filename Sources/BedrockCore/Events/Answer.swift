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
    case length, toolName, toolCount, blockCount, event

    var message: Message {
        switch self {
        case .length: "the answer's content has more than \(Limits.answerLength) bytes"
        case .toolName: "a tool call's name or id has more than \(Limits.toolNameLength) bytes"
        case .toolCount: "more than \(Limits.blockCount) tool calls are open"
        case .blockCount: "the answer has more than \(Limits.blockCount) content blocks"
        case .event: "an event has more than \(Limits.messageLength) bytes"
        }
    }
}

/// What an answer has come to so far, beside its content, which is the transcript's.
public struct Answer: ~Copyable {
    /// The text of finished rounds.
    var earlierText = ByteBuffer()
    public var stopReason = StopReason.none
    public var stopReasonText = ByteBuffer(limit: Limits.errorTextLength)
    /// What the attempt that runs has reported.
    var attemptUsage = Usage()
    /// What those before it had reported, and of these those of finished rounds.
    private var earlierUsage = Usage()
    private var finishedUsage = Usage()
    public var serverLatencyMs: Int64 = -1
    /// The metadata event's payload, or the invocation metrics of an invoke route.
    public var metadata = ByteBuffer(limit: Limits.messageLength)
    // What the service says of itself and of the model; empty where it does not. The last two are JSON.
    var answeredModelID = ByteBuffer(limit: Limits.messageLength)
    var serviceTier = ByteBuffer(limit: Limits.messageLength)
    var performanceLatency = ByteBuffer(limit: Limits.messageLength)
    var trace = ByteBuffer(limit: Limits.messageLength)
    var additionalFields = ByteBuffer(limit: Limits.messageLength)
    /// Deltas handed over, those of an answer that began anew since included.
    public var delivered: UInt64 = 0
    private var deliveredBefore: UInt64 = 0
    /// The event that completes an answer came.
    public var isComplete = false

    init() {}

    /// Token counts of all attempts.
    public var usage: Usage { earlierUsage + attemptUsage }
    /// Deltas handed over since the answer began, or began anew.
    public var deliveredSinceStart: UInt64 { delivered &- deliveredBefore }

    /// Something was lost for want of room or memory.
    var isExhausted: Bool {
        metadata.isExhausted || answeredModelID.isExhausted || serviceTier.isExhausted
            || performanceLatency.isExhausted || trace.isExhausted || additionalFields.isExhausted
    }

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
        forgetMetadata()
        deliveredBefore = delivered
    }

    /// The same, and nothing of the attempt before it counts.
    mutating func beginAgain() {
        restart()
        earlierUsage = finishedUsage
    }

    /// The answer is finished, and another one follows.
    mutating func finishRound(_ transcript: borrowing Transcript) {
        transcript.appendText(to: &earlierText)
        restart()
        finishedUsage = earlierUsage
    }

    private mutating func forgetMetadata() {
        serverLatencyMs = -1
        metadata.removeAll()
        answeredModelID.removeAll()
        serviceTier.removeAll()
        performanceLatency.removeAll()
        trace.removeAll()
        additionalFields.removeAll()
    }

    mutating func stop(_ word: Span<UInt8>) {
        stopReason = StopReason(word)
        stopReasonText.replace(with: word)
    }

    mutating func keepMetadata(_ json: Span<UInt8>) { metadata.replace(with: json) }

    mutating func terminateTexts() {
        stopReasonText.terminate()
        metadata.terminate()
        answeredModelID.terminate()
        serviceTier.terminate()
        performanceLatency.terminate()
        trace.terminate()
        additionalFields.terminate()
    }
}

extension ByteBuffer {
    mutating func replace(with bytes: Span<UInt8>) {
        removeAll()
        append(bytes)
    }
}
