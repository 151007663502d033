import Recording
import Testing

@testable import BedrockCore

private let millisecond: Int64 = 1_000_000
/// When the stream is opened, in milliseconds; nothing depends on it.
private let opened: Int64 = 5000

private func at(_ milliseconds: Int64) -> Int64 { (opened + milliseconds) * millisecond }

private func nanoseconds(_ resolved: Int64, _ tcp: Int64, _ tls: Int64) -> ConnectionTimes {
    ConnectionTimes(
        resolved: resolved * millisecond, tcpConnected: tcp * millisecond,
        tlsConnected: tls < 0 ? -1 : tls * millisecond)
}

private func timeline(deltas: [Int64]) -> Timeline {
    var timeline = Timeline(opened: at(0))
    for delta in deltas { timeline.delta(now: at(delta)) }
    return timeline
}

@Suite struct TimelineTests {
    @Test func connecting() {
        var timeline = Timeline(opened: at(0))
        timeline.started = at(10)
        timeline.connect(nanoseconds(1, 5, 9), now: at(20))
        timeline.send(100, isWhole: false, now: at(21))
        var timings = timeline.timings(outputTokens: -1)
        #expect(timings.resolved == 11_000 && timings.tcpConnected == 15_000 && timings.tlsConnected == 19_000)
        #expect(timings.connected == 20_000 && timings.requestSent == -1 && timings.bytesSent == 100)
        timeline.send(23, isWhole: true, now: at(25))
        timeline.send(0, isWhole: true, now: at(30))
        timings = timeline.timings(outputTokens: -1)
        #expect(timings.requestSent == 25_000 && timings.bytesSent == 123)
    }

    @Test("what was not done has no time", arguments: [ConnectionTimes(), nanoseconds(1, 2, -1)])
    func notDone(_ times: ConnectionTimes) {
        var timeline = Timeline(opened: at(0))
        timeline.started = at(10)
        timeline.connect(times, now: at(20))
        let timings = timeline.timings(outputTokens: -1)
        #expect((timings.resolved == -1) == (times.resolved < 0))
        #expect((timings.tcpConnected == -1) == (times.tcpConnected < 0))
        #expect(timings.tlsConnected == -1 && timings.connected == 20_000)
    }

    @Test("a transport's own clock does not lead behind the moment that it tells of, nor over the edge")
    func clocksThatDiffer() {
        var timeline = Timeline(opened: at(0))
        timeline.started = at(10)
        timeline.connect(ConnectionTimes(resolved: 0, tcpConnected: 15 * millisecond, tlsConnected: .max), now: at(20))
        let timings = timeline.timings(outputTokens: -1)
        #expect(timings.resolved == 10_000 && timings.tcpConnected == 20_000 && timings.tlsConnected == 20_000)
    }

    @Test func anotherRequest() {
        var timeline = Timeline(opened: at(0))
        timeline.started = at(10)
        timeline.connect(nanoseconds(1, 2, 3), now: at(20))
        timeline.send(100, isWhole: true, now: at(21))
        timeline.delta(now: at(22))
        timeline.renew()
        var timings = timeline.timings(outputTokens: -1)
        #expect([timings.resolved, timings.tcpConnected, timings.tlsConnected] == [-1, -1, -1])
        #expect([timings.connected, timings.requestSent, timings.firstByte] == [-1, -1, -1])
        #expect(timings.firstDelta == 22_000 && timings.bytesSent == 100)
        timeline.started = at(30)
        timeline.connect(ConnectionTimes(), now: at(31))
        timeline.send(50, isWhole: true, now: at(32))
        timings = timeline.timings(outputTokens: -1)
        #expect(timings.requestSent == 32_000 && timings.bytesSent == 150)
    }

    /// libcurl leaves a dead connection for another by itself.
    @Test func anotherConnection() {
        var timeline = Timeline(opened: at(0))
        timeline.started = at(10)
        timeline.connect(ConnectionTimes(), now: at(20))
        timeline.send(100, isWhole: true, now: at(21))
        timeline.connect(nanoseconds(12, 13, 14), now: at(30))
        var timings = timeline.timings(outputTokens: -1)
        #expect(timings.requestSent == -1 && timings.tlsConnected == 24_000)
        timeline.send(100, isWhole: true, now: at(31))
        timings = timeline.timings(outputTokens: -1)
        #expect(timings.requestSent == 31_000 && timings.bytesSent == 200)
    }
}

@Suite struct DeltaGapsTests {
    @Test(
        arguments: [
            ([], -1, -1), ([10], -1, -1), ([10, 10], 0, -1), ([10, 11, 31, 34], 20_000, 1000),
            ([10, 30, 31], 20_000, 24_000 / 21),
        ] as [([Int64], Int64, Double)])
    func gaps(_ deltas: [Int64], _ longest: Int64, _ rate: Double) {
        let timings = timeline(deltas: deltas).timings(outputTokens: 24)
        #expect(timings.longestGap == longest)
        #expect(abs(timings.outputTokensPerSecond - rate) < 1e-9)
        #expect(timings.firstDelta == deltas.first.map { $0 * 1000 } ?? -1)
    }

    @Test func tokensThatWereNotReported() {
        #expect(timeline(deltas: [1, 2]).timings(outputTokens: -1).outputTokensPerSecond == -1)
        #expect(timeline(deltas: [1, 2]).timings(outputTokens: 0).outputTokensPerSecond == 0)
        #expect(timeline(deltas: [1, 2]).timings(outputTokens: .max).outputTokensPerSecond > 9e21)
    }

    @Test("what the caller holds back does not count, however often it is said")
    func pauses() {
        var timeline = timeline(deltas: [0, 5])
        timeline.pause(true, now: at(6))
        timeline.pause(true, now: at(500))
        timeline.pause(false, now: at(1006))
        timeline.pause(false, now: at(1500))
        timeline.delta(now: at(1506))
        let timings = timeline.timings(outputTokens: 506)
        #expect(timings.longestGap == 501_000 && timings.outputTokensPerSecond == 1000)
    }

    @Test func pauseBeforeTheFirstDelta() {
        var timeline = Timeline(opened: at(0))
        timeline.pause(true, now: at(6))
        timeline.pause(false, now: at(1000))
        for delta: Int64 in [1100, 1102] { timeline.delta(now: at(delta)) }
        #expect(timeline.timings(outputTokens: 2).longestGap == 2000)
    }

    @Test("what is skipped counts neither as a gap nor as time")
    func skippedGaps() {
        var timeline = timeline(deltas: [0, 10, 30])
        timeline.skipGap()
        timeline.skipGap()
        for delta: Int64 in [5000, 5005] { timeline.delta(now: at(delta)) }
        timeline.skipGap()
        timeline.delta(now: at(9000))
        let timings = timeline.timings(outputTokens: 70)
        #expect(timings.longestGap == 20_000 && timings.outputTokensPerSecond == 2000)
    }
}

@Suite struct CallTimingsTests {
    private static let head = StreamRecorder.streamHead.reduce(0) { $0 + $1.utf8.count }

    @Test("every number of a call in one attempt")
    func oneAttempt() throws {
        let edge = try Edge()
        let answer = [Message.start, textDelta("a"), textDelta("b"), textDelta("c"), Message.stop, Message.metadata]
        edge.begin()
        edge.pass(milliseconds: 10)
        edge.connect(nanoseconds(1, 2, 4))
        edge.pass(milliseconds: 1)
        edge.sent(300, isWhole: false)
        edge.pass(milliseconds: 1)
        edge.sent(50)
        edge.pass(milliseconds: 20)
        edge.head()
        for message in answer {
            edge.pass(milliseconds: 5)
            edge.receive(message)
        }
        edge.endBody()
        let timings = try #require(edge.caller.ending).timings
        var meant = Timings()
        (meant.resolved, meant.tcpConnected, meant.tlsConnected) = (1000, 2000, 4000)
        (meant.connected, meant.requestSent, meant.firstByte) = (10_000, 12_000, 32_000)
        (meant.firstDelta, meant.longestGap, meant.total) = (42_000, 5000, 62_000)
        (meant.bytesSent, meant.bytesReceived) = (350, Int64(Self.head + answer.joined().count))
        meant.outputTokensPerSecond = 200
        #expect(timings == meant && edge.faults.isEmpty)
    }

    @Test("bytes and gaps of all attempts, moments of the last")
    func twoAttempts() throws {
        let edge = try Edge(["recovery": "restart"])
        let cut = [Message.start, textDelta("a")]
        let whole = [Message.start, textDelta("b"), Message.stop]
        edge.begin()
        edge.connect(nanoseconds(0, 0, 0))
        edge.sent(100)
        edge.head()
        edge.receive(Bytes(cut.joined()))
        edge.fail()
        let delay = try #require(edge.caller.delays.first) / 1000
        edge.wait()
        let waited = (delay + 999) / 1000 * 1000
        edge.pass(milliseconds: 3)
        edge.connect(reused: true)
        edge.sent(101)
        edge.pass(milliseconds: 4)
        edge.head()
        edge.receive(Bytes(whole.joined()))
        edge.endBody()
        let timings = try #require(edge.caller.ending).timings
        #expect(timings.tcpConnected == -1 && timings.tlsConnected == -1 && timings.firstDelta == 0)
        #expect(timings.connected == waited + 3000 && timings.requestSent == waited + 3000)
        #expect(timings.firstByte == waited + 7000 && timings.longestGap == waited + 7000)
        #expect(timings.bytesSent == 201)
        #expect(timings.bytesReceived == Int64(2 * Self.head + cut.joined().count + whole.joined().count))
        #expect(edge.faults.isEmpty)
    }

    @Test("bytes that are brought again count once, and pauses not at all")
    func pausedCall() throws {
        let edge = try Edge()
        let first = Bytes([Message.start, textDelta("a"), textDelta("b")].joined())
        let second = Bytes([textDelta("c"), Message.stop].joined())
        edge.caller.onEvent = { $0.hasDelta ? .pause : .goOn }
        edge.begin()
        edge.open()
        edge.receive(first)
        edge.pass(milliseconds: 50)
        let whileHeld = edge.receive(second)
        #expect(whileHeld == .wait)
        edge.resume()
        edge.pass(milliseconds: 50)
        edge.resume()
        edge.pass(milliseconds: 2)
        edge.receive(second)
        edge.pass(milliseconds: 50)
        edge.resume()
        edge.endBody()
        let timings = try #require(edge.caller.ending).timings
        #expect(timings.bytesReceived == Int64(Self.head + first.count + second.count))
        #expect(timings.longestGap == 2000 && timings.total == 152_000)
    }

    @Test("tools take their own time, and so does the model until it answers them")
    func rounds() throws {
        let edge = try ExchangeTurns.waiting()
        edge.pass(milliseconds: 500)
        try edge.answer("a")
        edge.sent(70)
        edge.pass(milliseconds: 500)
        edge.open()
        for text in ["a", "b"] {
            edge.pass(milliseconds: 10)
            edge.receive(textDelta(text))
        }
        edge.receive(Message.stop, Message.metadata)
        edge.endBody()
        let timings = try #require(edge.caller.ending).timings
        #expect(timings.longestGap == 10_000 && timings.firstDelta == 0 && timings.bytesSent == 70)
        // Two rounds of two tokens each.
        #expect(timings.outputTokensPerSecond == 400)
    }

    @Test func nothingWasSent() throws {
        let edge = try Edge()
        edge.begin()
        edge.cancel()
        edge.sent(5)
        let timings = try #require(edge.caller.ending).timings
        #expect(timings.bytesSent == 0 && timings.bytesReceived == 0 && timings.longestGap == -1)
        #expect(timings.requestSent == -1 && timings.outputTokensPerSecond == -1)
    }
}
