import BedrockCore
import CSystem.Posix

/// What another loop of a client asks the first one.
final class Petition: @unchecked Sendable {
    let ask: Ask
    let question: HostQuestion
    /// What has failed since then is not tried again for it; nanoseconds of the loop's clock.
    let begunAt = sys_now_ns()

    init(_ ask: Ask, _ question: HostQuestion) {
        self.ask = ask
        self.question = question
    }
}

/// A thread's question who a client is, which waits for the answer.
public final class Lookup: @unchecked Sendable {
    private let monitor: Monitor
    /// What has failed since then is not tried again for it; nanoseconds of the loop's clock.
    let begunAt = sys_now_ns()
    // Under the monitor.
    private var isDone = false
    private var found: FoundIdentity?
    private var failure: Failure?

    private init(_ monitor: Monitor) {
        self.monitor = monitor
    }

    static func make() -> Lookup? {
        Monitor().map { Lookup($0) }
    }

    /// The loop's thread: the first end counts.
    func finish(_ found: FoundIdentity?, _ failure: Failure?) {
        monitor.locked {
            guard !isDone else { return }
            (self.found, self.failure, isDone) = (found, failure, true)
            monitor.broadcast()
        }
    }

    var isFinished: Bool { monitor.locked { isDone } }

    /// Waits; nil when the time is over. Negative waits without limit.
    func wait(nanoseconds: Int64) throws(Failure) -> FoundIdentity? {
        let (found, failure) = monitor.locked {
            let end = nanoseconds < 0 ? Int64.max : sys_now_ns() &+ nanoseconds
            while !isDone {
                let left = nanoseconds < 0 ? -1 : max(end &- sys_now_ns(), 0)
                if left == 0 { break }
                _ = monitor.wait(timeout: left)
            }
            return (self.found, self.failure)
        }
        if let failure { throw failure }
        return found
    }
}
