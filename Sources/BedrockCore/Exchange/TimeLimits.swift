/// The four limits of a stream, in nanoseconds; 0 means none.
public struct TimeLimits: Equatable, Sendable {
    public var connect: Int64 = 0
    public var firstByte: Int64 = 0
    public var betweenBytes: Int64 = 0
    public var total: Int64 = 0

    public init() {}
}

/// What happened when, on the clock that the edge reads; 0 means not yet.
struct Timeline {
    var opened: Int64
    var started: Int64 = 0
    var connected: Int64 = 0
    var firstByte: Int64 = 0
    var firstDelta: Int64 = 0
    var ended: Int64 = 0
    /// The last byte from the server, or the moment the caller let the transfer go on.
    var lastByte: Int64 = 0
    /// The caller holds the transfer back: silence is not the server's.
    var isPaused = false

    init(opened: Int64) {
        self.opened = opened
    }

    /// For the next request; when the first delta came stays.
    mutating func renew() {
        (started, connected, firstByte, lastByte, ended) = (0, 0, 0, 0, 0)
    }

    /// Which limit is running, since when, and how long it is. The shortest that remains decides.
    func running(_ limits: TimeLimits) -> (limit: Limit, since: Int64, length: Int64)? {
        var nearest: (limit: Limit, since: Int64, length: Int64)?
        func consider(_ limit: Limit, _ since: Int64, _ length: Int64) {
            guard length > 0 else { return }
            if let known = nearest, known.since &+ known.length <= since &+ length { return }
            nearest = (limit, since, length)
        }
        consider(.total, opened, limits.total)
        guard started > 0 else { return nearest }
        if firstByte > 0 {
            if !isPaused { consider(.betweenBytes, lastByte, limits.betweenBytes) }
        } else if connected > 0 {
            consider(.firstByte, connected, limits.firstByte)
        } else {
            consider(.connect, started, limits.connect)
        }
        return nearest
    }

    /// Microseconds from the opening to `moment`; -1 where that never came.
    func microseconds(to moment: Int64) -> Int64 {
        moment == 0 ? -1 : max(moment &- opened, 0) / 1000
    }
}

enum Limit {
    case connect, firstByte, betweenBytes, total, tool

    var code: ErrorCode {
        switch self {
        case .connect: .timeoutConnect
        case .firstByte: .timeoutFirstByte
        case .betweenBytes: .timeoutBetweenBytes
        case .total: .timeoutTotal
        case .tool: .timeoutTool
        }
    }

    var key: String {
        switch self {
        case .connect: "timeout.connect_ms"
        case .firstByte: "timeout.first_byte_ms"
        case .betweenBytes: "timeout.between_bytes_ms"
        case .total: "timeout.total_ms"
        case .tool: "timeout.tool_ms"
        }
    }

    var missing: String {
        switch self {
        case .connect: "no connection"
        case .firstByte: "no response"
        case .betweenBytes: "no byte from the server"
        case .total: "the stream did not end"
        case .tool: "no result of a tool call"
        }
    }
}
