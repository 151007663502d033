/// How long to wait before an attempt: truncated exponential backoff with full jitter, raised to what the service asks
/// for. In nanoseconds; numbers of the AWS SDKs' standard mode of 2026.
public enum Backoff {
    private static let base: Int64 = 50_000_000
    private static let throttledBase: Int64 = 1_000_000_000
    /// How much longer than without it a hint may make the wait.
    private static let mostAddedByHint: Int64 = 5_000_000_000

    /// `number` is 1 for the first retry. `random` is spread evenly over all its values. `maxBackoff` of 0 is no limit;
    /// it does not bound `hint`, the service's own wish.
    public static func delay(
        retry number: UInt32, _ class: RetryClass, hint: Int64?, random: UInt64, maxBackoff: Int64
    ) -> Int64 {
        let base = `class` == .throttling ? throttledBase : base
        let limit = maxBackoff > 0 ? min(maxBackoff, Limits.delay) : Limits.delay
        let jittered = part(random, of: doubled(base, times: max(number, 1) &- 1, limit: limit))
        guard let hint, hint >= 0 else { return jittered }
        return max(jittered, min(hint, jittered &+ mostAddedByHint))
    }

    private static func doubled(_ base: Int64, times: UInt32, limit: Int64) -> Int64 {
        var delay = base
        var left = times
        while left > 0, delay < limit {
            delay &*= 2
            left &-= 1
        }
        return min(delay, limit)
    }

    /// `random` / 2^64 of it, rounded to the nearest.
    private static func part(_ random: UInt64, of delay: Int64) -> Int64 {
        let product = delay.magnitude.multipliedFullWidth(by: random)
        return Int64(truncatingIfNeeded: product.high &+ product.low >> 63)
    }
}
