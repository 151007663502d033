// The client's limits: a call waits before its first attempt until it may begin, and keeps its place to its end.

extension Exchange {
    /// Sets out, or waits for a turn.
    func setOut(_ now: Int64) {
        guard let gate = shared.gate, !gate.enter() else {
            hasPlace = shared.gate != nil
            return goOn(.begin, now)
        }
        guard let holder, let place = gate.queue(holder, group: settings.group) else {
            return end(.queueFull, .prepare, "limit.queued_streams lets no more streams wait", now)
        }
        self.place = place
        attempt.timeline.queued = now
        enter(.queued, .begin)
    }

    /// The shared state says that it may begin.
    public func turnCame(now: Int64) {
        guard state == .queued else { return }
        place = nil
        hasPlace = true
        attempt.timeline.admitted = now
        goOn(.turn, now)
    }

    /// Others may have its place, in the line or behind it.
    func leaveGate() {
        guard let gate = shared.gate else { return }
        if let place { gate.giveUp(place) }
        if hasPlace { gate.leave() }
        (place, hasPlace) = (nil, false)
    }
}
