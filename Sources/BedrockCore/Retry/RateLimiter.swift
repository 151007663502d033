/// The sending rate of a client in adaptive mode: it drops when the service throttles, and grows again along a cubic
/// curve, slowly near the rate that was too much.
///
/// The model is that of the AWS SDKs' adaptive mode: a bucket of sends that fills at the rate, a measure of how often
/// the client is answered, and CUBIC (RFC 9438) between them. Times are nanoseconds of one clock, rates are per second.
public struct RateLimiter: Sendable {
    private static let leastRate = 0.5
    private static let leastCapacity = 1.0
    /// Weight of the newest measurement.
    private static let smoothing = 0.8
    /// Nanoseconds that a measurement takes at least.
    private static let measuringTime: Int64 = 500_000_000
    /// What remains of the rate that was too much.
    private static let decrease = 0.7
    private static let cubicScale = 0.4
    /// How far the rate may be above what is measured.
    private static let mostOfMeasured = 2.0

    /// Nothing is held back before the first throttling.
    private(set) var isActive = false
    /// Nil until the first call.
    private var begun: Int64?

    /// How fast the bucket fills.
    private(set) var rate = 1.0
    private var capacity = 1.0
    /// Below zero: so many sends are waiting.
    private var tokens = 0.0
    private var filled: Int64 = 0

    private(set) var measuredRate = 0.0
    private var answers = 0.0
    /// The beginning of the running measurement, in units of `measuringTime`.
    private var measuredFrom: Int64 = 0

    private var rateAtThrottling = 0.0
    /// Seconds after a throttling in which the curve comes back to that rate.
    private var plateau = 0.0
    private var lastThrottling: Int64 = 0

    public init() {}

    /// How long to wait before an attempt is sent. Each call is for one attempt, whose turn it takes.
    public mutating func delay(now: Int64) -> Int64 {
        begin(now)
        guard isActive else { return 0 }
        fill(now)
        tokens -= 1
        guard tokens < 0 else { return 0 }
        // Clamped before it becomes an integer: the quotient has no bound, the integer has.
        return Int64(min(-tokens / rate * 1e9, Double(Limits.delay)).rounded())
    }

    /// An attempt that had a turn is not sent after all: without this, those who come later would wait for it.
    public mutating func giveBack() {
        tokens = min(tokens + 1, capacity)
    }

    /// An attempt was answered, or failed, otherwise than by throttling.
    public mutating func succeeded(now: Int64) {
        begin(now)
        measure(now)
        let sinceThrottling = Self.seconds(from: lastThrottling, to: now) - plateau
        let grown = Self.cubicScale * sinceThrottling * sinceThrottling * sinceThrottling + rateAtThrottling
        setRate(grown, now)
    }

    public mutating func throttled(now: Int64) {
        begin(now)
        measure(now)
        rateAtThrottling = isActive ? min(measuredRate, rate) : measuredRate
        plateau = Self.cubeRoot(rateAtThrottling * (1 - Self.decrease) / Self.cubicScale)
        lastThrottling = now
        isActive = true
        setRate(rateAtThrottling * Self.decrease, now)
    }

    private mutating func begin(_ now: Int64) {
        guard begun == nil else { return }
        begun = now
        filled = now
        lastThrottling = now
        measuredFrom = now / 1_000_000_000 * (1_000_000_000 / Self.measuringTime)
    }

    private mutating func measure(_ now: Int64) {
        answers += 1
        let at = now / Self.measuringTime
        guard at > measuredFrom else { return }
        let current = answers / (Double(at &- measuredFrom) * Double(Self.measuringTime) / 1e9)
        measuredRate = current * Self.smoothing + measuredRate * (1 - Self.smoothing)
        answers = 0
        measuredFrom = at
    }

    private mutating func setRate(_ wanted: Double, _ now: Int64) {
        fill(now)
        let limited = min(wanted, Self.mostOfMeasured * measuredRate)
        rate = max(limited, Self.leastRate)
        capacity = max(limited, Self.leastCapacity)
        tokens = min(tokens, capacity)
    }

    private mutating func fill(_ now: Int64) {
        tokens = min(capacity, tokens + Self.seconds(from: filled, to: now) * rate)
        filled = max(filled, now)
    }

    private static func seconds(from start: Int64, to end: Int64) -> Double {
        Double(max(end &- start, 0)) / 1e9
    }

    /// By Newton's method; 0 for what is not above 0.
    private static func cubeRoot(_ value: Double) -> Double {
        guard value > 0 else { return 0 }
        var root = max(value, 1)
        for _ in 0..<100 {
            let next = (2 * root + value / (root * root)) / 3
            // From above it falls towards the root; where it does not, only rounding is left.
            if next >= root { break }
            root = next
        }
        return root
    }
}
