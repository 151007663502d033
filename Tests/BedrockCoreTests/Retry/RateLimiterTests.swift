import Testing

@testable import BedrockCore

@Suite struct RateLimiters {
    private static let second: Int64 = 1_000_000_000

    @Test("waits and rates are botocore's", arguments: rateSchedules.indices)
    func schedules(_ index: Int) throws {
        var limiter = RateLimiter()
        var now: Int64 = 0
        for (number, step) in rateSchedules[index].enumerated() {
            now = max(now, step.time * 1_000_000)
            let wait = limiter.delay(now: now)
            try #require(abs(Double(wait) / 1e9 - step.wait) < 1e-6, "step \(number): waits \(wait) ns")
            now += wait + step.duration * 1_000_000
            if step.isThrottled { limiter.throttled(now: now) } else { limiter.succeeded(now: now) }
            try #require(abs(limiter.rate - step.rate) < 1e-6, "step \(number): rate \(limiter.rate)")
            try #require(
                abs(limiter.measuredRate - step.measured) < 1e-6, "step \(number): measured \(limiter.measuredRate)")
        }
    }

    @Test func nothingIsHeldBackBeforeTheFirstThrottling() {
        var limiter = RateLimiter()
        for at in 0..<1000 {
            let wait = limiter.delay(now: Int64(at))
            #expect(wait == 0)
            limiter.succeeded(now: Int64(at))
        }
    }

    @Test("who waits has a turn of his own")
    func manyWaitAtOnce() {
        var limiter = RateLimiter()
        _ = limiter.delay(now: 0)
        limiter.throttled(now: 0)
        #expect(limiter.rate == 0.5)
        let waits = (0..<5).map { _ in limiter.delay(now: 0) }
        let later = (0..<2).map { _ in limiter.delay(now: 12 * Self.second) }
        #expect(waits == (1...5).map { $0 * 2 * Self.second })
        #expect(later == [0, 2 * Self.second], "the turns of those who waited are over")
    }

    @Test("whatever the clock shows, a wait is between none and a day")
    func hostileTimes() {
        var random = SeededRandom(for: "hostileTimes")
        var limiter = RateLimiter()
        for _ in 0..<20_000 {
            let now = random.isTrue(oneIn: 4) ? Int64.random(in: 0...Int64.max, using: &random) : 5
            switch random.below(3) {
            case 0:
                let wait = limiter.delay(now: now)
                #expect(0...Limits.delay ~= wait)
            case 1: limiter.succeeded(now: now)
            default: limiter.throttled(now: now)
            }
            #expect(limiter.rate >= 0.5 && limiter.rate.isFinite && limiter.measuredRate.isFinite)
        }
    }
}
