/// What a client allows itself; `Int.max` where it does not mind.
public struct GateLimits: Equatable, Sendable {
    /// Most streams that are under way at a time.
    public var streams = Int.max
    /// Most streams that wait.
    public var queuedStreams = Int.max

    public init() {}

    init(_ config: Config) {
        func limit(_ key: ConfigKey) -> Int {
            let number = Int(clamping: Settings.integer(key, config))
            return number > 0 ? number : .max
        }
        streams = limit(.maxStreams)
        queuedStreams = limit(.queuedStreams)
    }

    /// Nothing is limited.
    public var areNone: Bool { streams == .max }

    /// Over how many loops streams can be spread, so that each loop has a share to give.
    public func loopCount(most: Int) -> Int { max(min(most, streams), 1) }

    /// The share of one of so many loops, `index` counted from 0; those of all of them add up to the whole.
    public func part(_ index: Int, of count: Int) -> GateLimits {
        func share(_ whole: Int) -> Int {
            whole == .max ? .max : whole / count &+ (index < whole % count ? 1 : 0)
        }
        var part = GateLimits()
        part.streams = share(streams)
        part.queuedStreams = share(queuedStreams)
        return part
    }
}

/// Lets a client's streams begin, as many as may be under way at a time, and keeps the others in a fair line.
///
/// It has no clock and calls nobody: whoever owns it asks for the `next` one when a stream has left.
final class Gate {
    let limits: GateLimits
    private var line: WaitingLine
    /// How many streams are under way.
    private(set) var running = 0

    init(_ limits: GateLimits, seed: UInt64) {
        self.limits = limits
        line = WaitingLine(seed: seed)
    }

    var waiting: Int { line.count }

    /// True where a stream need not wait; it is under way then.
    func enter() -> Bool {
        guard line.count == 0, running < limits.streams else { return false }
        running &+= 1
        return true
    }

    /// The place of one that has to wait; nil where too many do.
    func queue(_ taker: any TurnTaker, group: Bytes) -> LineNode? {
        line.count < limits.queuedStreams ? line.add(taker, group: group) : nil
    }

    /// Whose turn it is; that stream is under way then.
    func next() -> (any TurnTaker)? {
        guard running < limits.streams, let taker = line.popFirst() else { return nil }
        running &+= 1
        return taker
    }

    /// One that waited at this place has ended.
    func giveUp(_ place: LineNode) { line.remove(place) }

    /// One that was under way has ended.
    func leave() { running &-= 1 }
}
