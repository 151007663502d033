/// Events and notices one behind the other in one buffer, with copies of their texts: what must outlive the attempt
/// that made it.
///
/// Appending may fail; then `isExhausted` is set and what came before stays whole.
public struct PackedEvents: ~Copyable {
    public enum Packed {
        case event(EventView)
        case notice(NoticeView)
    }

    private enum Tag {
        static let event: UInt8 = 1
        static let notice: UInt8 = 2
    }

    private var bytes: ByteBuffer
    /// Where the next record to hand out begins.
    private var position = 0
    /// How often in turn most of the memory was not needed, and after how many times it is given back.
    private var roomyCount: UInt8 = 0
    private static let patience: UInt8 = 128

    public init(limit: Int) {
        bytes = ByteBuffer(limit: limit)
    }

    /// Bytes in use, those of records that were handed out included.
    public var count: Int { bytes.count }
    /// Nothing is left to hand out.
    public var isEmpty: Bool { position >= bytes.count }
    /// Something could not be kept since the last `removeAll`.
    public var isExhausted: Bool { bytes.isExhausted }

    /// Forgets everything, keeps the memory but for what was needed in a rush.
    public mutating func removeAll() {
        roomyCount = bytes.isRoomy ? roomyCount &+ 1 : 0
        if roomyCount == Self.patience { return release() }
        bytes.removeAll()
        position = 0
    }

    /// The same, and gives all memory back.
    mutating func release() {
        bytes.shrink(keeping: 0)
        (position, roomyCount) = (0, 0)
    }

    // MARK: Filling

    /// Takes over what another buffer has left, and empties that one.
    public mutating func append(_ other: inout PackedEvents) {
        let start = bytes.count
        bytes.append(other.bytes, other.position..<other.bytes.count)
        dropUnlessWhole(start)
        other.removeAll()
    }

    @_optimize(speed)
    public mutating func append(_ view: EventView) {
        let start = bytes.count
        bytes.append(Tag.event)
        append(header: EventHeader(view))
        for text in [view.type, view.json, view.text, view.toolID, view.toolName, view.blockType] { append(text) }
        dropUnlessWhole(start)
    }

    public mutating func append(_ view: NoticeView) {
        let start = bytes.count
        bytes.append(Tag.notice)
        append(header: NoticeHeader(view))
        let failure = view.failure
        for text in [failure.message, failure.serviceCode, failure.originalMessage] { append(text) }
        let partial = failure.partial
        for text in [partial.stopReasonText, partial.text, partial.requestID] { append(text) }
        for text in [partial.modelID, partial.region, partial.metadata] { append(text) }
        let details = partial.details
        for text in [details.message, details.newMessages, details.answeredModelID] { append(text) }
        for text in [details.serviceTier, details.performanceLatency] { append(text) }
        for text in [details.trace, details.additionalFields] { append(text) }
        for text in [view.modelID, view.region] { append(text) }
        dropUnlessWhole(start)
    }

    private mutating func append<Header: BitwiseCopyable>(header: Header) {
        withUnsafeBytes(of: header) { header in
            bytes.append(Span(_unsafeElements: header.bindMemory(to: UInt8.self)))
        }
    }

    private mutating func append(_ text: TextView) {
        bytes.append(Span(_unsafeStart: text.pointer, count: text.count))
        bytes.append(0)
    }

    private mutating func dropUnlessWhole(_ start: Int) {
        if bytes.isExhausted { bytes.truncate(to: start) }
    }

    // MARK: Emptying

    /// The next record; nil behind the last one. Its texts live until something is appended or removed.
    public mutating func next() -> Packed? {
        guard let tag = take(UInt8.self) else { return nil }
        if tag == Tag.event { return take(EventHeader.self).map { .event(event($0)) } }
        return take(NoticeHeader.self).map { .notice(notice($0)) }
    }

    private mutating func take<Header: BitwiseCopyable>(_ type: Header.Type) -> Header? {
        let size = MemoryLayout<Header>.size
        guard let base = bytes.pointer, size <= bytes.count &- position else { return nil }
        defer { position &+= size }
        return UnsafeRawPointer(base + position).loadUnaligned(as: type)
    }

    private mutating func text(_ count: Int) -> TextView {
        guard let base = bytes.pointer, count < bytes.count &- position else { return TextView() }
        defer { position &+= count &+ 1 }
        return TextView(pointer: base + position, count: count)
    }

    @_optimize(speed)
    private mutating func event(_ header: EventHeader) -> EventView {
        let (type, json, text, toolID, toolName, blockType) = header.lengths
        return EventView(
            event: header.event, type: self.text(type), json: self.text(json), text: self.text(text),
            toolID: self.text(toolID), toolName: self.text(toolName), blockType: self.text(blockType))
    }

    private mutating func notice(_ header: NoticeHeader) -> NoticeView {
        let failure = failure(header)
        let (modelID, region) = header.lengths
        return NoticeView(
            kind: header.kind, failure: failure, attempt: header.attempt, maxAttempts: header.maxAttempts,
            delay: header.delay, modelID: text(modelID), region: text(region))
    }

    private mutating func failure(_ header: NoticeHeader) -> FailureView {
        let (message, serviceCode, originalMessage) = header.failureLengths
        let texts = (text(message), text(serviceCode), text(originalMessage))
        return FailureView(
            code: header.code, phase: header.phase, message: texts.0, httpStatus: header.httpStatus,
            isRetryable: header.isRetryable, serviceCode: texts.1, originalStatus: header.originalStatus,
            originalMessage: texts.2, partial: partial(header))
    }

    private mutating func partial(_ header: NoticeHeader) -> ResultView {
        let (stopReasonText, answer, requestID, modelID, region, metadata) = header.partialLengths
        return ResultView(
            stopReason: header.stopReason, stopReasonText: text(stopReasonText), text: text(answer),
            usage: header.usage, timings: header.timings, requestID: text(requestID), modelID: text(modelID),
            region: text(region), delivered: header.delivered, attempts: header.attempts,
            hedges: header.hedges, isConnectionReused: header.isConnectionReused, metadata: text(metadata),
            details: details(header))
    }

    private mutating func details(_ header: NoticeHeader) -> ResultDetails {
        let lengths = header.detailLengths
        var details = ResultDetails()
        details.isInterrupted = header.isInterrupted
        details.rounds = header.rounds
        details.message = text(lengths.0)
        details.newMessages = text(lengths.1)
        details.answeredModelID = text(lengths.2)
        details.serviceTier = text(lengths.3)
        details.performanceLatency = text(lengths.4)
        details.trace = text(lengths.5)
        details.additionalFields = text(lengths.6)
        return details
    }
}

/// What stands before the texts of an event.
private struct EventHeader: BitwiseCopyable {
    let event: StreamEvent
    let lengths: (Int, Int, Int, Int, Int, Int)

    init(_ view: EventView) {
        event = view.event
        lengths = (
            view.type.count, view.json.count, view.text.count, view.toolID.count, view.toolName.count,
            view.blockType.count
        )
    }
}

/// What stands before the texts of a notice.
private struct NoticeHeader: BitwiseCopyable {
    let kind: EventKind
    let attempt: UInt32
    let maxAttempts: UInt32
    let delay: Int64
    let lengths: (Int, Int)
    // Of the failure.
    let code: ErrorCode
    let phase: Phase
    let httpStatus: Int
    let isRetryable: Bool
    let originalStatus: Int
    let failureLengths: (Int, Int, Int)
    // Of the partial result.
    let stopReason: StopReason
    let usage: Usage
    let timings: Timings
    let delivered: UInt64
    let attempts: UInt32
    let hedges: HedgeCounts
    let isConnectionReused: Bool
    let partialLengths: (Int, Int, Int, Int, Int, Int)
    let isInterrupted: Bool
    let rounds: UInt32
    let detailLengths: (Int, Int, Int, Int, Int, Int, Int)

    init(_ view: NoticeView) {
        kind = view.kind
        attempt = view.attempt
        maxAttempts = view.maxAttempts
        delay = view.delay
        lengths = (view.modelID.count, view.region.count)
        let failure = view.failure
        code = failure.code
        phase = failure.phase
        httpStatus = failure.httpStatus
        isRetryable = failure.isRetryable
        originalStatus = failure.originalStatus
        failureLengths = (failure.message.count, failure.serviceCode.count, failure.originalMessage.count)
        let partial = failure.partial
        stopReason = partial.stopReason
        usage = partial.usage
        timings = partial.timings
        delivered = partial.delivered
        attempts = partial.attempts
        hedges = partial.hedges
        isConnectionReused = partial.isConnectionReused
        partialLengths = (
            partial.stopReasonText.count, partial.text.count, partial.requestID.count, partial.modelID.count,
            partial.region.count, partial.metadata.count
        )
        let details = partial.details
        isInterrupted = details.isInterrupted
        rounds = details.rounds
        detailLengths = (
            details.message.count, details.newMessages.count, details.answeredModelID.count, details.serviceTier.count,
            details.performanceLatency.count, details.trace.count, details.additionalFields.count
        )
    }
}
