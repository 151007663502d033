/// How long connections are kept, and how a dead one is noticed. 0 means no limit.
public struct ConnectionRules: Equatable, Sendable {
    public var maxIdleSeconds = 0
    public var maxAgeSeconds = 0
    public var keepAliveSeconds = 0
    public var unacknowledgedMs = 0

    public init() {}
}
