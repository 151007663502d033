// Who asks, and in which region, where that has to be found out.
extension Exchange {
    /// Sees that there is a region. False while it is being found out.
    func findRegion(_ clock: Clock) throws(Failure) -> Bool {
        guard settings.region == nil, settings.needsRegion else { return true }
        // A model that is named by its ARN says where it is; that is asked last, and nothing is asked twice for it.
        let named = ModelARN.region(modelID)
        if !named.isEmpty, !shared.region.failure.isEmpty, !shared.region.isInquiring {
            try settle(in: named)
            return true
        }
        switch shared.region.look(settings, shared, clock) {
        case .wait: return false
        case .ready: try settle(in: shared.region.current?.region ?? [])
        case .failed:
            guard !named.isEmpty else { throw Failure(.region, .prepare, shared.region.failure) }
            try settle(in: named)
        }
        return true
    }

    private func settle(in region: Bytes) throws(Failure) {
        do throws(ConfigError) {
            settings = try settings.inRegion(region)
        } catch {
            throw Failure(.region, .prepare, error.message)
        }
    }

    /// Who asks; nil while it is being found out.
    func identify(_ endpoint: Endpoint, _ clock: Clock) throws(Failure) -> Identity? {
        retries.identity = nil
        guard let found = try shared.whoAsks(settings, clock, since: retries.asks(clock.now)) else { return nil }
        retries.askedAt = nil
        if case .bearer(let token) = found.identity { try settings.checkBearer(token, endpoint) }
        retries.identity = found.resolved
        return found.identity
    }

    // MARK: Waiting for it

    /// A keeper has settled, or none is looking for anything.
    public func identitySettled(now: Int64) {
        guard state == .resolving else { return }
        guard let failure = attempt.failure else {
            enter(.preparing, .found)
            todo.sends = true
            return
        }
        guard let refused = retries.identity else { return end(failure, now) }
        let keeper = keeper(of: refused)
        switch keeper.look(settings, shared, retries.signedAt.moved(to: now)) {
        case .wait: todo.waits = true
        case .failed: end(failure, now)
        case .ready:
            guard let found = keeper.current, !found.hasSameKeys(as: refused) else { return end(failure, now) }
            goOnRenewed(now)
        }
    }

    private func keeper(of identity: ResolvedIdentity) -> IdentityKeeper {
        identity.token == nil ? shared.credentials : shared.token
    }

    /// The service says that what it was sent has expired: its source may have something newer.
    func reread(_ failure: Failure, _ now: Int64) {
        let clock = retries.signedAt.moved(to: now)
        guard let refused = retries.identity, keeper(of: refused).refuse(refused, settings, shared, clock) else {
            return end(failure, now)
        }
        retries.hasReread = true
        settleUsage()
        releaseTransfer(failure)
        enter(.resolving, .reread)
        todo.waits = true
    }

    private func goOnRenewed(_ now: Int64) {
        tell(Plan(.reread), now)
        if state == .ended { return }
        retries.nextAttempt()
        attempt.renew(retries.renewal)
        retries.dueAt = now
        enter(.waiting, .retry)
    }

    /// What the error of an identity that has expired says besides.
    var explanationOfExpiry: Message {
        guard let identity = retries.identity else {
            return "; the credentials come from the configuration, which has no newer ones"
        }
        let text = "; the credentials come from " + identity.source
        return retries.hasReread ? text + ", which was read again and has no other ones" : text
    }

    /// When the whole call is given up; nil for never.
    var totalDeadline: Int64? {
        settings.limits.total > 0 ? attempt.timeline.opened &+ settings.limits.total : nil
    }
}

extension Clock {
    /// The same clock at a later moment.
    func moved(to now: Int64) -> Clock {
        Clock(now: now, wall: wall &+ max(now &- self.now, 0) / 1_000_000_000)
    }
}
