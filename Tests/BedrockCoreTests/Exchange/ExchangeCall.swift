import Recording

@testable import BedrockCore

/// A whole call driven by hand: what a transport and a caller do, a moment later each time.
final class ExchangeCall: StreamConsumer, CallerWishes {
    private(set) var exchange: Exchange!
    private(set) var texts: [String] = []
    private(set) var notices: [EventKind] = []
    private(set) var usage: Usage?
    private(set) var code: ErrorCode?
    private(set) var request: PreparedRequest?
    /// The event to pause at, counted from 1.
    var pauseAt: Int?
    var clock = Clock(now: 1_000_000_000, wall: 1_790_000_000)

    let wantsRaw = false
    let isCalledByLoop = true
    let isCancelled = false
    let isDetached = false

    init(_ settings: [(ConfigKey, String)], operation: BedrockCore.Operation = .converseStream) throws {
        let config = Config()
        let all: [(ConfigKey, String)] = [(.region, "us-east-1"), (.accessKeyID, "AKID"), (.secretAccessKey, "secret")]
        for (key, value) in all + settings { try config.set(key, to: value.utf8.span) }
        var body = ByteBuffer()
        body.append(
            operation.isInvoke
                ? #"{"anthropic_version":"x","max_tokens":1000,"messages":[{"role":"user","content":"Hi"}]}"#
                : #"{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"inferenceConfig":{"maxTokens":1000}}"#)
        guard let signer = RequestSigner() else { return }
        exchange = Exchange(
            operation: operation, modelID: Bytes("m"), body: RequestBody(body),
            settings: try Settings.make(config, Environment()), consumer: self, wishes: self,
            shared: SharedState(signer: signer, seed: 1), now: clock.now)
        exchange.begin(now: clock.now)
        serve()
    }

    /// The exchange must not outlive it.
    func end() { exchange = nil }

    // MARK: The transport

    func pass(_ seconds: Int64) {
        clock.now += seconds * 1_000_000_000
        clock.wall += seconds
    }

    /// Waits for a retry, if one is planned.
    func awaitRetry() {
        guard exchange.state == .waiting, let deadline = exchange.deadline else { return }
        clock.now = max(clock.now, deadline)
        exchange.timePassed(now: clock.now)
        serve()
    }

    func connect(isReused: Bool = false) -> Bool {
        exchange.connected(isReused: isReused, now: clock.now)
    }

    func head(_ lines: String...) {
        for line in lines + [""] { exchange.received(headLine: line.utf8.span, now: clock.now) }
    }

    func streamHead() {
        head("HTTP/1.1 200 OK", "content-type: application/vnd.amazon.eventstream")
    }

    func bring(_ bytes: Bytes) -> Intake {
        exchange.received(bytes.span, now: clock.now)
    }

    func endBody() {
        exchange.bodyEnded(now: clock.now)
        serve()
    }

    func breakOff() {
        exchange.transportFailed(TransportFailure(.other, "reset"), now: clock.now)
        serve()
    }

    /// Connects, answers and ends the body.
    func answer(_ messages: [Bytes]) {
        _ = connect()
        streamHead()
        _ = bring(messages.flatMap { $0 })
        endBody()
    }

    func resume() {
        exchange.resume(now: clock.now)
        serve()
    }

    private func serve() {
        while let action = exchange.nextAction(clock) {
            if case .send(let request, _) = action { self.request = request }
        }
    }

    var sentBody: String { request.map { String($0.body.bytes.array) } ?? "" }

    // MARK: The consumer

    func deliver(_ event: EventView) -> Flow {
        texts.append(event.text.string)
        return texts.count == pauseAt ? .pause : .goOn
    }

    func noticed(_ notice: NoticeView) -> Flow {
        notices.append(notice.kind)
        return .goOn
    }

    func stopped(_ result: ResultView) {
        usage = result.usage
        code = .ok
    }

    func failed(_ failure: FailureView) {
        code = failure.code
    }
}

extension TextView {
    fileprivate var string: String {
        String(decoding: UnsafeBufferPointer(start: pointer, count: count), as: UTF8.self)
    }
}
