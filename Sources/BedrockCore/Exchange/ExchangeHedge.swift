// A request that goes unanswered for too long gets another beside it. The first of both that is answered well goes on
// as the attempt; what comes of the other is nobody's business any more.
//
// The transport knows the two as lanes: `lane` is the one whose request is the attempt's. A hedge that takes the late
// request's place changes `lane`, and what is in the other one is dropped.

extension Exchange {
    #if !hasFeature(Embedded)
        /// For tests.
        public var isHedging: Bool { hedge != nil }
    #endif

    /// The running request is unanswered.
    private var isUnanswered: Bool {
        (state == .connecting || state == .requesting) && attempt.timeline.firstByte == 0
    }

    /// When there is something to be done for the sake of a hedge; nil for never.
    var hedgeDeadline: Int64? {
        if let hedge { return hedge.deadline(settings.limits) }
        guard settings.retry.hedgeAfter > 0, !retries.hasHedged, isUnanswered else { return nil }
        return attempt.timeline.started &+ settings.retry.hedgeAfter
    }

    func hedgeTimePassed(_ now: Int64) {
        guard let deadline = hedgeDeadline, deadline <= now else { return }
        if hedge != nil { return dropHedge("it is late as well") }
        retries.hasHedged = true
        todo.hedges = true
    }

    // MARK: Sending it

    /// Nil where none goes out after all: it costs, and what it needs is not waited for.
    func sendHedge(_ clock: Clock) -> Action? {
        guard isUnanswered, mayHedge else { return nil }
        let late = retries
        let request = try? prepare(clock)
        let (identity, signedAt) = (retries.identity, retries.signedAt)
        retries = late
        guard let request, shared.quota.take(RetryQuota.hedgeCost) else { return nil }
        guard reserveHedge(clock.now) else {
            shared.quota.giveBack(RetryQuota.hedgeCost)
            return nil
        }
        retries.hedgeCost &+= RetryQuota.hedgeCost
        attempt.hedged()
        hedge = Hedge(of: attempt.timeline, token: request.token, identity: identity, signedAt: signedAt)
        shared.log(.info) { "no answer in \(settings.retry.hedgeAfter / 1_000_000) ms: a hedge is sent" }
        // Streams that share a connection are late together.
        return .sendHedge(request, isFresh: settings.usesHTTP2(isShared: true))
    }

    /// A service that throttles is not asked twice for the same.
    private var mayHedge: Bool {
        let isThrottled = settings.retry.mode == .adaptive && shared.limiter.isActive
        return !isThrottled && shared.quota.available >= RetryQuota.hedgeCost
    }

    // MARK: What happened to it

    /// The hedge's connection stands. False when its request must not go out.
    public func hedgeConnected(
        isReused: Bool, times: ConnectionTimes = ConnectionTimes(), now: Int64
    ) -> Bool {
        guard let hedge else { return false }
        hedge.timeline.connect(times, now: now)
        hedge.isConnectionReused = isReused
        return true
    }

    public func hedgeSent(length: Int64, isWhole: Bool, now: Int64) {
        guard let hedge else { return }
        attempt.timeline.bytesSent &+= max(length, 0)
        hedge.timeline.send(length, isWhole: isWhole, now: now)
    }

    /// A line of the hedge's head. Only one that begins an answer says anything; behind it there is no hedge.
    public func hedgeReceived(headLine line: Span<UInt8>, now: Int64) {
        guard let hedge else { return }
        let text = line.trimmed()
        let status = text.starts(with: "HTTP/") ? ResponseHead.status(of: text) : 0
        if status == 200 {
            putInPlace(hedge)
            return received(headLine: line, now: now)
        }
        attempt.timeline.bytesReceived &+= Int64(line.count)
        guard status >= 200 else { return }
        if status == 429 { throttled(sent: hedge.timeline.started, now) }
        dropHedge("it is refused")
    }

    /// The transport is done with the hedge, which nothing came of.
    public func hedgeEnded(now: Int64) {
        if hedge != nil { dropHedge("its connection failed") }
    }

    // MARK: Which one goes on

    /// What the late request failed for is left to its hedge, where that may come out otherwise.
    func isLeftToHedge(_ failure: Failure, _ now: Int64) -> Bool {
        guard let hedge else { return false }
        guard couldDiffer(failure), isDeadConnection(failure) || RetryClass(for: failure, settings.retry) != .none
        else {
            dropHedge("the first request is refused")
            return false
        }
        if failure.code.isThrottling { throttled(sent: attempt.timeline.started, now) }
        shared.log(.warning) { "\(failure.code.name): \(failure.message); its hedge goes on" }
        retries.lastFailure = failure
        putInPlace(hedge)
        return true
    }

    private func putInPlace(_ hedge: Hedge) {
        let next: State = hedge.timeline.connected > 0 ? .requesting : .connecting
        lane = lane.other
        self.hedge = nil
        todo.dropsHedge = true
        attempt.hedges.won &+= 1
        attempt.takeOver(hedge)
        (retries.identity, retries.signedAt) = (hedge.identity, hedge.signedAt)
        delivery.begin()
        if state != next { enter(next, .hedge) }
    }

    func dropHedge(_ reason: StaticString) {
        guard hedge != nil else { return }
        hedge = nil
        todo.dropsHedge = true
        shared.log(.debug) { "the hedge is dropped: \(Message(reason))" }
    }
}

/// One of two requests that a call may have in the transport's hands.
public enum Lane: Sendable {
    case first, second

    public var other: Lane { self == .first ? .second : .first }
}
