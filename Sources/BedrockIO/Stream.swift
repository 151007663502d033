import BedrockCore
import CSystem.Curl
import CSystem.Posix
import Synchronization

/// One call: what the caller's threads may ask of it, and what the loop keeps of it.
///
/// Members under "the loop's" are touched on the loop's thread alone; the flags are shared under the monitor.
public final class Stream: TurnTaker, @unchecked Sendable {
    let client: Client
    let worker: Worker
    let consumer: any StreamConsumer
    private let monitor: Monitor
    private let wishes: Wishes
    /// Nil where tool calls are the caller's own business.
    private let desk: AnswerDesk?

    // Shared under the monitor.
    private var isResumeRequested = false
    private var isNoticePosted = false
    private var hasAnswers = false
    private var hasEnded = false

    /// The bound of one tool's result, in bytes.
    public let maxResultLength: Int

    // The loop's.
    let exchange: Exchange
    /// Nil where exchanges are not recorded.
    let recorder: Recorder?
    private var transfers: (first: Transfer?, second: Transfer?)
    /// How many inputs of the exchange are being worked on, one inside a callback of the other.
    var depth = 0
    var isQueued = false
    var activeIndex = -1
    var timerIndex = -1
    var timerDeadline: Int64 = 0

    init?(
        client: Client, worker: Worker, consumer: any StreamConsumer, operation: BedrockCore.Operation, modelID: Bytes,
        body: consuming ByteBuffer, settings: Settings, recorder: Recorder?
    ) {
        guard let monitor = Monitor() else { return nil }
        var desk: AnswerDesk?
        if settings.turn.isAutomatic {
            desk = AnswerDesk()
            guard desk != nil else { return nil }
        }
        self.desk = desk
        maxResultLength = settings.turn.maxResultLength
        self.monitor = monitor
        self.client = client
        self.worker = worker
        self.consumer = consumer
        self.recorder = recorder
        wishes = Wishes()
        exchange = Exchange(
            operation: operation, modelID: modelID, body: RequestBody(body), settings: settings, consumer: consumer,
            wishes: wishes, shared: worker.loop.shared, desk: desk, now: sys_now_ns())
        exchange.traceID = Environment.traceID()
        exchange.holder = self
    }

    // MARK: Any thread

    public var isForked: Bool { client.isForked }

    public func cancel() {
        notify { wishes.cancel() }
    }

    /// No more events, only the end.
    public func detach() {
        notify { wishes.detach() }
    }

    public func resume() {
        notify { isResumeRequested = true }
    }

    /// The result of a tool call. `.state` where the stream takes none, or has ended.
    public func answer(_ answer: ToolAnswer) -> ErrorCode {
        guard let desk, !monitor.locked({ hasEnded }) else { return .state }
        let code = desk.leave(answer)
        if code == .ok { notify { hasAnswers = true } }
        return code
    }

    /// Ends the stream and waits until no callback of it runs or will run.
    public func release() {
        guard !client.isForked else { return }
        if worker.isMine { return worker.loop.cancel(self, Self.freed) }
        // A callback that is running now is the last one.
        cancel()
        guard consumer.isCalledByLoop else { return }
        guard worker.hasThread else {
            return worker.own(unless: { self.isOver }) {
                worker.loop.cancel(self, Self.freed)
                worker.loop.sweep()
            }
        }
        monitor.locked {
            while !hasEnded { _ = monitor.wait() }
        }
    }

    private static let freed: StaticString = "the stream was freed"

    /// The terminal callback has returned.
    private var isOver: Bool { monitor.locked { hasEnded } }

    /// Waits until `isDone` where no thread brings that about; for streams that are read. Negative waits without limit.
    public func attend(nanoseconds limit: Int64, until isDone: () -> Bool) {
        guard !worker.hasThread, limit != 0, !worker.isMine else { return }
        _ = worker.attend(limit, until: isDone)
    }

    /// Nothing but turning the loop brings events.
    public var isHosted: Bool { !worker.hasThread }

    /// Something can be fetched that the loop had brought before: who waits for that turns the loop, or waits for its
    /// descriptor.
    public func wakeReader() {
        if isHosted { worker.loop.poller.wake() }
    }

    /// Sets a flag and has the loop look at it, once however many flags were set meanwhile.
    private func notify(_ setFlag: () -> Void) {
        let isNew = monitor.locked {
            setFlag()
            defer { isNoticePosted = true }
            return !isNoticePosted && !hasEnded
        }
        if isNew { worker.postLate(.notice(self)) }
    }

    // MARK: The loop's thread

    /// The transfer of the exchange's attempt.
    var transfer: Transfer? {
        get { exchange.lane == .first ? transfers.first : transfers.second }
        set { set(newValue, in: exchange.lane) }
    }

    /// The one beside it: of a hedge, or of what a hedge has taken the place of.
    var otherTransfer: Transfer? {
        get { exchange.lane == .first ? transfers.second : transfers.first }
        set { set(newValue, in: exchange.lane.other) }
    }

    func set(_ transfer: Transfer?, in lane: Lane) {
        if lane == .first { transfers.first = transfer } else { transfers.second = transfer }
    }

    /// What the caller's threads have asked for since the last time.
    func takeNotice() -> Notice {
        monitor.locked {
            defer {
                isNoticePosted = false
                isResumeRequested = false
                hasAnswers = false
            }
            return Notice(isResumed: isResumeRequested, hasAnswers: hasAnswers)
        }
    }

    public func turnCame() { worker.loop.turnCame(self) }

    /// The terminal callback has returned.
    func markEnded() {
        monitor.locked {
            hasEnded = true
            monitor.broadcast()
        }
    }
}

/// What a stream's letter says.
struct Notice {
    /// The caller lets the transfer go on.
    let isResumed: Bool
    /// There are results of tool calls.
    let hasAnswers: Bool
}

/// What the caller's threads ask for; looked at after each callback, so not behind a lock.
private final class Wishes: CallerWishes, Sendable {
    private let cancelled = Atomic(false)
    private let detached = Atomic(false)

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }
    var isDetached: Bool { detached.load(ordering: .acquiring) }

    func cancel() {
        cancelled.store(true, ordering: .releasing)
    }

    func detach() {
        detached.store(true, ordering: .releasing)
    }
}
