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
    private static let cubicScale = 0.4
    /// How far the rate may be above what is measured.
    private static let mostOfMeasured = 2.0

    /// Nothing is held back before the first throttling.
    private(set) var isActive = false
    /// Nil until the first call.
    private var begun: Int64?

    /// Sends that may go.
    private var bucket = Bucket(rate: 1, capacity: 1, level: 0)
    var rate: Double { bucket.rate }

    private(set) var measuredRate = 0.0
    private var answers = 0.0
    /// The beginning of the running measurement, in units of `measuringTime`.
    private var measuredFrom: Int64 = 0

    private var curve = CubicCurve(scale: cubicScale)

    public init() {}

    /// How long to wait before an attempt is sent. Each call is for one attempt, whose turn it takes.
    public mutating func delay(now: Int64) -> Int64 {
        begin(now)
        guard isActive else { return 0 }
        let delay = bucket.delay(1, now)
        bucket.take(1)
        return delay
    }

    /// An attempt that had a turn is not sent after all: without this, those who come later would wait for it.
    public mutating func giveBack() {
        bucket.take(-1)
    }

    /// An attempt was answered, or failed, otherwise than by throttling.
    public mutating func succeeded(now: Int64) {
        begin(now)
        measure(now)
        setRate(curve.rate(now), now)
    }

    public mutating func throttled(now: Int64) {
        begin(now)
        measure(now)
        let limited = curve.cut(isActive ? min(measuredRate, rate) : measuredRate, now)
        isActive = true
        setRate(limited, now)
    }

    private mutating func begin(_ now: Int64) {
        guard begun == nil else { return }
        begun = now
        bucket = Bucket(rate: 1, capacity: 1, level: 0, filled: now)
        curve.since = now
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
        let limited = min(wanted, Self.mostOfMeasured * measuredRate)
        bucket.set(rate: max(limited, Self.leastRate), capacity: max(limited, Self.leastCapacity), now)
    }
}
