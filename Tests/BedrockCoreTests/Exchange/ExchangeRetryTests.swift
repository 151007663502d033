import Recording
import Testing

@testable import BedrockCore

@Suite struct ExchangesRetried {
    /// A failure before anything was delivered, and its code.
    struct Fault: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: ErrorCode
        let happen: @Sendable (Edge) -> Void

        init(_ name: String, _ code: ErrorCode, _ happen: @escaping @Sendable (Edge) -> Void) {
            testDescription = name
            self.code = code
            self.happen = happen
        }
    }

    static let faults = [
        Fault("throttled", .throttled) { $0.refuse() },
        Fault("not ready", .modelNotReady) { $0.refuse(429, "ModelNotReadyException") },
        Fault("500", .internalServer) { $0.refuse(500, "InternalServerException") },
        Fault("503", .serviceUnavailable) { $0.refuse(503, "ServiceUnavailableException") },
        Fault("503 of a proxy", .serviceUnavailable) { $0.refuse(503, "") },
        Fault("not resolved", .resolve) { $0.fail(.resolve) },
        Fault("not connected", .connect) { $0.fail(.connect) },
        Fault("broken before the head", .transport) {
            $0.connect(); $0.fail()
        },
        Fault("broken in the head", .transport) {
            $0.connect(); $0.head(["HTTP/1.1 200 OK\r\n"]); $0.fail()
        },
        Fault("broken behind the head", .incomplete) {
            $0.open(); $0.fail()
        },
        Fault("cut behind the head", .incomplete) {
            $0.open(); $0.endBody()
        },
        Fault("cut behind the message's start", .incomplete) {
            $0.open(); $0.receive(Message.start); $0.endBody()
        },
        Fault("an exception at first", .throttled) {
            $0.open(); $0.receive(Message.throttling)
        },
        Fault("an exception behind the message's start", .throttled) {
            $0.open()
            $0.receive(Message.start, Message.throttling)
        },
        Fault("an exception behind a block's start", .serviceUnavailable) {
            $0.open()
            $0.receive(Message.start, Message.toolStart)
            $0.receive(Wire.exception("serviceUnavailableException", "{}"))
        },
        Fault("no connection in time", .timeoutConnect) { $0.wait() },
        Fault("no response in time", .timeoutFirstByte) {
            $0.connect(); $0.wait()
        },
        Fault("silence behind the head", .timeoutBetweenBytes) {
            $0.open(); $0.wait()
        },
    ]

    @Test("retried while nothing that counts was delivered", arguments: faults)
    func beforeTheFirstDelta(_ fault: Fault) throws {
        let edge = try Edge()
        edge.begin()
        fault.happen(edge)
        #expect(edge.exchange.state == .waiting && edge.caller.log == ["retry 2/3 \(fault.code)"])
        #expect(edge.caller.plans == edge.caller.log)
        edge.clock.wall += 5
        edge.wait()
        edge.succeed()
        #expect(edge.caller.log == ["retry 2/3 \(fault.code)", "messageStart", "text Hello", "messageStop"])
        #expect(edge.caller.ending?.code == .ok && edge.caller.ending?.attempts == 2 && edge.faults == [])
        checkHeaders(edge)
    }

    /// The AWS SDKs' retry headers, and a signature of its own for each attempt.
    private func checkHeaders(_ edge: Edge) {
        #expect(edge.attemptHeaders == ["attempt=1; max=3", "attempt=2; max=3"])
        let id = edge.header("amz-sdk-invocation-id", 0)
        #expect(id?.count == 36 && id == edge.header("amz-sdk-invocation-id", 1))
        #expect(edge.header("x-amz-date", 0) != edge.header("x-amz-date", 1))
        #expect(edge.header("authorization", 0) != edge.header("authorization", 1))
        #expect(edge.freshness == [false, false])
    }

    @Test("after the attempts the failure is the end", arguments: faults)
    func thrice(_ fault: Fault) throws {
        let edge = try Edge()
        edge.begin()
        for attempt in 1...3 {
            fault.happen(edge)
            if attempt < 3 { edge.wait() }
        }
        #expect(edge.caller.log == ["retry 2/3 \(fault.code)", "retry 3/3 \(fault.code)"])
        #expect(edge.caller.plans == edge.caller.log + ["error 4/3 \(fault.code)"])
        #expect(edge.caller.ending?.code == fault.code && edge.caller.ending?.attempts == 3 && edge.faults == [])
    }

    @Test("not at all where retries are off", arguments: faults)
    func off(_ fault: Fault) throws {
        for setting in [["retry.mode": "off"], ["retry.max_attempts": "1"]] {
            let edge = try Edge(setting)
            edge.begin()
            fault.happen(edge)
            #expect(edge.caller.ending?.code == fault.code && edge.requests.count == 1 && edge.faults == [])
            #expect(edge.attemptHeaders == ["attempt=1; max=1"])
        }
    }

    static let finalFaults = [
        Fault("validation", .validation) { $0.refuse(400, "ValidationException") },
        Fault("access", .accessDenied) { $0.refuse(403, "AccessDeniedException") },
        Fault("not found", .notFound) { $0.refuse(404, "ResourceNotFoundException") },
        Fault("quota", .quotaExceeded) { $0.refuse(400, "ServiceQuotaExceededException") },
        Fault("model timeout", .modelTimeout) { $0.refuse(408, "ModelTimeoutException") },
        Fault("model stream", .modelStream) {
            $0.open()
            $0.receive(Wire.exception("modelStreamErrorException", "{}"))
        },
        Fault("tls", .tls) { $0.fail(.tls) },
        Fault("memory", .memory) { $0.fail(.memory) },
        Fault("protocol", .protocol) {
            $0.open(); $0.receive(Bytes(repeating: 0, count: 20))
        },
        Fault("expired, configured", .expiredToken) { $0.refuse(403, "ExpiredTokenException") },
    ]

    @Test("what another attempt would not change ends at once", arguments: finalFaults)
    func notRetried(_ fault: Fault) throws {
        let edge = try Edge()
        edge.begin()
        fault.happen(edge)
        #expect(edge.caller.ending?.code == fault.code && edge.requests.count == 1 && edge.faults == [])
        #expect(edge.caller.log == [] && edge.caller.plans == ["error 2/3 \(fault.code)"])
    }

    @Test(
        "not after the first delta",
        arguments: [
            Fault("an exception", .throttled) { $0.receive(Message.throttling) },
            Fault("the end", .incomplete) { $0.endBody() },
            Fault("a broken connection", .incomplete) { $0.fail() },
            Fault("silence", .timeoutBetweenBytes) { $0.wait() },
        ])
    func afterTheFirstDelta(_ fault: Fault) throws {
        let edge = try Edge()
        edge.begin()
        edge.open()
        edge.receive(Message.start, textDelta("a"))
        fault.happen(edge)
        #expect(edge.caller.ending?.code == fault.code && edge.caller.ending?.text == "a")
        #expect(edge.requests.count == 1 && edge.caller.log == ["messageStart", "text a"] && edge.faults == [])
    }

    @Test("a retry once the settings allow it", arguments: [("modelStreamErrorException", ErrorCode.modelStream)])
    func modelStreamErrors(_ type: String, _ code: ErrorCode) throws {
        let edge = try Edge(["retry.on_model_stream_error": "retry"])
        edge.begin()
        edge.open()
        edge.receive(Message.start, Wire.exception(type, "{}"))
        edge.wait()
        edge.succeed()
        #expect(edge.caller.log.first == "retry 2/3 \(code)" && edge.caller.ending?.code == .ok)
        #expect(edge.faults == [])
    }

    @Test("events of failed attempts never show, those of the last one once and in order")
    func earlyEvents() throws {
        let edge = try Edge()
        edge.begin()
        for _ in 0..<2 {
            edge.open()
            edge.receive(Message.start, Message.toolStart, Message.throttling)
            edge.wait()
        }
        edge.open()
        edge.receive(Message.start)
        edge.receive(Message.toolStart)
        #expect(edge.caller.log.count == 2)
        edge.receive(delta(#"{"toolUse":{"input":"{}"}}"#))
        let events = edge.caller.log.dropFirst(2)
        #expect(events == ["messageStart", "blockStart", "toolInput {}"])
        edge.receive(Message.blockStop, Message.stop)
        edge.endBody()
        #expect(edge.caller.log.suffix(3) == ["blockStop", "tool n {}", "messageStop"])
        #expect(edge.caller.ending?.code == .ok && edge.caller.ending?.delivered == 1 && edge.faults == [])
    }

    @Test(
        "chunks of a format without known deltas are the answer: none is kept back",
        arguments: [
            #"{"token":"a"}"#, #"{"completion":"a"}"#, #"{"results":[{"score":1}]}"#, "text",
        ])
    func foreignChunks(_ chunk: String) throws {
        let edge = try Edge(operation: .invokeModelWithResponseStream)
        edge.begin()
        edge.open()
        edge.receive(Wire.event("novel", "{}"))
        #expect(edge.caller.log == [])
        edge.receive(Wire.chunk(chunk))
        #expect(edge.caller.log == ["other", "other"])
        edge.fail()
        #expect(edge.caller.ending?.code == .incomplete && edge.requests.count == 1 && edge.faults == [])
    }

    @Test("more early events than are kept are handed over, and that is the first delivery")
    func manyEarlyEvents() throws {
        let edge = try Edge()
        edge.begin()
        edge.open()
        let filler = Wire.event("new", #"{"a":""# + String(repeating: "x", count: 1000) + #""}"#)
        var count = 0
        while edge.caller.log.isEmpty, count < 1000 {
            edge.receive(filler)
            count += 1
        }
        #expect(edge.caller.log.count == count && count > 20 && count < 40)
        edge.receive(Message.throttling)
        #expect(edge.caller.ending?.code == .throttled && edge.requests.count == 1 && edge.faults == [])
    }

    @Test("success gives back what the last retry took")
    func quota() throws {
        let shared = try Edge.makeShared()
        let full = shared.quotaLeft
        let edge = try Edge(shared: shared)
        edge.begin()
        edge.refuse()
        let left = shared.quotaLeft
        #expect(left < full)
        edge.wait()
        edge.succeed()
        #expect(shared.quotaLeft == full && edge.faults == [])
        // What a call that failed has taken is gone.
        let second = try Edge(shared: shared)
        second.begin()
        second.refuse()
        second.cancel()
        #expect(shared.quotaLeft == left && second.faults == [])
    }

    @Test("without quota there are no retries, for no call of the client")
    func withoutQuota() throws {
        let shared = try Edge.makeShared()
        var calls = 0
        while calls < 200 {
            let edge = try Edge(shared: shared)
            edge.begin()
            edge.refuse(500, "InternalServerException")
            calls += 1
            #expect(edge.faults == [])
            if edge.exchange.hasEnded { break }
            edge.cancel()
        }
        #expect(calls > 10 && calls < 200 && shared.quotaLeft >= 0 && shared.quotaLeft < 14)
    }

    // MARK: Connections

    @Test("a dead connection of the pool costs no attempt, once for each attempt")
    func deadConnection() throws {
        let edge = try Edge()
        edge.begin()
        edge.connect(reused: true)
        edge.fail()
        #expect(edge.exchange.state == .connecting && edge.freshness == [false, true])
        #expect(edge.attemptHeaders == ["attempt=1; max=3", "attempt=1; max=3"] && edge.caller.log == [])
        // That the new one is said to be reused as well does not matter.
        edge.connect(reused: true)
        edge.fail()
        #expect(edge.exchange.state == .waiting && edge.caller.log == ["retry 2/3 transport"])
        edge.wait()
        edge.connect(reused: true)
        edge.fail()
        #expect(edge.freshness == [false, true, false, true])
        edge.succeed()
        #expect(edge.caller.ending?.code == .ok && edge.caller.ending?.attempts == 2 && edge.faults == [])
        #expect(edge.caller.plans == ["retry 2/3 transport"])
    }

    @Test("a reused connection that brought something, or is silent, is not dead")
    func notDead() throws {
        let edge = try Edge()
        edge.begin()
        edge.connect(reused: true)
        edge.wait()
        #expect(edge.caller.log == ["retry 2/3 timeoutFirstByte"])
        edge.wait()
        edge.connect(reused: true)
        edge.head(["HTTP/1.1 200 OK\r\n"])
        edge.fail()
        #expect(edge.caller.log.last == "retry 3/3 transport" && edge.faults == [])
    }

    @Test("the transport that wants to send it again in the middle of an answer must not")
    func anotherTryOfTheTransport() throws {
        let edge = try Edge()
        edge.begin()
        edge.open()
        edge.connect()
        #expect(edge.actions == ["send", "stay", "drop"] && edge.caller.log == ["retry 2/3 incomplete"])
        #expect(edge.faults == [])
    }

    // MARK: Limits

    @Test("a wait that the total limit would end is not begun")
    func totalLimit() throws {
        let edge = try Edge(["timeout.total_ms": "2000", "timeout.first_byte_ms": "1999"])
        edge.begin()
        edge.connect()
        edge.pass(milliseconds: 1999)
        #expect(edge.caller.ending?.code == .timeoutFirstByte && edge.caller.log == [] && edge.faults == [])
    }

    @Test("a total limit that passes in a wait ends it")
    func totalLimitInAWait() throws {
        let edge = try Edge(["timeout.total_ms": "60000"])
        edge.begin()
        edge.refuse()
        edge.caller.onNotice = { _ in .pause }
        edge.wait()
        edge.refuse()
        #expect(edge.exchange.state == .waiting && edge.exchange.isPaused)
        edge.wait()
        #expect(edge.caller.ending?.code == .timeoutTotal && edge.faults == [])
        #expect(edge.caller.ending?.message.contains("the last attempt failed: why") == true)
        #expect(edge.clock.now - 1_000_000_000 == 60_000_000_000)
    }

    @Test("the longest limits do not overflow")
    func longestLimits() throws {
        let keys = ["connect", "first_byte", "between_bytes", "total"].map { "timeout.\($0)_ms" }
        let limits = Dictionary(uniqueKeysWithValues: keys.map { ($0, "86400000") })
        let edge = try Edge(limits.merging(["retry.max_backoff_ms": "0", "retry.max_attempts": "100"]) { $1 })
        edge.begin()
        edge.connect()
        #expect((edge.exchange.deadline ?? 0) == edge.clock.now + 86_400_000_000_000)
        edge.exchange.timePassed(now: .max)
        edge.act()
        #expect(edge.caller.ending != nil && edge.faults == [])
    }
}

@Suite struct RequestsBehindAnswers {
    @Test(
        "a request is kept while it may be sent again, and no longer: it may be large",
        arguments: [
            ([:], false), (["recovery": "restart"], true), (["recovery": "continue"], true), (["turn": "auto"], true),
        ])
    func kept(_ settings: [String: String], isKept: Bool) throws {
        let edge = try Edge(settings)
        edge.begin()
        edge.open()
        edge.receive(Message.start)
        let early = edge.exchange.body.bytes.count
        #expect(early > 0)
        edge.receive(textDelta("a"))
        let bodies = [edge.exchange.originalBody, edge.exchange.unbrokenBody, edge.exchange.body]
        let lengths = bodies.map { $0.bytes.count }
        #expect(lengths.allSatisfy { $0 == (isKept ? early : 0) })
        edge.receive(Message.stop, Message.metadata)
        edge.endBody()
        #expect(edge.caller.ending?.code == .ok && edge.caller.ending?.text == "a" && edge.faults == [])
    }
}
