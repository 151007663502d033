/// How long a transport took to connect, in nanoseconds since it was given the request; -1 for what was not done, as
/// all of it on a connection that had been used before.
public struct ConnectionTimes: Equatable, Sendable {
    /// Until the host's name was resolved.
    public var resolved: Int64
    /// Until TCP stood.
    public var tcpConnected: Int64
    /// Until TLS stood.
    public var tlsConnected: Int64

    public init(resolved: Int64 = -1, tcpConnected: Int64 = -1, tlsConnected: Int64 = -1) {
        self.resolved = resolved
        self.tcpConnected = tcpConnected
        self.tlsConnected = tlsConnected
    }
}

/// What happened when, on the clock that the edge reads; 0 means not yet.
struct Timeline {
    var opened: Int64
    /// When it began to wait for its turn, and when that came.
    var queued: Int64 = 0
    var admitted: Int64 = 0
    // Of the last request.
    var started: Int64 = 0
    private var resolved: Int64 = 0
    private var tcpConnected: Int64 = 0
    private var tlsConnected: Int64 = 0
    private(set) var connected: Int64 = 0
    private var requestSent: Int64 = 0
    var firstByte: Int64 = 0
    var ended: Int64 = 0
    /// The last byte from the server, or the moment the caller let the transfer go on.
    var lastByte: Int64 = 0

    // Of all requests.
    private(set) var firstDelta: Int64 = 0
    private var gaps = DeltaGaps()
    var bytesSent: Int64 = 0
    var bytesReceived: Int64 = 0
    /// The caller holds the transfer back: silence is not the server's.
    private(set) var isPaused = false
    private var pausedAt: Int64 = 0

    init(opened: Int64) {
        self.opened = opened
    }

    /// For the next request; when the first delta came stays.
    mutating func renew() {
        (started, connected, firstByte, lastByte, ended) = (0, 0, 0, 0, 0)
        (resolved, tcpConnected, tlsConnected, requestSent) = (0, 0, 0, 0)
    }

    /// Another request of the call takes the running one's place, with what happened to it.
    mutating func takeOver(_ other: Timeline) {
        (started, connected, requestSent) = (other.started, other.connected, other.requestSent)
        (resolved, tcpConnected, tlsConnected) = (other.resolved, other.tcpConnected, other.tlsConnected)
    }

    // MARK: What happened

    /// The connection stands. The transport measures by itself, so what it says is not let past the moment of this.
    mutating func connect(_ times: ConnectionTimes, now: Int64) {
        let since = started
        func moment(_ time: Int64) -> Int64 { time < 0 ? 0 : max(since, since &+ min(time, now &- since)) }
        resolved = moment(times.resolved)
        tcpConnected = moment(times.tcpConnected)
        tlsConnected = moment(times.tlsConnected)
        connected = now
        requestSent = 0
    }

    /// So many more bytes of the request are on their way.
    mutating func send(_ length: Int64, isWhole: Bool, now: Int64) {
        bytesSent &+= max(length, 0)
        if isWhole, requestSent == 0 { requestSent = now }
    }

    @inline(__always)
    mutating func delta(now: Int64) {
        if firstDelta == 0 { firstDelta = now }
        gaps.delta(now: now)
    }

    mutating func pause(_ isPaused: Bool, now: Int64) {
        if isPaused, !self.isPaused { pausedAt = now }
        if !isPaused, self.isPaused { gaps.leaveOut(now &- pausedAt) }
        self.isPaused = isPaused
        lastByte = now
    }

    /// The time from the last delta to the next one does not count: what is waited for is not the service.
    mutating func skipGap() {
        gaps.skip()
    }

    // MARK: Limits

    /// Which limit is running, since when, and how long it is. The shortest that remains decides.
    func running(_ limits: TimeLimits) -> (limit: Limit, since: Int64, length: Int64)? {
        var nearest: (limit: Limit, since: Int64, length: Int64)?
        func consider(_ limit: Limit, _ since: Int64, _ length: Int64) {
            guard length > 0 else { return }
            if let known = nearest, known.since &+ known.length <= since &+ length { return }
            nearest = (limit, since, length)
        }
        consider(.total, opened, limits.total)
        if queued > 0, admitted == 0 { consider(.queue, queued, limits.queue) }
        guard started > 0 else { return nearest }
        if firstByte > 0 {
            if !isPaused { consider(.betweenBytes, lastByte, limits.betweenBytes) }
        } else if connected > 0 {
            consider(.firstByte, connected, limits.firstByte)
        } else {
            consider(.connect, started, limits.connect)
        }
        return nearest
    }

    // MARK: What is told of it

    func timings(outputTokens: Int64) -> Timings {
        var timings = Timings()
        timings.resolved = microseconds(to: resolved)
        timings.tcpConnected = microseconds(to: tcpConnected)
        timings.tlsConnected = microseconds(to: tlsConnected)
        timings.connected = microseconds(to: connected)
        timings.requestSent = microseconds(to: requestSent)
        timings.firstByte = microseconds(to: firstByte)
        timings.firstDelta = microseconds(to: firstDelta)
        timings.longestGap = gaps.longest < 0 ? -1 : gaps.longest / 1000
        timings.total = microseconds(to: ended)
        if queued > 0 { timings.queued = max((admitted > 0 ? admitted : ended) &- queued, 0) / 1000 }
        timings.bytesSent = bytesSent
        timings.bytesReceived = bytesReceived
        timings.outputTokensPerSecond = gaps.rate(outputTokens)
        return timings
    }

    /// Microseconds from the opening to `moment`; -1 where that never came.
    private func microseconds(to moment: Int64) -> Int64 {
        moment == 0 ? -1 : max(moment &- opened, 0) / 1000
    }
}

/// The times between deltas, in nanoseconds: a subtraction and a comparison for each.
private struct DeltaGaps {
    /// -1 until there is a gap.
    var longest: Int64 = -1
    /// The first and the last delta since what does not count, moved by the pauses between them; 0 for none.
    private var first: Int64 = 0
    private var last: Int64 = 0
    /// All gaps before `first`.
    private var earlier: Int64 = 0

    @inline(__always)
    mutating func delta(now: Int64) {
        if last == 0 { return begin(now) }
        let gap = now &- last
        if gap > longest { longest = gap }
        last = now
    }

    private mutating func begin(_ now: Int64) {
        (first, last) = (now, now)
    }

    mutating func leaveOut(_ time: Int64) {
        guard last > 0 else { return }
        first &+= time
        last &+= time
    }

    mutating func skip() {
        earlier &+= last &- first
        (first, last) = (0, 0)
    }

    /// Tokens for each second; -1 where there is nothing to divide, or by.
    func rate(_ tokens: Int64) -> Double {
        let time = earlier &+ (last &- first)
        return tokens < 0 || time <= 0 ? -1 : Double(tokens) * 1e9 / Double(time)
    }
}
