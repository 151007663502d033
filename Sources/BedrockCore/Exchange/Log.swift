/// How much a log line matters; the numbers of `brs_log_level`.
public enum LogLevel: UInt32, Sendable {
    case none = 0
    case error = 1
    case warning = 2
    case info = 3
    case debug = 4
}

/// Where log lines go. Called on the client's thread.
public protocol LogSink: AnyObject {
    /// The least important lines that are wanted.
    var most: LogLevel { get }
    func write(_ level: LogLevel, _ message: Message)
}

extension SharedState {
    func wantsLog(_ level: LogLevel) -> Bool {
        guard let log else { return false }
        return level.rawValue <= log.most.rawValue
    }

    /// Writes a line where it is wanted; else it is not even made. What a service says of a signature may show the
    /// headers that it was made of.
    @inline(never)
    public func log(_ level: LogLevel, _ message: () -> Message) {
        guard let log, wantsLog(level) else { return }
        log.write(level, Redaction.line(message().bytes.span))
    }
}
