/// What the clocks of the machine show.
public struct Clock: Sendable {
    /// Nanoseconds of a clock that never goes back.
    public var now: Int64
    /// Seconds since 1970 UTC.
    public var wall: Int64

    public init(now: Int64, wall: Int64) {
        self.now = now
        self.wall = wall
    }
}

/// What a transport is to do with bytes that it brought.
public enum Intake: Sendable {
    case taken
    /// Bring the same bytes again when the transfer is resumed.
    case wait
    /// No more is wanted.
    case stop
}

/// What the edge is to do for an exchange.
public enum Action {
    /// Forget the transfer, if there is one, and close its connection where an answer is still coming.
    case dropTransfer
    /// Read what is left of the transfer's answer without the exchange, where that is cheap, to keep the connection.
    case drainTransfer
    /// Give a request to the transport, on a connection of its own where `isFresh`.
    case send(PreparedRequest, isFresh: Bool)
    case resumeTransfer
    /// Give a request to the transport in the lane beside the transfer's.
    case sendHedge(PreparedRequest, isFresh: Bool)
    /// Forget the transfer of the lane beside, and close its connection.
    case dropHedge
    /// Find out what the keepers of the shared state ask for, and tell by `identitySettled` when one of them has
    /// settled, or none of them looks for anything.
    case awaitIdentity
    /// The exchange has ended and wants nothing any more.
    case finish
}

/// One call of the service from its opening to its end, over all its attempts: the heart of the library, without a
/// socket or a clock.
///
/// The edge tells what happened, each time with the moment it happened. The consumer is called from inside, in the
/// order of what came, and told of exactly one end, last. What the edge has to do is asked of `nextAction`, after each
/// input and when `deadline` has come.
///
/// Inputs may come while another one is being worked on: from a callback that cancels or frees its stream.
public final class Exchange {
    let operation: Operation
    let consumer: any StreamConsumer
    let wishes: any CallerWishes
    let shared: SharedState
    /// Whom the edge is to be told by that its turn has come; who owns this.
    public unowned(unsafe) var holder: (any TurnTaker)?

    public internal(set) var settings: Settings
    /// What traces the call through AWS; empty for nothing.
    public var traceID = Bytes()
    var modelID: Bytes
    /// What the caller asked; in a later round, with all that was said since.
    var originalBody: RequestBody
    /// The same, asking for a shorter answer where a model had too little time.
    var unbrokenBody: RequestBody
    /// What is sent: `unbrokenBody`, or with a part of the answer behind it.
    var body: RequestBody

    public internal(set) var state = State.opened
    /// The state was left by a way that is not in the table; tests look at it.
    public internal(set) var hasLeftTable = false
    #if !hasFeature(Embedded)
        /// Which rows of the table were used, one bit for each; tests look at it.
        public internal(set) var waysTaken: UInt64 = 0
    #endif
    /// Why the last transfer is not wanted any more; nil while it is, empty where nothing failed.
    public internal(set) var releaseReason: Message?
    var attempt: Attempt
    /// Which of the edge's transfers is the attempt's. It changes inside an input of the transport.
    public internal(set) var lane = Lane.first
    /// What runs in the other lane.
    var hedge: Hedge?
    var delivery = DeliveryState()
    var retries = RetryState()
    var turn: TurnState
    /// Where it waits, in the state `queued`.
    var place: LineNode?
    /// It counts as one that is under way.
    var hasPlace = false
    /// Of the last notice, which stay readable though the stream be ended from within it.
    var noticeTexts: EndTexts?
    var todo = Todo()

    public init(
        operation: Operation, modelID: Bytes, body: RequestBody, settings: Settings, consumer: any StreamConsumer,
        wishes: any CallerWishes, shared: SharedState, desk: (any ToolDesk)? = nil, now: Int64
    ) {
        self.operation = operation
        self.modelID = modelID
        self.settings = settings
        self.consumer = consumer
        self.wishes = wishes
        self.shared = shared
        (originalBody, unbrokenBody) = (body, body)
        self.body = body
        turn = TurnState(desk: settings.turn.isAutomatic ? desk : nil)
        attempt = Attempt(
            operation: operation, limits: settings.limits, wantsRaw: consumer.wantsRaw, now: now)
    }

    public var hasEnded: Bool { state == .ended }
    /// What was asked will not be sent again.
    public internal(set) var hasForgottenRequest = false
    /// How many requests were sent, those that only a dead connection made necessary not counted.
    public var attempts: UInt32 { attempt.attempts }
    /// Nothing is delivered and no bytes are taken until `resume`.
    public var isPaused: Bool { delivery.isPaused }
    /// Bytes that wait behind an event whose consumer paused.
    public var heldLength: Int { delivery.held.count }

    /// When `timePassed` is to be called if nothing happens before; nil for never.
    public var deadline: Int64? {
        switch (state, attempt.deadline) {
        case (.ended, _): nil
        case (.awaitingTools, _): toolDeadline
        case (.resolving, nil): totalDeadline
        case (.waiting, let limit) where isPaused: limit
        case (.waiting, let limit?): min(retries.dueAt, limit)
        case (.waiting, nil): retries.dueAt
        case (.connecting, let limit), (.requesting, let limit): Self.earlier(limit, hedgeDeadline)
        case (_, let limit): hedge == nil ? limit : Self.earlier(limit, hedgeDeadline)
        }
    }

    private static func earlier(_ one: Int64?, _ other: Int64?) -> Int64? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }

    #if !hasFeature(Embedded)
        /// Told of each way that is taken; for tests.
        var watch: ((Transition) -> Void)?
    #endif

    func enter(_ next: State, _ cause: Cause) {
        #if !hasFeature(Embedded)
            let way = Transition(state, cause, next)
            if let row = Self.transitions.firstIndex(of: way) {
                waysTaken |= 1 << UInt64(row)
            } else {
                hasLeftTable = true
            }
            watch?(way)
        #endif
        state = next
    }

    // MARK: What happened

    public func begin(now: Int64) {
        guard state == .opened else { return }
        retries.begin(shared.random.uuid())
        retries.keepsEarlyEvents = settings.retry.allowedAttempts > 1 || !settings.fallbacks.isEmpty
        setOut(now)
    }

    /// The connection stands, the request is about to go out. False when it must not.
    public func connected(isReused: Bool, times: ConnectionTimes = ConnectionTimes(), now: Int64) -> Bool {
        guard state.isUnderWay else { return false }
        // What is held back comes before the failure that this amounts to; the transport tells of that as well.
        if delivery.isPaused, attempt.timeline.firstByte > 0 { return false }
        let goesOut = attempt.connected(isReused: isReused, times: times, now: now)
        if state == .connecting { enter(.requesting, .connect) }
        settle(now)
        return goesOut
    }

    /// `length` more bytes of the request went out, head and body; `isWhole` where these were the last.
    public func requestSent(length: Int64, isWhole: Bool, now: Int64) {
        guard state.isUnderWay else { return }
        attempt.timeline.send(length, isWhole: isWhole, now: now)
    }

    /// A line of the response head, or of the trailers.
    public func received(headLine line: Span<UInt8>, now: Int64) {
        guard state.isUnderWay else { return }
        byteArrived()
        attempt.timeline.bytesReceived &+= Int64(line.count)
        attempt.received(headLine: line, now: now)
        if hedge != nil, attempt.head.status == 200 { dropHedge("the first request is answered") }
        settle(now)
    }

    /// Bytes of the body.
    public func received(_ bytes: Span<UInt8>, now: Int64) -> Intake {
        guard state.isUnderWay else { return intakeBetweenAttempts }
        // Bytes that came while an event was held back wait with the transport: nothing of these has been taken.
        if delivery.isPaused || delivery.isPumping { return .wait }
        byteArrived()
        attempt.timeline.bytesReceived &+= Int64(bytes.count)
        pump(bytes, now)
        return state.isUnderWay ? .taken : intakeBetweenAttempts
    }

    private var intakeBetweenAttempts: Intake { todo.transfer == .drain ? .taken : .stop }

    @inline(__always)
    private func byteArrived() {
        if state == .answering { return }
        if state == .connecting { enter(.requesting, .connect) }
        enter(.answering, .byte)
    }

    /// The body ended as the transport's framing says it should.
    public func bodyEnded(now: Int64) {
        transportEnded(nil, now)
    }

    /// The transport gave up.
    public func transportFailed(_ failure: TransportFailure, now: Int64) {
        transportEnded(failure, now)
    }

    /// The transport is done; what it brought may not yet be handed over.
    private func transportEnded(_ failure: TransportFailure?, _ now: Int64) {
        guard state.isUnderWay else { return }
        delivery.isTransportDone = true
        delivery.transportFailure = failure
        if !delivery.isPaused { concludeTransport(now) }
    }

    func concludeTransport(_ now: Int64) {
        if let failure = delivery.transportFailure {
            attempt.transportFailed(failure, now: now)
        } else {
            attempt.bodyEnded(now: now)
        }
        // The answer of a batch operation is handed over when all of it is there.
        if attempt.hasWholeBody { return pump(Bytes().span, now) }
        settle(now)
    }

    /// The moment of `deadline`, or a later one, has come.
    public func timePassed(now: Int64) {
        guard state != .ended else { return }
        if state == .awaitingTools { return toolTimePassed(now) }
        if state == .resolving, let failure = attempt.failure {
            if let limit = totalDeadline, limit <= now { end(failure, now) }
            return
        }
        // Nothing is left to a hedge that is late as well.
        hedgeTimePassed(now)
        attempt.timePassed(now: now)
        settle(now)
        if state == .waiting { goOnIfDue(now) }
    }

    /// A consumer that paused at the notice of an attempt is not yet ready for it.
    func goOnIfDue(_ now: Int64) {
        if !isPaused, retries.dueAt <= now { goOn(.due, now) }
    }

    /// The caller's wishes have changed.
    public func noticed(now: Int64) {
        if wishes.isCancelled {
            cancelled("the caller cancelled the stream", now: now)
        } else if wishes.isDetached {
            if consumer.hasLostCall { loseCall() }
            resume(now: now)
        }
    }

    public func cancelled(_ reason: StaticString, now: Int64) {
        guard state != .ended else { return }
        let phase = state == .awaitingTools ? .tool : attempt.phase
        end(.cancelled, phase, reason, now)
    }

    /// The edge cannot go on.
    public func refused(_ failure: Failure, now: Int64) {
        guard state != .ended else { return }
        end(failure, now)
    }

    // MARK: What to do

    /// Nil when there is nothing to do. Not to be asked inside a callback of the transport or of the consumer.
    public func nextAction(_ clock: Clock) -> Action? {
        switch todo.takeTransfer() {
        case .drop: return .dropTransfer
        case .drain: return .drainTransfer
        case .keep: break
        }
        if todo.takeDropHedge() { return .dropHedge }
        if state == .ended { return todo.takeFinish() ? .finish : nil }
        if todo.takeWait() { return .awaitIdentity }
        if todo.takeSend() { return send(clock) }
        if todo.takeResume() { return .resumeTransfer }
        return todo.takeHedge() ? sendHedge(clock) : nil
    }

    public var hasAction: Bool { todo.isAny }

    private func send(_ clock: Clock) -> Action? {
        do throws(Failure) {
            guard let request = try prepare(clock) else {
                enter(.resolving, .ask)
                return .awaitIdentity
            }
            attempt.started(isReopened: retries.isReopening, now: clock.now)
            attempt.token = request.token
            retries.hasTurn = false
            // The last request was late, not this one.
            (retries.hasHedged, todo.hedges) = (false, false)
            releaseReason = nil
            delivery.begin()
            enter(.connecting, .send)
            logSent(request)
            return .send(request, isFresh: retries.isReopening)
        } catch {
            end(error, clock.now)
            return nextAction(clock)
        }
    }

    /// Nil where it has to be found out who asks, or where.
    func prepare(_ clock: Clock) throws(Failure) -> PreparedRequest? {
        guard try findRegion(clock) else { return nil }
        let endpoint = try settings.endpoint()
        guard let identity = try identify(endpoint, clock) else { return nil }
        retries.host = endpoint.host
        retries.signedAt = clock
        return try PreparedRequest(
            operation: operation, modelID: modelID, body: body, settings: settings, endpoint: endpoint,
            identity: identity, signer: shared.signer,
            epochSeconds: clock.wall &+ shared.skew.offset(host: endpoint.host),
            attemptHeaders: retries.headers(max: settings.retry.allowedAttempts)
                + TraceID.headers(traceID, beside: settings.extraHeaders),
            isLogged: shared.wantsLog(.debug))
    }
}

/// What the edge still has to do.
struct Todo {
    enum Transfer {
        case keep, drop, drain
    }

    var transfer = Transfer.keep
    var sends = false
    var resumes = false
    var waits = false
    var finishes = false
    var hedges = false
    var dropsHedge = false

    var isAny: Bool { transfer != .keep || sends || resumes || waits || finishes || hedges || dropsHedge }

    mutating func takeTransfer() -> Transfer {
        defer { transfer = .keep }
        return transfer
    }

    mutating func takeSend() -> Bool { Self.take(&sends) }
    mutating func takeResume() -> Bool { Self.take(&resumes) }
    mutating func takeWait() -> Bool { Self.take(&waits) }
    mutating func takeHedge() -> Bool { Self.take(&hedges) }
    mutating func takeDropHedge() -> Bool { Self.take(&dropsHedge) }

    /// The last thing; what else was to be done is of no use any more.
    mutating func takeFinish() -> Bool {
        (sends, resumes, waits, hedges) = (false, false, false, false)
        return Self.take(&finishes)
    }

    private static func take(_ flag: inout Bool) -> Bool {
        defer { flag = false }
        return flag
    }
}
