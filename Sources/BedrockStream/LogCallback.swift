import BedrockCore
import CBedrockStream

/// Hands log lines to the host.
final class LogCallback: LogSink {
    let most: LogLevel
    private let callback: brs_on_log
    private let user: UnsafeMutableRawPointer?

    init(_ most: LogLevel, _ callback: @escaping brs_on_log, _ user: UnsafeMutableRawPointer?) {
        self.most = most
        self.callback = callback
        self.user = user
    }

    func write(_ level: LogLevel, _ message: Message) {
        (message.bytes + [0]).withUnsafeBytes { text in
            let start = text.baseAddress?.assumingMemoryBound(to: CChar.self)
            callback(user, brs_log_level(level.rawValue), start, text.count - 1)
        }
    }
}
