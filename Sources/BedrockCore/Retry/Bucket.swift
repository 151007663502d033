/// What may be taken fills up with time, to a capacity. More may be taken than is there; who comes later waits for it.
///
/// Times are nanoseconds of one clock, rates are per second.
struct Bucket: Sendable {
    private(set) var rate: Double
    private var capacity: Double
    /// Below zero: so much is owed.
    private var level: Double
    private var filled: Int64

    init(rate: Double, capacity: Double, level: Double, filled: Int64 = 0) {
        (self.rate, self.capacity, self.level, self.filled) = (rate, capacity, level, filled)
    }

    /// How long to wait before so much is taken. What is more than the capacity is let go when that is full.
    mutating func delay(_ amount: Double, _ now: Int64) -> Int64 {
        fill(now)
        let missing = min(amount, capacity) - level
        // Clamped before it becomes an integer: the quotient has no bound, the integer has.
        return missing > 0 ? Int64(min(missing / rate * 1e9, Double(Limits.delay)).rounded()) : 0
    }

    /// What is below zero is given back.
    mutating func take(_ amount: Double) {
        level = min(level - amount, capacity)
    }

    mutating func set(rate: Double, capacity: Double, _ now: Int64) {
        fill(now)
        (self.rate, self.capacity) = (rate, capacity)
        level = min(level, capacity)
    }

    mutating func fill(_ now: Int64) {
        level = min(capacity, level + seconds(from: filled, to: now) * rate)
        filled = max(filled, now)
    }
}

/// How a rate that was too much comes back: CUBIC (RFC 9438), slowly near what was too much, faster behind it.
struct CubicCurve: Sendable {
    /// What remains of the rate.
    private static let decrease = 0.7

    let scale: Double
    /// The rate that was too much, and the seconds in which the curve comes back to it.
    private var peak = 0.0
    private var plateau = 0.0
    var since: Int64 = 0

    init(scale: Double) {
        self.scale = scale
    }

    /// What is left of a rate that was too much.
    mutating func cut(_ rate: Double, _ now: Int64) -> Double {
        (peak, since) = (rate, now)
        plateau = Self.cubeRoot(rate * (1 - Self.decrease) / scale)
        return rate * Self.decrease
    }

    func rate(_ now: Int64) -> Double {
        let time = seconds(from: since, to: now) - plateau
        return scale * time * time * time + peak
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

private func seconds(from start: Int64, to end: Int64) -> Double {
    Double(max(end &- start, 0)) / 1e9
}
