import BedrockCore
import CSystem.Posix
import Synchronization

/// Who is asked about failures of a stream whose events wait in a queue; on the loop's thread.
public protocol FailureJudge: AnyObject {
    func judge(_ plan: NoticeView) -> Verdict
}

/// The consumer of the pull style: events wait here, packed, until a thread fetches them.
///
/// The loop packs what one input brought into a buffer of its own, and hands it over with one turn of the lock. The
/// caller reads from another buffer; they change places when he has read all of his.
public final class EventQueue: StreamConsumer, @unchecked Sendable {
    /// What `next` found.
    public enum Fetched {
        case event(EventView)
        case notice(NoticeView)
        case stopped(ResultView)
        case failed(FailureView)
        case nothing
        case ended
    }

    private enum End {
        case open, reached, fetched
    }

    private let monitor: Monitor
    private let limit: Int
    /// Set before the stream is started.
    public var judge: (any FailureJudge)?
    /// Who is told when something waits here, where a client's streams are read together; set before the start.
    public private(set) var readyList: ReadyList?
    /// The caller's handle of the stream, nil when he has freed it, and what he knows it by; for who reads several.
    public internal(set) var handle: UnsafeMutableRawPointer?
    public private(set) var user: UnsafeMutableRawPointer?
    // Under the ready list's monitor.
    var isListed = false
    var isPaused = false

    // The loop's.
    private var packed: PackedEvents
    /// `deliver` has held the transfer back since the last flush.
    private var hasPaused = false
    public private(set) var isOutOfMemory = false
    /// Only the end is wanted. Looked at for each event, so not behind the lock.
    private let isDropping = Atomic(false)
    /// How many calls of the caller's tools came, and how many of them were fetched.
    private var callCount = 0
    private let fetchedCallCount = Atomic(0)
    /// Bytes in `filling`.
    private let waitingLength = Atomic(0)

    // Under the monitor.
    private var filling: PackedEvents
    private var end = End.open
    // One of the two when the end is reached. Not its payloads: memory checkers take a packed tag for uninitialised.
    private var result: ResultView?
    private var failure: FailureView?
    private var isHoldingBack = false

    // The fetching thread's.
    private var reading: PackedEvents

    /// The largest event, a tool call: its input is in there twice, and its names came in one message.
    private static let eventLength = 2 * Limits.answerLength + 2 * Limits.messageLength

    public init?(limit: Int) {
        guard let monitor = Monitor() else { return nil }
        self.monitor = monitor
        self.limit = limit
        packed = PackedEvents(limit: limit &+ Self.eventLength)
        filling = PackedEvents(limit: 2 &* (limit &+ Self.eventLength))
        reading = PackedEvents(limit: 2 &* (limit &+ Self.eventLength))
    }

    /// It is read together with others. Before the start.
    public func join(_ list: ReadyList, handle: UnsafeMutableRawPointer, user: UnsafeMutableRawPointer?) {
        readyList = list
        self.handle = handle
        self.user = user
    }

    public var wantsRaw: Bool { true }
    public var isCalledByLoop: Bool { judge != nil }
    public var hasLostCall: Bool { isDropped && fetchedCallCount.load(ordering: .acquiring) < callCount }

    // MARK: The loop's thread

    public func deliver(_ event: EventView) -> Flow {
        if event.event.isClientCall { callCount &+= 1 }
        if !isDropped { packed.append(event) }
        return flow()
    }

    public func noticed(_ notice: NoticeView) -> Flow {
        if !isDropped { packed.append(notice) }
        return flow()
    }

    public func judge(_ plan: NoticeView) -> Verdict {
        judge?.judge(plan) ?? .asPlanned
    }

    /// After something was appended.
    private func flow() -> Flow {
        isOutOfMemory = isOutOfMemory || packed.isExhausted
        if isOutOfMemory { return .cancel }
        hasPaused = packed.count &+ waitingLength.load(ordering: .relaxed) >= limit
        return hasPaused ? .pause : .goOn
    }

    public func flush() {
        guard !packed.isEmpty else { return }
        monitor.locked {
            if isDropped { return packed.removeAll() }
            if filling.isEmpty {
                filling.removeAll()
                swap(&filling, &packed)
            } else {
                filling.append(&packed)
                isOutOfMemory = isOutOfMemory || filling.isExhausted
            }
            waitingLength.store(filling.count, ordering: .relaxed)
            // Also where all that led to it was fetched meanwhile.
            isHoldingBack = isHoldingBack || hasPaused
            hasPaused = false
            monitor.broadcast()
        }
        readyList?.add(self)
    }

    public func stopped(_ result: ResultView) {
        flush()
        monitor.locked {
            self.result = result
            reachEnd()
        }
        readyList?.add(self)
    }

    public func failed(_ failure: FailureView) {
        flush()
        monitor.locked {
            self.failure = failure
            reachEnd()
        }
        readyList?.add(self)
    }

    private func reachEnd() {
        end = .reached
        monitor.broadcast()
    }

    // MARK: Any thread

    /// Forgets the events that wait, and those that still come. The end is kept.
    public func drop() {
        monitor.locked {
            isDropping.store(true, ordering: .releasing)
            filling.removeAll()
            waitingLength.store(0, ordering: .relaxed)
        }
    }

    private var isDropped: Bool { isDropping.load(ordering: .acquiring) }

    /// An event waits, or the end has come.
    public var hasSomething: Bool {
        monitor.locked { !filling.isEmpty || end != .open }
    }

    /// There is more to be fetched; for the fetching thread.
    var hasMore: Bool { !reading.isEmpty || monitor.locked { !filling.isEmpty || end == .reached } }

    // MARK: The fetching thread

    /// The next event; it lives until the next call. `resume` is called when the transfer may go on.
    public func next(timeout: Int64, resume: () -> Void) -> Fetched {
        while true {
            if let fetched = nextInHand() { return fetched }
            if let waited = refill(timeout, resume) { return waited }
        }
    }

    /// The next of the events that are in hand already; those that it returned before stay as they are.
    public func nextInHand() -> Fetched? {
        if isDropped { reading.removeAll() }
        switch reading.next() {
        case .event(let view):
            if view.event.isClientCall { fetchedCallCount.add(1, ordering: .releasing) }
            return .event(view)
        case .notice(let view): return .notice(view)
        case nil: return nil
        }
    }

    /// Changes the buffers, which ends what was handed out; nil when there are events, else what `next` says.
    public func refill(_ timeout: Int64, _ resume: () -> Void) -> Fetched? {
        var wasHoldingBack = false
        let waited: Fetched? = monitor.locked {
            if let early = waitForEvents(timeout) { return early }
            reading.removeAll()
            swap(&reading, &filling)
            waitingLength.store(0, ordering: .relaxed)
            wasHoldingBack = isHoldingBack
            isHoldingBack = false
            return nil
        }
        if wasHoldingBack { resume() }
        return waited
    }

    private func waitForEvents(_ timeout: Int64) -> Fetched? {
        let start = sys_now_ns()
        while filling.isEmpty {
            switch end {
            case .reached:
                end = .fetched
                if let failure { return .failed(failure) }
                if let result { return .stopped(result) }
            case .fetched: return .ended
            case .open:
                let left = timeout < 0 ? -1 : max(timeout &- (sys_now_ns() &- start), 0)
                if left == 0 { return .nothing }
                _ = monitor.wait(timeout: left)
            }
        }
        return nil
    }
}
