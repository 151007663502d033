import BedrockCore

/// One call with the caller's part in it: it takes what is delivered, pauses, cancels, frees, judges and detaches by
/// plan.
final class Call: StreamConsumer, CallerWishes, TurnTaker {
    enum Deed {
        /// What a callback returns.
        case cancelFlow
        /// From the loop's own thread, inside a callback.
        case free, freeOther
        /// By another thread, while a callback runs.
        case cancelElsewhere, detachElsewhere, resumeElsewhere
    }

    enum Point {
        case deliver, notice, judge, end
    }

    let number: Int
    let tuning: Tuning
    let operation: BedrockCore.Operation
    let wantsRaw: Bool
    unowned(unsafe) let world: World
    private(set) var exchange: Exchange!
    private(set) var desk: Desk!
    private(set) var watch: Watch!

    // The loop's part of it.
    var transfers: [Lane: Transfer] = [:]
    /// The one that the exchange's attempt is in.
    var transfer: Transfer? {
        get { transfers[exchange.lane] }
        set { transfers[exchange.lane] = newValue }
    }
    var depth = 0
    var isQueued = false
    var timer = Int64.max
    /// How late the loop wakes up for it.
    let lag: Int64
    private(set) var hasBegun = false
    /// It comes while the client is being drained.
    let isRefused: Bool

    // The caller's part of it.
    private(set) var isCancelled = false
    private(set) var isDetached = false
    private var isResumeRequested = false
    private(set) var hasPostedAnswers = false
    private var isNoticePosted = false
    var habits: ToolHabits
    /// Of answers that call tools, as long as there are few rounds.
    let toolPercent: Int
    var manner: Answer.Manner
    private let pausePercent: Int
    private let judgesOften: Bool
    private var deeds: [(point: Point, number: Int, deed: Deed)] = []
    private var visits: [Int] = [0, 0, 0, 0]

    static let maxTokens: Int64 = 3000

    init(_ number: Int, _ item: SettingsShelf.Item, _ world: World) {
        self.number = number
        self.world = world
        tuning = item.tuning
        operation = world.dice.pick([
            .converseStream, .converseStream, .converseStream, .invokeModelWithResponseStream,
            .invokeModelWithResponseStream, .converse, .invokeModel,
        ])
        wantsRaw = world.dice.percent(50)
        lag = world.dice.percent(50) ? 0 : Int64(world.dice.below(1_000_000))
        isRefused = world.dice.below(200) == 0
        pausePercent = world.dice.pick([0, 0, 0, 3, 20, 60])
        judgesOften = world.dice.percent(15)
        habits = ToolHabits.drawn(&world.dice)
        toolPercent = world.dice.pick([0, 20, 20, 60, 90])
        manner = Answer.Manner(
            toolPercent: toolPercent, announcesAll: operation.isInvoke,
            isWhole: !operation.isStreaming)
        watch = Watch(self)
        desk = Desk(self)
        var body = ByteBuffer()
        body.append(AskedFor.body(operation, maxTokens: Self.maxTokens))
        exchange = Exchange(
            operation: operation, modelID: Bytes(tuning.targets[0].model.utf8), body: RequestBody(body),
            settings: item.settings, consumer: self, wishes: self, shared: world.shared, desk: desk, now: world.now)
        exchange.holder = self
    }

    /// Lets go of what holds on to this.
    func letGo() {
        for transfer in transfers.values { transfer.call = nil }
        transfers = [:]
        exchange = nil
        desk = nil
        watch = nil
    }

    // MARK: The plan

    func plan() {
        let world = world
        let atOnce = world.queue.limits.areNone ? 70 : 40
        world.after(world.dice.percent(atOnce) ? 0 : world.dice.time(upTo: 33)) { [unowned self] in begin() }
        if world.dice.percent(8) {
            world.after(world.dice.time(upTo: 36)) { [unowned self] in cancelElsewhere() }
        }
        if world.dice.percent(5) {
            world.after(world.dice.time(upTo: 36)) { [unowned self] in detachElsewhere() }
        }
        if number == 0, world.dice.percent(3) { world.after(world.dice.time(upTo: 36)) { world.cancelAll() } }
        planDeeds()
    }

    private func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        world.start(self)
        if isNoticePosted { world.notice(self) }
    }

    /// Whoever limits himself often has one call follow the other.
    private func beginNext() {
        guard !world.queue.limits.areNone, world.dice.percent(40) else { return }
        guard let next = world.calls.first(where: { !$0.hasBegun }) else { return }
        world.after(0) { [unowned next] in next.begin() }
    }

    private static let deeds: [Deed] = [
        .cancelFlow, .free, .free, .freeOther, .cancelElsewhere, .detachElsewhere, .resumeElsewhere,
    ]

    private func planDeeds() {
        guard world.dice.percent(25) else { return }
        for _ in 0..<world.dice.within(1...2) {
            let point = world.dice.pick([Point.deliver, .deliver, .notice, .judge, .end])
            let last = point == .deliver ? 12 : 3
            deeds.append((point, world.dice.within(1...last), world.dice.pick(Self.deeds)))
        }
    }

    // MARK: Other threads

    func post(answers: Bool = false) {
        if answers { hasPostedAnswers = true }
        guard !isNoticePosted else { return }
        isNoticePosted = true
        // The letter box keeps the order.
        guard hasBegun else { return }
        world.after(world.dice.percent(70) ? 0 : world.dice.time(upTo: 22)) { [unowned self] in world.notice(self) }
    }

    func takeNotice() -> (isResumed: Bool, hasAnswers: Bool) {
        defer {
            isNoticePosted = false
            isResumeRequested = false
            hasPostedAnswers = false
        }
        return (isResumeRequested, hasPostedAnswers)
    }

    func cancelElsewhere() {
        world.note("call \(number): another thread cancels")
        isCancelled = true
        post()
    }

    private func detachElsewhere() {
        world.note("call \(number): another thread detaches")
        isDetached = true
        answerPostponed()
        post()
    }

    private func resumeElsewhere() {
        isResumeRequested = true
        post()
    }

    func turnCame() { world.turnCame(self) }

    // MARK: Callbacks

    var isCalledByLoop: Bool { true }

    func deliver(_ event: EventView) -> Flow {
        world.note("call \(number): is given \(event.words)")
        watch.delivered(event)
        answerTools(event)
        let flow = act(at: .deliver)
        let isOfTool =
            event.event.kind == .tool || event.event.kind == .toolWaiting || event.event.kind == .toolAnswered
        guard isOfTool, flow == .goOn, world.dice.percent(habits.deedPercent) else { return flow }
        return told(world.dice.percent(30) ? pause() : carryOut(world.dice.pick(Self.deeds)))
    }

    func noticed(_ notice: NoticeView) -> Flow {
        world.note("call \(number): is told of \(notice.words)")
        watch.noticed(notice)
        return act(at: .notice)
    }

    func judge(_ plan: NoticeView) -> Verdict {
        world.note("call \(number): is asked about \(plan.words)")
        let verdict: Verdict =
            judgesOften && !isDetached ? world.dice.pick([.asPlanned, .asPlanned, .retry, .fail]) : .asPlanned
        watch.judged(plan, verdict)
        _ = act(at: .judge)
        if verdict != .asPlanned { world.note("call \(number): says \(verdict)") }
        return verdict
    }

    func stopped(_ result: ResultView) {
        world.note("call \(number): success")
        watch.stopped(result)
        _ = act(at: .end)
    }

    func failed(_ failure: FailureView) {
        world.note("call \(number): fails: \(failure.code) \(failure.message.string)")
        watch.failed(failure)
        _ = act(at: .end)
    }

    private func act(at point: Point) -> Flow {
        let slot =
            switch point {
            case .deliver: 0
            case .notice: 1
            case .judge: 2
            case .end: 3
            }
        visits[slot] += 1
        if point == .end { beginNext() }
        if world.mood.isSlow, world.dice.percent(10) { world.spend(world.dice.time(upTo: 27)) }
        var flow = Flow.goOn
        for planned in deeds where planned.point == point && planned.number == visits[slot] {
            flow = carryOut(planned.deed)
        }
        if flow == .goOn, point == .deliver || point == .notice, world.dice.percent(pausePercent) { flow = pause() }
        return told(flow)
    }

    /// What the binding says: when the end came inside the callback, that it was told to cancel.
    private func told(_ flow: Flow) -> Flow {
        if watch.hasEnded { return .cancel }
        if flow == .pause, !isDetached { watch.holds() }
        return flow
    }

    private func pause() -> Flow {
        let delay = world.dice.percent(20) ? 0 : world.dice.time(upTo: 35)
        world.after(delay) { [unowned self] in resumeElsewhere() }
        world.note("call \(number): pauses")
        return .pause
    }

    private func carryOut(_ deed: Deed) -> Flow {
        world.note("call \(number): in a callback: \(deed)")
        switch deed {
        case .cancelFlow:
            watch.wantsCancel = true
            return .cancel
        case .free: free()
        case .freeOther:
            let other = world.calls[(number + 1) % world.calls.count]
            if other.hasBegun { other.free() }
        case .cancelElsewhere: cancelElsewhere()
        case .detachElsewhere: detachElsewhere()
        case .resumeElsewhere: resumeElsewhere()
        }
        return .goOn
    }

    private func free() {
        watch.wantsCancel = true
        world.cancel(self, "the stream was freed")
    }
}

extension TextView {
    var bytes: Bytes { Bytes(UnsafeBufferPointer(start: pointer, count: count)) }
    var string: String { String(decoding: UnsafeBufferPointer(start: pointer, count: count), as: UTF8.self) }

    func isEqual(to other: Bytes) -> Bool {
        Span(_unsafeElements: UnsafeBufferPointer(start: pointer, count: count)).isEqual(to: other.span)
    }
}

extension EventView {
    var words: String {
        let words = event.hasDelta ? "\(event.deltaKind) of block \(event.blockIndex)" : "\(event.kind)"
        return text.count > 0 ? "\(words) \"\(text.string.prefix(60))\"" : words
    }
}

extension NoticeView {
    var words: String {
        "\(kind), attempt \(attempt) of \(maxAttempts) after \(World.seconds(delay)) for \(failure.code): "
            + "\(failure.message.string.prefix(100))"
    }
}
