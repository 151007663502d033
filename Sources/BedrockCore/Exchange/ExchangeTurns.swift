// Rounds of a conversation with tools: the answer that calls them, the wait for their results, the next request.

extension Exchange {
    /// A tool call is about to be handed over, or not, to a caller who has let go of the answer. One that nobody can
    /// name is never answered: results name a call by a text that ends at a NUL.
    func note(call view: EventView, isHandedOver: Bool) {
        guard turn.desk != nil, view.event.isClientCall else { return }
        if !isHandedOver || view.toolID.span.firstIndex(of: 0) != nil { return turn.missCall() }
        turn.add(
            TurnState.Call(
                id: Bytes(copying: view.toolID.span), name: Bytes(copying: view.toolName.span),
                blockIndex: view.event.blockIndex))
    }

    /// A call was handed over, but the caller let go of the answer before he looked at it.
    func loseCall() {
        turn.missCall()
        if state == .awaitingTools { finish() }
    }

    /// The answer wants results of tools that the caller can give.
    var hasCallsToAwait: Bool {
        turn.desk != nil && attempt.events.answer.stopReason == .toolUse && !turn.calls.isEmpty && !turn.hasUnseenCall
            && unbrokenBody.takesToolResults(operation, attempt.events.transcript)
    }

    /// The round is over: its calls are waited for.
    func awaitTools(_ now: Int64) {
        guard turn.number < settings.turn.maxRounds else {
            let text: Message =
                "the model called tools again after turn.max_rounds=\(settings.turn.maxRounds) rounds of results"
            return end(Failure(.toolRounds, .stream, text), now)
        }
        releaseTransfer(nil)
        settleUsage()
        turn.beginWait(now)
        enter(.awaitingTools, .calls)
        pursueTools(now)
    }

    /// Results have come.
    public func toolsAnswered(now: Int64) {
        guard state != .ended else { return }
        turn.takeAnswers()
        if state == .awaitingTools { pursueTools(now) }
    }

    /// Tells what there is to tell, and goes on when every call has its result.
    func pursueTools(_ now: Int64) {
        guard !turn.isTelling else { return }
        turn.isTelling = true
        defer { turn.isTelling = false }
        while !isPaused, state == .awaitingTools, turn.hasNews {
            guard let view = turn.takeNews() else { continue }
            _ = hand(view, now)
        }
        guard !isPaused, state == .awaitingTools, turn.isAnswered else { return }
        beginRound(now)
    }

    /// Sends the results.
    private func beginRound(_ now: Int64) {
        let next: RequestBody
        do throws(ContinuationError) {
            next = try unbrokenBody.answered(
                operation, attempt.events.transcript, turn.calls.compactMap { $0.answer }, messages: &turn.messages)
        } catch {
            let code: ErrorCode = if case .tooLarge = error { .limit } else { .argument }
            return end(Failure(code, .tool, "the results of the tools cannot be sent: " + error.message), now)
        }
        originalBody = next
        (body, unbrokenBody) = (next, next)
        turn.nextRound()
        retries.beginRound(shared.random.uuid())
        attempt.renew(.round)
        delivery.isVisible = false
        goOn(.results, now)
    }

    // MARK: Limits while results are waited for

    /// The moment at which a limit passes; nil for none.
    var toolDeadline: Int64? {
        let (limit, length) = nearestToolLimit
        return length == 0 ? nil : (limit == .total ? attempt.timeline.opened : turn.since) &+ length
    }

    /// The limit that passes first, and its length; 0 for none.
    private var nearestToolLimit: (Limit, Int64) {
        let total = settings.limits.total
        // Who has paused over results that are all there holds up no tool.
        let tool = turn.isAnswered ? 0 : settings.turn.toolTimeout
        if total == 0 || tool == 0 { return total == 0 ? (.tool, tool) : (.total, total) }
        return attempt.timeline.opened &+ total <= turn.since &+ tool ? (.total, total) : (.tool, tool)
    }

    func toolTimePassed(_ now: Int64) {
        // A result that was taken from the caller counts, though the loop is told of it only after this.
        turn.takeAnswers()
        guard let deadline = toolDeadline, deadline <= now else { return pursueTools(now) }
        let (limit, length) = nearestToolLimit
        let waited = (now &- (deadline &- length)) / 1_000_000
        let missing = turn.firstUnanswered.map(Self.missing) ?? Message(limit.missing)
        let text: Message = "\(missing) within \(limit.key)=\(length / 1_000_000), waited \(waited) ms"
        end(Failure(limit.code, .tool, text), now)
    }

    private static func missing(_ call: TurnState.Call) -> Message {
        "no result of the tool call \(call.id, upTo: 100) (\(call.name, upTo: 100))"
    }
}

extension TextView {
    var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { _overrideLifetime(Span(_unsafeStart: pointer, count: count), borrowing: self) }
    }
}
