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

/// An event for C. Its texts live until the attempt that made it goes on.
public struct EventView {
    public let event: StreamEvent
    public let type: TextView
    public let json: TextView
    public let text: TextView
    public let toolID: TextView
    public let toolName: TextView
    public let blockType: TextView

    public init(
        event: StreamEvent, type: TextView = TextView(), json: TextView = TextView(), text: TextView = TextView(),
        toolID: TextView = TextView(), toolName: TextView = TextView(), blockType: TextView = TextView()
    ) {
        self.event = event
        self.type = type
        self.json = json
        self.text = text
        self.toolID = toolID
        self.toolName = toolName
        self.blockType = blockType
    }
}

/// Times since the opening, in microseconds, and what else was measured; -1 for never.
public struct Timings: BitwiseCopyable, Equatable, Sendable {
    public var resolved: Int64 = -1
    public var tcpConnected: Int64 = -1
    public var tlsConnected: Int64 = -1
    public var connected: Int64 = -1
    public var requestSent: Int64 = -1
    public var firstByte: Int64 = -1
    public var firstDelta: Int64 = -1
    /// The longest time between two deltas.
    public var longestGap: Int64 = -1
    public var total: Int64 = -1
    /// How long it waited for its turn.
    public var queued: Int64 = 0
    public var serverLatencyMs: Int64 = -1
    public var bytesSent: Int64 = -1
    public var bytesReceived: Int64 = -1
    public var outputTokensPerSecond: Double = -1
}

/// How an answer came out, for C. Its texts live as long as the attempt.
public struct ResultView {
    public let stopReason: StopReason
    public let stopReasonText: TextView
    public let text: TextView
    public let usage: Usage
    public let timings: Timings
    public let requestID: TextView
    public let modelID: TextView
    public let region: TextView
    public let delivered: UInt64
    public let attempts: UInt32
    public let hedges: HedgeCounts
    public let isConnectionReused: Bool
    public let metadata: TextView
    public var details = ResultDetails()
}

/// What else there is to an answer, for C.
public struct ResultDetails {
    /// The answer was not complete when the stream ended.
    public var isInterrupted = false
    public var rounds: UInt32 = 1
    /// The assistant's message, and all messages that the stream added to the conversation.
    public var message = TextView()
    public var newMessages = TextView()
    public var answeredModelID = TextView()
    public var serviceTier = TextView()
    public var performanceLatency = TextView()
    public var trace = TextView()
    public var additionalFields = TextView()

    public init() {}
}

/// How a stream failed, for C. Its texts live as long as the attempt.
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

/// What the library does about a failure that it does not end with, or plans to do, for C. Its texts live until the
/// call returns.
public struct NoticeView {
    /// `retry`, `restart`, `continuation` or `fallback`; of a plan also `error`.
    public let kind: EventKind
    /// Why.
    public let failure: FailureView
    /// The number of the attempt that follows, and how many there may be of the model it asks.
    public let attempt: UInt32
    public let maxAttempts: UInt32
    /// Nanoseconds until it is sent.
    public let delay: Int64
    /// Who is asked.
    public let modelID: TextView
    public let region: TextView

    public init(
        kind: EventKind, failure: FailureView, attempt: UInt32, maxAttempts: UInt32, delay: Int64, modelID: TextView,
        region: TextView
    ) {
        self.kind = kind
        self.failure = failure
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.delay = delay
        self.modelID = modelID
        self.region = region
    }
}

/// What the library's user says to a failure and to what the library would do about it; the numbers of `brs_verdict`.
public enum Verdict: Int32, CaseIterable, Sendable {
    case asPlanned = 0
    case retry = 1
    case fail = 2
}

/// What other threads may ask of a stream; looked at between events.
public protocol CallerWishes: AnyObject {
    var isCancelled: Bool { get }
    /// No events are wanted any more, only the end.
    var isDetached: Bool { get }
}

/// Who takes what a stream delivers. Exactly one of `stopped` and `failed` is called, last.
public protocol StreamConsumer: AnyObject {
    /// Name and payload of each event of the wire are wanted.
    var wantsRaw: Bool { get }
    /// `stopped` and `failed` run code of the library's user, which whoever frees the stream waits for.
    var isCalledByLoop: Bool { get }
    /// Why `deliver` said to cancel: an event could not be kept.
    var isOutOfMemory: Bool { get }
    /// A tool call that was delivered can no more come to the caller's knowledge.
    var hasLostCall: Bool { get }
    func deliver(_ event: EventView) -> Flow
    /// The library tries again: nothing more of the failed attempt comes.
    func noticed(_ notice: NoticeView) -> Flow
    /// Asked about each failure of an attempt before anything is done about it. `plan` says what would be done; its
    /// kind is `error` where the stream would end.
    func judge(_ plan: NoticeView) -> Verdict
    func stopped(_ result: ResultView)
    func failed(_ failure: FailureView)
    /// What was delivered is all that the loop has for now.
    func flush()
}

extension StreamConsumer {
    public func flush() {}
    public var isOutOfMemory: Bool { false }
    public var hasLostCall: Bool { false }
    public func noticed(_ notice: NoticeView) -> Flow { .goOn }
    public func judge(_ plan: NoticeView) -> Verdict { .asPlanned }
}

/// The texts that an end or a notice needs beyond those of the answer. On its own: most streams are far from both.
final class EndTexts {
    var buffer = ByteBuffer(limit: Limits.errorTextLength * 8)
    var message = Slice()
    var serviceCode = Slice()
    var originalMessage = Slice()
    var requestID = Slice()
    var modelID = Slice()
    var region = Slice()
    // Made of the transcript.
    private(set) var text = ByteBuffer()
    private(set) var assistant = ByteBuffer()
    private(set) var newMessages = ByteBuffer()
    // Of a notice: who is asked next.
    var nextModelID = Slice()
    var nextRegion = Slice()

    func write(_ requestID: Bytes, _ failure: Failure?, _ modelID: Bytes, _ region: Bytes) {
        buffer.removeAll()
        self.modelID = buffer.appendSlice(modelID)
        self.region = buffer.appendSlice(region)
        (nextModelID, nextRegion) = (self.modelID, self.region)
        self.requestID = keep(requestID)
        message = keep(failure?.message.bytes ?? [])
        serviceCode = keep(failure?.service.code ?? [])
        originalMessage = keep(failure?.service.originalMessage ?? [])
    }

    /// Makes the text and the messages of an answer; `earlier` are the messages of finished rounds, with commas between
    /// them. False where memory was short: then there is none of them.
    func write(
        _ transcript: borrowing Transcript, _ answer: borrowing Answer, _ operation: Operation,
        earlier: borrowing ByteBuffer
    ) -> Bool {
        text.removeAll()
        if let only = transcript.onlyText, answer.earlierText.isEmpty {
            only.text.terminate()
        } else {
            text.append(answer.earlierText, 0..<answer.earlierText.count)
            transcript.appendText(to: &text)
        }
        assistant = MessageWriter.message(transcript, .converse)
        let isAnthropic = operation.isInvoke && transcript.family == .anthropic
        newMessages =
            isAnthropic
            ? Self.list(earlier, MessageWriter.message(transcript, .anthropic)) : Self.list(earlier, assistant)
        text.terminate()
        assistant.terminate()
        newMessages.terminate()
        if !text.isExhausted, !assistant.isExhausted, !newMessages.isExhausted { return true }
        text.shrink(keeping: 0)
        assistant.shrink(keeping: 0)
        newMessages.shrink(keeping: 0)
        return false
    }

    private static func list(_ earlier: borrowing ByteBuffer, _ last: borrowing ByteBuffer) -> ByteBuffer {
        var list = ByteBuffer()
        list.append(UInt8(ascii: "["))
        list.append(earlier.span)
        if !earlier.isEmpty, !last.isEmpty { list.append(UInt8(ascii: ",")) }
        list.append(last.span)
        list.append(UInt8(ascii: "]"))
        if earlier.isExhausted || last.isExhausted { list.exhaust() }
        return list
    }

    /// What is empty stays as it is.
    func writeNext(modelID: Bytes, region: Bytes) {
        if !modelID.isEmpty { nextModelID = buffer.appendSlice(modelID) }
        if !region.isEmpty { nextRegion = buffer.appendSlice(region) }
    }

    func keep(_ text: Bytes) -> Slice {
        buffer.appendSlice(text.span.cutAtCharacter(Limits.errorTextLength))
    }

    func view(_ slice: Slice) -> TextView { TextView(buffer, slice) }
}

extension Attempt {
    /// The event for C; good until the next call of `next`. It changes nothing, but to read it from an attempt that is
    /// a property of a class the compiler would copy all of the attempt.
    public var eventView: EventView {
        mutating get {
            var event = events.event
            event.round = events.round
            let text = TextView(events.scratch, event.text)
            // Deltas have no other text of their own.
            if event.hasDelta, !events.wantsRaw { return EventView(event: event, text: text) }
            return EventView(
                event: event, type: TextView(events.scratch, event.type), json: TextView(events.scratch, event.json),
                text: text, toolID: TextView(events.scratch, event.toolID),
                toolName: TextView(events.scratch, event.toolName), blockType: TextView(events.scratch, event.blockType)
            )
        }
    }

    /// Writes down the texts of the end, after `hasEnded`. The views below are good from then on, until the next call.
    /// `earlier` are the messages of finished rounds, with commas between them. Where there is no memory for the
    /// messages, the end is a failure.
    public mutating func seal(modelID: Bytes, region: Bytes, earlier: borrowing ByteBuffer) {
        events.answer.terminateTexts()
        let texts = EndTexts()
        if !texts.write(events.transcript, events.answer, events.operation, earlier: earlier) {
            fail(Failure(.memory, .stream, "out of memory for the answer's message"), now: timeline.ended)
        }
        texts.write(requestID, failure, modelID, region)
        endTexts = texts
    }

    public mutating func seal(modelID: Bytes, region: Bytes = []) {
        seal(modelID: modelID, region: region, earlier: ByteBuffer())
    }

    /// The same for a notice, in memory that an end leaves alone: the stream may be ended from within the notice. False
    /// where there is no memory for the messages: the notice goes without.
    @discardableResult
    mutating func seal(_ texts: EndTexts, modelID: Bytes, region: Bytes, earlier: borrowing ByteBuffer) -> Bool {
        events.answer.terminateTexts()
        texts.write(requestID, failure, modelID, region)
        return texts.write(events.transcript, events.answer, events.operation, earlier: earlier)
    }

    public var resultView: ResultView { resultView(endTexts ?? EndTexts()) }

    /// Nil for success.
    public var failureView: FailureView? {
        guard let endTexts else { return nil }
        return failureView(endTexts)
    }

    private func resultView(_ texts: EndTexts) -> ResultView {
        ResultView(
            stopReason: events.answer.stopReason, stopReasonText: TextView(events.answer.stopReasonText),
            text: textView(texts), usage: events.answer.usage, timings: timings,
            requestID: texts.view(texts.requestID), modelID: texts.view(texts.modelID),
            region: texts.view(texts.region), delivered: events.answer.delivered, attempts: attempts,
            hedges: hedges, isConnectionReused: isConnectionReused, metadata: TextView(events.answer.metadata),
            details: details(texts))
    }

    /// The text of one block stays where it is.
    private func textView(_ texts: EndTexts) -> TextView {
        guard let only = events.transcript.onlyText, events.answer.earlierText.isEmpty else {
            return TextView(texts.text)
        }
        return TextView(only.text)
    }

    private func details(_ texts: EndTexts) -> ResultDetails {
        var details = ResultDetails()
        details.isInterrupted = failure != nil && !events.answer.isComplete
        details.rounds = events.round &+ 1
        details.message = TextView(texts.assistant)
        details.newMessages = TextView(texts.newMessages)
        details.answeredModelID = TextView(events.answer.answeredModelID)
        details.serviceTier = TextView(events.answer.serviceTier)
        details.performanceLatency = TextView(events.answer.performanceLatency)
        details.trace = TextView(events.answer.trace)
        details.additionalFields = TextView(events.answer.additionalFields)
        return details
    }

    func failureView(_ texts: EndTexts) -> FailureView? {
        guard let failure else { return nil }
        return FailureView(
            code: failure.code, phase: failure.phase, message: texts.view(texts.message),
            httpStatus: failure.httpStatus, isRetryable: failure.code.isRetryable,
            serviceCode: texts.view(texts.serviceCode), originalStatus: failure.service.originalStatus ?? 0,
            originalMessage: texts.view(texts.originalMessage), partial: resultView(texts))
    }

    private var timings: Timings {
        var timings = timeline.timings(outputTokens: events.answer.usage.outputTokens)
        timings.serverLatencyMs = events.answer.serverLatencyMs
        return timings
    }
}
