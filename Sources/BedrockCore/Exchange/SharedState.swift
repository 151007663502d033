/// What the calls of one client share. One thread at a time: the client's.
public final class SharedState {
    /// All loops of the client have the same one.
    var quota: RetryQuota
    var limiter = RateLimiter()
    var skew = ClockSkew()
    var random: RandomSource
    let signer: RequestSigner
    /// For calls that have forgotten theirs.
    let noBody = RequestBody(ByteBuffer())
    /// Nil where nothing is limited.
    private(set) var gate: Gate?
    /// The client's, for what its calls share; nil in tests, where a call's own are taken.
    public var settings: Settings?
    /// What the host may be asked for.
    public var hostKinds: HostKinds = []
    /// Another loop of the client finds out who asks.
    public var hasLead = false
    /// Nil where nobody wants to know.
    public var log: (any LogSink)?
    public let credentials = IdentityKeeper(.credentials)
    public let token = IdentityKeeper(.token)
    public let region = IdentityKeeper(.region)
    /// Models seen to refuse an answer whose beginning is given.
    private var nudgedModels: [Bytes] = []
    private static let nudgedModelCount = 64

    /// `seed` should differ between clients, or they retry in step.
    public convenience init(signer: RequestSigner, seed: UInt64) {
        self.init(signer: signer, random: RandomSource(seed: seed), quota: RetryQuota())
    }

    public init(signer: RequestSigner, random: RandomSource, quota: RetryQuota) {
        self.signer = signer
        self.random = random
        self.quota = quota
    }

    /// Before the first call: what another loop of the client has for retries is this one's too.
    public func shareQuota(of other: SharedState) {
        quota = other.quota
    }

    /// Before the first call.
    public func limit(_ limits: GateLimits) {
        gate = limits.areNone ? nil : Gate(limits, seed: random.next())
    }

    /// Tells those that may begin by now; never inside an input of one of them.
    public func giveTurns(now: Int64) {
        while let taker = gate?.next(now) { taker.turnCame() }
    }

    /// When turns are to be given though nothing happens; `Int64.max` for never.
    public var turnDue: Int64 { gate?.dueAt ?? .max }

    /// What is left for retries, for tests.
    public var quotaLeft: Int { quota.available }

    /// All of them, for the edge.
    public var keepers: [IdentityKeeper] { [credentials, token, region] }

    private func keeper(of goal: Inquiry.Goal) -> IdentityKeeper {
        switch goal {
        case .credentials: credentials
        case .token: token
        case .region: region
        }
    }

    /// Answers what another loop of the client asks; nil while it is being found out. `since` is when it asked.
    public func answer(_ ask: Ask, _ clock: Clock, since: Int64) -> Finding? {
        guard let settings else { return Finding(failure: "the client is gone") }
        let keeper = keeper(of: ask.goal)
        if let refused = ask.refused { _ = keeper.refuse(refused, settings, self, clock) }
        switch keeper.look(settings.of(region: ask.text), self, clock, since: since) {
        case .wait: return nil
        case .failed: return Finding(failure: keeper.failure, isMissing: keeper.isUnconfigured)
        case .ready:
            let finding = Finding()
            finding.identity = keeper.current
            return finding
        }
    }

    /// Something is to be found out.
    public var hasAsk: Bool { credentials.hasAsk || token.hasAsk || region.hasAsk }

    /// Calls that wait for an identity are to look again.
    public func takeSettled() -> Bool {
        let settled = (credentials.takeSettled(), token.takeSettled(), region.takeSettled())
        return settled.0 || settled.1 || settled.2
            || !(credentials.isInquiring || token.isInquiring || region.isInquiring)
    }

    /// The settings by which the client's calls go out, with the region that is found out where nothing names one; nil
    /// while it is.
    public func placeOfCalls(_ clock: Clock) throws(Failure) -> Settings? {
        guard let settings, settings.region == nil, settings.endpointURL == nil else { return settings }
        switch region.look(settings, self, clock) {
        case .wait: return nil
        case .failed: throw Failure(.region, .prepare, region.failure)
        case .ready: return try? settings.inRegion(region.current?.region ?? [])
        }
    }

    func needsNudge(_ modelID: Bytes) -> Bool {
        nudgedModels.contains(modelID)
    }

    func learnNudge(_ modelID: Bytes) {
        guard !needsNudge(modelID) else { return }
        if nudgedModels.count >= Self.nudgedModelCount { nudgedModels.removeFirst() }
        nudgedModels.append(modelID)
    }
}

/// Numbers for jitter and invocation ids: SplitMix64, which is no source of secrets.
public struct RandomSource: Sendable {
    private var state: UInt64
    private let fixed: UInt64?

    public init(seed: UInt64) {
        state = seed
        fixed = nil
    }

    /// The same number each time, for tests of what is made of it.
    public init(always number: UInt64) {
        state = 0
        fixed = number
    }

    mutating func next() -> UInt64 {
        if let fixed { return fixed }
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A random UUID (RFC 9562, version 4) as text.
    mutating func uuid() -> Bytes {
        let high = next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        var text = Bytes()
        text.reserveCapacity(36)
        for position in 0..<16 {
            if position == 4 || position == 6 || position == 8 || position == 10 { text.append(UInt8(ascii: "-")) }
            let half = position < 8 ? high : low
            let byte = UInt8(truncatingIfNeeded: half >> UInt64(56 &- 8 &* (position & 7)))
            text.append(Hex.digit(byte >> 4))
            text.append(Hex.digit(byte & 15))
        }
        return text
    }
}
