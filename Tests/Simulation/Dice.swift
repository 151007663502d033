/// Numbers that look random (SplitMix64): all chance of a run comes from here, so a seed repeats it.
struct Dice {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// From 0 up to `bound`, which is positive and left out.
    mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

    mutating func percent(_ chance: Int) -> Bool { below(100) < chance }

    mutating func pick<Item>(_ items: [Item]) -> Item { items[below(items.count)] }

    /// Nanoseconds, small ones as likely as large ones: up to two to the power of `bits`.
    mutating func time(upTo bits: Int) -> Int64 {
        let shift = UInt64(64 - 1 - below(bits))
        return Int64(truncatingIfNeeded: next() >> shift)
    }

    mutating func milliseconds(_ range: ClosedRange<Int>) -> Int64 { Int64(within(range)) * 1_000_000 }
}
