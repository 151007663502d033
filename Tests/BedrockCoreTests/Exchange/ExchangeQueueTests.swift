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
        edges.first?.shared.giveTurns()
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
        _ = shared.gate?.enter()
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
