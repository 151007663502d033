/// How far what came in has been handed over.
struct DeliveryState: ~Copyable {
    /// Bytes that came behind an event whose consumer paused.
    var held = ByteBuffer(limit: Limits.messageLength)
    /// Events before the first one that counts: a failure before that is nobody's business, so another attempt can
    /// begin anew.
    var early = PackedEvents(limit: Limits.earlyEventsLength)
    /// The attempt's event waits for `early` to be handed over.
    var hasCurrent = false
    /// The consumer has been handed something that another attempt would repeat.
    var isVisible = false
    var isPaused = false
    var isPumping = false
    /// The transport is done while bytes are held back.
    var isTransportDone = false
    var transportFailure: TransportFailure?

    /// For the next attempt.
    mutating func begin() {
        held.removeAll()
        early.removeAll()
        hasCurrent = false
        isTransportDone = false
        transportFailure = nil
    }
}

extension Exchange {
    /// Hands over every event that the bytes complete, unless the consumer wants otherwise after one of them.
    func pump(_ bytes: Span<UInt8>, _ now: Int64) {
        var position = 0
        delivery.isPumping = true
        defer { delivery.isPumping = false }
        while true {
            switch attempt.next(bytes, &position, now: now) {
            case .needsInput: return
            case .ended: return settle(now)
            case .deliver:
                if deliverCurrent(now) { continue }
                return hold(bytes.extracting(min(position, bytes.count)..<bytes.count), now)
            }
        }
    }

    /// Keeps what lies behind the event that its consumer paused at.
    private func hold(_ rest: Span<UInt8>, _ now: Int64) {
        delivery.held.append(rest)
        if delivery.held.isExhausted { end(.memory, .stream, "out of memory", now) }
    }

    /// False when the rest has to wait.
    private func deliverCurrent(_ now: Int64) -> Bool {
        if !delivery.isVisible {
            if keepsBack() { return true }
            delivery.isVisible = true
            if settings.recovery == .none, !settings.turn.isAutomatic { forgetRequest() }
        }
        if delivery.early.isEmpty { return hand(attempt.eventView, now) }
        delivery.hasCurrent = true
        return deliverWaiting(now)
    }

    /// Nothing can be sent again from here on, and a request may be large. Who sends it keeps it until it has gone out.
    private func forgetRequest() {
        hasForgottenRequest = true
        (originalBody, unbrokenBody, body) = (shared.noBody, shared.noBody, shared.noBody)
    }

    /// True when the event was put aside: nothing of an answer is in it, and another attempt may follow.
    private func keepsBack() -> Bool {
        let event = attempt.event
        guard retries.keepsEarlyEvents, !event.hasDelta else { return false }
        switch event.kind {
        case .messageStart, .blockStart, .blockStop: break
        case .other where !attempt.events.isForeign: break
        default: return false
        }
        delivery.early.append(attempt.eventView)
        return !delivery.early.isExhausted
    }

    /// Hands over what was put aside, and the event behind it. False when the rest has to wait.
    func deliverWaiting(_ now: Int64) -> Bool {
        while case .event(let early)? = delivery.early.next() {
            if !hand(early, now) { return false }
        }
        delivery.early.release()
        guard delivery.hasCurrent else { return true }
        delivery.hasCurrent = false
        return hand(attempt.eventView, now)
    }

    /// False when the consumer wants no more for now.
    func hand(_ view: EventView, _ now: Int64) -> Bool {
        if state == .ended { return true }
        let isDetached = wishes.isDetached
        if view.event.kind == .tool { note(call: view, isHandedOver: !isDetached) }
        guard !isDetached else {
            if view.event.hasDelta { attempt.events.answer.delivered &-= 1 }
            return true
        }
        return follow(consumer.deliver(view), now)
    }

    /// Does what the consumer said. False when it wants no more for now.
    func follow(_ flow: Flow, _ now: Int64) -> Bool {
        if state == .ended { return true }
        if flow == .cancel, consumer.isOutOfMemory {
            end(.memory, .stream, "out of memory", now)
        } else if flow == .cancel {
            cancelled("the callback cancelled the stream", now: now)
        } else if wishes.isCancelled {
            cancelled("the caller cancelled the stream", now: now)
        }
        guard flow == .pause, state != .ended, !wishes.isDetached else { return true }
        delivery.isPaused = true
        attempt.paused(true, now: now)
        return false
    }

    /// The caller lets the transfer go on.
    public func resume(now: Int64) {
        guard delivery.isPaused, !delivery.isPumping, state != .ended else { return }
        delivery.isPaused = false
        attempt.paused(false, now: now)
        if state == .waiting { return goOnIfDue(now) }
        if state == .awaitingTools { return pursueTools(now) }
        guard state.isUnderWay else { return }
        pumpHeld(now)
        guard !delivery.isPaused, state.isUnderWay else { return }
        if delivery.isTransportDone {
            concludeTransport(now)
        } else {
            todo.resumes = true
        }
    }

    private func pumpHeld(_ now: Int64) {
        delivery.isPumping = true
        let goesOn = deliverWaiting(now)
        delivery.isPumping = false
        guard goesOn, state.isUnderWay else { return }
        var waiting = ByteBuffer(limit: Limits.messageLength)
        swap(&waiting, &delivery.held)
        pump(waiting.span, now)
    }
}
