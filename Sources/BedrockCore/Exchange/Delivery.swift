/// What a consumer wants to happen next; the numbers of `brs_flow`.
public enum Flow: Int32, CaseIterable, Sendable {
    case goOn = 0
    case pause = 1
    case cancel = 2
}

/// A text for C: UTF-8 with a NUL behind it. Whoever hands it over says how long it lives.
public struct TextView {
    public let pointer: UnsafePointer<UInt8>
    public let count: Int

    /// An empty slice stands for no text: there may be something else where it points to. The buffer counts the NUL
    /// behind a text: where that is missing memory was short.
    init(_ buffer: borrowing ByteBuffer, _ slice: Slice) {
        guard slice.count > 0, slice.start &+ slice.count < buffer.count, let base = buffer.pointer else {
            self.init()
            return
        }
        self.init(pointer: base + slice.start, count: slice.count)
    }

    /// The whole of a terminated buffer.
    init(_ buffer: borrowing ByteBuffer) {
        guard let base = buffer.pointer else {
            self.init()
            return
        }
        self.init(pointer: base, count: buffer.count)
    }

    public init(pointer: UnsafePointer<UInt8>, count: Int) {
        self.pointer = pointer
        self.count = count
    }

    public init() {
        let empty: StaticString = ""
        self.init(pointer: empty.utf8Start, count: 0)
    }
}

/// An event for C. Its texts live until the exchange that made it goes on.
public struct EventView {
    public let event: StreamEvent
    public let type: TextView
    public let json: TextView
    public let text: TextView
    public let toolID: TextView
    public let toolName: TextView

    public init(
        event: StreamEvent, type: TextView, json: TextView, text: TextView, toolID: TextView, toolName: TextView
    ) {
        self.event = event
        self.type = type
        self.json = json
        self.text = text
        self.toolID = toolID
        self.toolName = toolName
    }
}

/// Times since the opening, in microseconds; -1 for never.
public struct Timings {
    public var connected: Int64 = -1
    public var firstByte: Int64 = -1
    public var firstDelta: Int64 = -1
    public var total: Int64 = -1
    public var serverLatencyMs: Int64 = -1
}

/// How an answer came out, for C. Its texts live as long as the exchange.
public struct ResultView {
    public let stopReason: StopReason
    public let stopReasonText: TextView
    public let text: TextView
    public let usage: Usage
    public let timings: Timings
    public let requestID: TextView
    public let modelID: TextView
    public let delivered: UInt64
    public let attempts: UInt32
    public let isConnectionReused: Bool
    public let metadata: TextView
}

/// How a stream failed, for C. Its texts live as long as the exchange.
public struct FailureView {
    public let code: ErrorCode
    public let phase: Phase
    public let message: TextView
    public let httpStatus: Int
    public let isRetryable: Bool
    public let serviceCode: TextView
    public let originalStatus: Int
    public let originalMessage: TextView
    public let partial: ResultView
}

/// Who takes what a stream delivers. Exactly one of `stopped` and `failed` is called, last.
public protocol StreamConsumer: AnyObject {
    /// Name and payload of each event of the wire are wanted.
    var wantsRaw: Bool { get }
    /// `stopped` and `failed` run code of the library's user, which whoever frees the stream waits for.
    var isCalledByLoop: Bool { get }
    /// Why `deliver` said to cancel: an event could not be kept.
    var isOutOfMemory: Bool { get }
    func deliver(_ event: EventView) -> Flow
    func stopped(_ result: ResultView)
    func failed(_ failure: FailureView)
}

extension StreamConsumer {
    public var isOutOfMemory: Bool { false }
}

/// The texts that an end needs beyond those of the answer.
struct EndTexts: ~Copyable {
    var buffer = ByteBuffer(limit: Limits.errorTextLength * 8)
    var message = Slice()
    var serviceCode = Slice()
    var originalMessage = Slice()
    var requestID = Slice()
    var modelID = Slice()

    mutating func keep(_ text: Bytes) -> Slice {
        buffer.appendSlice(text.span.cutAtCharacter(Limits.errorTextLength))
    }
}

extension Exchange {
    /// The event for C; good until the next call of `next`.
    public var eventView: EventView {
        let event = events.event
        return EventView(
            event: event, type: TextView(events.scratch, event.type), json: TextView(events.scratch, event.json),
            text: TextView(events.scratch, event.text), toolID: TextView(events.scratch, event.toolID),
            toolName: TextView(events.scratch, event.toolName))
    }

    /// Writes down the texts of the end; once, after `hasEnded`. The views below are good from then on.
    public mutating func seal(modelID: Bytes) {
        events.answer.terminateTexts()
        endTexts.modelID = endTexts.buffer.appendSlice(modelID)
        endTexts.requestID = endTexts.keep(requestID)
        guard let failure else { return }
        endTexts.message = endTexts.keep(Bytes(failure.message.utf8))
        endTexts.serviceCode = endTexts.keep(failure.service.code ?? [])
        endTexts.originalMessage = endTexts.keep(failure.service.originalMessage ?? [])
    }

    public var resultView: ResultView {
        ResultView(
            stopReason: events.answer.stopReason, stopReasonText: TextView(events.answer.stopReasonText),
            text: TextView(events.answer.text), usage: events.answer.usage, timings: timings,
            requestID: TextView(endTexts.buffer, endTexts.requestID),
            modelID: TextView(endTexts.buffer, endTexts.modelID), delivered: events.answer.delivered,
            attempts: attempts, isConnectionReused: isConnectionReused, metadata: TextView(events.answer.metadata))
    }

    /// Nil for success.
    public var failureView: FailureView? {
        guard let failure else { return nil }
        return FailureView(
            code: failure.code, phase: failure.phase, message: TextView(endTexts.buffer, endTexts.message),
            httpStatus: failure.httpStatus, isRetryable: failure.code.isRetryable,
            serviceCode: TextView(endTexts.buffer, endTexts.serviceCode),
            originalStatus: failure.service.originalStatus ?? 0,
            originalMessage: TextView(endTexts.buffer, endTexts.originalMessage), partial: resultView)
    }

    private var timings: Timings {
        var timings = Timings()
        timings.connected = timeline.microseconds(to: timeline.connected)
        timings.firstByte = timeline.microseconds(to: timeline.firstByte)
        timings.firstDelta = timeline.microseconds(to: timeline.firstDelta)
        timings.total = timeline.microseconds(to: timeline.ended)
        timings.serverLatencyMs = events.answer.serverLatencyMs
        return timings
    }
}
