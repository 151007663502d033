import BedrockCore

/// One run: the clock, what is going to happen, and the calls of one client. It does what the library's loop does with
/// exchanges, in the same order: inputs first, and what they want done only when no transport's callback is on the
/// stack.
final class World {
    /// When a run begins; 0 means never to an exchange.
    static let epoch: Int64 = 5_000_000_000_000
    static let wallEpoch: Int64 = 1_790_000_000

    var dice: Dice
    let mood: Mood
    private(set) var now = World.epoch
    /// When the loop last looked at its sockets; limits are judged by that.
    private(set) var lookedAt = World.epoch
    /// The moment that the innermost input was given.
    private(set) var inputNow = World.epoch
    private var heap = EventHeap()
    let shared: SharedState
    private(set) var calls: [Call] = []
    /// Calls that want something which cannot be done inside the transport's callbacks.
    private var waiting: [Call] = []
    /// Calls that wait until it is known who asks.
    private var unidentified: [Call] = []
    private(set) var network: Network
    private(set) var server: Server
    let ledger = Ledger()
    /// What the client allows itself.
    let queue: WatchQueue
    /// Filled where a trace is wanted.
    var trace: [String]?

    /// Seconds that the client's clock is ahead of the servers'.
    let skew: Int64
    /// Which credentials the environment holds.
    var environmentGeneration = 0

    private var turns = 0
    private static let turnCount = 200_000

    init(seed: UInt64, shelf: SettingsShelf, isTraced: Bool) {
        dice = Dice(seed: seed)
        mood = Mood.drawn(&dice)
        skew = dice.percent(12) ? Int64(dice.within(-8000...8000)) : 0
        guard let signer = RequestSigner() else { fatalError("no memory") }
        shared = SharedState(signer: signer, seed: dice.next())
        network = Network()
        queue = WatchQueue(WatchQueue.drawn(&dice), ledger)
        server = Server(&dice)
        if isTraced { trace = [] }
        network.world = self
        server.world = self
        shared.limit(queue.limits)
        let counts = queue.limits.areNone ? [1, 1, 1, 2, 2, 3, 4] : [2, 3, 4, 5, 8]
        for number in 0..<dice.pick(counts) { addCall(number, shelf) }
        planEnvironment()
    }

    private func addCall(_ number: Int, _ shelf: SettingsShelf) {
        let item = shelf.item(dice.below(SettingsShelf.count))
        let call = Call(number, item, self)
        calls.append(call)
        call.plan()
    }

    /// Credentials expire, and others come: before that, after that or never.
    private func planEnvironment() {
        guard dice.percent(15) else { return }
        after(dice.time(upTo: 36)) { [unowned self] in
            server.validGeneration = 1
            note("credentials expire")
        }
        guard dice.percent(80) else { return }
        after(dice.time(upTo: 36)) { [unowned self] in
            environmentGeneration = 1
            note("the environment has new credentials")
        }
    }

    // MARK: Time

    func after(_ delay: Int64, _ happen: @escaping () -> Void) {
        heap.add(now + delay, happen)
    }

    /// A callback takes its time.
    func spend(_ time: Int64) {
        now += time
    }

    /// The time of the client's machine.
    var clock: Clock { Clock(now: now, wall: World.wallEpoch + (now - World.epoch) / 1_000_000_000 + skew) }
    var serverSeconds: Int64 { World.wallEpoch + (now - World.epoch) / 1_000_000_000 }

    func note(_ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        trace?.append("\(Self.seconds(now - World.epoch)) \(text())")
    }

    static func seconds(_ nanoseconds: Int64) -> String {
        let digits = String(nanoseconds % 1_000_000_000)
        return "\(nanoseconds / 1_000_000_000)." + String(repeating: "0", count: 9 - digits.count) + digits
    }

    // MARK: Turns

    /// Everything until nothing more happens.
    func run(_ count: (Call) -> Void = { _ in }) {
        while !ledger.isBroken, let moment = nextMoment {
            now = max(now, moment)
            turn()
            turns += 1
            if turns > Self.turnCount { ledger.fail("a run ends", "still going on after \(turns) turns") }
        }
        if !ledger.isBroken { Ending.check(self) }
        for call in calls {
            count(call)
            call.letGo()
        }
        waiting = []
        unidentified = []
        network.letGo()
    }

    private var nextMoment: Int64? {
        var nearest = min(heap.nearest ?? .max, shared.turnDue)
        for call in calls where call.timer < nearest { nearest = call.timer }
        return nearest == .max ? nil : nearest
    }

    private func turn() {
        lookedAt = now
        let due = now
        while !ledger.isBroken, let happen = heap.pop(due) { happen() }
        for call in calls where call.timer <= lookedAt {
            call.timer = .max
            note("call \(call.number): a deadline comes")
            tell(call, at: lookedAt) { $0.timePassed(now: self.lookedAt) }
        }
        network.collectDone()
        sweep()
        for call in calls { call.watch.checkTurn(lookedAt) }
        queue.check(calls, due: shared.turnDue, lookedAt)
        ledger.require(
            shared.quotaLeft == ledger.quota, "the quota is exact", "\(shared.quotaLeft) in place of \(ledger.quota)")
    }

    // MARK: The loop's way with a call

    /// Gives an exchange an input, and sees to what follows from it.
    func tell(_ call: Call, at moment: Int64? = nil, _ input: (Exchange) -> Void) {
        let outer = inputNow
        inputNow = moment ?? now
        call.depth += 1
        if call.depth == 1 { call.watch.hedges.isThere = call.exchange.isHedging }
        input(call.exchange)
        call.depth -= 1
        call.watch.followLane()
        call.watch.settled()
        inputNow = outer
        follow(call)
    }

    private func follow(_ call: Call) {
        if call.exchange.hasAction, !call.isQueued {
            call.isQueued = true
            waiting.append(call)
        }
        arm(call)
    }

    private func arm(_ call: Call) {
        guard let deadline = call.exchange.deadline else { return }
        // A loop wakes up to a millisecond late.
        let moment = deadline + call.lag
        if moment < call.timer { call.timer = moment }
    }

    func start(_ call: Call) {
        guard !call.exchange.hasEnded else { return }
        note("call \(call.number): begins")
        if call.isRefused {
            tell(call) { $0.cancelled("the client does not take new streams", now: self.now) }
        } else {
            tell(call) {
                $0.begin(now: self.now)
                call.watch.begun()
                self.queue.begun(call)
            }
        }
    }

    func turnCame(_ call: Call) {
        note("call \(call.number): its turn has come")
        queue.turnCame(call)
        call.watch.turnCame()
        tell(call) { $0.turnCame(now: self.now) }
    }

    /// Ends a call from the loop's own thread, inside a callback or outside.
    func cancel(_ call: Call, _ reason: StaticString) {
        tell(call) { $0.cancelled(reason, now: self.now) }
    }

    func cancelAll() {
        note("the client is freed")
        for call in calls where call.hasBegun {
            call.watch.wantsCancel = true
            cancel(call, "the client was freed")
        }
    }

    /// The caller's flags have changed.
    func notice(_ call: Call) {
        let (isResumed, hasAnswers) = call.takeNotice()
        tell(call) {
            // Who has detached does not hold anything back.
            if isResumed || call.isDetached { call.watch.resumed(self.inputNow) }
            $0.noticed(now: self.now)
            if isResumed { $0.resume(now: self.now) }
            if hasAnswers { $0.toolsAnswered(now: self.now) }
        }
    }

    // MARK: What exchanges want done

    private func sweep() {
        repeat {
            while !waiting.isEmpty, !ledger.isBroken {
                let served = waiting
                waiting = []
                for call in served { serve(call) }
            }
            findIdentities()
            shared.giveTurns(now: now)
        } while !waiting.isEmpty && !ledger.isBroken
    }

    /// Reading the environment takes no time, or some.
    private func findIdentities() {
        for keeper in shared.keepers {
            while let ask = keeper.takeAsk() {
                note("asked for \(ask.subject)")
                if dice.percent(50) {
                    answerSources(keeper)
                } else {
                    after(dice.time(upTo: 34)) { [unowned self] in answerSources(keeper) }
                }
            }
        }
        guard !unidentified.isEmpty, shared.takeSettled() else { return }
        let woken = unidentified
        unidentified = []
        for call in woken { settle(call) }
    }

    private func answerSources(_ keeper: IdentityKeeper) {
        let finding = Finding()
        finding.settings = try? Settings.make(Config(), Keys(generation: environmentGeneration).environment)
        keeper.found(finding, clock)
    }

    private func settle(_ call: Call) {
        let number = call.watch.retries.number
        tell(call) { $0.identitySettled(now: self.now) }
        call.watch.reread(after: number)
    }

    private func serve(_ call: Call) {
        call.isQueued = false
        while let action = call.exchange.nextAction(clock) {
            carryOut(action, call)
            if ledger.isBroken { return }
        }
        arm(call)
    }

    private func carryOut(_ action: Action, _ call: Call) {
        note("call \(call.number): \(action.words)")
        switch action {
        case .dropTransfer: network.drop(call, call.exchange.lane)
        case .drainTransfer: network.drain(call)
        case .send(let request, let isFresh): send(request, isFresh: isFresh, call)
        case .sendHedge(let request, let isFresh): sendHedge(request, isFresh: isFresh, call)
        case .dropHedge: network.drop(call, call.exchange.lane.other)
        case .resumeTransfer: network.resume(call)
        case .awaitIdentity: unidentified.append(call)
        case .finish:
            call.timer = .max
            network.drop(call, call.exchange.lane)
            network.drop(call, call.exchange.lane.other)
            call.watch.finished()
        }
    }

    private func send(_ request: PreparedRequest, isFresh: Bool, _ call: Call) {
        call.watch.sent(request, isFresh: isFresh)
        if dice.below(2000) == 0 {
            call.watch.isShortOfMemory = true
            tell(call) { $0.refused(Failure(.memory, .prepare, "out of memory"), now: self.now) }
            return
        }
        network.send(request, isFresh: isFresh, call, call.exchange.lane)
    }

    private func sendHedge(_ request: PreparedRequest, isFresh: Bool, _ call: Call) {
        call.watch.sentHedge(request)
        if dice.below(500) == 0 {
            tell(call) { $0.hedgeEnded(now: self.now) }
        } else {
            network.send(request, isFresh: isFresh, call, call.exchange.lane.other)
        }
    }
}

extension Action {
    var words: String {
        switch self {
        case .dropTransfer: "drop the transfer"
        case .drainTransfer: "drain the transfer"
        case .send(_, let isFresh): isFresh ? "send on a new connection" : "send"
        case .sendHedge: "send another request beside it"
        case .dropHedge: "drop the transfer beside it"
        case .resumeTransfer: "resume the transfer"
        case .awaitIdentity: "find out who asks"
        case .finish: "finish"
        }
    }
}
