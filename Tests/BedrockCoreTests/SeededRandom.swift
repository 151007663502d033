import Glibc

/// Numbers that look random (splitmix64). The seed is printed; the environment variable `BRS_TEST_SEED` repeats a run.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(for test: StaticString) {
        let given = getenv("BRS_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
        state = given ?? .random(in: 0...UInt64.max)
        print("\(test): BRS_TEST_SEED=\(state)")
    }

    /// Goes on from a number that another one has given.
    init(copying state: UInt64) {
        self.state = state
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func isTrue(oneIn bound: Int) -> Bool { below(bound) == 0 }
    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}
