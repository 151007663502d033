/// One attempt at a call: what became of one request, and the decoder of what comes back.
///
/// It is told what happened, each time with the moment it happened, and keeps the outcome. It ends once, and says
/// success only for an answer that its service completed and whose body ended on a message border.
///
///     started -> connected -> head (status, type) -> body -> ended
///                              |- 200, event stream: messages -> events
///                              `- anything else: an error body, parsed when it has ended
///
/// `next` is asked again and again while it says `deliver`: an event at a time, so that the caller of the library may
/// cancel, pause or free in between.
public struct Attempt: ~Copyable {
    public enum Step {
        /// All input is used.
        case needsInput
        /// `event` is to be handed over.
        case deliver
        /// There is an outcome.
        case ended
    }

    private enum Outcome {
        case running, stopped
        case failed(Failure)
    }

    let limits: TimeLimits
    var timeline: Timeline
    var head = ResponseHead()
    private var headLength = 0
    private var frames: FrameDecoder
    public var events: EventDecoder
    /// The answer of a batch operation.
    private var batch = BatchAnswer()
    private var errorBody = ByteBuffer(limit: Limits.errorBodyLength)
    private var outcome = Outcome.running
    var endTexts: EndTexts?
    /// What the request proves by who sends it, and what no error shows.
    var token: Secret?
    /// How many requests were sent, those of earlier attempts included.
    public private(set) var attempts: UInt32 = 0
    var hedges = HedgeCounts()
    public private(set) var isConnectionReused = false
    /// The service itself said that the answer is over, by an exception within it.
    private(set) var isEndedByService = false

    public init(operation: Operation, limits: TimeLimits, wantsRaw: Bool, now: Int64) {
        self.limits = limits
        timeline = Timeline(opened: now)
        frames = FrameDecoder()
        events = EventDecoder(operation: operation, wantsRaw: wantsRaw)
    }

    /// Readies it for the next request of the same call.
    public mutating func renew(_ how: Renewal) {
        renewTransfer()
        if how == .round { timeline.skipGap() }
        events.renew(how)
    }

    /// The same request goes out again, of whose answer nothing came: what came of earlier ones stays.
    mutating func renewTransfer() {
        timeline.renew()
        head = ResponseHead()
        headLength = 0
        frames = FrameDecoder()
        errorBody.removeAll()
        batch = BatchAnswer()
        outcome = .running
        isConnectionReused = false
        isEndedByService = false
    }

    public var hasEnded: Bool {
        if case .running = outcome { false } else { true }
    }

    /// Why it failed; nil for success, or while it runs.
    public var failure: Failure? {
        if case .failed(let failure) = outcome { failure } else { nil }
    }

    /// All of a batch operation's answer is there; `next` hands it over.
    var hasWholeBody: Bool { batch.isWhole && !hasEnded }

    public var requestID: Bytes { head.requestID }
    public var event: StreamEvent { events.event }

    /// When a limit passes, if nothing happens before; nil for never.
    public var deadline: Int64? {
        guard !hasEnded, let running = timeline.running(limits) else { return nil }
        return running.since &+ running.length
    }

    // MARK: What happened

    /// The request is given to the transport. One that is sent again because its connection was dead is no new one.
    public mutating func started(isReopened: Bool = false, now: Int64) {
        timeline.started = now
        if !isReopened { attempts &+= 1 }
    }

    /// A request went out beside this one.
    mutating func hedged() {
        attempts &+= 1
        hedges.sent &+= 1
    }

    /// It takes this one's place.
    mutating func takeOver(_ hedge: Hedge) {
        renewTransfer()
        timeline.takeOver(hedge.timeline)
        isConnectionReused = hedge.isConnectionReused
        token = hedge.token
    }

    /// The connection stands, the request is about to go out. False when it must not: the transport begins anew where
    /// the server says so, also in the middle of an answer (HTTP/2's HTTP_1_1_REQUIRED), and what was handed over
    /// would come again.
    @discardableResult
    public mutating func connected(
        isReused: Bool, times: ConnectionTimes = ConnectionTimes(), now: Int64
    ) -> Bool {
        guard timeline.firstByte == 0 else {
            transportFailed(TransportFailure(.other, "the server wants the request anew"), now: now)
            return false
        }
        timeline.connect(times, now: now)
        isConnectionReused = isReused
        return true
    }

    /// A line of the response head, or of the trailers, arrived.
    public mutating func received(headLine line: Span<UInt8>, now: Int64) {
        guard !hasEnded else { return }
        byteArrived(now)
        head.read(line: line)
        headLength &+= line.count
        guard headLength > Limits.responseHeadLength else { return }
        end(Failure(.limit, phase, "the response has more than \(Limits.responseHeadLength) bytes of headers"))
    }

    /// Bytes of the body arrived; takes them from `position` on. Then `next` again until it needs input.
    public mutating func next(_ input: Span<UInt8>, _ position: inout Int, now: Int64) -> Step {
        if hasEnded { return .ended }
        if position < input.count { byteArrived(now) }
        if events.hasPending, let pending = events.nextPending() { return act(on: pending, now) ?? .ended }
        guard head.status == 200 else { return keepErrorBody(input, &position) }
        guard events.operation.isStreaming else { return nextOfBatch(input, &position, now) }
        guard head.isEventStream else { return refuseBody(input.extracting(min(position, input.count)..<input.count)) }
        return position < input.count ? nextEvent(input, &position, now) : .needsInput
    }

    /// The body ended as the transport's framing says it should.
    public mutating func bodyEnded(now: Int64) {
        guard !hasEnded else { return }
        timeline.ended = now
        guard head.isWhole else {
            return end(Failure(.transport, .response, "the response ended before its head was complete"))
        }
        guard head.status == 200 else { return end(serviceFailure()) }
        guard events.operation.isStreaming else { return endBatch() }
        guard head.isEventStream else {
            _ = refuseBody(Bytes().span)
            return
        }
        do throws(FrameError) {
            try frames.finish()
        } catch {
            return end(Failure(.incomplete, .stream, "the response ended early: " + error.message))
        }
        guard events.isAnswerComplete else {
            return end(Failure(.incomplete, .stream, "the response ended before the answer was complete"))
        }
        succeed()
    }

    /// A page in place of an answer is a proxy's: no model writes one.
    private mutating func endBatch() {
        batch.isWhole = !head.contentType.span.startsIgnoringCase("text/html")
        if !batch.isWhole { _ = refuseBody(Bytes().span, "an answer") }
    }

    private mutating func succeed() {
        if events.operation.isInvoke { events.answer.fillIn(head) }
        outcome = .stopped
    }

    /// The transport gave up.
    public mutating func transportFailed(_ failure: TransportFailure, now: Int64) {
        guard !hasEnded else { return }
        timeline.ended = now
        if head.isWhole, head.status != 200 { return end(serviceFailure()) }
        if head.isWhole {
            return end(
                Failure(.incomplete, .stream, "the connection failed before the response ended: " + failure.message))
        }
        let phase: Phase = timeline.firstByte > 0 ? .response : timeline.connected > 0 ? .request : .connect
        let code: ErrorCode =
            switch failure.kind {
            case .resolve: .resolve
            case .connect: .connect
            case .tls: .tls
            case .memory: .memory
            case .other: phase == .connect ? .connect : .transport
            }
        end(Failure(code, phase, failure.message))
    }

    /// The moment of `deadline`, or a later one, has come.
    public mutating func timePassed(now: Int64) {
        guard !hasEnded, let running = timeline.running(limits), running.since &+ running.length <= now else { return }
        timeline.ended = max(now, timeline.lastByte)
        let waited = (now &- running.since) / 1_000_000
        let text: Message =
            "\(running.limit.missing) within \(running.limit.key)=\(running.length / 1_000_000), waited \(waited) ms"
        end(Failure(running.limit.code, phase, text))
    }

    public mutating func cancelled(_ reason: StaticString, now: Int64) {
        guard !hasEnded else { return }
        timeline.ended = now
        end(Failure(.cancelled, phase, Message(reason)))
    }

    /// Something before the request failed.
    public mutating func refused(_ failure: Failure, now: Int64) {
        guard !hasEnded else { return }
        fail(failure, now: now)
    }

    /// This is how it ended, whatever it looked like.
    mutating func fail(_ failure: Failure, now: Int64) {
        if timeline.ended == 0 { timeline.ended = now }
        outcome = .failed(failure)
    }

    /// The caller holds the transfer back, or lets it go on.
    public mutating func paused(_ isPaused: Bool, now: Int64) {
        timeline.pause(isPaused, now: now)
    }

    // MARK: The way of a byte

    @inline(__always)
    private mutating func byteArrived(_ now: Int64) {
        if timeline.firstByte == 0 { timeline.firstByte = now }
        timeline.lastByte = now
    }

    @inline(never)
    @_optimize(speed)
    private mutating func nextEvent(_ input: Span<UInt8>, _ position: inout Int, _ now: Int64) -> Step {
        while true {
            do throws(FrameError) {
                guard let outcome = try Self.decodeMessage(&frames, &events, input, &position) else {
                    return .needsInput
                }
                if let step = act(on: outcome, now) { return step }
            } catch {
                endBadFrame(error, now)
                return .ended
            }
            if events.hasPending, let pending = events.nextPending() { return act(on: pending, now) ?? .ended }
        }
    }

    /// Nil when the next message is not whole yet.
    @inline(__always)
    private static func decodeMessage(
        _ frames: inout FrameDecoder, _ events: inout EventDecoder, _ input: Span<UInt8>, _ position: inout Int
    ) throws(FrameError) -> EventDecoder.Outcome? {
        guard let frame = try frames.next(input, &position) else { return nil }
        let bytes = frames.bytes(of: frame, in: input)
        let message = try frames.message(bytes, &events.headers)
        do throws(JSONError) {
            return try events.decode(message, bytes)
        } catch {
            return .malformed(error.message)
        }
    }

    /// What a message leads to; nil for the next one.
    @inline(__always)
    private mutating func act(on outcome: EventDecoder.Outcome, _ now: Int64) -> Step? {
        switch outcome {
        case .event:
            if events.event.hasDelta { timeline.delta(now: now) }
            return .deliver
        case .nothing: return nil
        case .exception(let error): endException(error, now)
        case .malformed(let text): endMalformed(text, now)
        case .overLimit(let limit):
            timeline.ended = now
            end(Failure(.limit, .stream, limit.message))
        }
        return .ended
    }

    /// The body is kept until it is whole; then it is handed over as the events that would have streamed it.
    private mutating func nextOfBatch(_ input: Span<UInt8>, _ position: inout Int, _ now: Int64) -> Step {
        guard batch.isWhole else {
            guard let failure = batch.take(input, &position) else { return .needsInput }
            end(failure)
            return .ended
        }
        while true {
            do throws(BatchError) {
                guard let outcome = try batch.next(&events) else {
                    succeed()
                    return .ended
                }
                if let step = act(on: outcome, now) { return step }
            } catch {
                end(error.failure)
                return .ended
            }
            if events.hasPending, let pending = events.nextPending() { return act(on: pending, now) ?? .ended }
        }
    }

    private mutating func keepErrorBody(_ input: Span<UInt8>, _ position: inout Int) -> Step {
        let rest = input.extracting(min(position, input.count)..<input.count)
        errorBody.append(rest.extracting(0..<min(rest.count, Limits.errorBodyLength &- errorBody.count)))
        position = input.count
        guard errorBody.count >= Limits.errorBodyLength || errorBody.isExhausted else { return .needsInput }
        timeline.ended = timeline.lastByte
        end(serviceFailure())
        return .ended
    }

    // MARK: Ends

    var phase: Phase {
        if timeline.started == 0 { return .prepare }
        if timeline.firstByte == 0 { return timeline.connected == 0 ? .connect : .request }
        return head.isWhole && head.status == 200 ? .stream : .response
    }

    private mutating func end(_ failure: Failure) {
        if timeline.ended == 0 { timeline.ended = timeline.lastByte }
        var failure = failure
        if failure.httpStatus == 0, failure.code != .cancelled, head.isWhole { failure.httpStatus = head.status }
        outcome = .failed(failure)
    }

    private mutating func endBadFrame(_ error: FrameError, _ now: Int64) {
        timeline.ended = now
        let code: ErrorCode =
            switch error.kind {
            case .tooLarge: .limit
            case .outOfMemory: .memory
            default: .protocol
            }
        end(Failure(code, .stream, error.message))
    }

    private mutating func endMalformed(_ text: Message, _ now: Int64) {
        timeline.ended = now
        let place: Message = "the payload of the message at byte \(frames.streamOffset) is malformed: \(text)"
        end(Failure(.protocol, .stream, place))
    }

    private mutating func endException(_ shown: ServiceError, _ now: Int64) {
        let error = shown.redacted(token)
        timeline.ended = now
        isEndedByService = true
        let name = error.code ?? []
        let code = ErrorCode.forService(code: name.span, status: 0)
        var failure = Failure(code, .stream, Self.text(error, fallback: "the service reported a failure"))
        failure.httpStatus = code.modelledStatus
        failure.service = error
        // The answer's own status was that of success: none is better where the model names none.
        outcome = .failed(failure)
    }

    private mutating func refuseBody(_ start: Span<UInt8>, _ wanted: StaticString = "an event stream") -> Step {
        timeline.ended = timeline.lastByte
        let type: Message = head.contentType.isEmpty ? "no content type" : "content type \(head.contentType)"
        var text: Message = "HTTP 200 with \(type) instead of \(wanted)"
        if !start.isEmpty {
            text += ", beginning with: \(Redaction.redacted(start.extracting(0..<min(start.count, 80)), token: token))"
        }
        var failure = Failure(.protocol, .response, text.singleLine)
        failure.httpStatus = 200
        end(failure)
        return .ended
    }

    /// What an answer with another status than 200 says.
    private func serviceFailure() -> Failure {
        let shown = ErrorParser.parse(status: head.status, headers: head.errorHeaders, body: errorBody.span)
        let error = shown.redacted(token)
        let name = error.code ?? []
        let code = ErrorCode.forService(code: name.span, status: head.status)
        var failure = Failure(code, .response, Self.text(error, fallback: "HTTP status \(head.status)"))
        failure.httpStatus = head.status
        failure.service = error
        return failure
    }

    private static func text(_ error: ServiceError, fallback: Message) -> Message {
        let text: Message
        if let message = error.message, !message.isEmpty {
            text = Message(copying: message.span.cutAtCharacter(Limits.errorTextLength))
        } else if let code = error.code, !code.isEmpty {
            text = Message(code)
        } else {
            text = fallback
        }
        return text.singleLine
    }
}
