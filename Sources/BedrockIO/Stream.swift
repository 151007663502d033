import BedrockCore
import CSystem.Curl
import CSystem.Posix
import Synchronization

/// One call: what the caller's threads may ask of it, and what the loop keeps of it.
///
/// Members under "the loop's" are touched on the loop's thread alone; the flags are shared under the monitor.
public final class Stream: @unchecked Sendable {
    let client: Client
    let consumer: any StreamConsumer
    private let monitor: Monitor

    // What to send; not changed after the stream was opened.
    let operation: BedrockCore.Operation
    let modelID: Bytes
    let body: ByteBuffer
    let settings: Settings

    /// Asked after each event, so not behind the lock.
    private let isCancelRequested = Atomic(false)

    // Shared under the monitor.
    private var isResumeRequested = false
    private var isNoticePosted = false
    private var hasEnded = false

    // The loop's.
    var exchange: Attempt
    var transfer: Transfer?
    /// Bytes that came behind an event whose consumer paused.
    var held = ByteBuffer(limit: Limits.messageLength)
    var isPaused = false
    var isPumping = false
    /// The transport is done while bytes are held back.
    var doneResult: CURLcode?
    var isTerminalDelivered = false
    var activeIndex = -1
    var timerIndex = -1
    var timerDeadline: Int64 = 0

    init?(
        client: Client, consumer: any StreamConsumer, operation: BedrockCore.Operation, modelID: Bytes,
        body: consuming ByteBuffer, settings: Settings
    ) {
        guard let monitor = Monitor() else { return nil }
        self.monitor = monitor
        self.client = client
        self.consumer = consumer
        self.operation = operation
        self.modelID = modelID
        self.body = body
        self.settings = settings
        exchange = Attempt(
            operation: operation, limits: settings.limits, wantsRaw: consumer.wantsRaw, now: sys_now_ns())
    }

    // MARK: Any thread

    public var isForked: Bool { client.isForked }

    public func cancel() {
        notify { isCancelRequested.store(true, ordering: .releasing) }
    }

    public func resume() {
        notify { isResumeRequested = true }
    }

    /// Ends the stream and waits until no callback of it runs or will run.
    public func release() {
        guard !client.isForked else { return }
        if client.isLoopThread {
            client.loop.cancel(self, "the stream was freed")
            return
        }
        cancel()
        guard consumer.isCalledByLoop else { return }
        monitor.locked {
            while !hasEnded { _ = monitor.wait() }
        }
    }

    /// Sets a flag and has the loop look at it, once however many flags were set meanwhile.
    private func notify(_ setFlag: () -> Void) {
        let isNew = monitor.locked {
            setFlag()
            defer { isNoticePosted = true }
            return !isNoticePosted && !hasEnded
        }
        if isNew { client.post(.notice(self)) }
    }

    // MARK: The loop's thread

    struct Notice {
        var isCancelled: Bool
        var isResumed: Bool
    }

    func takeNotice() -> Notice {
        monitor.locked {
            defer {
                isNoticePosted = false
                isResumeRequested = false
            }
            return Notice(isCancelled: isCancelled, isResumed: isResumeRequested)
        }
    }

    /// Asked after each callback, which may have cancelled.
    var isCancelled: Bool { isCancelRequested.load(ordering: .acquiring) }

    /// The terminal callback has returned.
    func markEnded() {
        monitor.locked {
            hasEnded = true
            monitor.broadcast()
        }
    }
}
