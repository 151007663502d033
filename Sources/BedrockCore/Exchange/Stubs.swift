// Stand-ins for pieces that land separately: whoever lands the real one deletes its lines here.
public enum RetryClass {
    case none, transient, throttling
    init(for f: Failure, _ r: RetryRules) {
        self = f.code.isThrottling ? .throttling : f.code.isRetryable ? .transient : .none
    }
}
public struct RetryQuota {
    public init() {}; public var available = 500
    static func cost(_ c: RetryClass) -> Int { c == .throttling ? 5 : 14 }
    public mutating func take(_ c: RetryClass) -> Int? { available -= Self.cost(c); return Self.cost(c) }
    public mutating func giveBack(_ c: Int?) { available = min(500, available + (c ?? 1)) }
}
public enum Backoff {
    public static func delay(retry: UInt32, _ c: RetryClass, hint: Int64?, random: UInt64, maxBackoff: Int64) -> Int64 {
        50_000_000
    }
}
public struct RateLimiter {
    public mutating func delay(now: Int64) -> Int64 { 0 }; public mutating func succeeded(now: Int64) {};
    public mutating func throttled(now: Int64) {}
}
public struct ClockSkew {
    static let suspicious: Int64 = 240;
    public mutating func learn(host: Bytes, serverSeconds: Int64, wall: Int64) -> Bool { false };
    public func offset(host: Bytes) -> Int64 { 0 }
}
public enum HTTPDate { static func seconds(_ s: Span<UInt8>) -> Int64? { nil } }
extension ResponseHead { var date: Bytes? { nil }; var retryAfter: Int64? { nil } }
