/// A response body decoded by hand: the attempt without a transport.
public final class BodyDecoder {
    private let operation: Operation
    private let consumer: any StreamConsumer
    private var attempt: Attempt
    private var isBusy = false
    private var isSealed = false

    public init(operation: Operation, consumer: any StreamConsumer) {
        self.operation = operation
        self.consumer = consumer
        attempt = Self.newAttempt(operation, consumer)
    }

    private static func newAttempt(_ operation: Operation, _ consumer: any StreamConsumer) -> Attempt {
        var attempt = Attempt(
            operation: operation, limits: TimeLimits(), wantsRaw: consumer.wantsRaw, now: 1)
        attempt.started(now: 1)
        attempt.received(headLine: Bytes("HTTP/1.1 200 OK").span, now: 1)
        attempt.received(headLine: Bytes("content-type: application/vnd.amazon.eventstream").span, now: 1)
        attempt.received(headLine: Bytes("").span, now: 1)
        return attempt
    }

    /// False inside a callback, or after the end.
    public func feed(_ bytes: Span<UInt8>) -> Bool {
        guard !isBusy, !attempt.hasEnded else { return false }
        isBusy = true
        defer { isBusy = false }
        pump(bytes)
        return true
    }

    /// Hands over every event that the bytes complete.
    private func pump(_ bytes: Span<UInt8>) {
        var position = 0
        while true {
            switch attempt.next(bytes, &position, now: 1) {
            case .needsInput: return
            case .deliver:
                if consumer.deliver(attempt.eventView) == .cancel {
                    attempt.cancelled("the callback cancelled the stream", now: 1)
                }
            case .ended: return seal()
            }
        }
    }

    /// The code of the end; nil for success. False inside a callback.
    public func finish() -> ErrorCode? {
        guard !isBusy else { return .state }
        isBusy = true
        defer { isBusy = false }
        attempt.bodyEnded(now: 1)
        // The answer of a batch operation is handed over when all of it is there.
        if attempt.hasWholeBody { pump(Bytes().span) }
        seal()
        return attempt.failure?.code
    }

    public func reset() -> Bool {
        guard !isBusy else { return false }
        attempt = Self.newAttempt(operation, consumer)
        isSealed = false
        return true
    }

    private func seal() {
        guard !isSealed else { return }
        isSealed = true
        attempt.seal(modelID: [])
        if let failure = attempt.failureView {
            consumer.failed(failure)
        } else {
            consumer.stopped(attempt.resultView)
        }
    }
}
