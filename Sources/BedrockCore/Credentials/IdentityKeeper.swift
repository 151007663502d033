/// Keeps what a client's calls prove themselves with: finds it out when the first of them needs it, renews it before it
/// expires, one inquiry at a time however many calls there are. The client's thread alone.
///
/// The edge takes an `ask` when there is one and answers by `found`; when `hasSettled` it lets the calls that wait look
/// again.
public final class IdentityKeeper {
    /// What a call that is about to be sent is to do.
    enum Look {
        /// Go by `current`.
        case ready
        case wait
        /// Fail with `failure`.
        case failed
    }

    public let goal: Inquiry.Goal
    public private(set) var current: ResolvedIdentity?
    /// Why the last inquiry found nothing, a sentence.
    private(set) var failure: Message = ""
    /// It found nothing because no source is configured.
    private(set) var isUnconfigured = false
    /// An inquiry has come to its end, and calls may be waiting for that.
    public private(set) var hasSettled = false
    /// When the running inquiry is given up, whatever it waits for; nil while there is none.
    public private(set) var deadline: Int64?

    private var inquiry: Inquiry?
    private var isAskTaken = false
    private var hasInquired = false
    /// The service has refused `current`.
    private var isRefused = false
    private var life = Life()
    private var failureCount: Int64 = 0
    private var failedAt = Int64.min
    /// No inquiry begins before.
    private var retryAt: Int64 = 0

    public init(_ goal: Inquiry.Goal) {
        self.goal = goal
    }

    /// What a call has to go by now. May begin an inquiry, but none after one that has failed `since` the call began to
    /// ask: a call that waits for one keeper after the other would wait for ever.
    func look(
        _ settings: Settings, _ shared: SharedState, _ clock: Clock, since: Int64 = .max
    ) -> Look {
        let need = need(clock)
        // What was good until now may have been all that its source had a moment ago.
        let mayBegin = clock.now >= retryAt || need == .atOnce && failure.isEmpty
        if need != .none, inquiry == nil, mayBegin, failedAt < since { begin(settings, shared, clock) }
        switch self.need(clock) {
        case .none, .soon: return .ready
        case .now where inquiry == nil: return .ready
        case .now: return .wait
        case .atOnce: return inquiry == nil ? .failed : .wait
        }
    }

    /// The service says of requests that were sent with `identity` that it has expired. True where a newer one is
    /// there or is being looked for.
    func refuse(_ identity: ResolvedIdentity, _ settings: Settings, _ shared: SharedState, _ clock: Clock) -> Bool {
        guard identity === current else { return true }
        if inquiry == nil {
            guard clock.now >= retryAt else { return false }
            isRefused = true
            begin(settings, shared, clock)
        }
        return true
    }

    // MARK: The edge's side

    /// What is to be found out, once.
    public func takeAsk() -> Ask? {
        guard !isAskTaken, let ask = inquiry?.pending else { return nil }
        isAskTaken = true
        return ask
    }

    public var isInquiring: Bool { inquiry != nil }

    public var hasAsk: Bool { !isAskTaken && inquiry?.pending != nil }

    public func found(_ finding: Finding, _ clock: Clock) {
        guard let inquiry, isAskTaken else { return }
        isAskTaken = false
        inquiry.found(finding)
        advance(inquiry, clock)
    }

    /// True where the running inquiry was given up: what is asked for it is of no use any more.
    public func timePassed(_ clock: Clock) -> Bool {
        guard let deadline, deadline <= clock.now, let inquiry else { return false }
        let subject = inquiry.pending?.subject ?? "nothing"
        let limit = inquiry.settings.identityLimit / 1_000_000
        fail("no answer within credentials.timeout_ms=\(limit), waiting for " + subject, inquiry, clock)
        return true
    }

    public func takeSettled() -> Bool {
        defer { hasSettled = false }
        return hasSettled
    }

    /// The client ends: what is asked is of no use any more. The inquiry holds what holds this keeper.
    public func close() {
        inquiry = nil
    }

    // MARK: Inquiries

    private func begin(_ settings: Settings, _ shared: SharedState, _ clock: Clock) {
        let made = Inquiry(
            goal, shared.settings ?? settings, shared, readsSources: hasInquired && !shared.hasLead, wall: clock.wall,
            callRegion: settings.region, refused: isRefused ? current : nil)
        hasInquired = true
        inquiry = made
        isAskTaken = false
        let limit = made.settings.identityLimit
        deadline = limit > 0 ? clock.now &+ limit : nil
        advance(made, clock)
        // Who looks sees what came of it.
        if inquiry == nil { hasSettled = false }
    }

    private func advance(_ inquiry: Inquiry, _ clock: Clock) {
        do throws(Halt) {
            guard let identity = try inquiry.run(wall: clock.wall) else { return }
            settle(clock)
            take(identity, inquiry, clock)
        } catch {
            fail(error.failure ?? "", inquiry, clock)
        }
    }

    private func settle(_ clock: Clock) {
        inquiry = nil
        deadline = nil
        isAskTaken = false
        hasSettled = true
    }

    private func take(_ identity: ResolvedIdentity, _ inquiry: Inquiry, _ clock: Clock) {
        if let expiry = identity.expiry, expiry <= clock.wall {
            return fail("what came from \(identity.source) has expired", inquiry, clock)
        }
        if let problem = identity.credentials?.problem {
            return fail("\(identity.source): \(problem)", inquiry, clock)
        }
        let isNew = current.map { !$0.hasSameKeys(as: identity) } ?? true
        current = identity
        isRefused = false
        failure = ""
        failureCount = 0
        life = Life(identity.expiry, clock.wall, inquiry.jitter)
        if !inquiry.shared.hasLead { inquiry.shared.log(.info) { inquiry.described(identity) } }
        // A source that has nothing newer is not asked again by each call that is refused.
        retryAt = isNew ? 0 : clock.now &+ 1_000_000_000
    }

    /// What is there stays in use as long as it can; the source is asked again after a while, at random, later
    /// each time (full jitter would let many ask at once).
    private func fail(_ reason: Message, _ inquiry: Inquiry, _ clock: Clock) {
        failure = inquiry.explained(reason)
        isUnconfigured = reason.isEmpty
        if !inquiry.shared.hasLead { inquiry.shared.log(.warning) { failure } }
        settle(clock)
        isRefused = false
        failedAt = clock.now
        let longest = min(Int64(250_000_000) << min(failureCount, 7), 30_000_000_000)
        failureCount &+= 1
        retryAt = clock.now &+ longest / 2 &+ Int64(truncatingIfNeeded: inquiry.jitter >> 1) % max(longest / 2, 1)
    }

    // MARK: Time

    private enum Need {
        /// What is there is good for a while.
        case none
        /// It is to be renewed; calls go on with it meanwhile.
        case soon
        /// Calls wait for the inquiry that runs, or go on with what is there when none may begin.
        case now
        /// There is nothing that could be used.
        case atOnce
    }

    private func need(_ clock: Clock) -> Need {
        guard current != nil, !isRefused else { return .atOnce }
        return life.need(clock.wall)
    }

    /// When an identity has to be renewed, in seconds since 1970.
    private struct Life {
        var advisory = Int64.max
        var mandatory = Int64.max
        var end = Int64.max

        init() {}

        /// 15 and 10 minutes before it expires, as in botocore, but not before half and three quarters of its life; who
        /// has many clients does not renew all of them in the same second. Rounded up: a life of one second is one.
        init(_ expiry: Int64?, _ wall: Int64, _ jitter: UInt64) {
            guard let expiry else { return }
            let left = max(expiry &- wall, 0)
            end = expiry
            let early = Int64(truncatingIfNeeded: jitter % 60)
            advisory = max(expiry &- 900 &- early, expiry &- left / 2)
            mandatory = max(expiry &- 600, expiry &- left / 4)
        }

        func need(_ wall: Int64) -> Need {
            if wall >= end { return .atOnce }
            if wall >= mandatory { return .now }
            return wall >= advisory ? .soon : .none
        }
    }
}
