import Recording
import Testing

@testable import BedrockCore

@Suite struct Exchanges {
    @Test func oneAttempt() throws {
        let edge = try Edge()
        edge.begin()
        #expect(edge.exchange.state == .connecting && edge.actions == ["send"])
        edge.connect()
        #expect(edge.exchange.state == .requesting)
        edge.head()
        #expect(edge.exchange.state == .answering)
        edge.receive(Message.start, textDelta("Hel"))
        #expect(edge.caller.log == ["messageStart", "text Hel"])
        edge.receive(textDelta("lo"), Message.stop, Message.metadata)
        edge.endBody()
        #expect(edge.caller.log == ["messageStart", "text Hel", "text lo", "messageStop", "metadata"])
        let ending = edge.caller.ending
        #expect(ending?.code == .ok && ending?.text == "Hello" && ending?.delivered == 2 && ending?.attempts == 1)
        #expect(ending?.modelID == "m" && ending?.region == "us-east-1" && ending?.usage.outputTokens == 2)
        #expect(edge.actions == ["send", "drop", "finish"] && edge.faults == [])
        #expect(edge.caller.plans == [])
    }

    @Test func withoutADelta() throws {
        let edge = try Edge()
        edge.begin()
        edge.open()
        edge.receive(Message.start)
        #expect(edge.caller.log == [])
        edge.receive(Message.stop)
        #expect(edge.caller.log == ["messageStart", "messageStop"])
        edge.endBody()
        #expect(edge.caller.ending?.code == .ok && edge.faults == [])
    }

    /// An invoke answer of an unknown family may have nothing that counts at all.
    @Test func nothingThatCounts() throws {
        let edge = try Edge(operation: .invokeModelWithResponseStream)
        edge.begin()
        edge.open()
        edge.receive(Wire.event("new", "{}"), Wire.chunk(#"{"a":1}"#))
        edge.endBody()
        #expect(edge.caller.ending?.code == .ok && edge.faults == [])
        #expect(edge.caller.log == ["other", "other"])
    }

    @Test func aRequestThatCannotBeMade() throws {
        for (code, error) in [(["region": "us-east-1"], ErrorCode.credentials), ([:], .region)] {
            let edge = try Edge(code: code)
            edge.begin()
            #expect(edge.caller.ending?.code == error && edge.caller.ending?.phase == .prepare)
            #expect(edge.caller.ending?.attempts == 0 && edge.requests.isEmpty && edge.faults == [])
        }
    }

    @Test func theEdgeCannotGoOn() throws {
        let edge = try Edge()
        edge.begin()
        edge.exchange.refused(Failure(.memory, .prepare, "out of memory"), now: edge.clock.now)
        edge.act()
        #expect(edge.caller.ending?.code == .memory && edge.actions == ["send", "drop", "finish"])
        #expect(edge.faults == [])
    }

    @Test func nothingFollowsTheEnd() throws {
        let edge = try Edge()
        edge.begin()
        edge.succeed()
        let (log, actions) = (edge.caller.log, edge.actions)
        edge.begin()
        edge.connect()
        edge.head()
        #expect(edge.receive(textDelta("late")) == .stop)
        edge.endBody()
        edge.fail()
        edge.resume()
        edge.cancel()
        edge.detach()
        edge.pass(milliseconds: 86_400_000)
        edge.exchange.identitySettled(now: edge.clock.now)
        edge.exchange.refused(Failure(.memory, .prepare, "late"), now: edge.clock.now)
        edge.act()
        #expect(edge.caller.log == log && edge.caller.endings.count == 1 && edge.faults == [])
        // What the harness itself wrote down: the request must not go out.
        #expect(edge.actions == actions + ["stay"])
    }

    @Test("an exception's connection is read on, a broken one dropped")
    func releases() throws {
        let read = try Edge(["retry.mode": "off"])
        read.begin()
        read.open()
        #expect(read.receive(Message.start, Message.throttling) == .taken)
        #expect(read.actions == ["send", "drain", "finish"])
        let broken = try Edge(["retry.mode": "off"])
        broken.begin()
        broken.open()
        broken.receive(Bytes(repeating: 0, count: 20))
        #expect(broken.caller.ending?.code == .protocol && broken.actions == ["send", "drop", "finish"])
        #expect(read.faults + broken.faults == [])
    }

    @Test("bytes behind an exception are taken while they are to be read on")
    func behindAnException() throws {
        let edge = try Edge()
        edge.begin()
        edge.open()
        let bytes = (Message.start + Message.throttling).span
        #expect(edge.exchange.received(bytes, now: edge.clock.now) == .taken)
        #expect(edge.exchange.received(bytes, now: edge.clock.now) == .taken)
        edge.act()
        #expect(edge.exchange.received(bytes, now: edge.clock.now) == .stop)
        #expect(edge.actions == ["send", "drain"] && edge.faults == [])
    }
}

@Suite struct ExchangesCancelled {
    /// Brings an exchange to a state.
    static let ways: [(name: String, state: Exchange.State, go: @Sendable (Edge) -> Void)] = [
        ("at first", .opened, { _ in }),
        ("connecting", .connecting, { $0.begin() }),
        (
            "requesting", .requesting,
            {
                $0.begin(); $0.connect()
            }
        ),
        (
            "answering", .answering,
            {
                $0.begin(); $0.open(); $0.receive(Message.start, textDelta("a"))
            }
        ),
        (
            "waiting", .waiting,
            {
                $0.begin(); $0.refuse()
            }
        ),
        (
            "resolving", .resolving,
            {
                $0.begin(); $0.refuse(403, "ExpiredTokenException")
            }
        ),
        (
            "paused", .answering,
            {
                $0.caller.onEvent = { $0.hasDelta ? .pause : .goOn }
                $0.begin()
                $0.open()
                $0.receive(Message.start, textDelta("a"), textDelta("b"))
            }
        ),
        (
            "paused, all there", .answering,
            {
                $0.caller.onEvent = { $0.hasDelta ? .pause : .goOn }
                $0.begin()
                $0.open()
                $0.receive(Message.start, textDelta("a"), Message.stop)
                $0.endBody()
            }
        ),
    ]

    private func edge() throws -> Edge {
        try Edge(
            code: ["region": "us-east-1", "timeout.total_ms": "600000"],
            environment: ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S"])
    }

    @Test(arguments: ways.indices)
    func inEachState(_ index: Int) throws {
        let way = Self.ways[index]
        let edge = try edge()
        way.go(edge)
        #expect(edge.exchange.state == way.state, "\(way.name)")
        let log = edge.caller.log
        edge.cancel()
        #expect(edge.exchange.hasEnded && edge.caller.ending?.code == .cancelled, "\(way.name)")
        #expect(edge.caller.log == log && edge.faults == [], "\(way.name): \(edge.faults)")
    }

    @Test("the total limit ends whatever has no other end", arguments: ways.indices)
    func totalLimitInEachState(_ index: Int) throws {
        let way = Self.ways[index]
        let edge = try edge()
        way.go(edge)
        edge.pass(milliseconds: 600_000)
        let code = edge.caller.ending?.code
        // Of two limits that have passed, the nearer one counts.
        #expect(code == .timeoutTotal || way.name == "connecting" || way.name == "requesting" || code != nil)
        #expect(edge.faults == [], "\(way.name): \(edge.faults)")
    }

    @Test("a cancel from within each event is the last thing but the end")
    func insideAnEvent() throws {
        let messages = [Message.start, Message.toolStart, delta(#"{"toolUse":{"input":"{}"}}"#), Message.blockStop]
        for at in 1...5 {
            for byWish in [false, true] {
                let edge = try Edge()
                edge.caller.onEvent = { _ in
                    guard edge.caller.log.count == at else { return .goOn }
                    edge.caller.isCancelled = byWish
                    return byWish ? .goOn : .cancel
                }
                edge.begin()
                edge.open()
                edge.receive(messages.flatMap { $0 }, Message.stop)
                edge.endBody()
                #expect(edge.caller.log.count == at && edge.caller.ending?.code == .cancelled, "\(at)")
                #expect(edge.faults == [])
            }
        }
    }

    @Test("a stream that is freed from within an event ends there")
    func freedInsideAnEvent() throws {
        let edge = try Edge()
        edge.caller.onEvent = {
            if $0.hasDelta { edge.exchange.cancelled("the stream was freed", now: edge.clock.now) }
            return .goOn
        }
        edge.begin()
        edge.open()
        edge.receive(Message.start, textDelta("a"), textDelta("b"), Message.stop)
        #expect(edge.caller.log == ["messageStart", "text a"] && edge.caller.endings.count == 1)
        #expect(edge.caller.ending?.message == "the stream was freed" && edge.faults == [])
    }

    @Test func outOfMemoryOfTheConsumer() throws {
        let edge = try Edge()
        edge.caller.onEvent = { _ in
            edge.caller.isOutOfMemory = true
            return .cancel
        }
        edge.begin()
        edge.open()
        edge.receive(Message.start, textDelta("a"))
        #expect(edge.caller.ending?.code == .memory && edge.faults == [])
    }
}

@Suite struct ExchangesPaused {
    static let messages = [
        Message.start, textDelta("a"), textDelta("b"), Message.toolStart, delta(#"{"toolUse":{"input":"{}"}}"#),
        Message.blockStop, Message.stop, Message.metadata,
    ]
    static let whole = [
        "messageStart", "text a", "text b", "blockStart", "toolInput {}", "blockStop", "tool n {}", "messageStop",
        "metadata",
    ]

    @Test("a pause at each event loses nothing, whatever happens meanwhile", arguments: 1...whole.count)
    func atEachEvent(_ at: Int) throws {
        for meanwhile in 0..<3 {
            let edge = try Edge()
            edge.caller.onEvent = { _ in edge.caller.log.count == at ? .pause : .goOn }
            edge.begin()
            edge.open()
            edge.receive(Self.messages.flatMap { $0 })
            #expect(edge.exchange.isPaused && edge.caller.log.count == at)
            #expect(edge.exchange.deadline == nil)
            if meanwhile == 1 { edge.endBody() }
            // A timer that was set before.
            if meanwhile == 2 { edge.pass(milliseconds: 100_000) }
            #expect(edge.caller.log.count == at)
            edge.resume()
            if meanwhile != 1 { edge.endBody() }
            #expect(edge.caller.log == Self.whole && edge.caller.ending?.code == .ok && edge.faults == [])
            #expect(edge.actions.contains("resume") == (meanwhile != 1))
        }
    }

    @Test func atEveryEvent() throws {
        let edge = try Edge()
        edge.caller.onEvent = { _ in .pause }
        edge.begin()
        edge.open()
        edge.receive(Self.messages.flatMap { $0 })
        edge.endBody()
        for count in 1...Self.whole.count {
            #expect(edge.exchange.isPaused && edge.caller.log == Array(Self.whole.prefix(count)))
            edge.resume()
        }
        #expect(edge.caller.ending?.code == .ok && edge.faults == [])
    }

    @Test("of an answer that is all early, each event may pause")
    func allEarly() throws {
        let edge = try Edge(operation: .invokeModelWithResponseStream)
        edge.caller.onEvent = { _ in .pause }
        edge.begin()
        edge.open()
        edge.receive(Wire.event("a", "{}"), Wire.event("b", "{}"), Wire.chunk(#"{"a":1}"#))
        edge.endBody()
        for count in 1...3 {
            #expect(edge.exchange.isPaused && edge.caller.log.count == count && edge.caller.endings.isEmpty)
            // The timer of a limit that was set before.
            edge.pass(milliseconds: 100_000)
            #expect(edge.caller.log.count == count && edge.caller.endings.isEmpty)
            edge.resume()
        }
        #expect(edge.caller.ending?.code == .ok && edge.faults == [])
    }

    @Test func bytesWaitWithTheTransport() throws {
        let edge = try Edge()
        edge.caller.onEvent = { $0.hasDelta && edge.caller.log.count == 2 ? .pause : .goOn }
        edge.begin()
        edge.open()
        #expect(edge.receive(Message.start, textDelta("a")) == .taken)
        #expect(edge.receive(textDelta("b")) == .wait)
        edge.resume()
        #expect(edge.actions.last == "resume")
        #expect(edge.receive(textDelta("b"), Message.stop) == .taken)
        edge.endBody()
        #expect(edge.caller.text == "ab" && edge.caller.ending?.code == .ok && edge.faults == [])
    }

    @Test func theFailureWaitsForWhatCameBefore() throws {
        let edge = try Edge()
        edge.caller.onEvent = { _ in edge.caller.log.count == 2 ? .pause : .goOn }
        edge.begin()
        edge.open()
        edge.receive(Message.start, textDelta("a"), textDelta("b"))
        edge.fail()
        #expect(edge.caller.endings.isEmpty)
        edge.resume()
        #expect(edge.caller.text == "ab" && edge.caller.ending?.code == .incomplete && edge.faults == [])
    }

    @Test("silence counts again from the moment of the resume")
    func limits() throws {
        let edge = try Edge(["timeout.between_bytes_ms": "1000"])
        edge.caller.onEvent = { $0.hasDelta ? .pause : .goOn }
        edge.begin()
        edge.open()
        edge.receive(Message.start, textDelta("a"))
        edge.pass(milliseconds: 5000)
        #expect(!edge.exchange.hasEnded)
        edge.resume()
        edge.pass(milliseconds: 999)
        #expect(!edge.exchange.hasEnded)
        edge.pass(milliseconds: 1)
        #expect(edge.caller.ending?.code == .timeoutBetweenBytes && edge.faults == [])
    }

    @Test("a pause at a notice holds the next attempt back")
    func atANotice() throws {
        let edge = try Edge()
        edge.caller.onNotice = { _ in .pause }
        edge.begin()
        edge.refuse()
        #expect(edge.exchange.state == .waiting && edge.exchange.isPaused)
        edge.pass(milliseconds: 100_000)
        #expect(edge.requests.count == 1 && edge.caller.log == ["retry 2/3 throttled"])
        edge.resume()
        #expect(edge.requests.count == 2)
        edge.succeed()
        #expect(edge.caller.text == "Hello" && edge.caller.ending?.code == .ok && edge.faults == [])
    }

    @Test("a resume before the wait is over leaves it as it is")
    func atANoticeShortly() throws {
        let edge = try Edge()
        edge.caller.onNotice = { _ in .pause }
        edge.begin()
        edge.refuse()
        edge.resume()
        #expect(edge.requests.count == 1 && edge.exchange.deadline != nil)
        edge.wait()
        #expect(edge.requests.count == 2 && edge.faults == [])
    }
}

@Suite struct ExchangesDetached {
    @Test("nothing but the end comes after a detach", arguments: 0...ExchangesPaused.whole.count)
    func atEachEvent(_ at: Int) throws {
        for isPaused in [false, true] {
            let edge = try Edge()
            edge.caller.onEvent = { _ in
                guard edge.caller.log.count == at else { return .goOn }
                edge.caller.isDetached = !isPaused
                return isPaused ? .pause : .goOn
            }
            edge.begin()
            edge.open()
            if at == 0 { edge.detach() }
            edge.receive(ExchangesPaused.messages.flatMap { $0 })
            if isPaused { edge.detach() }
            edge.endBody()
            #expect(edge.caller.log == Array(ExchangesPaused.whole.prefix(at)))
            let deltas = edge.caller.log.count { $0.hasPrefix("text") || $0.hasPrefix("toolInput") }
            let ending = edge.caller.ending
            #expect(ending?.code == .ok && ending?.delivered == UInt64(deltas) && ending?.usage.outputTokens == 2)
            #expect(ending?.text == "ab" && edge.faults == [])
        }
    }

    @Test func whileItWaits() throws {
        let edge = try Edge()
        edge.begin()
        edge.refuse()
        edge.detach()
        edge.wait()
        edge.refuse()
        edge.wait()
        edge.succeed()
        #expect(edge.caller.log == ["retry 2/3 throttled"] && edge.caller.ending?.code == .ok)
        #expect(edge.caller.ending?.attempts == 3 && edge.caller.ending?.delivered == 0 && edge.faults == [])
    }

    @Test func cancelStillEnds() throws {
        let edge = try Edge()
        edge.begin()
        edge.open()
        edge.detach()
        edge.receive(Message.start, textDelta("a"))
        edge.cancel()
        #expect(edge.caller.ending?.code == .cancelled && edge.caller.log == [] && edge.faults == [])
    }
}
