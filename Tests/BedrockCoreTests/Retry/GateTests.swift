import Testing

@testable import BedrockCore

extension GateLimits {
    static func of(
        streams: Int = .max, queuedStreams: Int = .max, requests: Int = .max, tokens: Int = .max
    ) -> GateLimits {
        var limits = GateLimits()
        (limits.streams, limits.queuedStreams) = (streams, queuedStreams)
        (limits.requestsPerMinute, limits.tokensPerMinute) = (requests, tokens)
        return limits
    }
}

/// A stream that does nothing but wait and run.
private final class Waiter: TurnTaker {
    let name: Int
    let group: Bytes
    var place: LineNode?
    private(set) var turns = 0

    init(_ name: Int, _ group: Bytes = []) {
        (self.name, self.group) = (name, group)
    }

    func turnCame() {
        turns += 1
        place = nil
    }
}

private func gate(_ limits: GateLimits) -> Gate { Gate(limits, seed: 1) }

/// What a line says, worked out in another way: groups in the order of their turns, each with its waiters.
private struct ModelLine {
    var groups: [(name: Bytes, names: [Int])] = []

    mutating func add(_ name: Int, _ group: Bytes) {
        if let at = groups.firstIndex(where: { $0.name == group }) {
            groups[at].names.append(name)
        } else {
            groups.append((group, [name]))
        }
    }

    mutating func popFirst() -> Int? {
        guard !groups.isEmpty else { return nil }
        var first = groups.removeFirst()
        let name = first.names.removeFirst()
        if !first.names.isEmpty { groups.append(first) }
        return name
    }

    mutating func remove(_ name: Int) {
        for at in groups.indices { groups[at].names.removeAll { $0 == name } }
        groups.removeAll { $0.names.isEmpty }
    }
}

@Suite struct Gates {
    /// Those that wait, in the order in which their turns come.
    private func order(_ waiters: [Waiter]) -> [Int] {
        let gate = gate(.of(streams: .max - 1))
        for waiter in waiters { waiter.place = gate.queue(waiter, group: waiter.group, 0) }
        var order: [Int] = []
        while let next = gate.next(1) as? Waiter { order.append(next.name) }
        return order
    }

    @Test func asManyAsMayBeUnderWay() {
        let gate = gate(.of(streams: 2))
        let entered = (0..<3).map { _ in gate.enter(0, 1) }
        #expect(entered == [true, true, false])
        gate.leave()
        #expect(gate.enter(0, 1))
        #expect(gate.running == 2 && gate.next(1) == nil)
    }

    @Test("who comes first goes first")
    func order() {
        #expect(order((0..<5).map { Waiter($0) }) == [0, 1, 2, 3, 4])
    }

    @Test("nobody overtakes those who wait, though there be room")
    func noOvertaking() {
        let (gate, waiter) = (gate(.of(streams: 1)), Waiter(0))
        #expect(gate.enter(0, 1))
        waiter.place = gate.queue(waiter, group: [], 0)
        gate.leave()
        let overtakes = gate.enter(0, 1)
        #expect(!overtakes)
        let next = gate.next(1) as? Waiter
        #expect(next === waiter)
    }

    @Test("groups take turns: a burst of one does not hold up the single call of another")
    func groups() {
        let (a, b, c) = (Bytes("a"), Bytes("b"), Bytes("c"))
        let waiters = (0..<5).map { Waiter($0, a) } + [Waiter(5, b), Waiter(6, c), Waiter(7, c)]
        #expect(order(waiters) == [0, 5, 6, 1, 7, 2, 3, 4])
    }

    @Test("a group that comes again is behind those that wait")
    func comesAgain() {
        let gate = gate(.of(streams: .max - 1))
        let waiters = [Waiter(0, Bytes("a")), Waiter(1, Bytes("b")), Waiter(2, Bytes("b")), Waiter(3, Bytes("a"))]
        for waiter in waiters.prefix(3) { waiter.place = gate.queue(waiter, group: waiter.group, 0) }
        let first = gate.next(1) as? Waiter
        waiters[3].place = gate.queue(waiters[3], group: waiters[3].group, 0)
        let rest = (0..<3).compactMap { _ in (gate.next(1) as? Waiter)?.name }
        #expect(first?.name == 0 && rest == [1, 3, 2])
    }

    @Test func asManyAsMayWait() throws {
        let gate = gate(.of(streams: 1, queuedStreams: 2))
        #expect(gate.enter(0, 1))
        let waiters = (0..<4).map { Waiter($0) }
        for waiter in waiters { waiter.place = gate.queue(waiter, group: [], 0) }
        #expect(waiters.map { $0.place != nil } == [true, true, false, false])
        gate.giveUp(try #require(waiters[0].place))
        waiters[3].place = gate.queue(waiters[3], group: [], 0)
        #expect(waiters[3].place != nil && gate.waiting == 2)
    }

    @Test("whatever comes and goes, the order is that of a plain model", arguments: [1, 2, 40, 3000])
    func model(_ groupCount: Int) {
        var random = SeededRandom(for: "gate")
        let gate = gate(.of(streams: .max - 1))
        var model = ModelLine()
        var waiting: [Waiter] = []
        for name in 0..<6000 {
            switch random.below(10) {
            case 0...5:
                let waiter = Waiter(name, Bytes("g\(random.below(groupCount))".utf8))
                waiter.place = gate.queue(waiter, group: waiter.group, 0)
                model.add(name, waiter.group)
                waiting.append(waiter)
            case 6 where !waiting.isEmpty:
                let waiter = waiting.remove(at: random.below(waiting.count))
                if let place = waiter.place { gate.giveUp(place) }
                model.remove(waiter.name)
            default:
                let next = gate.next(1) as? Waiter
                #expect(next?.name == model.popFirst())
                waiting.removeAll { $0 === next }
            }
            #expect(gate.waiting == waiting.count)
        }
        while let next = gate.next(1) as? Waiter { #expect(next.name == model.popFirst()) }
        #expect(model.groups.isEmpty)
    }

    @Test("a hundred thousand wait, and every second one gives up", arguments: [1, 100_000])
    func many(_ groupCount: Int) throws {
        let gate = gate(.of(streams: 1))
        #expect(gate.enter(0, 1))
        let waiters = (0..<100_000).map { Waiter($0, Bytes("tenant \($0 % groupCount)".utf8)) }
        for waiter in waiters { waiter.place = gate.queue(waiter, group: waiter.group, 0) }
        for waiter in waiters where waiter.name % 2 == 1 { gate.giveUp(try #require(waiter.place)) }
        #expect(gate.waiting == 50_000)
        var turns = 0
        gate.leave()
        while let next = gate.next(1) {
            next.turnCame()
            turns += 1
            gate.leave()
        }
        #expect(turns == 50_000 && gate.waiting == 0)
        #expect(waiters.allSatisfy { $0.turns == ($0.name % 2 == 0 ? 1 : 0) })
    }

    // MARK: Shares

    @Test("the shares of all loops are the whole, and differ by one at most", arguments: [1, 2, 3, 7, 16])
    func shares(_ count: Int) {
        for whole in [1, 2, 5, 16, 17, 999, 1_000_000] {
            let parts = (0..<count).map { GateLimits.of(streams: whole, queuedStreams: whole + 3).part($0, of: count) }
            #expect(parts.map { $0.streams }.reduce(0, +) == whole)
            #expect(parts.map { $0.queuedStreams }.reduce(0, +) == whole + 3)
            let rates = GateLimits.of(requests: whole, tokens: whole + 1)
            let governed = (0..<count).map { rates.part($0, of: count) }
            #expect(governed.map { $0.requestsPerMinute }.reduce(0, +) == whole)
            #expect(governed.map { $0.tokensPerMinute }.reduce(0, +) == whole + 1)
            let streams = parts.map { $0.streams }
            #expect((streams.max() ?? 0) - (streams.min() ?? 0) <= 1)
        }
        #expect(GateLimits().part(count - 1, of: count) == GateLimits())
    }

    @Test("no loop is without a share that could be given")
    func loops() {
        #expect(GateLimits().loopCount(most: 4) == 4)
        #expect(GateLimits.of(streams: 3).loopCount(most: 4) == 3)
        #expect(GateLimits.of(streams: 3).loopCount(most: 2) == 2)
        #expect(GateLimits.of(requests: 2).loopCount(most: 4) == 2)
        #expect((0..<3).allSatisfy { GateLimits.of(streams: 3).part($0, of: 3).streams == 1 })
    }

    @Test("0 is no limit, and nothing is limited unless it is set")
    func keys() throws {
        #expect(try settings().gateLimits.areNone)
        #expect(try settings(["limit.streams": "0", "limit.queued_streams": "7"]).gateLimits.areNone)
        let limits = try settings(["limit.streams": "5"]).gateLimits
        #expect(limits == .of(streams: 5) && !limits.areNone)
        let rates = try settings(["limit.requests_per_minute": "60", "limit.tokens_per_minute": "9000"]).gateLimits
        #expect(rates == .of(requests: 60, tokens: 9000) && !rates.areNone)
    }
}
