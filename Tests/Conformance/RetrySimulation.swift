import BedrockCore
import Glibc

/// Calls through the library's exchange, answered without a network, on a clock that only waits move on.
final class RetrySimulation {
    struct Response {
        let status: Int64
        let headers: [HTTPHeader]
    }

    struct Step {
        let outcome: StaticString
        let quotaLeft: Int
        /// Nanoseconds.
        var delay: Int64?
    }

    private let settings: Settings
    private let shared: SharedState
    private let success: Bytes
    private var now: Int64 = 1
    private var exchange: Exchange?
    private var caller = Caller()

    init(_ settings: Settings, _ quota: RetryQuota) throws(Refusal) {
        guard let signer = RequestSigner() else { throw .malformed("there is no memory for a signer") }
        self.settings = settings
        shared = SharedState(signer: signer, random: RandomSource(always: .max), quota: quota)
        success = try Self.wholeAnswer()
    }

    func beginSequence() {
        exchange = nil
    }

    /// What becomes of the call that is under way, or of a new one, once this has come.
    func answer(with response: Response) throws(Refusal) -> Step {
        let call = exchange ?? begin()
        exchange = call
        try send(call)
        bring(response, to: call)
        if !call.hasEnded {
            let delay = caller.delay
            now += delay
            call.timePassed(now: now)
            return Step(outcome: "retry_request", quotaLeft: shared.quotaLeft, delay: delay)
        }
        exchange = nil
        return Step(outcome: outcome(), quotaLeft: shared.quotaLeft)
    }

    private func begin() -> Exchange {
        caller = Caller()
        var body = ByteBuffer()
        body.append("{}")
        let call = Exchange(
            operation: .converseStream, modelID: Bytes("m"), body: RequestBody(body), settings: settings,
            consumer: caller, wishes: caller, shared: shared, now: now)
        call.begin(now: now)
        return call
    }

    private func send(_ call: Exchange) throws(Refusal) {
        while let action = call.nextAction(Clock(now: now, wall: Int64(time(nil)))) {
            if case .send = action { return }
        }
        throw .malformed("the exchange does not send")
    }

    private func bring(_ response: Response, to call: Exchange) {
        _ = call.connected(isReused: false, now: now)
        let isSuccess = response.status == 200
        var lines = [Bytes("HTTP/1.1 \(response.status) X".utf8)]
        lines += response.headers.map { $0.name + Bytes(": ") + $0.value }
        if isSuccess { lines.append(Bytes("content-type: application/vnd.amazon.eventstream")) }
        lines.append([])
        for line in lines { call.received(headLine: line.span, now: now) }
        let body = isSuccess ? success : []
        if isSuccess { _ = call.received(body.span, now: now) }
        call.bodyEnded(now: now)
    }

    private static func wholeAnswer() throws(Refusal) -> Bytes {
        let headers: [FrameHeader] = [
            FrameHeader(name: Bytes(":message-type"), value: .string(Bytes("event"))),
            FrameHeader(name: Bytes(":event-type"), value: .string(Bytes("messageStop"))),
        ]
        let payload = Bytes(#"{"stopReason":"end_turn"}"#)
        var frame = ByteBuffer()
        do throws(FrameError) {
            try FrameEncoder.encode(headers: headers, payload: payload.span, into: &frame)
        } catch {
            throw .malformed(error.message.description)
        }
        return frame.array
    }

    /// Why there was no retry, for a failure that may have one.
    private func outcome() -> StaticString {
        guard let failure = caller.failure else { return "success" }
        if RetryClass(for: failure, settings.retry) == .none { return "fail" }
        return caller.attempts >= settings.retry.allowedAttempts ? "max_attempts_exceeded" : "retry_quota_exceeded"
    }
}

/// Lets the library do as it plans, and remembers what it is told.
private final class Caller: StreamConsumer, CallerWishes {
    var delay: Int64 = 0
    var attempts: UInt32 = 0
    /// Of the call's end.
    var failure: Failure?

    let isCancelled = false
    let isDetached = false
    let wantsRaw = false
    let isCalledByLoop = true

    func deliver(_ event: EventView) -> Flow { .goOn }

    func noticed(_ notice: NoticeView) -> Flow {
        delay = notice.delay
        return .goOn
    }

    func stopped(_ result: ResultView) {}

    func failed(_ view: FailureView) {
        var failure = Failure(view.code, view.phase, "")
        failure.httpStatus = view.httpStatus
        failure.service.code = Bytes(
            UnsafeBufferPointer(start: view.serviceCode.pointer, count: view.serviceCode.count))
        attempts = view.partial.attempts
        self.failure = failure
    }
}
