/// A response body decoded by hand: the exchange without a transport.
public final class BodyDecoder {
    private let operation: Operation
    private let consumer: any StreamConsumer
    private var exchange: Exchange
    private var isBusy = false
    private var isSealed = false

    public init(operation: Operation, consumer: any StreamConsumer) {
        self.operation = operation
        self.consumer = consumer
        exchange = Self.newExchange(operation, consumer)
    }

    private static func newExchange(_ operation: Operation, _ consumer: any StreamConsumer) -> Exchange {
        var exchange = Exchange(
            operation: operation, limits: TimeLimits(), wantsRaw: consumer.wantsRaw, now: 1)
        exchange.started(now: 1)
        exchange.received(headLine: Bytes("HTTP/1.1 200 OK").span, now: 1)
        exchange.received(headLine: Bytes("content-type: application/vnd.amazon.eventstream").span, now: 1)
        exchange.received(headLine: Bytes("").span, now: 1)
        return exchange
    }

    /// False inside a callback, or after the end.
    public func feed(_ bytes: Span<UInt8>) -> Bool {
        guard !isBusy, !exchange.hasEnded else { return false }
        isBusy = true
        defer { isBusy = false }
        var position = 0
        while true {
            switch exchange.next(bytes, &position, now: 1) {
            case .needsInput: return true
            case .deliver:
                if consumer.deliver(exchange.eventView) == .cancel {
                    exchange.cancelled("the callback cancelled the stream", now: 1)
                }
            case .ended:
                seal()
                return true
            }
        }
    }

    /// The code of the end; nil for success. False inside a callback.
    public func finish() -> ErrorCode? {
        guard !isBusy else { return .state }
        isBusy = true
        defer { isBusy = false }
        exchange.bodyEnded(now: 1)
        seal()
        return exchange.failure?.code
    }

    public func reset() -> Bool {
        guard !isBusy else { return false }
        exchange = Self.newExchange(operation, consumer)
        isSealed = false
        return true
    }

    private func seal() {
        guard !isSealed else { return }
        isSealed = true
        exchange.seal(modelID: [])
        if let failure = exchange.failureView {
            consumer.failed(failure)
        } else {
            consumer.stopped(exchange.resultView)
        }
    }
}
