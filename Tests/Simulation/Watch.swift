import BedrockCore

/// What must be true of one call at every moment, worked out apart from the code under test.
final class Watch {
    unowned(unsafe) let call: Call
    let world: World
    let tuning: Tuning
    let ledger: Ledger

    // Time.
    let opened: Int64
    private var queuedAt: Int64?
    private var turnAt: Int64?
    private(set) var sentAt: Int64 = 0
    private var connectedAt: Int64?
    private var byteAt: Int64?
    /// The consumer holds the transfer back.
    private(set) var isHolding = false
    private(set) var heldUntil: Int64 = 0

    // The running attempt.
    var response: Response?
    private var next = 0
    private(set) var isTransportDone = false
    private(set) var transportResult: TransportFailure?
    private var longestPiece = 0
    private var takenLength = 0
    private var earlierUsage = ReportedUsage()
    var isConnectionReused = false
    var hasByte: Bool { byteAt != nil }

    // What was delivered since the answer was last begun.
    private(set) var visibleCount = 0
    private(set) var text = Bytes()
    var continuation = ContinuationWatch()
    var timings = TimingsWatch()
    var hedges = HedgeWatch()

    var retries = RetryWatch()
    var turns: TurnWatch
    var wantsCancel = false
    var isShortOfMemory = false
    private(set) var endCount = 0
    private(set) var endCode: ErrorCode?
    private(set) var hasFinished = false

    init(_ call: Call) {
        self.call = call
        world = call.world
        tuning = call.tuning
        ledger = call.world.ledger
        opened = call.world.now
        turns = TurnWatch(call.operation)
    }

    var hasEnded: Bool { endCount > 0 }

    func require(_ isTrue: Bool, _ invariant: StaticString, _ detail: @autoclosure () -> String) {
        if !isTrue { ledger.fail(invariant, "call \(call.number): \(detail())") }
    }

    // MARK: The wait before the first attempt

    func begun() {
        if call.exchange.state == .queued { queuedAt = world.inputNow }
    }

    func turnCame() { turnAt = world.now }

    private func checkQueued(_ timings: Timings) {
        // Before its turn nothing is judged but a limit that ends the wait.
        let until = turnAt ?? retries.judged?.moment ?? world.inputNow
        let waited = queuedAt.map { max(until - $0, 0) / 1000 } ?? 0
        require(timings.queued == waited, "timings are what happened", "queued \(timings.queued) for \(waited) us")
    }

    // MARK: What happens to the transfer

    func begunRequest() {
        addUsage()
        timings.begunRequest(world.now)
        sentAt = world.now
        connectedAt = nil
        byteAt = nil
        response = nil
        next = 0
        longestPiece = 0
        takenLength = 0
        isTransportDone = false
        transportResult = nil
        isConnectionReused = false
        hedges.begunRequest(continuation)
    }

    /// A hedge has taken the place of the request.
    func goesOn(_ hedge: HedgeWatch.Beside) {
        (sentAt, connectedAt, byteAt) = (hedge.sentAt, hedge.connectedAt, nil)
        (response, isConnectionReused) = (hedge.response, hedge.isConnectionReused)
        (next, longestPiece, takenLength, isTransportDone, transportResult) = (0, 0, 0, false, nil)
        if let found = hedge.continuation ?? hedges.base { continuation = found }
        timings.goesOn(hedge)
    }

    func willConnect(isReused: Bool, _ lane: Lane) {
        guard lane == hedges.lane else { return hedges.connected(isReused: isReused, world.now) }
        if byteAt == nil {
            connectedAt = world.now
            timings.connected(world.now)
            isConnectionReused = isReused
        }
    }

    func connected(_ goesOut: Bool) {
        guard goesOut, byteAt != nil else { return }
        require(false, "a request goes out once", "the transport may begin anew in the middle of an answer")
    }

    func bytesArrive(upTo place: Int) {
        takenLength = place
    }

    func requestWent(_ length: Int64, isWhole: Bool, _ lane: Lane) {
        guard lane == hedges.lane else { return hedgeWent(length, isWhole: isWhole) }
        if isUnderWay { timings.requestWent(length, isWhole: isWhole, world.now) }
    }

    func bytesArrived(_ length: Int) {
        guard isUnderWay else { return }
        byteAt = world.now
        timings.bytesArrived(length, world.now)
    }

    func transportEnded(_ failure: TransportFailure?, _ transfer: Transfer) {
        isTransportDone = true
        transportResult = failure
    }

    func holds() {
        guard !hasEnded else { return }
        isHolding = true
        timings.holds(world.inputNow)
    }

    func resumed(_ moment: Int64) {
        guard isHolding else { return }
        isHolding = false
        heldUntil = moment
        timings.resumed(moment)
        if byteAt != nil { byteAt = moment }
    }

    var isUnderWay: Bool {
        switch call.exchange.state {
        case .connecting, .requesting, .answering: true
        default: false
        }
    }

    // MARK: Limits

    /// When the limit passes that a failure names; nil where it is not running.
    private func due(_ code: ErrorCode) -> Int64? {
        func moment(_ since: Int64?, _ length: Int64) -> Int64? { length > 0 ? since.map { $0 + length } : nil }
        switch code {
        case .timeoutTotal: return moment(opened, tuning.total)
        case .timeoutQueue: return turnAt == nil ? moment(queuedAt, tuning.queueLimit) : nil
        case .timeoutTool: return turns.isAnswered ? nil : moment(turns.overAt, tuning.toolLimit)
        case .timeoutConnect: return connectedAt == nil && byteAt == nil ? moment(sentAt, tuning.connect) : nil
        case .timeoutFirstByte: return byteAt == nil ? moment(connectedAt, tuning.firstByte) : nil
        case .timeoutBetweenBytes: return isHolding ? nil : moment(byteAt, tuning.betweenBytes)
        default: return nil
        }
    }

    static let limits: [ErrorCode] = [.timeoutConnect, .timeoutFirstByte, .timeoutBetweenBytes]
    /// Those that run beside the transfers.
    static let longLimits: [ErrorCode] = [.timeoutTotal, .timeoutTool, .timeoutQueue]

    func checkLimit(_ code: ErrorCode) {
        guard Self.limits.contains(code) || Self.longLimits.contains(code) else { return }
        guard let due = due(code) else {
            return require(false, "a limit fires only while it runs", "\(code) is not running")
        }
        require(
            due <= world.inputNow, "a limit never fires early",
            "\(code) is due in \(World.seconds(due - world.inputNow)) s")
    }

    /// At the end of a turn of the loop that knew everything up to `lookedAt`.
    func checkTurn(_ lookedAt: Int64) {
        guard !hasEnded, call.hasBegun, !ledger.isBroken else { return }
        let passed = lookedAt - 1_000_000
        if let due = due(.timeoutTotal), due <= passed, !isTransportDone {
            require(false, "a limit fires in time", "the total limit passed \(World.seconds(lookedAt - due)) s ago")
        }
        if isUnderWay, !isTransportDone {
            for code in Self.limits {
                guard let due = due(code), due <= passed else { continue }
                require(false, "a limit fires in time", "\(code) was due \(World.seconds(lookedAt - due)) s ago")
            }
        }
        if call.exchange.state == .awaitingTools || call.exchange.state == .queued {
            for code in Self.longLimits {
                guard let due = due(code), due <= passed else { continue }
                require(false, "a limit fires in time", "\(code) was due \(World.seconds(lookedAt - due)) s ago")
            }
        }
        checkRetryTime(passed)
        checkHedge(passed)
    }

    // MARK: Usage

    /// What the running attempt has reported.
    private var attemptUsage: ReportedUsage {
        var usage = ReportedUsage()
        for mark in response?.usage ?? [] where mark.place <= takenLength { usage.take(mark.usage) }
        return usage
    }

    /// What the attempt reported that ends now counts.
    private func addUsage() {
        earlierUsage = earlierUsage + attemptUsage
    }

    // MARK: Memory

    func checkHeld(_ piece: Int) {
        longestPiece = max(longestPiece, piece)
        require(
            call.exchange.heldLength <= longestPiece, "no more is held than the transport brought",
            "\(call.exchange.heldLength) bytes of \(longestPiece)")
    }

    // MARK: Events

    func delivered(_ view: EventView) {
        require(!hasEnded, "nothing follows the end", "an event: \(view.words)")
        require(!call.isDetached, "nothing is delivered after a detach", view.words)
        require(Int(view.event.round) == turns.number, "events name their round", "\(view.event.round)")
        if view.event.kind == .toolWaiting || view.event.kind == .toolAnswered { return toldOfCall(view) }
        require(!turns.isOver, "no event between two rounds", view.words)
        turns.delivered(view, waits: tuning.isAutomatic)
        visibleCount += 1
        if view.event.hasDelta { timings.delta(world.inputNow) }
        continuation.take(view)
        let isText = view.event.hasDelta && view.event.deltaKind == .text
        if isText { text += view.text.bytes }
        if continuation.isRunning {
            continuation.check(view, text, self)
        } else if call.operation.isStreaming || !isMade(view) {
            check(view, nextExpected())
        }
    }

    /// Of a whole answer: the body itself, and what a stream of it would have had besides texts and calls.
    private func isMade(_ view: EventView) -> Bool {
        let name = String(decoding: Bytes(call.operation.name), as: UTF8.self)
        if view.type.string == name {
            require(
                view.event.kind == .other && view.json.isEqual(to: response?.body ?? []) && visibleCount == 1,
                "the body of a whole answer comes once, first", view.words)
            return true
        }
        require(!call.wantsRaw || visibleCount > 1, "the body of a whole answer comes once, first", view.words)
        let isInput = view.event.hasDelta && view.event.deltaKind == .toolInput
        let isTyped = view.event.kind == .tool || view.event.hasDelta
        require(call.wantsRaw || isTyped, "only typed events where no others are wanted", view.words)
        return isInput || !isTyped
    }

    private func nextExpected() -> ExpectedEvent? {
        guard let events = response?.events else { return nil }
        while next < events.count, !call.wantsRaw || !call.operation.isStreaming, !events[next].isTyped { next += 1 }
        guard next < events.count else { return nil }
        next += 1
        return events[next - 1]
    }

    private func check(_ view: EventView, _ expected: ExpectedEvent?) {
        guard let expected else {
            return require(false, "nothing is delivered that was not sent", view.words)
        }
        let event = view.event
        let isSame =
            event.kind == expected.kind && event.hasDelta == (expected.delta != nil)
            && event.deltaKind == (expected.delta ?? .other) && event.blockIndex == expected.block
            && view.text.isEqual(to: expected.text)
        require(isSame, "no gap and no repeat", "\(view.words) in place of \(expected)")
        if let tool = expected.tool {
            require(
                view.toolID.isEqual(to: tool.toolID) && view.toolName.isEqual(to: tool.toolName)
                    && event.isServerTool == tool.isServerTool
                    && event.isValidTool == (JSONTree.read(tool.input) != nil),
                "a call is the one that was made", "\(view.toolID.string)")
        }
        let hasRaw = call.wantsRaw || event.kind == .tool
        // What is made of a whole answer has the payload of what would have streamed it.
        if hasRaw, event.kind != .tool, !call.operation.isStreaming { return }
        require(
            view.json.isEqual(to: hasRaw ? expected.json : [])
                && view.type.isEqual(to: call.wantsRaw ? expected.type : []),
            "raw events agree with typed ones", "\(view.type.string) \(view.json.string)")
    }

    /// Everything that the bytes carried was handed over.
    var isWhollyDelivered: Bool {
        guard let events = response?.events else { return true }
        if call.wantsRaw, call.operation.isStreaming {
            return next == events.count || (next == 0 && !events.contains { $0.isTyped })
        }
        return !events[min(next, events.count)...].contains { $0.isTyped }
    }

    /// The answer is begun anew: what was delivered counts no more.
    func restarted() {
        beginAnswer()
        turns.restart()
    }

    /// The round's answer is complete: another one may follow.
    func roundEnded() {
        beginAnswer()
        timings.roundEnded()
    }

    private func beginAnswer() {
        visibleCount = 0
        text = []
        continuation.restart()
    }

    // MARK: The end

    func stopped(_ result: ResultView) {
        countEnd(nil)
        timings.check(result.timings, result.usage, isWhole: true, self)
        checkQueued(result.timings)
        guard let response, response.isEventStream, response.isSound, isTransportDone, transportResult == nil else {
            return require(false, "success only where the server finished", "\(response?.words ?? "no response")")
        }
        if !call.isDetached {
            require(continuation.isRunning || isWhollyDelivered, "success delivers all of it", "\(next) events were")
        }
        checkResult(result, response)
        checkStop()
        checkDetails(result.details)
        ledger.giveBack(retries.lastCost ?? 1)
        giveBackHedges()
        require(
            result.hedges.sent == hedges.count && result.hedges.won == hedges.wonCount,
            "hedges are counted", "\(result.hedges) in place of \(hedges.count), \(hedges.wonCount)")
    }

    private func checkResult(_ result: ResultView, _ response: Response) {
        if continuation.isRunning {
            if let text = lastText(result.text) { continuation.checkWhole(text, self) }
        } else {
            let meant = response.answer?.text ?? []
            require(
                lastText(result.text)?.isEqual(to: meant) ?? true, "the result has the whole text",
                "\"\(result.text.string)\"")
            if !call.isDetached { require(text == meant, "the whole text was delivered", "\"\(String(text))\"") }
        }
        require(
            result.stopReason == response.answer?.stopReason, "the result has the stop reason", "\(result.stopReason)")
        checkUsage(result.usage)
        require(
            result.modelID.string == tuning.targets[retries.target].model, "the result names who answered",
            result.modelID.string)
    }

    /// What the last round added to a result's text; nil where that cannot be told.
    private func lastText(_ text: TextView) -> TextView? {
        if turns.isTextUnclear { return nil }
        let earlier = turns.text
        let isThere =
            text.count >= earlier.count
            && TextView(pointer: text.pointer, count: earlier.count).isEqual(to: earlier)
        require(isThere, "the text of earlier rounds stays", "\"\(text.string)\" of \"\(String(earlier))\"")
        return isThere ? TextView(pointer: text.pointer + earlier.count, count: text.count - earlier.count) : nil
    }

    private func checkUsage(_ usage: Usage) {
        let meant = earlierUsage + attemptUsage
        require(
            usage.inputTokens == meant.input ?? -1 && usage.outputTokens == meant.output ?? -1
                && usage.totalTokens == meant.total ?? -1, "usage is the sum of what was reported",
            "\(usage) in place of \(meant)")
    }

    func failed(_ failure: FailureView) {
        countEnd(failure.code)
        timings.check(failure.partial.timings, failure.partial.usage, isWhole: false, self)
        checkQueued(failure.partial.timings)
        // The other limits are judged when they pass.
        if failure.code == .timeoutTool || failure.code == .timeoutTotal { checkLimit(failure.code) }
        if !call.isDetached, !continuation.isRunning, let partial = lastText(failure.partial.text) {
            let count = text.count
            let isWhole = partial.count >= count && TextView(pointer: partial.pointer, count: count).isEqual(to: text)
            require(
                isWhole || visibleCount == 0, "the partial result has what was delivered",
                "\"\(partial.string)\" of \"\(String(text))\"")
        }
        switch failure.code {
        case .cancelled:
            require(
                wantsCancel || call.isCancelled || call.isRefused || failure.message.string.contains("client"),
                "cancelled only by the caller", failure.message.string)
        case .timeoutTool: checkToolFailure(failure)
        case .timeoutTotal where turns.isOver && !turns.isAnswered: checkToolFailure(failure)
        case .toolRounds: checkRounds()
        case .queueFull: break
        case .memory: require(isShortOfMemory, "memory is short only where it is", failure.message.string)
        default: require(retries.isJudged(failure.code), "every failure is judged", "\(failure.code)")
        }
    }

    private func countEnd(_ code: ErrorCode?) {
        endCount += 1
        endCode = code
        world.queue.ended(call, code)
        require(endCount == 1, "exactly one end", "end number \(endCount)")
    }

    func finished() {
        require(hasEnded, "finished only after the end", "")
        require(!hasFinished, "finished once", "")
        hasFinished = true
    }
}
