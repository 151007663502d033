import Foundation
import Recording
import Testing

@testable import BedrockCore

@Suite struct ExchangeStates {
    /// Calls that between them take every way of the table.
    private static func calls() throws -> [Edge] {
        let shared = try Edge.makeShared()
        return [
            try throttledAndTimedOut(shared), try limited(shared), try reopened(), try reread(),
            try ended(.opened), try ended(.waiting), try ended(.connecting), try ended(.requesting),
            try ended(.answering), try ended(.resolving), try refused(), try rounds(), try limitedRound(),
            try unknown(), try queued(), try limitedBehindQueue(shared), try ended(.queued),
            try hedged(isFirstConnected: false, isConnected: true, isAnswered: false),
            try hedged(isFirstConnected: true, isConnected: false, isAnswered: false),
            try hedged(isFirstConnected: true, isConnected: false, isAnswered: true),
            try hedged(isFirstConnected: true, isConnected: true, isAnswered: true),
        ]
    }

    private static func throttledAndTimedOut(_ shared: SharedState) throws -> Edge {
        let edge = try Edge(["retry.mode": "adaptive", "retry.max_attempts": "5"], shared: shared)
        edge.begin()
        edge.refuse()
        while edge.exchange.state == .waiting { edge.wait() }
        edge.wait()
        while edge.exchange.state == .waiting { edge.wait() }
        edge.connect()
        edge.wait()
        while edge.exchange.state == .waiting { edge.wait() }
        edge.refuse()
        edge.cancel()
        return edge
    }

    /// The rate limiter holds back the first request after much throttling.
    private static func limited(_ shared: SharedState) throws -> Edge {
        for _ in 0..<20 {
            let edge = try Edge(["retry.mode": "adaptive", "retry.max_attempts": "1"], shared: shared)
            edge.begin()
            if edge.exchange.state == .waiting { return edge }
            edge.refuse()
        }
        return try Edge()
    }

    /// A hedge takes the place of a request that has failed, and of one whose answer is an error.
    private static func hedged(isFirstConnected: Bool, isConnected: Bool, isAnswered: Bool) throws -> Edge {
        let edge = try Edge(["hedge.after_ms": "100"])
        edge.begin()
        if isFirstConnected { edge.connect() }
        edge.pass(milliseconds: 100)
        if isConnected { edge.connectHedge() }
        if isAnswered { edge.head(["HTTP/1.1 503 No\r\n"]) }
        edge.fail()
        edge.succeed()
        return edge
    }

    private static func reopened() throws -> Edge {
        let edge = try Edge()
        edge.begin()
        edge.connect(reused: true)
        edge.fail()
        edge.succeed()
        return edge
    }

    private static func reread() throws -> Edge {
        let edge = try Edge(code: ["region": "us-east-1"], environment: ["AWS_BEARER_TOKEN_BEDROCK": "old"])
        edge.reread = ["AWS_BEARER_TOKEN_BEDROCK": "new"]
        edge.begin()
        edge.refuse(403, "ExpiredTokenException")
        edge.wait()
        edge.succeed()
        return edge
    }

    /// One stream may be under way, and is.
    private static func occupied(_ shared: SharedState) throws {
        shared.limit(.of(streams: 1))
        _ = shared.gate?.enter(0, 1)
    }

    private static func queued() throws -> Edge {
        let edge = try Edge()
        try occupied(edge.shared)
        edge.begin()
        edge.shared.gate?.leave()
        edge.shared.giveTurns(now: edge.clock.now)
        edge.act()
        edge.succeed()
        return edge
    }

    /// The rate limiter holds back what has waited for its turn.
    private static func limitedBehindQueue(_ shared: SharedState) throws -> Edge {
        let edge = try Edge(["retry.mode": "adaptive"], shared: shared)
        try occupied(shared)
        edge.begin()
        for _ in 0..<20 { shared.limiter.throttled(now: edge.clock.now) }
        while shared.limiter.delay(now: edge.clock.now) == 0 {}
        shared.gate?.leave()
        shared.giveTurns(now: edge.clock.now)
        edge.cancel()
        shared.limit(GateLimits())
        return edge
    }

    /// The host is asked who it is, and takes its time.
    private static func unknown() throws -> Edge {
        let shared = try Edge.makeShared()
        shared.hostKinds = .credentials
        let edge = try Edge(code: Edge.place, shared: shared)
        edge.begin()
        let keeper = shared.credentials
        if edge.exchange.state != .resolving || keeper.takeAsk()?.kind != .host { Issue.record("not asked") }
        let finding = Finding()
        finding.identity = ResolvedIdentity(
            credentials: Credentials(accessKeyID: Bytes("HOST"), secretAccessKey: Bytes("S")), source: "the host")
        keeper.found(finding, edge.clock)
        edge.exchange.identitySettled(now: edge.clock.now)
        edge.act()
        if edge.header("authorization", 0)?.contains("HOST/") != true { Issue.record("not the host's") }
        edge.cancel()
        return edge
    }

    private static func rounds() throws -> Edge {
        let edge = try ExchangeTurns.waiting()
        try edge.answer("a")
        edge.open()
        edge.receive(Message.start, Message.tool("b"), Message.toolUse)
        edge.endBody()
        edge.cancel()
        return edge
    }

    /// The rate limiter holds back the second round's request: others were throttled meanwhile.
    private static func limitedRound() throws -> Edge {
        let edge = try ExchangeTurns.waiting(["retry.mode": "adaptive"])
        for _ in 0..<20 { edge.shared.limiter.throttled(now: edge.clock.now) }
        while edge.shared.limiter.delay(now: edge.clock.now) == 0 {}
        try edge.answer("a")
        edge.cancel()
        return edge
    }

    private static func ended(_ state: Exchange.State) throws -> Edge {
        let edge = try Edge(code: ["region": "us-east-1"], environment: ["AWS_BEARER_TOKEN_BEDROCK": "old"])
        if state == .queued { try occupied(edge.shared) }
        if state != .opened { edge.begin() }
        switch state {
        case .waiting: edge.refuse()
        case .requesting: edge.connect()
        case .answering: edge.open()
        case .resolving: edge.refuse(403, "ExpiredTokenException")
        default: break
        }
        if edge.exchange.state != state { Issue.record("\(edge.exchange.state) instead of \(state)") }
        edge.cancel()
        return edge
    }

    private static func refused() throws -> Edge {
        let edge = try Edge(code: [:])
        edge.begin()
        return edge
    }

    @Test("every way of the table is taken, and no other")
    func everyWay() throws {
        var taken: Set<Exchange.Transition> = []
        for edge in try Self.calls() {
            #expect(edge.faults == [])
            taken.formUnion(edge.ways)
        }
        let table = Set(Exchange.transitions)
        #expect(table.count == Exchange.transitions.count, "a way is in the table twice")
        #expect(Self.names(table.subtracting(taken)) == [], "never taken")
        #expect(Self.names(taken.subtracting(table)) == [], "not in the table")
    }

    private static func names(_ ways: Set<Exchange.Transition>) -> [String] {
        ways.map { "\($0.from) --\($0.cause)--> \($0.to)" }.sorted()
    }

    @Test("every state is reached and left, but for the first and the last")
    func table() {
        for state in Exchange.State.allCases {
            let (ways, isLast) = (Exchange.transitions, state == .ended)
            #expect(ways.contains { $0.to == state } == (state != .opened))
            #expect(ways.contains { $0.from == state } == !isLast)
            // A caller may cancel at any time.
            #expect(Exchange.allows(state, .end, .ended) == !isLast)
        }
        for cause in Exchange.Cause.allCases {
            #expect(Exchange.transitions.contains { $0.cause == cause }, "\(cause)")
        }
    }

    @Test("the page beside the sources shows the table as it is")
    func diagram() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Sources/BedrockCore/Exchange/README.md").standardized
        let (opening, closing) = ("```mermaid\n", "```\n")
        var text = try String(contentsOf: page, encoding: .utf8)
        guard let start = text.range(of: opening)?.upperBound,
            let end = text.range(of: closing, range: start..<text.endIndex)?.lowerBound
        else {
            Issue.record("the page has no diagram")
            return
        }
        if text[start..<end] == Exchange.diagram { return }
        if ProcessInfo.processInfo.environment["BRS_WRITE_DOCS"] != nil {
            text.replaceSubrange(start..<end, with: Exchange.diagram)
            try text.write(to: page, atomically: true, encoding: .utf8)
        } else {
            Issue.record("the diagram is stale: `make docs` writes it anew")
        }
    }
}
