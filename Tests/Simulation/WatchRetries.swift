import BedrockCore

/// What a watch remembers over the attempts of its call.
struct RetryWatch {
    /// A failure that the caller was asked about, and what followed.
    struct Judged {
        let code: ErrorCode
        let kind: EventKind
        let retry: RetryKind
        let verdict: Verdict
        var moment: Int64
        /// Nil where the caller was not told.
        var delay: Int64?
        /// The caller was told what is done about it.
        var notice: EventKind?
    }

    /// Which of the models and regions is asked.
    var target = 0
    /// Attempts at it, as the retries say.
    var number = 1
    /// As the last request said.
    var sentNumber = 0
    var invocationID = Bytes()
    var requestCount = 0
    var reopenedNumber = 0
    var lastCost: Int?
    var hasReread = false
    var hasSkew = false
    var maxTokens = Call.maxTokens
    var judged: Judged?
    var judgedCodes: [ErrorCode] = []
    /// What has been judged since the last input was done with.
    var isPending = false

    /// Another round has attempts of its own.
    mutating func beginRound() {
        (number, sentNumber, lastCost, judged, isPending) = (1, 0, nil, nil, false)
    }

    func isJudged(_ code: ErrorCode) -> Bool {
        judgedCodes.contains(code) || [.timeoutTotal, .credentials, .config, .region, .endpoint].contains(code)
    }
}

extension Watch {
    // MARK: A failure

    func judged(_ plan: NoticeView, _ verdict: Verdict) {
        require(!hasEnded, "nothing follows the end", "a judgement: \(plan.words)")
        let code = plan.failure.code
        checkLimit(code)
        checkNoHedge(code)
        require(isPlausible(code), "a failure is what happened", "\(code) of \(response?.words ?? "no response")")
        if wasTaken(code), !call.isDetached {
            require(continuation.isRunning || isWhollyDelivered, "what came before a failure is delivered", "\(code)")
        }
        let isReopening = plan.kind == .retry && mayReopen
        let next = plan.kind == .fallback ? 1 : isReopening ? retries.number : retries.number + 1
        require(
            plan.attempt == UInt32(next) && plan.maxAttempts == UInt32(tuning.allowedAttempts),
            "attempts are counted", "\(plan.attempt) of \(plan.maxAttempts), now \(retries.number)")
        retries.judged = RetryWatch.Judged(
            code: code, kind: plan.kind, retry: retryKind(code), verdict: verdict, moment: world.inputNow,
            delay: plan.delay)
        retries.judgedCodes.append(code)
        retries.isPending = true
        if plan.kind != .error { checkDelay(plan.delay, plan.kind) }
    }

    /// The exchange took everything that the response has.
    private func wasTaken(_ code: ErrorCode) -> Bool {
        guard let response, response.isEventStream else { return false }
        return response.codes.contains(code) && !Self.limits.contains(code)
    }

    private func isPlausible(_ code: ErrorCode) -> Bool {
        if Self.limits.contains(code) || code == .timeoutTotal || code == .timeoutQueue { return true }
        if let response, response.codes.contains(code) { return true }
        guard isTransportDone, transportResult != nil else { return false }
        return [.incomplete, .transport, .connect, .resolve, .tls].contains(code)
    }

    /// Whether another attempt may follow, by what the server meant.
    func retryKind(_ code: ErrorCode) -> RetryKind {
        switch code {
        case .resolve, .connect, .transport, .incomplete: .transient
        case .timeoutConnect, .timeoutFirstByte, .timeoutBetweenBytes: .transient
        case .timeoutTotal, .timeoutQueue, .tls, .protocol, .limit: .none
        // A body that is refused is taken for one that the model does not go on with.
        case .validation where continuation.isRunning && response?.isEventStream == false: .refusedContinuation
        default: response?.retry ?? .none
        }
    }

    private func isAllowed(_ judged: RetryWatch.Judged) -> Bool {
        if judged.verdict == .retry { return judged.code != .timeoutTotal && judged.code != .timeoutQueue }
        return switch judged.retry {
        case .none: false
        case .transient, .throttling: true
        case .modelTimeout: tuning.onModelTimeout != .error
        case .modelStream: tuning.retriesModelStreamErrors
        case .expired: tuning.source == .environment && !retries.hasReread
        case .skew: true
        case .refusedContinuation: true
        }
    }

    // MARK: Delays

    /// Exponential backoff with full jitter, raised to what the service asks for.
    private func checkDelay(_ delay: Int64, _ kind: EventKind) {
        guard let judged = retries.judged else { return }
        let base: Int64 = judged.retry == .throttling ? 1_000_000_000 : 50_000_000
        var cap = base
        let limit = tuning.maxBackoff > 0 ? tuning.maxBackoff : .max
        for _ in 1..<max(retries.number, 1) where cap < limit && cap < 1 << 50 { cap *= 2 }
        cap = min(cap, limit)
        var least: Int64 = 0
        if let hint = response?.hint {
            least = min(hint, 5_000_000_000)
            cap = max(cap, min(hint, cap + 5_000_000_000))
        }
        let isRetry = kind == .retry || kind == .restart || kind == .continuation
        guard isRetry else { return require(delay == 0, "a retry waits as long as it should", "\(delay) ns") }
        // Some are made at once: on another connection, with other credentials.
        require(
            delay <= cap && (delay >= least || delay == 0), "a retry waits as long as it should",
            "\(delay) ns of \(least) to \(cap), retry \(retries.number)")
    }

    func checkRetryTime(_ passed: Int64) {
        guard call.exchange.state == .waiting, tuning.mode != .adaptive, !world.queue.isGoverned,
            let judged = retries.judged
        else { return }
        // Who holds the call back is given nothing of another attempt.
        guard !isHolding, heldUntil <= passed, let delay = judged.delay else { return }
        require(
            judged.moment + delay > passed, "a retry is made in time",
            "\(World.seconds(passed + 1_000_000 - judged.moment - delay)) s late")
    }

    // MARK: What is done about it

    func noticed(_ notice: NoticeView) {
        require(!hasEnded, "nothing follows the end", "a notice: \(notice.words)")
        require(!call.isDetached, "nothing is delivered after a detach", notice.words)
        if call.exchange.state == .resolving {
            // Other credentials were found.
            retries.number += 1
            retries.hasReread = true
            retries.judged?.moment = world.inputNow
        } else if notice.kind == .fallback {
            fellBack()
        } else {
            retries.number += 1
            checkDelay(notice.delay, notice.kind)
            retries.judged?.delay = notice.delay
        }
        retries.judged?.notice = notice.kind
        require(
            notice.attempt == UInt32(retries.number) && Int(notice.attempt) <= tuning.allowedAttempts,
            "attempts never exceed their limit", "\(notice.attempt) of \(tuning.allowedAttempts)")
        let target = tuning.targets[min(retries.target, tuning.targets.count - 1)]
        require(
            notice.modelID.string == target.model && notice.region.string == target.region,
            "a notice names who is asked", "\(notice.modelID.string)@\(notice.region.string)")
        begin(notice.kind)
    }

    /// What was delivered counts on, or no more.
    private func begin(_ kind: EventKind) {
        switch kind {
        case .retry:
            require(
                visibleCount == 0 || continuation.isRunning, "no plain retry after the first delta",
                "\(visibleCount) events")
        case .fallback: require(visibleCount == 0, "no fallback after the first delta", "\(visibleCount) events")
        case .restart:
            require(tuning.recovery == .restart, "recovery is what was chosen", "\(kind)")
            restarted()
        case .continuation:
            require(tuning.recovery == .continuation, "recovery is what was chosen", "\(kind)")
            continuation.begin(self)
        default: require(false, "a notice is of a kind", "\(kind)")
        }
    }

    private func fellBack() {
        retries.target += 1
        retries.number = 1
        retries.maxTokens = turns.maxTokens
        retries.judged?.delay = 0
        require(retries.target < tuning.targets.count, "fallbacks never exceed their list", "\(retries.target)")
    }

    /// An input is done with: what became of the failure that it brought.
    func settled() {
        settledRound()
        guard retries.isPending, call.depth == 0, let judged = retries.judged else { return }
        let state = call.exchange.state
        retries.isPending = false
        let kind = judged.notice ?? (state == .waiting ? silentKind(judged) : .error)
        if judged.notice == nil, state == .waiting { settledSilently(kind) }
        require(
            judged.notice != nil || state != .waiting || call.isDetached, "the caller is told of each retry",
            "\(judged.kind)")
        switch kind {
        case .retry, .restart, .continuation: pay(judged)
        default: break
        }
        if state == .waiting || judged.notice != nil {
            require(isAllowed(judged), "a failure that stays is not retried", "\(judged.code), \(judged.retry)")
        }
    }

    /// The environment was read again, after `number` attempts.
    func reread(after number: Int) {
        guard call.exchange.state == .waiting, retries.number == number else { return }
        require(call.isDetached, "the caller is told of each retry", "credentials were read again")
        retries.number += 1
        retries.hasReread = true
        retries.judged?.moment = world.now
    }

    /// What the caller would have been told.
    private func silentKind(_ judged: RetryWatch.Judged) -> EventKind {
        guard judged.kind == .error, judged.verdict == .retry else { return judged.kind }
        retries.judged?.delay = nil
        if retries.number >= tuning.allowedAttempts { return .fallback }
        if visibleCount == 0 { return .retry }
        return tuning.recovery == .restart ? .restart : .continuation
    }

    /// Nobody is told after a detach.
    private func settledSilently(_ kind: EventKind) {
        switch kind {
        case .fallback: fellBack()
        case .restart:
            retries.number += 1
            restarted()
        case .continuation:
            retries.number += 1
            continuation.begin(self)
        default: retries.number += 1
        }
    }

    private func pay(_ judged: RetryWatch.Judged) {
        let cost = judged.retry == .throttling ? 5 : 14
        retries.lastCost = cost
        ledger.pay(cost)
        if judged.code == .modelTimeout, tuning.onModelTimeout == .halveMaxTokens {
            let half = max(retries.maxTokens / 2, tuning.minMaxTokens)
            if half < retries.maxTokens { retries.maxTokens = half }
        }
    }

    // MARK: A request

    func sent(_ request: PreparedRequest, isFresh: Bool) {
        require(!hasEnded, "nothing is sent after the end", String(request.url))
        require(world.queue.isUnderWay(call), "nobody sends whose turn has not come", String(request.url))
        let header = String(request.headers.firstValue(of: "amz-sdk-request") ?? [])
        let id = request.headers.firstValue(of: "amz-sdk-invocation-id") ?? []
        let number = Self.attemptNumber(header)
        if !isFresh { world.queue.sent(call, after: world.now - World.epoch) }
        if isFresh {
            checkReopened(number)
        } else if retries.requestCount > 0 {
            checkSendTime()
        }
        require(header.hasSuffix("; max=\(tuning.allowedAttempts)"), "requests say how many there may be", header)
        require(
            number == retries.number && number <= tuning.allowedAttempts, "attempts never exceed their limit",
            "\(header), now \(retries.number)")
        require(
            isFresh || number == retries.sentNumber + 1 || number == 1, "no attempt is made twice", header)
        checkInvocation(id, number, isFresh)
        checkAddress(request)
        checkDate(request)
        retries.sentNumber = number
        retries.requestCount += 1
        retries.invocationID = id
        begunRequest()
        let body = request.body.bytes.array
        checkMessages(AskedFor(body, behind: turns.messages.count), body)
    }

    private static func attemptNumber(_ header: String) -> Int {
        Int(header.dropFirst("attempt=".count).prefix { $0 != ";" }) ?? -1
    }

    /// The same again because a pooled connection was dead: only where nothing came back, and once.
    private var mayReopen: Bool {
        isConnectionReused && !hasByte && isTransportDone && transportResult != nil
            && retries.number == retries.sentNumber && retries.reopenedNumber != retries.number
    }

    private func checkReopened(_ number: Int) {
        require(
            mayReopen && number == retries.sentNumber, "only a dead connection is reopened", "attempt \(number)")
        retries.reopenedNumber = number
    }

    private func checkSendTime() {
        guard let judged = retries.judged, let delay = judged.delay else { return }
        require(
            world.now >= judged.moment + delay, "a retry is not made early",
            "\(World.seconds(judged.moment + delay - world.now)) s early")
    }

    private func checkInvocation(_ id: Bytes, _ number: Int, _ isFresh: Bool) {
        require(id.count == 36, "an invocation id is a UUID", String(id))
        let isNew = number == 1 && !isFresh
        require(
            retries.requestCount == 0 || (id != retries.invocationID) == isNew, "one invocation id for one target",
            "\(String(id)) after \(String(retries.invocationID)), attempt \(number)")
        if isNew { retries.reopenedNumber = 0 }
    }

    func checkAddress(_ request: PreparedRequest) {
        let target = tuning.targets[min(retries.target, tuning.targets.count - 1)]
        let url = "https://bedrock-runtime.\(target.region).amazonaws.com/model/\(target.model)/"
        require(String(request.url).hasPrefix(url), "the right model is asked", String(request.url))
    }

    func checkDate(_ request: PreparedRequest) {
        guard tuning.source != .bearer else { return }
        let date = request.headers.firstValue(of: "x-amz-date") ?? []
        guard let signed = CivilTime.parseBasic(date.span) else {
            return require(false, "each attempt is signed", "no date")
        }
        let isCorrected = abs(signed - world.serverSeconds) <= 5
        require(
            signed == world.clock.wall || (isCorrected && world.skew != 0), "each attempt is signed anew",
            "\(signed) at \(world.clock.wall), the server has \(world.serverSeconds)")
    }

    /// What the request's body says.
    func asked(_ asked: AskedFor, _ request: PreparedRequest, _ lane: Lane) {
        guard isWaitedFor(lane) else { return }
        require(!asked.isMalformed, "the body is JSON", String(request.body.bytes.array))
        require(
            asked.maxTokens == retries.maxTokens, "tokens are halved as configured",
            "\(asked.maxTokens) in place of \(retries.maxTokens)")
        continuation.check(asked, self)
    }
}
