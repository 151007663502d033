import Recording
import Testing

@testable import BedrockCore

@Suite struct ExchangesJudged {
    @Test("a veto is the end")
    func veto() throws {
        let edge = try Edge()
        edge.caller.onPlan = { _ in .fail }
        edge.begin()
        edge.refuse()
        #expect(edge.caller.ending?.code == .throttled && edge.caller.log == [] && edge.faults == [])
        #expect(edge.caller.plans == ["retry 2/3 throttled"])
    }

    @Test("a retry that the library would not make")
    func force() throws {
        let edge = try Edge()
        edge.caller.onPlan = { _ in .retry }
        edge.begin()
        edge.refuse(400, "ValidationException")
        edge.wait()
        edge.succeed()
        #expect(edge.caller.plans == ["error 2/3 validation"])
        #expect(edge.caller.log.first == "retry 2/3 validation" && edge.caller.ending?.code == .ok)
        #expect(edge.faults == [])
    }

    @Test("force does not go beyond the attempts, nor behind a delta, nor past what cannot differ")
    func forceHasBounds() throws {
        let often = try Edge()
        often.caller.onPlan = { _ in .retry }
        often.begin()
        for _ in 0..<2 {
            often.refuse(400, "ValidationException")
            often.wait()
        }
        often.refuse(400, "ValidationException")
        #expect(often.caller.ending?.code == .validation && often.requests.count == 3)
        let visible = try Edge()
        visible.caller.onPlan = { _ in .retry }
        visible.begin()
        visible.open()
        visible.receive(textDelta("a"), Message.throttling)
        #expect(visible.caller.ending?.code == .throttled && visible.requests.count == 1)
        let late = try Edge(["timeout.total_ms": "1000"])
        late.caller.onPlan = { _ in .retry }
        late.begin()
        late.wait()
        #expect(late.caller.ending?.code == .timeoutTotal && late.requests.count == 1)
        #expect(often.faults + visible.faults + late.faults == [])
    }

    @Test("force does not go beyond the quota")
    func forceNeedsQuota() throws {
        let shared = try Edge.makeShared()
        for _ in 0..<200 where shared.quotaLeft >= 14 {
            let edge = try Edge(shared: shared)
            edge.begin()
            edge.refuse(500, "InternalServerException")
            edge.cancel()
        }
        let edge = try Edge(shared: shared)
        edge.caller.onPlan = { _ in .retry }
        edge.begin()
        edge.refuse(500, "InternalServerException")
        #expect(edge.caller.ending?.code == .internalServer && edge.faults == [])
    }

    @Test("a stream that is freed from within a verdict ends once, and its texts stay readable", arguments: 0..<3)
    func freedInside(_ verdict: Int32) throws {
        let edge = try Edge()
        var seen: [String] = []
        edge.caller.onPlan = { plan in
            edge.exchange.cancelled("the stream was freed, and this text is a longer one", now: edge.clock.now)
            seen = [Caller.text(plan.failure.message), Caller.text(plan.modelID), Caller.text(plan.region)]
            return Verdict(rawValue: verdict) ?? .asPlanned
        }
        edge.begin()
        edge.refuse()
        #expect(seen == ["why", "m", "us-east-1"])
        #expect(edge.caller.ending?.code == .cancelled && edge.caller.log == [] && edge.faults == [])
    }

    @Test("a stream that is freed from within a notice ends once, and its texts stay readable")
    func freedInsideANotice() throws {
        for flow in Flow.allCases {
            let edge = try Edge()
            var seen: [String] = []
            edge.caller.onNotice = { notice in
                edge.exchange.cancelled("the stream was freed, and this text is a longer one", now: edge.clock.now)
                seen = [Caller.text(notice.failure.message), Caller.text(notice.modelID)]
                return flow
            }
            edge.begin()
            edge.refuse()
            #expect(seen == ["why", "m"] && edge.caller.ending?.code == .cancelled && edge.faults == [])
        }
    }

    @Test("a cancel from within a verdict or a notice")
    func cancelledInside() throws {
        for inNotice in [false, true] {
            let edge = try Edge()
            if inNotice {
                edge.caller.onNotice = { _ in
                    edge.caller.isCancelled = true
                    return .goOn
                }
            } else {
                edge.caller.onPlan = { _ in
                    edge.caller.isCancelled = true
                    return .asPlanned
                }
            }
            edge.begin()
            edge.refuse()
            #expect(edge.caller.ending?.code == .cancelled && edge.requests.count == 1 && edge.faults == [])
        }
        let returned = try Edge()
        returned.caller.onNotice = { _ in .cancel }
        returned.begin()
        returned.refuse()
        #expect(returned.caller.ending?.code == .cancelled && returned.faults == [])
    }

    @Test("a detach from within a verdict: no notice follows, the end does")
    func detachedInside() throws {
        let edge = try Edge()
        edge.caller.onPlan = { _ in
            edge.caller.isDetached = true
            return .asPlanned
        }
        edge.begin()
        edge.refuse()
        edge.wait()
        edge.succeed()
        #expect(edge.caller.log == [] && edge.caller.ending?.code == .ok && edge.faults == [])
    }

    @Test("a cancel is not asked about")
    func cancels() throws {
        let edge = try Edge()
        edge.begin()
        edge.cancel()
        #expect(edge.caller.plans == [] && edge.caller.ending?.code == .cancelled)
    }
}

@Suite struct ExchangesThatFallBack {
    private func refuseAll(_ edge: Edge, times: Int = 3) {
        for attempt in 1...times {
            edge.refuse()
            if attempt < times { edge.wait() }
        }
    }

    @Test func otherModelsAndRegions() throws {
        let edge = try Edge(["fallback": "n,@us-west-2,o@eu-west-1"])
        edge.begin()
        refuseAll(edge)
        #expect(edge.caller.log == ["retry 2/3 throttled", "retry 3/3 throttled", "fallback 1/3 throttled"])
        for _ in 0..<2 {
            edge.wait()
            refuseAll(edge)
        }
        edge.wait()
        edge.succeed()
        let ending = edge.caller.ending
        #expect(ending?.code == .ok && ending?.modelID == "o" && ending?.region == "eu-west-1")
        #expect(edge.caller.log.filter { $0.hasPrefix("fallback") }.count == 3 && edge.faults == [])
        #expect(ending?.attempts == 10 && edge.requests.count == 10)
        checkRequests(edge)
    }

    private func checkRequests(_ edge: Edge) {
        let places = [0, 3, 6, 9].map { edge.urls[$0] }
        let host = { (region: String) in "https://bedrock-runtime.\(region).amazonaws.com/model/" }
        #expect(
            places == [
                host("us-east-1") + "m/converse-stream", host("us-east-1") + "n/converse-stream",
                host("us-west-2") + "n/converse-stream", host("eu-west-1") + "o/converse-stream",
            ])
        #expect(edge.attemptHeaders[2...3] == ["attempt=3; max=3", "attempt=1; max=3"])
        let ids = edge.requests.indices.map { edge.header("amz-sdk-invocation-id", $0) }
        #expect(Set(ids).count == 4)
        #expect(edge.header("authorization", 6)?.contains("/us-west-2/bedrock/") == true)
    }

    @Test("a notice tells who is asked, its error who failed")
    func notices() throws {
        let edge = try Edge(["fallback": "n@us-west-2", "retry.mode": "off"])
        var told: [[String]] = []
        let note = { (notice: NoticeView) in
            let partial = notice.failure.partial
            told.append([notice.modelID, notice.region, partial.modelID, partial.region].map { Caller.text($0) })
        }
        edge.caller.onPlan = {
            note($0)
            return .asPlanned
        }
        edge.caller.onNotice = {
            note($0)
            return .goOn
        }
        edge.begin()
        edge.refuse()
        edge.wait()
        edge.refuse()
        let there = ["n", "us-west-2", "m", "us-east-1"]
        #expect(told == [there, there, ["n", "us-west-2", "n", "us-west-2"]])
        #expect(edge.caller.ending?.modelID == "n" && edge.caller.ending?.region == "us-west-2")
        #expect(edge.caller.plans == ["fallback 1/1 throttled", "error 2/1 throttled"] && edge.faults == [])
    }

    @Test("only for what another model or region may do better, and only before anything was delivered")
    func notForAll() throws {
        for (type, status, count) in [
            ("ServiceUnavailableException", 503, 2), ("ModelNotReadyException", 429, 2),
            ("InternalServerException", 500, 1), ("ValidationException", 400, 1),
        ] {
            let edge = try Edge(["fallback": "n", "retry.mode": "off"])
            edge.begin()
            edge.refuse(status, type)
            edge.wait()
            #expect(edge.requests.count == count && edge.faults == [], "\(type)")
        }
        let edge = try Edge(["fallback": "n", "retry.mode": "off"])
        edge.begin()
        edge.open()
        edge.receive(Message.start, textDelta("a"), Message.throttling)
        #expect(edge.caller.ending?.code == .throttled && edge.requests.count == 1 && edge.faults == [])
    }

    @Test("early events are kept back for the sake of a fallback alone")
    func early() throws {
        let edge = try Edge(["fallback": "n", "retry.mode": "off"])
        edge.begin()
        edge.open()
        edge.receive(Message.start, Message.throttling)
        edge.wait()
        edge.succeed()
        #expect(edge.caller.log == ["fallback 1/1 throttled", "messageStart", "text Hello", "messageStop"])
        #expect(edge.faults == [])
    }

    @Test("a veto, and a stream that is freed in the notice")
    func ended() throws {
        let vetoed = try Edge(["fallback": "n", "retry.mode": "off"])
        vetoed.caller.onPlan = { _ in .fail }
        vetoed.begin()
        vetoed.refuse()
        #expect(vetoed.caller.ending?.code == .throttled && vetoed.caller.ending?.modelID == "m")
        let freed = try Edge(["fallback": "n", "retry.mode": "off"])
        freed.caller.onNotice = { _ in .cancel }
        freed.begin()
        freed.refuse()
        #expect(freed.caller.ending?.code == .cancelled && freed.caller.ending?.modelID == "m")
        #expect(vetoed.faults + freed.faults == [])
    }

    @Test("a region that cannot be asked ends with that")
    func badRegion() throws {
        let edge = try Edge(["fallback": "@us-west-2", "retry.mode": "off", "endpoint_url": "http://127.0.0.1:1"])
        edge.begin()
        edge.refuse()
        edge.wait()
        // The same endpoint, signed for the other region.
        #expect(edge.urls[0] == edge.urls[1])
        #expect(edge.header("authorization", 1)?.contains("/us-west-2/") == true && edge.faults == [])
    }
}
