/// Token counts as the service reports them; -1 where it did not.
public struct Usage: BitwiseCopyable, Equatable, Sendable {
    public var inputTokens: Int64 = -1
    public var outputTokens: Int64 = -1
    public var totalTokens: Int64 = -1
    public var cacheReadInputTokens: Int64 = -1
    public var cacheWriteInputTokens: Int64 = -1
}

/// What can be too large about an answer.
enum AnswerLimit {
    case text, toolInput, toolName, toolCount, event

    var message: String {
        switch self {
        case .text: "the answer's text has more than \(Limits.answerLength) bytes"
        case .toolInput: "the input of open tool calls has more than \(Limits.answerLength) bytes"
        case .toolName: "a tool call's name or id has more than \(Limits.toolNameLength) bytes"
        case .toolCount: "more than \(Limits.blockCount) tool calls are open"
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
    public var usage = Usage()
    public var serverLatencyMs: Int64 = -1
    /// The metadata event's payload, or the invocation metrics of an invoke route.
    public var metadata = ByteBuffer(limit: Limits.messageLength)
    /// Deltas handed over.
    public var delivered: UInt64 = 0
    /// The event that completes an answer came.
    public var isComplete = false

    init() {}

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
