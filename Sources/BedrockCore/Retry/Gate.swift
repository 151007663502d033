/// What a client allows itself; `Int.max` where it does not mind.
public struct GateLimits: Equatable, Sendable {
    /// Most streams that are under way at a time.
    public var streams = Int.max
    /// Most streams that wait.
    public var queuedStreams = Int.max
    public var requestsPerMinute = Int.max
    public var tokensPerMinute = Int.max

    public init() {}

    init(_ config: Config) {
        func limit(_ key: ConfigKey) -> Int {
            let number = Int(clamping: Settings.integer(key, config))
            return number > 0 ? number : .max
        }
        streams = limit(.maxStreams)
        queuedStreams = limit(.queuedStreams)
        requestsPerMinute = limit(.requestsPerMinute)
        tokensPerMinute = limit(.tokensPerMinute)
    }

    /// Nothing is limited.
    public var areNone: Bool { min(streams, requestsPerMinute, tokensPerMinute) == .max }

    /// Over how many loops streams can be spread, so that each loop has a share to give.
    public func loopCount(most: Int) -> Int {
        max(min(most, streams, requestsPerMinute, tokensPerMinute), 1)
    }

    /// The share of one of so many loops, `index` counted from 0; those of all of them add up to the whole.
    public func part(_ index: Int, of count: Int) -> GateLimits {
        func share(_ whole: Int) -> Int {
            whole == .max ? .max : whole / count &+ (index < whole % count ? 1 : 0)
        }
        var part = GateLimits()
        part.streams = share(streams)
        part.queuedStreams = share(queuedStreams)
        part.requestsPerMinute = share(requestsPerMinute)
        part.tokensPerMinute = share(tokensPerMinute)
        return part
    }
}

/// Lets a client's streams begin, as many as may be under way at a time and as its governor lets go, and keeps the
/// others in a fair line.
///
/// It has no clock and calls nobody: whoever owns it asks for the `next` one when a stream has left, and when one is
/// due.
final class Gate {
    let limits: GateLimits
    private var line: WaitingLine
    /// How many streams are under way.
    private(set) var running = 0
    /// Nil where streams are counted alone.
    var governor: Governor?
    /// When `next` is to be asked again though nothing happens; found out by `next`.
    private(set) var dueAt = Int64.max

    init(_ limits: GateLimits, seed: UInt64) {
        self.limits = limits
        line = WaitingLine(seed: seed)
        governor = Governor(limits)
    }

    var waiting: Int { line.count }

    /// True where a stream need not wait; it is under way then.
    func enter(_ estimate: Double, _ now: Int64) -> Bool {
        line.count == 0 && lets(estimate, now) == 0
    }

    /// The place of one that has to wait; nil where too many do.
    func queue(_ taker: any TurnTaker, group: Bytes, _ estimate: Double) -> LineNode? {
        line.count < limits.queuedStreams ? line.add(taker, group: group, estimate) : nil
    }

    /// Whose turn it is; that stream is under way then.
    func next(_ now: Int64) -> (any TurnTaker)? {
        dueAt = .max
        guard let estimate = line.firstEstimate else { return nil }
        let delay = lets(estimate, now)
        if delay == 0 { return line.popFirst() }
        if delay < .max { dueAt = now &+ delay }
        return nil
    }

    /// How long a stream would have to wait; under way where that is 0. `Int64.max` until another one leaves.
    private func lets(_ estimate: Double, _ now: Int64) -> Int64 {
        guard running < limits.streams else { return .max }
        let delay = governor?.delay(estimate, now) ?? 0
        guard delay == 0 else { return delay }
        governor?.take(estimate)
        running &+= 1
        return 0
    }

    /// One that waited at this place has ended.
    func giveUp(_ place: LineNode) { line.remove(place) }

    /// One that was under way has ended.
    func leave() { running &-= 1 }
}
