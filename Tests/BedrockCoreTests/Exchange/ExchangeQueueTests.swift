import Recording
import Testing

@testable import BedrockCore

/// Calls of a client that limits itself.
@Suite struct ExchangeQueues {
    /// Edges of one client, of which so many may be under way.
    private static func edges(
        _ count: Int, streams: Int = 1, queuedStreams: Int = .max, _ settings: [String: String] = [:],
        groups: [String] = []
    ) throws -> [Edge] {
        let shared = try Edge.makeShared()
        shared.limit(.of(streams: streams, queuedStreams: queuedStreams))
        return try (0..<count).map { number in
            let group = number < groups.count ? ["limit.group": groups[number]] : [:]
            return try Edge(settings.merging(group) { $1 }, body: ExchangeTurns.body, shared: shared)
        }
    }

    /// What the loop does when an input is over.
    private func turn(_ edges: [Edge]) {
        if let first = edges.first { first.shared.giveTurns(now: first.clock.now) }
        for edge in edges { edge.act() }
    }

    private func expectSound(_ edges: [Edge], sourceLocation: SourceLocation = #_sourceLocation) {
        for edge in edges {
            #expect(edge.faults == [] && edge.caller.endings.count == 1, sourceLocation: sourceLocation)
        }
        let gate = edges.first?.shared.gate
        #expect(gate?.running == 0 && gate?.waiting == 0, sourceLocation: sourceLocation)
    }

    @Test("a call goes when another has ended, and says how long it waited")
    func goesOn() throws {
        let edges = try Self.edges(2)
        for edge in edges { edge.begin() }
        #expect(edges.map { $0.exchange.state } == [.connecting, .queued])
        #expect(edges[1].actions == [] && edges[1].exchange.deadline == nil)
        edges[0].succeed()
        edges[1].clock.now += 250_000_000
        turn(edges)
        #expect(edges[1].actions == ["send"])
        edges[1].clock.now += 1_000_000
        edges[1].succeed()
        #expect(edges.map { $0.caller.ending?.timings.queued } == [0, 250_000])
        #expect(edges[1].caller.ending?.timings.total == 251_000)
        expectSound(edges)
    }

    @Test("no identity is asked for while a call waits")
    func asksForNothing() throws {
        let shared = try Edge.makeShared()
        shared.hostKinds = .credentials
        shared.limit(.of(streams: 1))
        _ = shared.gate?.enter(0, 1)
        let edge = try Edge(code: Edge.place, shared: shared)
        edge.begin()
        #expect(edge.exchange.state == .queued && !shared.hasAsk)
        shared.gate?.leave()
        turn([edge])
        #expect(edge.exchange.state == .resolving && shared.hasAsk)
        edge.cancel()
        expectSound([edge])
    }

    @Test("limit.queue_ms ends the wait to the millisecond, and says so")
    func timeout() throws {
        let edges = try Self.edges(2, ["limit.queue_ms": "300", "timeout.total_ms": "1000"])
        for edge in edges { edge.begin() }
        edges[1].pass(milliseconds: 299)
        #expect(edges[1].exchange.state == .queued)
        edges[1].wait()
        let ending = edges[1].caller.ending
        #expect(ending?.code == .timeoutQueue && ending?.phase == .prepare)
        #expect(ending?.message == "the stream could not begin within limit.queue_ms=300, waited 300 ms")
        #expect(ending?.timings.queued == 300_000 && ending?.attempts == 0)
        #expect(edges[1].caller.plans == ["error 2/3 timeoutQueue"])
        edges[0].succeed()
        turn(edges)
        expectSound(edges)
    }

    @Test("the wait counts for the total limit, and its own limit for nothing behind it")
    func totalLimit() throws {
        let edges = try Self.edges(3, ["limit.queue_ms": "300", "timeout.total_ms": "200"])
        for edge in edges { edge.begin() }
        edges[1].wait()
        #expect(edges[1].caller.ending?.code == .timeoutTotal)
        edges[0].succeed()
        edges[2].clock.now += 150_000_000
        turn(edges)
        #expect(edges[2].exchange.state == .connecting)
        edges[2].wait()
        #expect(edges[2].caller.ending?.code == .timeoutTotal)
        #expect(edges[2].caller.ending?.timings.queued == 150_000)
        expectSound(edges)
    }

    @Test("one more than may wait ends at once")
    func full() throws {
        let edges = try Self.edges(4, queuedStreams: 2)
        for edge in edges { edge.begin() }
        let ending = edges[3].caller.ending
        #expect(ending?.code == .queueFull && ending?.phase == .prepare)
        #expect(ending?.message.contains("limit.queued_streams") == true)
        #expect(edges[3].caller.plans == [] && edges[3].actions == ["drop", "finish"])
        for edge in edges { edge.cancel() }
        turn(edges)
        expectSound(edges)
    }

    @Test("groups take turns")
    func groups() throws {
        let edges = try Self.edges(5, groups: ["a", "a", "a", "a", "b"])
        for edge in edges { edge.begin() }
        var order: [Int] = []
        for _ in edges.indices {
            guard let at = edges.firstIndex(where: { $0.exchange.state == .connecting }) else { break }
            order.append(at)
            edges[at].succeed()
            turn(edges)
        }
        #expect(order == [0, 1, 4, 2, 3])
        expectSound(edges)
    }

    @Test("a call that waits can be cancelled, detached and freed, and holds nobody up")
    func cancelled() throws {
        let edges = try Self.edges(4)
        for edge in edges { edge.begin() }
        edges[1].cancel()
        #expect(edges[1].caller.ending?.code == .cancelled && edges[1].caller.ending?.phase == .prepare)
        edges[2].detach()
        #expect(edges[2].exchange.state == .queued)
        edges[3].exchange.cancelled("the stream was freed", now: edges[3].clock.now)
        edges[3].act()
        edges[0].succeed()
        turn(edges)
        edges[2].succeed()
        #expect(edges[2].caller.ending?.code == .ok && edges[2].caller.log == [])
        expectSound(edges)
    }

    @Test("retries keep their place, and so do rounds of tools while their results are missing")
    func keepsPlace() throws {
        let edges = try Self.edges(2, ["turn": "auto"])
        for edge in edges { edge.begin() }
        edges[0].refuse()
        turn(edges)
        #expect(edges.map { $0.exchange.state } == [.waiting, .queued])
        while edges[0].exchange.state == .waiting { edges[0].wait() }
        edges[0].open()
        edges[0].receive(Message.start, Message.tool("a"), Message.toolUse)
        edges[0].endBody()
        turn(edges)
        #expect(edges.map { $0.exchange.state } == [.awaitingTools, .queued])
        try edges[0].answer("a")
        edges[0].succeed()
        turn(edges)
        edges[1].succeed()
        expectSound(edges)
    }

    @Test("who ends from within the end of another leaves the line")
    func endsWithin() throws {
        let edges = try Self.edges(3)
        for edge in edges { edge.begin() }
        edges[0].caller.onEnd = { [unowned other = edges[1]] in
            other.exchange.cancelled("the stream was freed", now: other.clock.now)
        }
        edges[0].succeed()
        turn(edges)
        #expect(edges[2].exchange.state == .connecting)
        edges[2].succeed()
        expectSound(edges)
    }

    // MARK: Requests and tokens in a minute

    private static func governed(_ limits: GateLimits, _ settings: [String: String] = [:], body: String) throws -> Edge
    {
        let edge = try Edge(settings, body: body)
        edge.shared.limit(limits)
        return edge
    }

    private static let asked = #"{"inferenceConfig":{"maxTokens":1000},"messages":[]}"#

    /// Until so many tokens could go, in seconds.
    private func wait(_ edge: Edge, tokens: Double) -> Double {
        Double(edge.shared.gate?.governor?.delay(tokens, edge.clock.now) ?? -1) / 1e9
    }

    @Test("an answer's tokens take the place of what was reserved for them")
    func usage() throws {
        let edge = try Self.governed(.of(tokens: 6000), body: Self.asked)
        edge.begin()
        // 52 bytes are 13 tokens; of 1013, 300 went at once.
        #expect(wait(edge, tokens: 0) == 7.13)
        edge.open()
        edge.receive(Message.start, textDelta("Hi"), Message.stop, Message.metadata)
        edge.endBody()
        #expect(edge.caller.ending?.usage.totalTokens == 3)
        #expect(wait(edge, tokens: 300) == 0.03)
        expectSound([edge])
    }

    @Test("a call that was not answered has used nothing, one that was and did not say what it was to use")
    func noUsage() throws {
        let refused = try Self.governed(.of(tokens: 6000), ["retry.mode": "off"], body: Self.asked)
        refused.begin()
        refused.refuse()
        #expect(refused.shared.gate?.governor?.pace == 0.7)
        #expect(wait(refused, tokens: 210) == 0)
        let cut = try Self.governed(.of(tokens: 6000), ["retry.mode": "off"], body: Self.asked)
        cut.begin()
        cut.open()
        cut.receive(Message.start, textDelta("Hi"))
        cut.fail()
        #expect(wait(cut, tokens: 0) == 7.13)
        expectSound([refused, cut])
    }

    @Test("each attempt is a request, and waits for the rate; a dead connection makes none")
    func retries() throws {
        let edge = try Self.governed(.of(requests: 20), body: Self.asked)
        edge.begin()
        edge.connect(reused: true)
        edge.fail()
        #expect(edge.exchange.state == .connecting)
        let sent = edge.clock.now
        edge.refuse(503, "ServiceUnavailableException")
        while edge.exchange.state == .waiting { edge.wait() }
        #expect(edge.clock.now - sent >= 2_000_000_000, "one in three seconds")
        edge.succeed()
        expectSound([edge])
    }

    @Test("who ends before he is sent gives back what he took")
    func givesBack() throws {
        let edge = try Self.governed(.of(requests: 1, tokens: 6000), body: Self.asked)
        edge.begin()
        edge.refuse(503, "ServiceUnavailableException")
        edge.wait()
        #expect(edge.exchange.state == .waiting && wait(edge, tokens: 0) > 60)
        edge.cancel()
        #expect(wait(edge, tokens: 0) <= 60)
        expectSound([edge])
    }

    @Test("a round of tools is another request")
    func rounds() throws {
        let shared = try Edge.makeShared()
        shared.limit(.of(requests: 1))
        let edge = try Edge(["turn": "auto"], body: ExchangeTurns.body, shared: shared)
        edge.begin()
        edge.open()
        edge.receive(Message.start, Message.tool("a"), Message.toolUse)
        edge.endBody()
        try edge.answer("a")
        #expect(edge.exchange.state == .waiting)
        #expect(edge.exchange.deadline == edge.clock.now + 60_000_000_000)
        edge.cancel()
        expectSound([edge])
    }

    @Test("a call that the governor holds back waits in the line, no longer than it may")
    func governedQueue() throws {
        let shared = try Edge.makeShared()
        shared.limit(.of(requests: 30))
        let edges = try ["0", "900", "0"].map { try Edge(["limit.queue_ms": $0], shared: shared) }
        for edge in edges { edge.begin() }
        #expect(edges.map { $0.exchange.state } == [.connecting, .queued, .queued])
        turn(edges)
        #expect(shared.turnDue == edges[0].clock.now + 1_000_000_000)
        edges[1].wait()
        #expect(edges[1].caller.ending?.code == .timeoutQueue)
        for edge in edges { edge.clock.now = shared.turnDue }
        turn(edges)
        #expect(edges[2].exchange.state == .connecting)
        edges[0].succeed()
        edges[2].succeed()
        expectSound(edges)
    }

    @Test("a turn for a call that does not wait is none")
    func strayTurn() throws {
        let edge = try Edge()
        edge.turnCame()
        #expect(edge.exchange.state == .opened)
        edge.begin()
        edge.turnCame()
        edge.succeed()
        #expect(edge.faults == [] && edge.caller.ending?.code == .ok)
    }
}
