/// The limits of a stream, in nanoseconds; 0 means none.
public struct TimeLimits: Equatable, Sendable {
    public var connect: Int64 = 0
    public var firstByte: Int64 = 0
    public var betweenBytes: Int64 = 0
    public var total: Int64 = 0
    /// For the wait before the first attempt, where a client limits itself.
    public var queue: Int64 = 0

    public init() {}
}

enum Limit {
    case connect, firstByte, betweenBytes, total, tool, queue

    var code: ErrorCode {
        switch self {
        case .connect: .timeoutConnect
        case .firstByte: .timeoutFirstByte
        case .betweenBytes: .timeoutBetweenBytes
        case .total: .timeoutTotal
        case .tool: .timeoutTool
        case .queue: .timeoutQueue
        }
    }

    var key: StaticString {
        switch self {
        case .connect: "timeout.connect_ms"
        case .firstByte: "timeout.first_byte_ms"
        case .betweenBytes: "timeout.between_bytes_ms"
        case .total: "timeout.total_ms"
        case .tool: "timeout.tool_ms"
        case .queue: "limit.queue_ms"
        }
    }

    var missing: StaticString {
        switch self {
        case .connect: "no connection"
        case .firstByte: "no response"
        case .betweenBytes: "no byte from the server"
        case .total: "the stream did not end"
        case .tool: "no result of a tool call"
        case .queue: "the stream could not begin"
        }
    }
}
