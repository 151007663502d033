import Recording
import Testing

@testable import BedrockCore

/// Takes what an exchange delivers, writes it down in order, and answers as a test wants it to.
final class Caller: StreamConsumer, CallerWishes {
    struct Ending {
        /// `ok` for success.
        var code = ErrorCode.ok
        var phase = Phase.prepare
        var message = ""
        var text = ""
        var usage = Usage()
        var timings = Timings()
        var modelID = ""
        var region = ""
        var delivered: UInt64 = 0
        var attempts: UInt32 = 0
        var hedges = HedgeCounts()
        var rounds: UInt32 = 0
        var assistantMessage = ""
    }

    var isCancelled = false
    var isDetached = false
    var wantsRaw = true
    let isCalledByLoop = true
    var isOutOfMemory = false

    /// Events and notices as they came: "messageStart", "text Hello", "retry 2/3 throttled".
    private(set) var log: [String] = []
    /// What was asked about each failure: "retry 2/3 throttled".
    private(set) var plans: [String] = []
    private(set) var delays: [Int64] = []
    private(set) var endings: [Ending] = []

    var onEvent: (StreamEvent) -> Flow = { _ in .goOn }
    var onNotice: (NoticeView) -> Flow = { _ in .goOn }
    var onPlan: (NoticeView) -> Verdict = { _ in .asPlanned }
    var onEnd: () -> Void = {}

    /// Nil while it runs.
    var ending: Ending? { endings.last }
    /// The text deltas since the last restart, joined.
    var text: String {
        log.reduce(into: "") { text, line in
            if line.hasPrefix("restart") { text = "" }
            if line.hasPrefix("text ") { text += line.dropFirst(5) }
        }
    }

    func deliver(_ view: EventView) -> Flow {
        let text = Self.text(view.text)
        if view.event.hasDelta {
            log.append("\(view.event.deltaKind) \(text)")
        } else if view.event.kind == .toolWaiting || view.event.kind == .toolAnswered {
            log.append("\(view.event.kind) \(Self.text(view.toolID))")
        } else if view.event.kind == .tool {
            log.append("tool \(Self.text(view.toolName)) \(text)")
        } else {
            log.append("\(view.event.kind)")
        }
        return onEvent(view.event)
    }

    func noticed(_ notice: NoticeView) -> Flow {
        log.append(Self.line(notice))
        delays.append(notice.delay)
        return onNotice(notice)
    }

    func judge(_ plan: NoticeView) -> Verdict {
        plans.append(Self.line(plan))
        return onPlan(plan)
    }

    func stopped(_ result: ResultView) {
        endings.append(Self.ending(result))
        end()
    }

    func failed(_ failure: FailureView) {
        var ending = Self.ending(failure.partial)
        (ending.code, ending.phase, ending.message) = (failure.code, failure.phase, Self.text(failure.message))
        endings.append(ending)
        end()
    }

    /// What a test does in callbacks holds its edge, which holds this caller.
    private func end() {
        onEnd()
        onEvent = { _ in .goOn }
        onNotice = { _ in .goOn }
        onPlan = { _ in .asPlanned }
        onEnd = {}
    }

    private static func line(_ notice: NoticeView) -> String {
        "\(notice.kind) \(notice.attempt)/\(notice.maxAttempts) \(notice.failure.code)"
    }

    private static func ending(_ result: ResultView) -> Ending {
        var ending = Ending()
        (ending.text, ending.usage, ending.timings) = (text(result.text), result.usage, result.timings)
        (ending.modelID, ending.region) = (text(result.modelID), text(result.region))
        (ending.delivered, ending.attempts) = (result.delivered, result.attempts)
        ending.hedges = result.hedges
        ending.rounds = result.details.rounds
        ending.assistantMessage = text(result.details.message)
        return ending
    }

    static func text(_ view: TextView) -> String {
        String(decoding: UnsafeBufferPointer(start: view.pointer, count: view.count), as: UTF8.self)
    }
}

/// Where a test leaves results of tools.
final class Desk: ToolDesk {
    var answers: [ToolAnswer] = []
    /// Ids of calls that wait, in the order of their coming.
    private(set) var expected: [String] = []
    private(set) var isClosed = false

    func expect(_ id: Bytes) { expected.append(String(id)) }

    func takeAnswers() -> [ToolAnswer] {
        defer { answers = [] }
        return answers
    }

    func forget() {
        answers = []
        expected = []
    }

    func close() {
        forget()
        isClosed = true
    }
}

/// Plays the edge of one exchange: keeps the clocks, tells what happened, does what is asked for.
///
/// After each input it looks for what no exchange may do: leave its table, end twice, or wait for nothing.
final class Edge: TurnTaker {
    struct NoSigner: Error {}

    var clock = Clock(now: 1_000_000_000, wall: 1_700_000_000)
    let caller = Caller()
    let desk = Desk()
    let shared: SharedState
    let exchange: Exchange

    private(set) var requests: [PreparedRequest] = []
    private(set) var freshness: [Bool] = []
    /// Actions in order: "send", "hedge", "drop", "drain", "dropHedge", "resume", "reread", "finish".
    private(set) var actions: [String] = []
    private(set) var ways: [Exchange.Transition] = []
    private(set) var faults: [String] = []
    /// In which lanes there are transfers.
    private var transfers: Set<Lane> = []
    /// What rereading the environment finds; nil tells nothing yet.
    var reread: [String: String]?

    static let code = [
        "region": "us-east-1", "credentials.access_key_id": "AKID", "credentials.secret_access_key": "secret",
    ]

    static let place = ["region": "us-east-1"]

    convenience init(
        _ extra: [String: String] = [:], code: [String: String] = Edge.code, environment: [String: String] = [:],
        operation: BedrockCore.Operation = .converseStream, body: String = #"{"messages":[]}"#,
        shared: SharedState? = nil
    ) throws {
        let variables = ["AWS_EC2_METADATA_DISABLED": "true"].merging(environment) { $1 }
        let settings = try settings(code.merging(extra) { $1 }, variables)
        let shared = try shared ?? Edge.makeShared()
        self.init(settings, operation, requestBody(body), shared)
    }

    private init(_ settings: Settings, _ operation: BedrockCore.Operation, _ body: RequestBody, _ shared: SharedState) {
        self.shared = shared
        exchange = Exchange(
            operation: operation, modelID: Bytes("m"), body: body, settings: settings, consumer: caller,
            wishes: caller, shared: shared, desk: desk, now: clock.now)
        exchange.holder = self
        exchange.watch = { [unowned self] in ways.append($0) }
    }

    /// An inquiry that nobody answers any more holds what holds its keeper.
    deinit { for keeper in shared.keepers { keeper.close() } }

    /// What the calls of one client share.
    static func makeShared() throws -> SharedState {
        guard let signer = RequestSigner() else { throw NoSigner() }
        return SharedState(signer: signer, seed: 1)
    }

    // MARK: Inputs

    func begin() {
        exchange.begin(now: clock.now)
        act()
    }

    /// Its turn has come; what is to be done then is done outside of that.
    func turnCame() {
        exchange.turnCame(now: clock.now)
    }

    func connect(reused: Bool = false, _ times: ConnectionTimes = ConnectionTimes()) {
        if !exchange.connected(isReused: reused, times: times, now: clock.now) { actions.append("stay") }
        act()
    }

    func sent(_ length: Int64, isWhole: Bool = true) {
        exchange.requestSent(length: length, isWhole: isWhole, now: clock.now)
        act()
    }

    func head(_ lines: [String] = StreamRecorder.streamHead) {
        for line in lines { exchange.received(headLine: line.utf8.span, now: clock.now) }
        act()
    }

    @discardableResult
    func receive(_ messages: Bytes...) -> Intake {
        let bytes = Bytes(messages.joined())
        let intake = exchange.received(bytes.span, now: clock.now)
        act()
        return intake
    }

    func endBody() {
        let lane = exchange.lane
        exchange.bodyEnded(now: clock.now)
        transfers.remove(lane)
        act()
    }

    func fail(_ kind: TransportFailure.Kind = .other) {
        let lane = exchange.lane
        exchange.transportFailed(TransportFailure(kind, "no luck"), now: clock.now)
        transfers.remove(lane)
        act()
    }

    // MARK: Inputs of a hedge

    @discardableResult
    func connectHedge(reused: Bool = false) -> Bool {
        defer { act() }
        return exchange.hedgeConnected(isReused: reused, now: clock.now)
    }

    func sentOfHedge(_ length: Int64, isWhole: Bool = true) {
        exchange.hedgeSent(length: length, isWhole: isWhole, now: clock.now)
        act()
    }

    func headOfHedge(_ line: String) {
        exchange.hedgeReceived(headLine: line.utf8.span, now: clock.now)
        act()
    }

    func failHedge() {
        let lane = exchange.lane.other
        exchange.hedgeEnded(now: clock.now)
        transfers.remove(lane)
        act()
    }

    // MARK: Wishes

    func resume() {
        exchange.resume(now: clock.now)
        act()
    }

    func cancel() {
        caller.isCancelled = true
        exchange.noticed(now: clock.now)
        act()
    }

    func detach() {
        caller.isDetached = true
        exchange.noticed(now: clock.now)
        act()
    }

    /// The result of a tool call, as text, by a thread that has not told of it yet.
    func leave(_ id: String, _ text: String = "sunny", isError: Bool = false) throws {
        let answer = try ToolAnswer.make(
            id: id.utf8.span, content: .text, text: text.utf8.span, isError: isError, maxLength: 1000)
        desk.answers.append(try #require(answer))
    }

    func answer(_ id: String, _ text: String = "sunny", isError: Bool = false) throws {
        try leave(id, text, isError: isError)
        exchange.toolsAnswered(now: clock.now)
        act()
    }

    func pass(milliseconds: Int64) {
        clock.now += milliseconds * 1_000_000
        clock.wall += milliseconds / 1000
        exchange.timePassed(now: clock.now)
        act()
    }

    /// Until the deadline; false where there is none.
    @discardableResult
    func wait() -> Bool {
        guard let deadline = exchange.deadline else { return false }
        pass(milliseconds: max(deadline - clock.now + 999_999, 0) / 1_000_000)
        return true
    }

    // MARK: Whole answers

    func open() {
        connect()
        head()
    }

    func succeed(_ text: String = "Hello") {
        open()
        receive(Message.start, textDelta(text), Message.stop)
        endBody()
    }

    /// An answer with an error's status.
    func refuse(_ status: Int = 429, _ type: String = "ThrottlingException", _ headers: [String] = []) {
        connect()
        head(["HTTP/1.1 \(status) No\r\n", "x-amzn-ErrorType: \(type)\r\n"] + headers.map { $0 + "\r\n" } + ["\r\n"])
        receive(Bytes(#"{"message":"why"}"#.utf8))
        endBody()
    }

    // MARK: Actions

    func act() {
        for _ in 0..<20 {
            guard let action = exchange.nextAction(clock) else { return check() }
            carryOut(action)
        }
        faults.append("actions without end")
    }

    private func carryOut(_ action: Action) {
        switch action {
        case .send(let request, let isFresh):
            actions.append("send")
            requests.append(request)
            freshness.append(isFresh)
            begin(exchange.lane)
        case .sendHedge(let request, let isFresh):
            actions.append("hedge")
            requests.append(request)
            freshness.append(isFresh)
            begin(exchange.lane.other)
        case .dropHedge: release("dropHedge", exchange.lane.other)
        case .dropTransfer: release("drop")
        case .drainTransfer: release("drain")
        case .resumeTransfer: actions.append("resume")
        case .awaitIdentity:
            actions.append("reread")
            if let reread { answerSources(reread) }
        case .finish: actions.append("finish")
        }
    }

    /// The environment as it is now, for the keepers that ask.
    private func answerSources(_ variables: [String: String]) {
        for keeper in shared.keepers {
            while let ask = keeper.takeAsk() {
                let finding = Finding(failure: ask.kind == .sources ? nil : "is not there")
                finding.settings = try? settings(Edge.place, variables)
                keeper.found(finding, clock)
            }
        }
        if shared.takeSettled() { exchange.identitySettled(now: clock.now) }
    }

    private func begin(_ lane: Lane) {
        if !transfers.insert(lane).inserted { faults.append("two transfers in a lane") }
    }

    private func release(_ action: String, _ lane: Lane? = nil) {
        actions.append(action)
        transfers.remove(lane ?? exchange.lane)
    }

    private func check() {
        if exchange.hasLeftTable { faults.append("a way that is not in the table") }
        if exchange.hasEnded != (caller.endings.count == 1) || caller.endings.count > 1 {
            faults.append("\(caller.endings.count) ends")
        }
        if exchange.hasEnded { return checkEnd() }
        let isWaitedFor = transfers.contains(exchange.lane) || exchange.isPaused || exchange.deadline != nil
        if !isWaitedFor, exchange.state != .resolving, exchange.state != .queued {
            faults.append("waits for nothing as \(exchange.state)")
        }
    }

    private func checkEnd() {
        if !transfers.isEmpty { faults.append("a transfer is left") }
        if exchange.deadline != nil { faults.append("a deadline is left") }
        if exchange.hasAction { faults.append("an action is left") }
        if actions.filter({ $0 == "finish" }).count != 1 { faults.append("not one finish") }
    }

    // MARK: What was sent

    func header(_ name: StaticString, _ index: Int) -> String? {
        guard index < requests.count else { return nil }
        return requests[index].headers.wholeValue(of: name).map { String($0) }
    }

    /// `amz-sdk-request` of each request.
    var attemptHeaders: [String?] { requests.indices.map { header("amz-sdk-request", $0) } }
    var urls: [String] { requests.map { String($0.url) } }
    var bodies: [String] { requests.map { String($0.body.bytes.array) } }
}

func requestBody(_ text: String) -> RequestBody {
    var bytes = ByteBuffer()
    bytes.append(Bytes(text.utf8))
    return RequestBody(bytes)
}

/// What the service sends of an answer.
enum Message {
    static let start = Wire.event("messageStart", #"{"role":"assistant"}"#)
    static let blockStop = Wire.event("contentBlockStop", #"{"contentBlockIndex":0}"#)
    static let stop = Wire.event("messageStop", #"{"stopReason":"end_turn"}"#)
    static let metadata = Wire.event(
        "metadata", #"{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}"#)
    static let throttling = Wire.exception("throttlingException", #"{"message":"slow down"}"#)
    static let toolUse = Wire.event("messageStop", #"{"stopReason":"tool_use"}"#)

    /// A whole call of a tool.
    static func tool(_ id: String, _ index: Int = 0, input: String = "{}", isServer: Bool = false) -> Bytes {
        let type = isServer ? #","type":"server_tool_use""# : ""
        let text = input.replacing("\"", with: "\\\"")
        return Wire.event(
            "contentBlockStart",
            #"{"start":{"toolUse":{"toolUseId":"\#(id)","name":"weather"\#(type)}},"contentBlockIndex":\#(index)}"#)
            + Wire.event(
                "contentBlockDelta",
                #"{"delta":{"toolUse":{"input":"\#(text)"}},"contentBlockIndex":\#(index)}"#)
            + Wire.event("contentBlockStop", #"{"contentBlockIndex":\#(index)}"#)
    }

    static let toolStart = Wire.event(
        "contentBlockStart", #"{"start":{"toolUse":{"toolUseId":"t","name":"n"}},"contentBlockIndex":0}"#)
}
