import Testing

@testable import BedrockCore

private let millisecond: Int64 = 1_000_000

@Suite struct Backoffs {
    private func longest(
        _ number: UInt32, _ class: RetryClass, hint: Int64? = nil, maxBackoff: Int64 = 20_000 * millisecond
    ) -> Int64 {
        Backoff.delay(retry: number, `class`, hint: hint, random: .max, maxBackoff: maxBackoff)
    }

    @Test func doubles() {
        let transient: [Int64] = [50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800, 20_000, 20_000]
        let throttling: [Int64] = [1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]
        #expect((1...11).map { longest($0, .transient) } == transient.map { $0 * millisecond })
        #expect((1...7).map { longest($0, .throttling) } == throttling.map { $0 * millisecond })
        #expect(longest(0, .transient) == 50 * millisecond)
    }

    @Test func theLongestBackoff() {
        #expect(longest(1, .throttling, maxBackoff: 5) == 5)
        #expect(longest(3, .transient, maxBackoff: 150 * millisecond) == 150 * millisecond)
        for number in [18, 64, 65, 100, .max] as [UInt32] {
            #expect(longest(number, .throttling, maxBackoff: 0) == Limits.delay)
            #expect(longest(number, .throttling, maxBackoff: .max) == Limits.delay)
        }
    }

    @Test func jitter() {
        func delay(_ random: UInt64) -> Int64 {
            Backoff.delay(retry: 1, .throttling, hint: nil, random: random, maxBackoff: 0)
        }
        #expect(delay(0) == 0 && delay(1 << 63) == 500 * millisecond && delay(1 << 62) == 250 * millisecond)
        #expect(delay(.max) == 1000 * millisecond)
        var random = SeededRandom(for: "jitter")
        var tenths = [Int](repeating: 0, count: 10)
        for _ in 0..<10_000 { tenths[Int(min(delay(random.next()) / (100 * millisecond), 9))] += 1 }
        #expect(tenths.allSatisfy { 800...1200 ~= $0 }, "\(tenths)")
    }

    @Test(
        "the service's wish makes it longer, by five seconds at most",
        arguments: [
            (0, 50), (49, 50), (50, 50), (51, 51), (1500, 1500), (5049, 5049), (5050, 5050), (5051, 5050),
            (86_400_000, 5050),
        ] as [(Int64, Int64)])
    func hints(_ hint: Int64, _ expected: Int64) {
        #expect(longest(1, .transient, hint: hint * millisecond) == expected * millisecond)
        // It is the service's wish, not backoff: that has another limit.
        #expect(longest(1, .transient, hint: 3000 * millisecond, maxBackoff: 1) == 3000 * millisecond)
    }

    @Test func hintsWithoutMeaning() {
        #expect(longest(1, .transient, hint: -1) == 50 * millisecond)
        #expect(longest(1, .transient, hint: .min) == 50 * millisecond)
        #expect(longest(100, .throttling, hint: .max, maxBackoff: 0) == Limits.delay + 5000 * millisecond)
        #expect(Backoff.delay(retry: 1, .transient, hint: 7, random: 0, maxBackoff: 0) == 7)
    }
}
