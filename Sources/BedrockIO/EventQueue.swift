import BedrockCore
import CSystem.Posix

/// The consumer of the pull style: events wait here, packed, until a thread fetches them.
///
/// The loop appends to one buffer while the caller reads from another; they change places when the caller has read all
/// of his. So the lock is taken once for many events.
public final class EventQueue: StreamConsumer, @unchecked Sendable {
    /// What `next` found.
    public enum Fetched {
        case event(EventView)
        case stopped(ResultView)
        case failed(FailureView)
        case nothing
        case ended
        case outOfMemory
    }

    private enum End {
        case open, reached, fetched
    }

    /// What stands before the texts of an event.
    private struct Header: BitwiseCopyable {
        var event: StreamEvent
        var lengths: (Int, Int, Int, Int, Int)
    }

    private let monitor: Monitor
    private let limit: Int
    /// The loop's.
    public private(set) var isOutOfMemory = false

    // Under the monitor.
    private var filling: ByteBuffer
    private var end = End.open
    // One of the two when the end is reached. Not its payloads: memory checkers take a packed tag for uninitialised.
    private var result: ResultView?
    private var failure: FailureView?
    private var isHoldingBack = false

    // The fetching thread's.
    private var reading: ByteBuffer
    private var position = 0

    /// The largest event, a tool call: its input is in there twice, and its names came in one message.
    private static let eventLength = 2 * Limits.answerLength + 2 * Limits.messageLength

    public init?(limit: Int) {
        guard let monitor = Monitor() else { return nil }
        self.monitor = monitor
        self.limit = limit
        filling = ByteBuffer(limit: limit &+ Self.eventLength)
        reading = ByteBuffer(limit: limit &+ Self.eventLength)
    }

    public var wantsRaw: Bool { true }
    public var isCalledByLoop: Bool { false }

    // MARK: The loop's thread

    public func deliver(_ view: EventView) -> Flow {
        monitor.locked {
            let start = filling.count
            append(view)
            monitor.broadcast()
            if filling.isExhausted {
                // What came before is whole.
                filling.truncate(to: start)
                isOutOfMemory = true
                return .cancel
            }
            isHoldingBack = filling.count >= limit
            return isHoldingBack ? .pause : .goOn
        }
    }

    private func append(_ view: EventView) {
        let header = Header(
            event: view.event,
            lengths: (view.type.count, view.json.count, view.text.count, view.toolID.count, view.toolName.count))
        withUnsafeBytes(of: header) { bytes in
            filling.append(Span(_unsafeElements: bytes.bindMemory(to: UInt8.self)))
        }
        for text in [view.type, view.json, view.text, view.toolID, view.toolName] {
            filling.append(Span(_unsafeStart: text.pointer, count: text.count))
            filling.append(0)
        }
    }

    public func stopped(_ result: ResultView) {
        monitor.locked {
            self.result = result
            reachEnd()
        }
    }

    public func failed(_ failure: FailureView) {
        monitor.locked {
            self.failure = failure
            reachEnd()
        }
    }

    private func reachEnd() {
        end = .reached
        monitor.broadcast()
    }

    // MARK: The fetching thread

    /// The next event; it lives until the next call. `resume` is called when the transfer may go on.
    public func next(timeout: Int64, resume: () -> Void) -> Fetched {
        if position >= reading.count {
            if let waited = refill(timeout, resume) { return waited }
        }
        guard let view = take() else {
            position = reading.count
            return .outOfMemory
        }
        return .event(view)
    }

    /// Changes the buffers; nil when there are events, else what `next` says.
    private func refill(_ timeout: Int64, _ resume: () -> Void) -> Fetched? {
        var wasHoldingBack = false
        let waited: Fetched? = monitor.locked {
            if let early = waitForEvents(timeout) { return early }
            reading.removeAll()
            position = 0
            swap(&reading, &filling)
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

    /// Reads one packed event; nil where there is no whole one.
    private func take() -> EventView? {
        let size = MemoryLayout<Header>.size
        guard let base = reading.pointer, position &+ size <= reading.count else { return nil }
        let header = UnsafeRawPointer(base + position).loadUnaligned(as: Header.self)
        var at = position &+ size
        let (type, json, text, toolID, toolName) = header.lengths
        guard at &+ type &+ json &+ text &+ toolID &+ toolName &+ 5 <= reading.count else { return nil }
        func view(_ count: Int) -> TextView {
            defer { at &+= count &+ 1 }
            return TextView(pointer: base + at, count: count)
        }
        let fetched = EventView(
            event: header.event, type: view(type), json: view(json), text: view(text), toolID: view(toolID),
            toolName: view(toolName))
        position = at
        return fetched
    }
}
