/// What a call remembers over its attempts.
struct RetryState {
    /// When the wait ends.
    var dueAt: Int64 = 0
    /// The rate limiter has let the next request go.
    var isAdmitted = false
    /// It keeps a turn of the rate limiter that it has not used yet.
    var hasTurn = false
    /// The tokens that the governor keeps for the running attempt; nil where it keeps nothing.
    var reserved: Double?
    /// The same over all attempts at one model (AWS SDKs, retry behaviour).
    private(set) var invocationID: Bytes = []
    /// Attempts at the present model, the running one included.
    private(set) var number: UInt32 = 0
    /// What the last retry took from the quota.
    var lastCost: Int?
    /// What the requests beside late ones took from it.
    var hedgeCost = 0
    /// The running attempt has had another beside it.
    var hasHedged = false
    /// The next request repeats the last one, whose connection was found dead.
    var isReopening = false
    /// When the next request began to ask who it is from; nil once it knows.
    var askedAt: Int64?
    /// Who the running attempt is from; nil where that is set in code.
    var identity: ResolvedIdentity?
    var hasReread = false
    /// How many of the other models were tried.
    var fallbackCount = 0
    var keepsEarlyEvents = false
    /// How an attempt stands to the ones before it while nothing that counts was delivered. Not as the first one to
    /// none: the tokens that they reported count.
    var renewal = Renewal.restart

    /// What the running attempt was sent with.
    var host: Bytes = []
    var signedAt = Clock(now: 0, wall: 0)

    /// The answer was cut and goes on in the running attempt.
    var isContinuing = false
    var isNudging = false
    var lastFailure: Failure?
    /// The request that goes on with the answer, where that is the plan.
    var continuation: RequestBody?
    /// Why the answer, though cut, was not gone on with.
    var obstacle: Message?
    /// What cut it first.
    var interruption: Failure?

    /// When it began to ask; now where it has not yet.
    mutating func asks(_ now: Int64) -> Int64 {
        let since = askedAt ?? now
        askedAt = since
        return since
    }

    mutating func begin(_ id: Bytes) {
        invocationID = id
        number = 1
    }

    /// Another call of the service, for the next round of the conversation.
    mutating func beginRound(_ id: Bytes) {
        begin(id)
        (lastCost, lastFailure, interruption, obstacle, continuation) = (nil, nil, nil, nil, nil)
        (isContinuing, isNudging, isReopening, isAdmitted) = (false, false, false, false)
    }

    mutating func fallBack(_ id: Bytes) {
        begin(id)
        fallbackCount &+= 1
        isReopening = false
        isAdmitted = false
    }

    mutating func nextAttempt() {
        number &+= 1
        isReopening = false
        isAdmitted = false
    }

    /// Not signed, as in the AWS SDKs: proxies may see attempts of one call as such.
    func headers(max: UInt32) -> [HTTPHeader] {
        var text = ByteBuffer()
        text.append("attempt=")
        text.append(decimal: Int64(number))
        text.append("; max=")
        text.append(decimal: Int64(max))
        return [
            HTTPHeader("amz-sdk-invocation-id", invocationID), HTTPHeader("amz-sdk-request", text.array),
        ]
    }
}

/// What is to be done about a failure.
struct Plan {
    enum Deed {
        case end
        /// The same request again at once, on a new connection.
        case reopen
        /// With credentials read anew.
        case reread
        case retry, restart, continuation
        /// As a continuation, but asked for in a message behind the partial answer.
        case nudge
        case fallback
    }

    var deed: Deed
    var retryClass = RetryClass.none
    var delay: Int64 = 0

    init(_ deed: Deed, _ retryClass: RetryClass = .none, delay: Int64 = 0) {
        self.deed = deed
        self.retryClass = retryClass
        self.delay = delay
    }

    /// What the consumer is told.
    var kind: EventKind {
        switch deed {
        case .end: .error
        case .reopen, .reread, .retry: .retry
        case .restart: .restart
        case .continuation, .nudge: .continuation
        case .fallback: .fallback
        }
    }
}

extension RetryRules {
    /// How often one model is asked in a call.
    public var allowedAttempts: UInt32 { mode == .off ? 1 : maxAttempts }
}
