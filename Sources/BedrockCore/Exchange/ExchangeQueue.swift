// The client's limits: a call waits before its first attempt until it may begin, and keeps its place to its end. Each
// attempt takes what it may come to from the governor, and gives back what it did not.

extension Exchange {
    /// Sets out, or waits for a turn.
    func setOut(_ now: Int64) {
        guard let gate = shared.gate else { return goOn(.begin, now) }
        let estimate = estimate
        if gate.enter(estimate, now) { return begin(.begin, estimate, now) }
        guard let holder, let place = gate.queue(holder, group: settings.group, estimate) else {
            return end(.queueFull, .prepare, "limit.queued_streams lets no more streams wait", now)
        }
        self.place = place
        attempt.timeline.queued = now
        enter(.queued, .begin)
    }

    /// The shared state says that it may begin.
    public func turnCame(now: Int64) {
        guard state == .queued, let place else { return }
        attempt.timeline.admitted = now
        begin(.turn, place.estimate, now)
    }

    private func begin(_ cause: Cause, _ estimate: Double, _ now: Int64) {
        (place, hasPlace, retries.reserved) = (nil, true, estimate)
        goOn(cause, now)
    }

    /// Others may have its place, in the line or behind it.
    func leaveGate() {
        settleUsage()
        if let place { shared.gate?.giveUp(place) }
        if hasPlace { shared.gate?.leave() }
        (place, hasPlace) = (nil, false)
    }

    // MARK: Requests and tokens in a minute

    /// The tokens that the next request may come to; 0 where nobody counts them.
    private var estimate: Double {
        guard let governor = shared.gate?.governor, governor.countsTokens else { return 0 }
        return governor.estimate(bodyLength: body.bytes.count, maxTokens: body.maxTokens(operation))
    }

    /// Takes what the next request may come to, where that was not done. How long to wait before it is sent.
    func reserve(_ now: Int64) -> Int64 {
        guard let gate = shared.gate, retries.reserved == nil else { return 0 }
        let estimate = estimate
        retries.reserved = estimate
        let delay = gate.governor?.delay(estimate, now) ?? 0
        gate.governor?.take(estimate)
        return delay
    }

    /// The same for a request that goes now or not at all. False when there is too little left.
    func reserveHedge(_ now: Int64) -> Bool {
        guard shared.gate?.governor != nil else { return true }
        let estimate = estimate
        guard shared.gate?.governor?.delay(estimate, now) == 0 else { return false }
        shared.gate?.governor?.take(estimate)
        return true
    }

    /// What the attempt has used takes the place of what was reserved for it.
    func settleUsage() {
        guard let reserved = retries.reserved else { return }
        retries.reserved = nil
        if attempt.timeline.started == 0 {
            shared.gate?.governor?.giveBack(reserved)
            return
        }
        let usage = attempt.events.answer.attemptUsage
        // What was answered and not counted is taken for what it might have come to.
        if delivery.isVisible, usage.inputTokens < 0, usage.outputTokens < 0 { return }
        shared.gate?.governor?.settle(reserved, input: usage.inputTokens, output: usage.outputTokens)
    }
}
