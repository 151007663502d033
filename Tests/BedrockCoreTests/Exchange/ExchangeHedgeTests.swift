import Testing

@testable import BedrockCore

@Suite struct Hedges {
    private func late(
        _ extra: [String: String] = [:], shared: SharedState? = nil, isConnected: Bool = true
    ) throws -> Edge {
        let edge = try Edge(["hedge.after_ms": "100"].merging(extra) { $1 }, shared: shared)
        edge.begin()
        if isConnected { edge.connect() }
        edge.pass(milliseconds: 100)
        return edge
    }

    private func finish(_ edge: Edge, _ text: String = "Hello") {
        edge.receive(Message.start, textDelta(text), Message.stop)
        edge.endBody()
    }

    @Test("by default a late request is waited for, with a hedge a second one goes out when it is late, once")
    func sending() throws {
        let patient = try Edge()
        patient.begin()
        patient.connect()
        patient.pass(milliseconds: 50_000)
        #expect(patient.actions == ["send"])
        let edge = try Edge(["hedge.after_ms": "100"])
        edge.begin()
        edge.pass(milliseconds: 99)
        #expect(edge.actions == ["send"] && edge.exchange.deadline == edge.clock.now + 1_000_000)
        edge.pass(milliseconds: 1)
        #expect(edge.actions == ["send", "hedge"])
        edge.pass(milliseconds: 1000)
        #expect(edge.actions == ["send", "hedge"] && edge.exchange.attempts == 2)
        #expect(edge.bodies[0] == edge.bodies[1])
        #expect(edge.header("amz-sdk-invocation-id", 0) == edge.header("amz-sdk-invocation-id", 1))
        #expect(edge.freshness == [false, false] && edge.faults == [])
    }

    @Test("streams that share a connection are late together: the second request gets one of its own")
    func sharedConnection() throws {
        let edge = try late(["http.version": "2"])
        #expect(edge.freshness == [false, true])
    }

    @Test("the first request answers first: the hedge is dropped")
    func firstAnswers() throws {
        let edge = try late()
        edge.connectHedge()
        edge.head()
        #expect(edge.actions == ["send", "hedge", "dropHedge"])
        finish(edge)
        #expect(edge.caller.ending?.code == .ok && edge.caller.ending?.attempts == 2)
        #expect(edge.caller.ending?.hedges.sent == 1 && edge.caller.ending?.hedges.won == 0)
        #expect(edge.caller.log == ["messageStart", "text Hello", "messageStop"] && edge.faults == [])
    }

    @Test("the hedge answers first: it goes on in place of the first, whose times and bytes are not taken for its own")
    func hedgeAnswers() throws {
        let edge = try late()
        edge.sent(300)
        edge.pass(milliseconds: 5)
        edge.connectHedge(reused: true)
        edge.sentOfHedge(301)
        edge.headOfHedge("HTTP/1.1 100 Continue\r\n")
        #expect(edge.exchange.lane == .first)
        edge.pass(milliseconds: 20)
        edge.headOfHedge("HTTP/1.1 200 OK\r\n")
        #expect(edge.exchange.lane == .second && edge.exchange.state == .answering)
        #expect(edge.actions == ["send", "hedge", "dropHedge"])
        edge.head(["content-type: application/vnd.amazon.eventstream\r\n", "\r\n"])
        finish(edge)
        let ending = try #require(edge.caller.ending)
        #expect(ending.code == .ok && ending.text == "Hello" && ending.attempts == 2)
        #expect(ending.hedges.sent == 1 && ending.hedges.won == 1)
        #expect(ending.timings.connected == 105_000 && ending.timings.requestSent == 105_000)
        #expect(ending.timings.firstByte == 125_000 && ending.timings.bytesSent == 601)
        #expect(edge.caller.plans == [] && edge.faults == [])
    }

    @Test("what the late request fails for is left to the hedge, where that may come out otherwise")
    func firstFails() throws {
        for isConnected in [false, true] {
            let edge = try late()
            if isConnected { edge.connectHedge() }
            edge.fail()
            #expect(edge.exchange.state == (isConnected ? .requesting : .connecting) && edge.caller.plans == [])
            if !isConnected { edge.connect() }
            edge.head()
            finish(edge)
            #expect(edge.caller.ending?.code == .ok && edge.caller.ending?.hedges.won == 1 && edge.faults == [])
        }
        let throttled = try late()
        throttled.connectHedge()
        throttled.head(["HTTP/1.1 429 No\r\n", "x-amzn-ErrorType: ThrottlingException\r\n", "\r\n"])
        #expect(throttled.exchange.state == .answering)
        throttled.receive(Bytes("{}".utf8))
        throttled.endBody()
        #expect(throttled.exchange.state == .requesting && throttled.exchange.lane == .second)
        throttled.head()
        finish(throttled)
        #expect(throttled.caller.ending?.code == .ok && throttled.faults == [])
    }

    @Test("what would be the same again ends the call, and the hedge with it")
    func firstIsRefused() throws {
        let edge = try late()
        edge.connectHedge()
        edge.head(["HTTP/1.1 400 No\r\n", "x-amzn-ErrorType: ValidationException\r\n", "\r\n"])
        edge.receive(Bytes("{}".utf8))
        edge.endBody()
        #expect(edge.caller.ending?.code == .validation && edge.caller.ending?.hedges.sent == 1)
        #expect(edge.actions == ["send", "hedge", "drop", "dropHedge", "finish"] && edge.faults == [])
    }

    @Test("a hedge that fails leaves the first request alone", arguments: ["500", "429", "connection", "silence"])
    func hedgeFails(_ how: String) throws {
        let edge = try late(["timeout.connect_ms": "50"])
        if how == "connection" { edge.failHedge() }
        if how == "silence" { edge.pass(milliseconds: 50) }
        if how == "500" || how == "429" { edge.headOfHedge("HTTP/1.1 \(how) No\r\n") }
        #expect(edge.actions == ["send", "hedge", "dropHedge"] && edge.caller.plans == [])
        #expect(!edge.exchange.hedgeConnected(isReused: false, now: edge.clock.now))
        edge.headOfHedge("HTTP/1.1 200 OK\r\n")
        #expect(edge.exchange.lane == .first)
        edge.head()
        finish(edge)
        #expect(edge.caller.ending?.code == .ok && edge.caller.ending?.hedges.won == 0 && edge.faults == [])
    }

    @Test("when both fail the call fails as without a hedge, and another attempt may have one again")
    func bothFail() throws {
        let edge = try late(["retry.max_attempts": "2"])
        edge.fail()
        edge.fail()
        #expect(edge.caller.log == ["retry 2/2 connect"])
        edge.wait()
        #expect(edge.exchange.state == .connecting)
        edge.pass(milliseconds: 100)
        #expect(edge.actions == ["send", "hedge", "dropHedge", "drop", "send", "hedge"])
        edge.connectHedge()
        edge.headOfHedge("HTTP/1.1 200 OK\r\n")
        edge.head(["content-type: application/vnd.amazon.eventstream\r\n", "\r\n"])
        finish(edge)
        #expect(edge.caller.ending?.attempts == 4 && edge.caller.ending?.hedges.sent == 2 && edge.faults == [])
    }

    @Test("the limits of the call end it and its hedge", arguments: [true, false])
    func limits(_ isCancelled: Bool) throws {
        let edge = try late(["timeout.total_ms": "200"])
        if isCancelled { edge.cancel() } else { edge.pass(milliseconds: 100) }
        #expect(edge.caller.ending?.code == (isCancelled ? .cancelled : .timeoutTotal))
        #expect(edge.actions == ["send", "hedge", "drop", "dropHedge", "finish"] && edge.faults == [])
    }

    @Test("hedges cost: a hundred at a time, given back by success alone")
    func quota() throws {
        let shared = try Edge.makeShared()
        var edges: [Edge] = []
        for _ in 0..<100 { try edges.append(late(shared: shared)) }
        #expect(shared.quotaLeft == 0)
        let more = try late(shared: shared)
        #expect(more.actions == ["send"])
        edges[0].cancel()
        #expect(shared.quotaLeft == 0)
        edges[1].head()
        finish(edges[1])
        #expect(shared.quotaLeft == 6)
        for edge in edges + [more] { edge.cancel() }
    }

    @Test("when the limits of both have passed the call fails for that of the first")
    func bothLate() throws {
        let edge = try late(["timeout.connect_ms": "110", "retry.mode": "off"], isConnected: false)
        edge.pass(milliseconds: 200)
        #expect(edge.caller.ending?.code == .timeoutConnect && edge.caller.ending?.hedges.won == 0)
        #expect(edge.actions == ["send", "hedge", "drop", "dropHedge", "finish"] && edge.faults == [])
    }

    @Test("a request that was late and is sent anew is not late")
    func sentAnew() throws {
        let edge = try Edge(["hedge.after_ms": "100"])
        edge.begin()
        edge.connect(reused: true)
        edge.clock.now += 100_000_000
        edge.exchange.timePassed(now: edge.clock.now)
        edge.fail()
        #expect(edge.actions == ["send", "drop", "send"] && edge.freshness == [false, true])
        edge.pass(milliseconds: 100)
        #expect(edge.actions.last == "hedge" && edge.faults == [])
        edge.cancel()
    }

    @Test("none goes out where the rates of the client are used up, or throttling has lowered its pace")
    func rates() throws {
        let governed = try Edge.makeShared()
        var limits = GateLimits()
        limits.requestsPerMinute = 1
        governed.limit(limits)
        #expect(try late(shared: governed).actions == ["send"])
        let adaptive = try Edge(["retry.mode": "adaptive", "hedge.after_ms": "100"])
        adaptive.begin()
        adaptive.refuse()
        while adaptive.exchange.state == .waiting { adaptive.wait() }
        adaptive.pass(milliseconds: 100)
        #expect(adaptive.actions.contains("hedge") == false)
        adaptive.cancel()
    }
}
