/// A request that was sent beside one whose answer is late, as long as neither is answered.
///
/// It has no answer: with the first line of one it takes the late request's place, or is dropped.
final class Hedge {
    var timeline: Timeline
    var isConnectionReused = false
    /// What it was sent with.
    let token: Secret?
    let identity: ResolvedIdentity?
    let signedAt: Clock

    init(of call: Timeline, token: Secret?, identity: ResolvedIdentity?, signedAt: Clock) {
        timeline = Timeline(opened: call.opened)
        timeline.started = signedAt.now
        self.token = token
        self.identity = identity
        self.signedAt = signedAt
    }

    /// When a limit of its own passes; nil for never.
    func deadline(_ limits: TimeLimits) -> Int64? {
        timeline.running(limits).map { $0.since &+ $0.length }
    }
}

/// How many requests of a call were sent beside late ones, and how many of those took their place.
public struct HedgeCounts: BitwiseCopyable, Equatable, Sendable {
    public var sent: UInt32
    public var won: UInt32

    public init(sent: UInt32 = 0, won: UInt32 = 0) {
        (self.sent, self.won) = (sent, won)
    }
}
