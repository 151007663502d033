import BedrockCore

/// What a watch remembers of requests that were sent beside late ones.
struct HedgeWatch {
    /// What happened to the hedge of the running attempt.
    struct Beside {
        let sentAt: Int64
        var connectedAt: Int64?
        var wentAt: Int64?
        var isConnectionReused = false
        var response: Response?
        /// What a continuation is to come to by its answer.
        var continuation: ContinuationWatch?
    }

    private(set) var lane = Lane.first
    private(set) var beside: Beside?
    /// As it stood before any answer to the running attempt.
    private(set) var base: ContinuationWatch?
    private(set) var hasHedged = false
    /// It was there before the input that is being worked on.
    var isThere = false
    var count: UInt32 = 0
    private(set) var wonCount: UInt32 = 0
    var cost = 0
    /// The length of the line that is being brought.
    var lineLength: Int?

    mutating func begunRequest(_ continuation: ContinuationWatch) {
        (beside, hasHedged, base) = (nil, false, continuation)
    }

    mutating func begin(_ now: Int64) {
        (beside, hasHedged) = (Beside(sentAt: now), true)
        count += 1
    }

    mutating func connected(isReused: Bool, _ now: Int64) {
        beside?.connectedAt = now
        beside?.wentAt = nil
        beside?.isConnectionReused = isReused
    }

    mutating func went(_ now: Int64) { beside?.wentAt = now }
    mutating func answered(_ response: Response) { beside?.response = response }
    mutating func goesOn(with continuation: ContinuationWatch) { beside?.continuation = continuation }

    mutating func take(_ lane: Lane) -> Beside? {
        self.lane = lane
        wonCount += 1
        defer { beside = nil }
        return beside
    }
}

extension Watch {
    /// A request and its answer that the call still has an ear for.
    func isWaitedFor(_ lane: Lane) -> Bool { lane == hedges.lane || call.exchange.isHedging }

    func sentHedge(_ request: PreparedRequest) {
        require(!hasEnded, "nothing is sent after the end", String(request.url))
        require(
            tuning.hedgeAfter > 0 && world.now >= sentAt + tuning.hedgeAfter, "a hedge is not sent early",
            "after \(World.seconds(world.now - sentAt)) s")
        require(!hedges.hasHedged, "an attempt has one hedge", String(request.url))
        require(isUnderWay && !hasByte, "only what is unanswered is hedged", "\(call.exchange.state)")
        checkSameCall(request)
        checkAddress(request)
        checkDate(request)
        world.queue.sent(call, after: world.now - World.epoch)
        hedges.begin(world.now)
        hedges.cost += 5
        ledger.pay(5)
    }

    private func checkSameCall(_ request: PreparedRequest) {
        let id = request.headers.firstValue(of: "amz-sdk-invocation-id") ?? []
        let number = String(request.headers.firstValue(of: "amz-sdk-request") ?? [])
        require(
            id == retries.invocationID && number.hasPrefix("attempt=\(retries.sentNumber);"),
            "a hedge is the same attempt", number)
    }

    func giveBackHedges() {
        if hedges.cost > 0 { ledger.giveBack(hedges.cost) }
        hedges.cost = 0
    }

    // MARK: What happens to it

    func hedgeWent(_ length: Int64, isWhole: Bool) {
        guard call.exchange.isHedging else { return }
        timings.hedgeWent(length)
        if isWhole { hedges.went(world.now) }
    }

    func answered(_ response: Response, _ lane: Lane) {
        if lane == hedges.lane {
            self.response = response
        } else {
            hedges.answered(response)
        }
    }

    /// What the server goes on with, each time from where the call stood when it asked.
    func rest(_ asked: AskedFor, _ lane: Lane, _ dice: inout Dice) -> Answer {
        var found = hedges.base ?? continuation
        let answer = found.rest(asked, self, &dice)
        if lane == hedges.lane { continuation = found } else { hedges.goesOn(with: found) }
        return answer
    }

    func hedgeReceives(_ line: Bytes) {
        guard call.exchange.isHedging else { return }
        hedges.lineLength = line.count
    }

    /// Bytes that made no answer of it.
    func hedgeReceived(_ line: Bytes) {
        if let length = hedges.lineLength { timings.hedgeBrought(length) }
        hedges.lineLength = nil
    }

    /// An input has been worked on: is it the hedge now that is listened to?
    func followLane() {
        hedges.isThere = false
        guard call.exchange.lane != hedges.lane else { return }
        guard let beside = hedges.take(call.exchange.lane) else {
            return require(false, "a hedge that was sent goes on", "there is none")
        }
        goesOn(beside)
        guard let length = hedges.lineLength else { return }
        hedges.lineLength = nil
        bytesArrived(length)
    }

    // MARK: When it must be there

    /// What another answer may spare the call is not told to anybody.
    func checkNoHedge(_ code: ErrorCode) {
        require(!call.exchange.isHedging, "no failure while a hedge runs", "\(code)")
        guard hedges.isThere, code != .timeoutTotal, code != .timeoutQueue, !isHedgeLate(world.inputNow) else { return }
        let kind = retryKind(code)
        require(kind != .transient && kind != .throttling, "what fails is left to the hedge", "\(code)")
    }

    func checkHedge(_ passed: Int64) {
        guard isUnderWay else { return }
        if call.exchange.isHedging {
            return require(!isHedgeLate(passed), "a limit fires in time", "that of a hedge")
        }
        let isDue = tuning.hedgeAfter > 0 && !hedges.hasHedged && !hasByte && sentAt + tuning.hedgeAfter <= passed
        let isFree = ledger.leastQuota >= 20 && !world.queue.isGoverned && tuning.mode != .adaptive
        if isDue, isFree, tuning.source != .environment, !isTransportDone {
            require(false, "a hedge is sent in time", "\(World.seconds(passed - sentAt)) s after the request")
        }
    }

    private func isHedgeLate(_ moment: Int64) -> Bool {
        guard let beside = hedges.beside else { return false }
        if tuning.total > 0, opened + tuning.total <= moment { return true }
        if let connectedAt = beside.connectedAt {
            return tuning.firstByte > 0 && connectedAt + tuning.firstByte <= moment
        }
        return tuning.connect > 0 && beside.sentAt + tuning.connect <= moment
    }
}
