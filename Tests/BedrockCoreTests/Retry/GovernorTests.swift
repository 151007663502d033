import Testing

@testable import BedrockCore

@Suite struct Governors {
    private static let second: Int64 = 1_000_000_000
    private static let start: Int64 = 1_000 * second

    private func governor(requests: Int = .max, tokens: Int = .max) throws -> Governor {
        try #require(Governor(.of(requests: requests, tokens: tokens)))
    }

    /// When each of so many requests goes, in seconds since the start, if all want to go then.
    private func times(_ governor: inout Governor, _ count: Int, estimate: Double = 0) -> [Double] {
        var now = Self.start
        return (0..<count).map { _ in
            now += governor.delay(estimate, now)
            let rest = governor.delay(estimate, now)
            #expect(rest == 0, "the wait is over when it is")
            governor.take(estimate)
            return Double(now - Self.start) / 1e9
        }
    }

    @Test("nothing to hold back, no governor") func none() {
        #expect(Governor(.of(streams: 1)) == nil)
    }

    @Test("so many in a minute, with a burst of three seconds")
    func requests() throws {
        var governor = try governor(requests: 120)
        let times = times(&governor, 10)
        #expect(times == [0, 0, 0, 0, 0, 0, 0.5, 1, 1.5, 2])
    }

    @Test("few in a minute: one by one")
    func fewRequests() throws {
        var governor = try governor(requests: 6)
        let times = times(&governor, 4)
        #expect(times == [0, 10, 20, 30])
    }

    @Test("tokens are paid for by those who come later")
    func tokens() throws {
        var governor = try governor(tokens: 6000)
        // 100 in a second, 300 at once.
        let times = times(&governor, 4, estimate: 1000)
        #expect(times == [0, 10, 20, 30])
    }

    @Test("what was not used is there for others, and what was used beyond the estimate is missing")
    func settled() throws {
        var governor = try governor(tokens: 6000)
        _ = governor.delay(1000, Self.start)
        governor.take(1000)
        governor.settle(1000, input: 100, output: 100)
        var wait = governor.delay(100, Self.start)
        #expect(wait == 0)
        governor.take(300)
        governor.settle(300, input: 1000, output: 500)
        wait = governor.delay(300, Self.start)
        // Of the 300 that may go at once, 200 and 1500 are used.
        #expect(wait == 17 * Self.second)
    }

    @Test("who does not go after all holds nobody up")
    func givenBack() throws {
        var governor = try governor(requests: 6, tokens: 60)
        governor.take(60)
        governor.giveBack(60)
        let wait = governor.delay(60, Self.start)
        #expect(wait == 0)
    }

    @Test("an estimate is what goes in and all that may come out, at most what a minute has")
    func estimate() throws {
        var governor = try governor(tokens: 6000)
        #expect(governor.estimate(bodyLength: 400, maxTokens: 500) == 600)
        #expect(governor.estimate(bodyLength: 400, maxTokens: nil) == 100)
        #expect(governor.estimate(bodyLength: 25_000_000, maxTokens: .max) == 6000)
        for _ in 0..<100 { governor.settle(0, input: 10, output: 800) }
        #expect(abs(governor.estimate(bodyLength: 400, maxTokens: nil) - 900) < 1)
    }

    @Test("throttling lowers both rates, once for all that was on its way")
    func throttled() throws {
        var governor = try governor(requests: 600, tokens: 60_000)
        for sent in 0..<20 { governor.throttled(sent: Self.start + Int64(sent), Self.start + Self.second) }
        #expect(governor.pace == 0.7)
        governor.throttled(sent: Self.start + Self.second + 1, Self.start + 2 * Self.second)
        #expect(abs(governor.pace - 0.49) < 1e-12)
        for _ in 0..<100 { governor.take(0) }
        let wait = governor.delay(0, Self.start + 2 * Self.second)
        // 100 owed but for the burst of three seconds, at 4.9 in a second.
        let owed = (101 - 14.7) / 4.9
        #expect(abs(Double(wait) / 1e9 - owed) < 1e-6)
    }

    @Test("successes bring it back to the figure, slowly, and never beyond")
    func comesBack() throws {
        var governor = try governor(requests: 600)
        governor.throttled(sent: Self.start, Self.start)
        var paces: [Double] = []
        for second in stride(from: 0, through: 120, by: 10) {
            governor.succeeded(Self.start + Int64(second) * Self.second)
            paces.append(governor.pace)
        }
        #expect(paces[0] == 0.7 && paces == paces.sorted())
        #expect(paces[1] > 0.85 && paces[1] < 0.95)
        #expect(abs(paces[3] - 1) < 1e-9 && paces.last == 1)
    }

    @Test("a service that allows a tenth is found out, and the rate never comes to nothing")
    func learns() throws {
        var governor = try governor(requests: 6000)
        var service = Bucket(rate: 10, capacity: 10, level: 10)
        var (now, sent, throttled) = (Self.start, 0, 0)
        while now < Self.start + 600 * Self.second {
            now += max(governor.delay(0, now), 1_000_000)
            governor.take(0)
            sent += 1
            if service.delay(1, now) > 0 {
                throttled += 1
                governor.throttled(sent: now, now + 1000)
            } else {
                service.take(1)
                governor.succeeded(now + 1000)
            }
            #expect(governor.pace >= 0.02 && governor.pace <= 1)
        }
        // It asked for 60,000.
        #expect(sent - throttled > 4000 && throttled < 900, "\(sent) sent, \(throttled) throttled")
    }

    @Test("whatever the clock and the service say, a wait is between none and a day")
    func hostile() throws {
        var random = SeededRandom(for: "governor")
        var governor = try governor(requests: 7, tokens: 1_000_000)
        for _ in 0..<20_000 {
            let now = random.isTrue(oneIn: 4) ? Int64.random(in: 0...Int64.max, using: &random) : 5
            let number = Int64.random(in: -1...Int64.max, using: &random)
            switch random.below(5) {
            case 0:
                let wait = governor.delay(Double(random.below(1_000_000)), now)
                #expect(0...Limits.delay ~= wait)
            case 1: governor.settle(Double(random.below(1000)), input: number, output: number)
            case 2: governor.throttled(sent: now, now)
            case 3: governor.giveBack(Double(random.below(1000)))
            default: governor.succeeded(now)
            }
            #expect(governor.pace >= 0.02 && governor.pace <= 1)
        }
    }
}

/// Lines that wait for the governor as well.
@Suite struct GovernedGates {
    private final class Waiter: TurnTaker {
        var place: LineNode?
        func turnCame() { place = nil }
    }

    @Test("who waits for the governor is asked again when it is time, and not before")
    func due() {
        let gate = Gate(.of(requests: 60), seed: 1)
        let now: Int64 = 5_000_000_000
        let entered = (0..<4).map { _ in gate.enter(0, now) }
        #expect(entered == [true, true, true, false])
        #expect(gate.dueAt == .max)
        let waiter = Waiter()
        waiter.place = gate.queue(waiter, group: [], 0)
        #expect(gate.next(now) == nil && gate.dueAt == now + 1_000_000_000)
        #expect(gate.next(now + 999_999_999) == nil)
        let next = gate.next(now + 1_000_000_000) as? Waiter
        #expect(next === waiter)
        #expect(gate.next(now + 1_000_000_000) == nil && gate.dueAt == .max, "nobody waits any more")
    }

    @Test("while all places are taken the governor is not waited for")
    func places() {
        let gate = Gate(.of(streams: 1, requests: 60), seed: 1)
        #expect(gate.enter(0, 1))
        let waiter = Waiter()
        waiter.place = gate.queue(waiter, group: [], 0)
        #expect(gate.next(1) == nil && gate.dueAt == .max)
    }

    @Test("the tokens of the one who is next decide")
    func tokens() {
        let gate = Gate(.of(tokens: 6000), seed: 1)
        let now: Int64 = 5_000_000_000
        #expect(gate.enter(1300, now))
        let waiters = [Waiter(), Waiter()]
        waiters[0].place = gate.queue(waiters[0], group: [], 200)
        waiters[1].place = gate.queue(waiters[1], group: [], 0)
        #expect(gate.next(now) == nil)
        // 1000 are owed, and 200 wanted, at 100 in a second.
        #expect(gate.dueAt == now + 12_000_000_000)
    }
}
