import Recording
import Testing

@testable import BedrockCore

private let conversation =
    #"{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"inferenceConfig":{"maxTokens":4000}}"#
private let nudging = ["recovery": "continue", "recovery.nudge": "Go on."]

private func carrying(_ extra: [String: String] = [:], shared: SharedState? = nil) throws -> Edge {
    let edge = try Edge(["recovery": "continue"].merging(extra) { $1 }, body: conversation, shared: shared)
    edge.begin()
    return edge
}

extension Edge {
    /// An answer that is cut behind a text.
    fileprivate func cut(_ text: String) {
        open()
        receive(Message.start, textDelta(text))
        fail()
    }
}

@Suite struct ExchangesThatRestart {
    @Test("the answer anew: what was delivered is void, early events come again")
    func restart() throws {
        let edge = try Edge(["recovery": "restart"])
        edge.begin()
        edge.cut("Hel")
        #expect(edge.caller.log == ["messageStart", "text Hel", "restart 2/3 incomplete"])
        edge.wait()
        edge.open()
        edge.receive(Message.start, textDelta("Hello"), Message.stop, Message.metadata)
        edge.endBody()
        #expect(edge.caller.log.suffix(4) == ["messageStart", "text Hello", "messageStop", "metadata"])
        let ending = edge.caller.ending
        #expect(ending?.code == .ok && ending?.text == "Hello" && ending?.delivered == 2 && ending?.attempts == 2)
        #expect(edge.bodies[0] == edge.bodies[1] && edge.faults == [])
    }

    @Test("a failure behind a restart, before anything was delivered again, is a mere retry")
    func retryBehindARestart() throws {
        let edge = try Edge(["recovery": "restart"])
        edge.begin()
        edge.open()
        edge.receive(Message.start, textDelta("Hel"), Message.metadata)
        edge.fail()
        edge.wait()
        edge.open()
        edge.receive(Message.start, Message.throttling)
        #expect(edge.caller.log.suffix(2) == ["restart 2/3 incomplete", "retry 3/3 throttled"])
        edge.wait()
        edge.open()
        edge.receive(Message.start, textDelta("Hello"), Message.stop, Message.metadata)
        edge.endBody()
        // What the first attempt cost and delivered is not forgotten.
        let ending = edge.caller.ending
        #expect(ending?.code == .ok && ending?.text == "Hello" && ending?.usage.outputTokens == 4)
        #expect(ending?.delivered == 2 && edge.faults == [])
    }

    @Test("the attempts are counted over restarts")
    func bounds() throws {
        let edge = try Edge(["recovery": "restart"])
        edge.begin()
        for _ in 0..<2 {
            edge.cut("a")
            edge.wait()
        }
        edge.cut("b")
        #expect(edge.caller.ending?.code == .incomplete && edge.caller.ending?.text == "b" && edge.faults == [])
    }
}

@Suite struct ExchangesThatContinue {
    @Test("the text goes on without a gap or a repeat, with one start and one end")
    func continuation() throws {
        let edge = try carrying()
        edge.cut("Hel")
        #expect(edge.caller.log.last == "continuation 2/3 incomplete")
        edge.wait()
        #expect(edge.bodies[1].contains(#"{"role":"assistant","content":[{"text":"Hel"}]}"#))
        edge.open()
        edge.receive(Message.start, textDelta("lo"), Message.blockStop, Message.stop, Message.metadata)
        edge.endBody()
        #expect(
            edge.caller.log == [
                "messageStart", "text Hel", "continuation 2/3 incomplete", "text lo", "blockStop", "messageStop",
                "metadata",
            ])
        let ending = edge.caller.ending
        #expect(ending?.code == .ok && ending?.text == "Hello" && ending?.delivered == 2 && edge.faults == [])
    }

    @Test("cut again and again, each request holds all that was delivered")
    func repeatedly() throws {
        let edge = try carrying(["retry.max_attempts": "5"])
        for text in ["a", "b", "c", "d"] {
            edge.cut(text)
            edge.wait()
        }
        #expect(edge.bodies[4].contains(#""content":[{"text":"abcd"}]"#))
        edge.succeed("e")
        #expect(edge.caller.ending?.text == "abcde" && edge.caller.text == "abcde")
        #expect(edge.caller.ending?.code == .ok && edge.faults == [])
    }

    @Test("a dead connection of the pool loses nothing of a continued answer")
    func deadConnection() throws {
        let edge = try carrying()
        edge.cut("Hel")
        edge.wait()
        edge.connect(reused: true)
        edge.fail()
        #expect(edge.freshness == [false, false, true] && edge.bodies[1] == edge.bodies[2])
        edge.succeed("lo")
        #expect(edge.caller.ending?.text == "Hello" && edge.caller.text == "Hello")
        #expect(edge.caller.ending?.delivered == 2 && edge.caller.ending?.attempts == 2 && edge.faults == [])
    }

    @Test("a failure of the continuation before it brought anything is continued again")
    func failedContinuation() throws {
        let edge = try carrying()
        edge.cut("Hel")
        edge.wait()
        edge.refuse(503, "ServiceUnavailableException")
        #expect(edge.caller.log.last == "continuation 3/3 serviceUnavailable")
        edge.wait()
        edge.succeed("lo")
        #expect(edge.caller.ending?.text == "Hello" && edge.faults == [])
    }

    @Test("a model that takes no prefilled turn is nudged, and so at once in the next call")
    func nudge() throws {
        let shared = try Edge.makeShared()
        let edge = try carrying(nudging, shared: shared)
        edge.cut("Hel")
        edge.wait()
        edge.refuse(400, "ValidationException")
        #expect(edge.caller.log.last == "continuation 3/3 validation")
        edge.wait()
        #expect(edge.bodies[2].contains(#"{"role":"user","content":[{"text":"Go on."}]}"#))
        edge.succeed("lo")
        #expect(edge.caller.ending?.text == "Hello" && edge.caller.ending?.code == .ok)
        let next = try carrying(nudging, shared: shared)
        next.cut("Hel")
        next.wait()
        #expect(next.bodies[1].contains("Go on."))
        next.succeed("lo")
        #expect(next.caller.ending?.text == "Hello" && edge.faults + next.faults == [])
    }

    @Test("a refused continuation ends as what cut the answer")
    func refused() throws {
        let edge = try carrying(["retry.max_attempts": "4"])
        edge.cut("Hel")
        edge.wait()
        edge.refuse(400, "ValidationException")
        edge.wait()
        edge.refuse(400, "ValidationException")
        let ending = edge.caller.ending
        #expect(ending?.code == .incomplete && ending?.text == "Hel" && edge.requests.count == 3)
        #expect(ending?.message.hasSuffix("; its continuation was refused: why") == true && edge.faults == [])
    }

    @Test("never inside a tool call, nor behind the answer's end")
    func notContinued() throws {
        let tool = try carrying()
        tool.open()
        tool.receive(Message.start, textDelta("a"), Message.toolStart, delta(#"{"toolUse":{"input":"{"}}"#))
        tool.fail()
        #expect(tool.caller.ending?.code == .incomplete && tool.requests.count == 1)
        let why = "; it cannot be continued: the answer had begun to call a tool"
        #expect(tool.caller.ending?.message.hasSuffix(why) == true)
        let complete = try carrying()
        complete.open()
        complete.receive(Message.start, textDelta("a"), Message.stop)
        complete.fail()
        #expect(complete.caller.ending?.code == .incomplete && complete.requests.count == 1)
        #expect(tool.faults + complete.faults == [])
    }

    @Test("what cannot be sent is not planned")
    func noRoomForATurn() throws {
        let edge = try Edge(["recovery": "continue"], body: #"{"messages":1}"#)
        edge.begin()
        edge.cut("Hel")
        #expect(edge.caller.plans == ["error 2/3 incomplete"] && edge.caller.log.suffix(1) == ["text Hel"])
        #expect(edge.caller.ending?.code == .incomplete && edge.faults == [])
        #expect(edge.caller.ending?.message.contains("; it cannot be continued: ") == true)
    }

    @Test("a pause, a cancel and a detach at the notice")
    func atTheNotice() throws {
        let paused = try carrying()
        paused.caller.onNotice = { _ in .pause }
        paused.cut("Hel")
        paused.pass(milliseconds: 30_000)
        #expect(paused.requests.count == 1)
        paused.resume()
        paused.succeed("lo")
        #expect(paused.caller.ending?.text == "Hello")
        let cancelled = try carrying()
        cancelled.caller.onNotice = { _ in .cancel }
        cancelled.cut("Hel")
        #expect(cancelled.caller.ending?.code == .cancelled && cancelled.caller.ending?.text == "Hel")
        let detached = try carrying()
        detached.cut("Hel")
        detached.detach()
        detached.wait()
        detached.succeed("lo")
        #expect(detached.caller.ending?.text == "Hello" && detached.caller.ending?.delivered == 1)
        #expect(detached.caller.text == "Hel" && paused.faults + cancelled.faults + detached.faults == [])
    }
}

@Suite struct ExchangesWhoseModelTimesOut {
    private func maxTokens(_ edge: Edge) -> [String] {
        edge.bodies.map { body in
            let rest = body.split(separator: #""maxTokens":"#, maxSplits: 1).last ?? ""
            return String(rest.prefix { $0.isNumber })
        }
    }

    @Test("half as many tokens each time, down to the floor")
    func halved() throws {
        let edge = try Edge(
            ["retry.on_model_timeout": "halve_max_tokens", "retry.min_max_tokens": "900", "retry.max_attempts": "5"],
            body: conversation)
        edge.begin()
        for _ in 0..<4 {
            edge.refuse(408, "ModelTimeoutException")
            edge.wait()
        }
        edge.succeed()
        #expect(maxTokens(edge) == ["4000", "2000", "1000", "900", "900"] && edge.caller.ending?.code == .ok)
        #expect(edge.faults == [])
    }

    @Test("as it was for a retry without halving, and for other failures")
    func notHalved() throws {
        let edge = try Edge(["retry.on_model_timeout": "retry"], body: conversation)
        edge.begin()
        edge.refuse(408, "ModelTimeoutException")
        edge.wait()
        edge.succeed()
        #expect(maxTokens(edge) == ["4000", "4000"])
        let other = try Edge(["retry.on_model_timeout": "halve_max_tokens"], body: conversation)
        other.begin()
        other.refuse()
        other.wait()
        other.succeed()
        #expect(maxTokens(other) == ["4000", "4000"] && edge.faults + other.faults == [])
    }

    @Test("halved over continuations too")
    func continued() throws {
        let edge = try carrying(["retry.on_model_timeout": "halve_max_tokens", "retry.max_attempts": "4"])
        for text in ["a", "b"] {
            edge.open()
            edge.receive(Message.start, textDelta(text), Wire.exception("modelTimeoutException", "{}"))
            edge.wait()
        }
        edge.cut("c")
        edge.wait()
        edge.succeed("d")
        #expect(maxTokens(edge) == ["4000", "2000", "1000", "1000"])
        #expect(edge.caller.ending?.text == "abcd" && edge.faults == [])
    }

    @Test("a fallback is asked for as many as the caller wanted")
    func fallback() throws {
        let edge = try Edge(
            ["retry.on_model_timeout": "halve_max_tokens", "retry.max_attempts": "2", "fallback": "n"],
            body: conversation)
        edge.begin()
        edge.refuse(408, "ModelTimeoutException")
        edge.wait()
        edge.refuse()
        edge.wait()
        edge.succeed()
        #expect(maxTokens(edge) == ["4000", "2000", "4000"] && edge.caller.ending?.modelID == "n")
        #expect(edge.faults == [])
    }
}
