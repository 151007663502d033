import BedrockCore
import CSystem.Posix

/// The streams of a client that have something to be fetched, in the order in which they got it; for who reads all of
/// them.
public final class ReadyList: @unchecked Sendable {
    private let monitor: Monitor
    // Under the monitor.
    private var coming: [EventQueue] = []
    /// What is taken next is the last one.
    private var taken: [EventQueue] = []
    private var isNew = false
    private var isClosed = false

    private init(_ monitor: Monitor) {
        self.monitor = monitor
    }

    /// Nil without memory.
    public static func make() -> ReadyList? { Monitor().map { ReadyList($0) } }

    func add(_ queue: EventQueue) {
        monitor.locked {
            guard !queue.isListed, !queue.isPaused, queue.handle != nil else { return }
            queue.isListed = true
            coming.append(queue)
            isNew = true
        }
    }

    /// Wakes who waits, once for all that was added; a loop at the end of its turn.
    func announce() {
        monitor.locked {
            if isNew { monitor.broadcast() }
            isNew = false
        }
    }

    /// The stream is being freed: nothing of it is fetched any more.
    public func forget(_ queue: EventQueue) {
        monitor.locked {
            queue.handle = nil
            // It holds this list, which is not to hold it.
            guard queue.isListed else { return }
            coming.removeAll { $0 === queue }
            taken.removeAll { $0 === queue }
        }
    }

    /// The client is freed: nobody waits any more.
    func close() {
        monitor.locked {
            isClosed = true
            monitor.broadcast()
        }
    }

    /// What is fetched may not outlive this call.
    public var hasClosed: Bool { monitor.locked { isClosed } }

    public var isEmpty: Bool { monitor.locked { coming.isEmpty && taken.isEmpty } }

    /// What was fetched from the streams that were taken ends; those that have more are listed again.
    public func finish(_ queues: [EventQueue]) {
        for queue in queues {
            monitor.locked { queue.isListed = false }
            // What came since then has listed it already.
            if queue.hasMore { add(queue) }
        }
    }

    /// Nothing of it is handed out until `resume`.
    public func pause(_ queue: EventQueue) {
        monitor.locked { queue.isPaused = true }
    }

    /// Lists it where it was paused, whatever it has: what that is, only the fetching thread knows. Whether it was.
    public func resume(_ queue: EventQueue) -> Bool {
        let wasPaused = monitor.locked {
            defer { queue.isPaused = false }
            return queue.isPaused
        }
        guard wasPaused else { return false }
        add(queue)
        announce()
        return true
    }

    /// The next one, which is not listed again until `finish`; nil when there is none now.
    public func take() -> EventQueue? {
        monitor.locked {
            while true {
                if taken.isEmpty { (taken, coming) = (coming.reversed(), []) }
                guard let queue = taken.popLast() else { return nil }
                if !queue.isPaused { return queue }
                queue.isListed = false
            }
        }
    }

    /// Waits until there is one, at most so many nanoseconds; negative waits without limit.
    public func wait(_ limit: Int64) {
        let start = sys_now_ns()
        monitor.locked {
            while coming.isEmpty, taken.isEmpty, !isClosed {
                let left = limit < 0 ? -1 : max(limit &- (sys_now_ns() &- start), 0)
                if left == 0 { return }
                _ = monitor.wait(timeout: left)
            }
        }
    }
}
