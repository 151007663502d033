extension Exchange {
    /// To the next request, as soon as the rate limiter lets it go.
    func goOn(_ cause: Cause, _ now: Int64) {
        let isLimited = settings.retry.mode == .adaptive && !retries.isAdmitted
        var wait = isLimited ? shared.limiter.delay(now: now) : 0
        if isLimited { retries.hasTurn = shared.limiter.isActive }
        wait = max(wait, reserve(now))
        retries.isAdmitted = true
        if wait > 0 {
            retries.dueAt = now &+ wait
            enter(.waiting, cause)
        } else {
            enter(.preparing, cause)
            todo.sends = true
        }
    }

    /// Draws the conclusion where the attempt has ended.
    func settle(_ now: Int64) {
        guard state != .ended, state != .resolving, state != .awaitingTools, attempt.hasEnded else { return }
        guard let failure = attempt.failure else { return succeed(now) }
        if hedge != nil, isLeftToHedge(failure, now) { return }
        if couldDiffer(failure) { tellLimiters(isThrottled: failure.code.isThrottling, now) }
        let plan = judged(plan(for: failure, now), failure, now)
        if state == .ended { return }
        carryOut(plan, failure, now)
    }

    /// What is no throttling lets the rate grow, as in the AWS SDKs: it says nothing against it.
    private func tellLimiters(isThrottled: Bool, _ now: Int64) {
        if isThrottled {
            throttled(sent: attempt.timeline.started, now)
        } else {
            shared.gate?.governor?.succeeded(now)
            if settings.retry.mode == .adaptive { shared.limiter.succeeded(now: now) }
        }
    }

    func throttled(sent: Int64, _ now: Int64) {
        shared.gate?.governor?.throttled(sent: sent, now)
        if settings.retry.mode == .adaptive { shared.limiter.throttled(now: now) }
    }

    private func succeed(_ now: Int64) {
        // Of an answer that has no delta at all everything is early.
        delivery.isVisible = true
        guard !delivery.isPaused, deliverWaiting(now), state != .ended else { return }
        shared.quota.giveBack(retries.lastCost)
        if retries.hedgeCost > 0 { shared.quota.giveBack(retries.hedgeCost) }
        retries.hedgeCost = 0
        if retries.isNudging { shared.learnNudge(modelID) }
        tellLimiters(isThrottled: false, now)
        if hasCallsToAwait {
            awaitTools(now)
        } else {
            finish()
        }
    }

    // MARK: What to do about a failure

    private func plan(for failure: Failure, _ now: Int64) -> Plan {
        if !couldDiffer(failure) { return Plan(.end) }
        if isDeadConnection(failure) { return Plan(.reopen) }
        // Also of a signature that is said to have expired.
        if learnClockSkew(failure) { return planForRetry(failure, .transient, now) }
        if failure.code == .expiredToken { return planForExpiredToken() }
        if isRefusedContinuation(failure) { return planForNudge() }
        return planForRetry(failure, RetryClass(for: failure, settings.retry), now)
    }

    /// False for what another request would not change.
    func couldDiffer(_ failure: Failure) -> Bool {
        failure.code != .cancelled && failure.code != .memory && failure.code != .timeoutTotal
            && attempt.timeline.started > 0
    }

    /// A connection of the pool that its other end has given up meanwhile: that is no failure of the service.
    func isDeadConnection(_ failure: Failure) -> Bool {
        delivery.isTransportDone && attempt.isConnectionReused && attempt.timeline.firstByte == 0
            && !retries.isReopening && failure.service.code == nil
    }

    private func planForExpiredToken() -> Plan {
        let mayReread =
            !retries.hasReread && !delivery.isVisible && retries.number < settings.retry.allowedAttempts
            && retries.identity != nil
        return Plan(mayReread ? .reread : .end)
    }

    private func isRefusedContinuation(_ failure: Failure) -> Bool {
        retries.isContinuing && failure.code == .validation && failure.phase == .response
    }

    private func planForNudge() -> Plan {
        let mayNudge = !retries.isNudging && retries.number < settings.retry.allowedAttempts
        return mayNudge && makeContinuation(isNudge: true) ? Plan(.nudge, .transient) : Plan(.end)
    }

    /// True where the failure came from this machine's clock and the next signature will be another.
    private func learnClockSkew(_ failure: Failure) -> Bool {
        guard let code = failure.service.code, let date = attempt.head.date,
            let server = HTTPDate.seconds(date.span)
        else { return false }
        // The head was written before it came; the rest of the answer may have taken any time.
        let elapsed = (attempt.timeline.firstByte &- retries.signedAt.now) / 1_000_000_000
        let wall = retries.signedAt.wall &+ max(elapsed, 0)
        guard shared.skew.explains(code.span, host: retries.host, serverSeconds: server, wall: wall) else {
            return false
        }
        return shared.skew.learn(host: retries.host, serverSeconds: server, wall: wall)
    }

    private func planForRetry(_ failure: Failure, _ retryClass: RetryClass, _ now: Int64) -> Plan {
        guard retryClass != .none else { return Plan(.end) }
        let delay = Backoff.delay(
            retry: retries.number, retryClass, hint: attempt.head.retryAfter, random: shared.random.next(),
            maxBackoff: settings.retry.maxBackoff)
        guard retries.number < settings.retry.allowedAttempts, isAffordable(retryClass), isInTime(now &+ delay) else {
            return canFallBack(failure) ? Plan(.fallback) : Plan(.end)
        }
        return deed().map { Plan($0, retryClass, delay: delay) } ?? Plan(.end)
    }

    /// How another attempt is to be made, if at all.
    private func deed() -> Plan.Deed? {
        guard delivery.isVisible else { return .retry }
        switch settings.recovery {
        case .none: return nil
        case .restart: return .restart
        case .continuation:
            let isNudge = retries.isNudging || shared.needsNudge(modelID)
            guard !attempt.events.answer.isComplete, makeContinuation(isNudge: isNudge) else { return nil }
            return isNudge ? .nudge : .continuation
        }
    }

    /// Makes the request that goes on with the answer, before anybody is told that it will be sent. False where there
    /// can be none.
    private func makeContinuation(isNudge: Bool) -> Bool {
        do throws(ContinuationError) {
            retries.continuation = try unbrokenBody.continued(
                operation, attempt.events.transcript, nudge: isNudge ? settings.recoveryNudge : nil)
            return true
        } catch {
            retries.obstacle = error.message
            return false
        }
    }

    private func isAffordable(_ retryClass: RetryClass) -> Bool {
        shared.quota.available >= RetryQuota.cost(retryClass)
    }

    /// A wait that the total limit would end is not begun: the failure itself says more.
    private func isInTime(_ moment: Int64) -> Bool {
        let total = settings.limits.total
        return total == 0 || moment < attempt.timeline.opened &+ total
    }

    private func canFallBack(_ failure: Failure) -> Bool {
        guard !delivery.isVisible, retries.fallbackCount < settings.fallbacks.count, isInTime(attempt.timeline.ended)
        else { return false }
        return failure.code == .throttled || failure.code == .modelNotReady || failure.code == .serviceUnavailable
    }

    /// The plan, once the caller has had a say.
    private func judged(_ plan: Plan, _ failure: Failure, _ now: Int64) -> Plan {
        // That a connection was dead is no failure of an attempt.
        if failure.code == .cancelled || plan.deed == .reopen { return plan }
        guard let notice = notice(plan) else { return plan }
        let verdict = consumer.judge(notice)
        if wishes.isCancelled { cancelled("the caller cancelled the stream", now: now) }
        switch verdict {
        case .asPlanned: return plan
        case .fail: return Plan(.end)
        case .retry:
            guard plan.deed == .end, couldDiffer(failure) else { return plan }
            let retryClass = RetryClass(for: failure, settings.retry)
            return planForRetry(failure, retryClass == .none ? .transient : retryClass, now)
        }
    }

    // MARK: Doing it

    private func carryOut(_ plan: Plan, _ failure: Failure, _ now: Int64) {
        switch plan.deed {
        case .end: end(failure, now)
        case .reopen: reopen(failure)
        case .reread: reread(failure, now)
        case .fallback: fallBack(plan, failure, now)
        case .retry: again(plan, retries.renewal, failure, now)
        case .restart:
            delivery.isVisible = false
            turn.forgetCalls()
            retries.renewal = .restart
            again(plan, .restart, failure, now)
        case .continuation, .nudge: carryOn(plan, failure, now)
        }
    }

    private func reopen(_ failure: Failure) {
        releaseTransfer(failure)
        retries.isReopening = true
        attempt.renewTransfer()
        enter(.preparing, .reopen)
        todo.sends = true
    }

    /// Another attempt after the plan's delay.
    private func again(_ plan: Plan, _ renewal: Renewal, _ failure: Failure, _ now: Int64) {
        if plan.retryClass != .none {
            guard let cost = shared.quota.take(plan.retryClass) else { return end(failure, now) }
            retries.lastCost = cost
        }
        retries.lastFailure = failure
        settleUsage()
        if failure.code == .modelTimeout { shortenBody() }
        releaseTransfer(failure)
        tell(plan, now)
        if state == .ended { return }
        retries.nextAttempt()
        attempt.renew(renewal)
        retries.dueAt = now &+ plan.delay
        enter(.waiting, .retry)
    }

    /// Tells the consumer of the plan, before anything of it is done.
    func tell(_ plan: Plan, _ now: Int64) {
        logPlan(plan)
        guard !wishes.isDetached, let notice = notice(plan) else { return }
        _ = follow(consumer.noticed(notice), now)
    }

    private func notice(_ plan: Plan) -> NoticeView? {
        let texts = noticeTexts ?? EndTexts()
        noticeTexts = texts
        attempt.seal(texts, modelID: modelID, region: settings.region ?? [], earlier: turn.messages)
        var number = retries.number &+ 1
        if plan.deed == .fallback {
            number = 1
            let target = settings.fallbacks[retries.fallbackCount]
            texts.writeNext(modelID: target.modelID, region: target.region)
        }
        guard let failure = attempt.failureView(texts) else { return nil }
        return NoticeView(
            kind: plan.kind, failure: failure, attempt: number, maxAttempts: settings.retry.allowedAttempts,
            delay: plan.delay, modelID: texts.view(texts.nextModelID),
            region: texts.view(texts.nextRegion))
    }

    private func shortenBody() {
        guard settings.retry.onModelTimeout == .halveMaxTokens else { return }
        let isUnbroken = body === unbrokenBody
        let floor = settings.retry.minMaxTokens
        if let shorter = unbrokenBody.halvingMaxTokens(operation, floor: floor) { unbrokenBody = shorter }
        if isUnbroken {
            body = unbrokenBody
        } else if let shorter = body.halvingMaxTokens(operation, floor: floor) {
            body = shorter
        }
    }

    /// The partial answer goes back as the beginning of the assistant's turn.
    private func carryOn(_ plan: Plan, _ failure: Failure, _ now: Int64) {
        guard let continuation = retries.continuation else { return end(failure, now) }
        let isNudge = plan.deed == .nudge
        body = continuation
        retries.continuation = nil
        if !retries.isContinuing { retries.interruption = failure }
        retries.isContinuing = true
        retries.isNudging = isNudge
        again(plan, .continuation(isNudge: isNudge), failure, now)
    }

    /// The next of the other models or regions, with attempts of its own.
    private func fallBack(_ plan: Plan, _ failure: Failure, _ now: Int64) {
        let target = settings.fallbacks[retries.fallbackCount]
        let there: Settings
        do throws(ConfigError) {
            there = target.region.isEmpty ? settings : try settings.inRegion(target.region)
        } catch {
            return end(failure, now)
        }
        releaseTransfer(failure)
        settleUsage()
        tell(plan, now)
        if state == .ended { return }
        settings = there
        if !target.modelID.isEmpty { modelID = target.modelID }
        (body, unbrokenBody) = (originalBody, originalBody)
        retries.fallBack(shared.random.uuid())
        attempt.renew(retries.renewal)
        retries.dueAt = now
        enter(.waiting, .retry)
    }

    /// Lets go of the transfer of an attempt that has ended.
    func releaseTransfer(_ failure: Failure?) {
        releaseReason = failure?.message ?? ""
        // A failure that the service reports ends its answer: what is left of that is short.
        let isShort = attempt.isEndedByService || attempt.events.answer.isComplete
        todo.transfer = delivery.isTransportDone || !isShort ? .drop : .drain
    }

    // MARK: The end

    func end(_ failure: Failure, _ now: Int64) {
        guard state != .ended else { return }
        if retries.hasTurn { shared.limiter.giveBack() }
        // The round's answer was over before.
        if state == .awaitingTools { attempt.timeline.ended = now }
        attempt.fail(explained(failure), now: now)
        finish()
    }

    @inline(never)
    func end(_ code: ErrorCode, _ phase: Phase, _ reason: StaticString, _ now: Int64) {
        end(Failure(code, phase, Message(reason)), now)
    }

    private func explained(_ failure: Failure) -> Failure {
        if failure.code == .expiredToken, failure.phase == .response {
            var failure = failure
            failure.message += explanationOfExpiry
            return failure
        }
        if failure.code == .timeoutTotal, state == .waiting, let last = retries.lastFailure {
            var failure = failure
            failure.message += "; the last attempt failed: " + last.message
            return failure
        }
        if let obstacle = retries.obstacle {
            var failure = failure
            failure.message += "; it cannot be continued: " + obstacle
            return failure
        }
        if isRefusedContinuation(failure), var cut = retries.interruption {
            cut.message += "; its continuation was refused: " + failure.message
            return cut
        }
        return failure
    }

    func finish() {
        releaseTransfer(attempt.failure)
        dropHedge("the call has ended")
        leaveGate()
        enter(.ended, .end)
        todo.finishes = true
        turn.desk?.close()
        attempt.seal(modelID: modelID, region: settings.region ?? [], earlier: turn.messages)
        logEnd()
        if let failure = attempt.failureView {
            consumer.failed(failure)
        } else {
            consumer.stopped(attempt.resultView)
        }
    }
}
