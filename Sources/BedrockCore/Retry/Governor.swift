/// Holds a client's requests to so many, and to so many tokens, in a minute.
///
/// A request's tokens are an estimate until its answer says what it used. Throttling lowers both rates: the figures may
/// be more than the service allows, or others may share it. In time they come back to the figures.
struct Governor: Sendable {
    /// Seconds of its rate that may go at once.
    private static let burst = 3.0
    /// With this a rate that was cut once is itself again after half a minute: the service counts in minutes.
    private static let curveScale = 0.3 / 27_000
    private static let leastPace = 0.02
    /// What the newest answer counts for in the average, which is taken where a request has no limit of tokens.
    private static let smoothing = 0.125
    /// What one answer may take.
    private static let mostMinutes = 10.0

    private let limits: GateLimits
    private var requests: Bucket?
    private var tokens: Bucket?
    /// What throttling has left of the rates: 1 for all.
    private(set) var pace = 1.0
    private var curve = CubicCurve(scale: curveScale)
    private var averageOutput = 0.0

    init?(_ limits: GateLimits) {
        self.limits = limits
        requests = Self.bucket(limits.requestsPerMinute)
        tokens = Self.bucket(limits.tokensPerMinute)
        if requests == nil, tokens == nil { return nil }
    }

    private static func bucket(_ perMinute: Int) -> Bucket? {
        guard perMinute < .max else { return nil }
        let capacity = capacity(perMinute, 1)
        return Bucket(rate: Double(perMinute) / 60, capacity: capacity, level: capacity)
    }

    private static func capacity(_ perMinute: Int, _ pace: Double) -> Double {
        max(Double(perMinute) / 60 * pace * burst, 1)
    }

    // MARK: Before a request

    var countsTokens: Bool { tokens != nil }

    /// As the service reckons until the answer is there: what goes in, and all that may come out.
    func estimate(bodyLength: Int, maxTokens: Int64?) -> Double {
        let output = maxTokens.map { Double($0) } ?? averageOutput
        return min(Double(bodyLength / 4) + output, Double(limits.tokensPerMinute))
    }

    /// How long such a request has to wait.
    mutating func delay(_ estimate: Double, _ now: Int64) -> Int64 {
        max(requests?.delay(1, now) ?? 0, tokens?.delay(estimate, now) ?? 0)
    }

    /// It goes then.
    mutating func take(_ estimate: Double) {
        requests?.take(1)
        tokens?.take(estimate)
    }

    /// It does not go after all.
    mutating func giveBack(_ estimate: Double) {
        requests?.take(-1)
        tokens?.take(-estimate)
    }

    // MARK: Behind it

    /// What it used is known.
    mutating func settle(_ estimate: Double, input: Int64, output: Int64) {
        let output = Double(max(output, 0))
        averageOutput += (output - averageOutput) * Self.smoothing
        // Whatever a service says it used, the client goes on in a while.
        let most = Double(limits.tokensPerMinute) * Self.mostMinutes
        tokens?.take(min(Double(max(input, 0)) + output, most) - estimate)
    }

    /// A request that was sent at `sent` was throttled. What was sent before the rate was lowered says nothing of the
    /// lower one.
    mutating func throttled(sent: Int64, _ now: Int64) {
        guard sent > curve.since else { return }
        setPace(curve.cut(pace, now), now)
    }

    /// One was answered.
    mutating func succeeded(_ now: Int64) {
        if pace < 1 { setPace(curve.rate(now), now) }
    }

    private mutating func setPace(_ wanted: Double, _ now: Int64) {
        pace = max(min(wanted, 1), Self.leastPace)
        slow(&requests, limits.requestsPerMinute, now)
        slow(&tokens, limits.tokensPerMinute, now)
    }

    private func slow(_ bucket: inout Bucket?, _ perMinute: Int, _ now: Int64) {
        bucket?.set(rate: Double(perMinute) / 60 * pace, capacity: Self.capacity(perMinute, pace), now)
    }
}
