import BedrockCore

/// What the timings of a result must be, worked out apart from the code under test.
struct TimingsWatch {
    // Of the last request.
    private var sentAt: Int64 = 0
    private var connectedAt: Int64?
    private var wentAt: Int64?
    private var byteAt: Int64?

    // Of the whole call.
    private var firstDelta: Int64?
    /// Of each round.
    private var deltas: [[Int64]] = [[]]
    /// When the consumer held the transfer back, and how long.
    private var pauses: [(from: Int64, until: Int64)] = []
    private var isHolding = false
    private var sent: Int64 = 0
    private var received: Int64 = 0

    mutating func begunRequest(_ now: Int64) {
        (sentAt, connectedAt, wentAt, byteAt) = (now, nil, nil, nil)
    }

    /// A hedge has taken the place of the request, with what happened to it.
    mutating func goesOn(_ hedge: HedgeWatch.Beside) {
        (sentAt, connectedAt, wentAt, byteAt) = (hedge.sentAt, hedge.connectedAt, hedge.wentAt, nil)
    }

    mutating func hedgeWent(_ length: Int64) { sent += length }
    mutating func hedgeBrought(_ length: Int) { received += Int64(length) }

    mutating func connected(_ now: Int64) {
        (connectedAt, wentAt) = (now, nil)
    }

    mutating func requestWent(_ length: Int64, isWhole: Bool, _ now: Int64) {
        sent += length
        if isWhole { wentAt = now }
    }

    mutating func bytesArrived(_ length: Int, _ now: Int64) {
        byteAt = byteAt ?? now
        received += Int64(length)
    }

    mutating func delta(_ now: Int64) {
        firstDelta = firstDelta ?? now
        deltas[deltas.count - 1].append(now)
    }

    mutating func roundEnded() {
        deltas.append([])
    }

    mutating func holds(_ now: Int64) {
        guard !isHolding else { return }
        isHolding = true
        pauses.append((now, .max))
    }

    mutating func resumed(_ now: Int64) {
        guard isHolding else { return }
        isHolding = false
        pauses[pauses.count - 1].until = now
    }

    /// The gaps that count, each without the pauses in it.
    private var gaps: [Int64] {
        deltas.flatMap { zip($0, $0.dropFirst()) }.map { from, until in
            let pauses = pauses.map { max(min($0.until, until) - max($0.from, from), 0) }
            return until - from - pauses.reduce(0, +)
        }
    }

    /// When the first delta may have been decoded: it waits while the consumer pauses at what is handed over before it.
    private var firstDeltas: [Int64] {
        guard var moment = firstDelta else { return [] }
        var moments = [moment]
        for pause in pauses.reversed() where pause.until == moment {
            moment = pause.from
            moments.append(moment)
        }
        return moments
    }

    func check(_ timings: Timings, _ usage: Usage, isWhole: Bool, _ watch: Watch) {
        func require(_ isTrue: Bool, _ detail: String) {
            watch.require(isTrue, "timings are what happened", "\(detail): \(timings)")
        }
        func since(_ moment: Int64?) -> Int64 { moment.map { ($0 - watch.opened) / 1000 } ?? -1 }
        let moments = [since(connectedAt), since(wentAt), since(byteAt)]
        let told = [timings.connected, timings.requestSent, timings.firstByte]
        // While another attempt is waited for there are none.
        require(told == moments || !isWhole && told == [-1, -1, -1], "connected, sent, first byte at \(moments)")
        require(timings.bytesSent == sent, "sent \(sent)")
        require(timings.bytesReceived == received, "received \(received)")
        // Nobody saw when what came after a detach was decoded.
        guard !watch.call.isDetached else { return }
        let gaps = gaps
        let longest = gaps.max().map { $0 / 1000 } ?? -1
        // A delta may have been decoded that the end came before.
        guard isWhole else { return require(timings.longestGap >= longest, "a gap of \(longest)") }
        require(timings.longestGap == longest, "longest gap of \(gaps.map { $0 / 1000 })")
        let firstDeltas = firstDeltas.map(since)
        require(firstDeltas.contains(timings.firstDelta) || firstDelta == nil, "first delta at \(firstDeltas)")
        checkRate(timings.outputTokensPerSecond, usage, gaps.reduce(0, +), require)
    }

    private func checkRate(
        _ rate: Double, _ usage: Usage, _ time: Int64, _ require: (_ isTrue: Bool, _ detail: String) -> Void
    ) {
        guard time > 0, usage.outputTokens >= 0 else { return require(rate == -1, "no rate") }
        let meant = Double(usage.outputTokens) / (Double(time) / 1e9)
        require(abs(rate - meant) <= meant * 1e-9, "\(meant) tokens each second")
    }
}
