import Recording
import Testing

@testable import BedrockCore

/// Conversations with tools, over several rounds in one stream.
@Suite struct ExchangeTurns {
    static let body = #"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#

    /// A call that has got tool calls with these ids and waits.
    static func waiting(_ settings: [String: String] = [:], calls: [String] = ["a"]) throws -> Edge {
        let edge = try Edge(settings.merging(["turn": "auto"]) { $1 }, body: body)
        edge.begin()
        edge.open()
        edge.receive(Message.start)
        for (index, id) in calls.enumerated() { edge.receive(Message.tool(id, index, input: #"{"city":"Rome"}"#)) }
        edge.receive(Message.toolUse, Message.metadata)
        edge.endBody()
        return edge
    }

    @Test func aRound() throws {
        let edge = try Self.waiting()
        #expect(edge.exchange.state == .awaitingTools)
        #expect(edge.caller.log.last == "toolWaiting a")
        #expect(edge.desk.expected == ["a"])
        try edge.answer("a")
        #expect(edge.exchange.state == .connecting)
        #expect(
            edge.bodies.last == #"{"messages":[{"role":"user","content":[{"text":"Hi"}]},"#
                + #"{"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"weather","input":{"city":"Rome"}}}]},"#
                + #"{"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[{"text":"sunny"}]}}]}"#
                + "]}")
        edge.succeed("It is sunny.")
        #expect(edge.caller.ending?.code == .ok)
        #expect(edge.caller.ending?.text == "It is sunny.")
        #expect(edge.caller.ending?.attempts == 2)
        #expect(edge.attemptHeaders == ["attempt=1; max=3", "attempt=1; max=3"])
        #expect(edge.header("amz-sdk-invocation-id", 0) != edge.header("amz-sdk-invocation-id", 1))
        #expect(edge.faults == [])
    }

    @Test func everyCallIsWaitedFor() throws {
        let edge = try Self.waiting(calls: ["a", "b", "c"])
        try edge.answer("b")
        try edge.answer("c")
        #expect(edge.requests.count == 1)
        #expect(
            edge.caller.log.suffix(5) == [
                "toolWaiting a", "toolWaiting b", "toolWaiting c", "toolAnswered b", "toolAnswered c",
            ])
        try edge.answer("a", "no", isError: true)
        #expect(edge.requests.count == 2)
        #expect(edge.faults == [])
    }

    @Test("a result that comes while the answer is still coming counts")
    func earlyResult() throws {
        let edge = try Edge(["turn": "auto"], body: Self.body)
        edge.begin()
        edge.open()
        edge.receive(Message.start, Message.tool("a"))
        try edge.answer("a")
        #expect(edge.requests.count == 1)
        edge.receive(Message.toolUse)
        edge.endBody()
        #expect(edge.caller.log.last == "toolAnswered a")
        #expect(edge.requests.count == 2)
        #expect(edge.faults == [])
    }

    @Test("without auto, without calls, with server tools alone, or another stop reason the stream ends")
    func otherEnds() throws {
        for (setting, messages) in [
            ("manual", [Message.tool("a"), Message.toolUse]), ("auto", [Message.toolUse]),
            ("auto", [Message.tool("a", isServer: true), Message.toolUse]),
            ("auto", [Message.tool("a"), Message.stop]),
        ] {
            let edge = try Edge(["turn": setting], body: Self.body)
            edge.begin()
            edge.open()
            for message in messages { edge.receive(message) }
            edge.endBody()
            #expect(edge.caller.ending?.code == .ok)
            #expect(edge.faults == [])
        }
    }

    @Test func tooManyRounds() throws {
        let edge = try Self.waiting(["turn.max_rounds": "1"])
        try edge.answer("a")
        edge.open()
        edge.receive(Message.start, Message.tool("a"), Message.toolUse)
        edge.endBody()
        #expect(edge.caller.ending?.code == .toolRounds)
        #expect(edge.caller.ending?.message.contains("turn.max_rounds=1") == true)
        #expect(edge.faults == [])
    }

    @Test func toolsHaveALimit() throws {
        let edge = try Self.waiting(["timeout.tool_ms": "700"], calls: ["a", "b"])
        try edge.answer("a")
        edge.pass(milliseconds: 699)
        #expect(edge.caller.ending == nil)
        edge.pass(milliseconds: 1)
        #expect(edge.caller.ending?.code == .timeoutTool)
        #expect(edge.caller.ending?.phase == .tool)
        #expect(
            edge.caller.ending?.message
                == "no result of the tool call b (weather) within timeout.tool_ms=700, waited 700 ms")
        #expect(edge.faults == [])
    }

    @Test("a result that was taken counts, though the loop is told of it behind the limit")
    func resultBeforeItsLimit() throws {
        let edge = try Self.waiting(["timeout.tool_ms": "700"])
        try edge.leave("a")
        edge.pass(milliseconds: 700)
        #expect(edge.caller.log.last == "toolAnswered a")
        #expect(edge.requests.count == 2)
        #expect(edge.faults == [])
    }

    @Test("the limit of tools is over when all results are there, though the consumer has paused")
    func pauseBehindResults() throws {
        let edge = try Self.waiting(["timeout.tool_ms": "700", "timeout.total_ms": "5000"])
        edge.caller.onEvent = { $0.kind == .toolAnswered ? .pause : .goOn }
        try edge.answer("a")
        edge.pass(milliseconds: 700)
        #expect(edge.caller.ending == nil)
        edge.pass(milliseconds: 4300)
        #expect(edge.caller.ending?.code == .timeoutTotal)
        #expect(edge.faults == [])
    }

    @Test("the time until results are waited for no more counts")
    func timeOfToolsCounts() throws {
        let edge = try Self.waiting(["timeout.tool_ms": "700"])
        edge.pass(milliseconds: 700)
        #expect(edge.caller.ending?.timings.total == 700_000)
    }

    @Test func theTotalLimitCountsTools() throws {
        let edge = try Self.waiting(["timeout.total_ms": "500"])
        edge.wait()
        #expect(edge.caller.ending?.code == .timeoutTotal)
        #expect(edge.caller.ending?.phase == .tool)
        #expect(edge.faults == [])
    }

    @Test func cancelWhileWaiting() throws {
        let edge = try Self.waiting()
        edge.cancel()
        #expect(edge.caller.ending?.code == .cancelled)
        #expect(edge.caller.ending?.phase == .tool)
        #expect(edge.faults == [])
    }

    @Test("a cancel or a pause from the event that tells of a call holds")
    func flowsOfNews() throws {
        let edge = try Edge(["turn": "auto"], body: Self.body)
        edge.caller.onEvent = { $0.kind == .toolWaiting ? .pause : .goOn }
        edge.begin()
        edge.open()
        edge.receive(Message.start, Message.tool("a"), Message.tool("b", 1), Message.toolUse)
        edge.endBody()
        #expect(edge.caller.log.last == "toolWaiting a")
        try edge.answer("a")
        try edge.answer("b")
        #expect(edge.requests.count == 1)
        edge.resume()
        #expect(edge.caller.log.last == "toolWaiting b")
        edge.caller.onEvent = { _ in .goOn }
        edge.resume()
        #expect(edge.requests.count == 2)
        edge.caller.onEvent = { $0.kind == .toolWaiting ? .cancel : .goOn }
        edge.open()
        edge.receive(Message.start, Message.tool("a"), Message.tool("b", 1), Message.toolUse)
        edge.endBody()
        #expect(edge.caller.ending?.code == .cancelled)
        #expect(edge.faults == [])
    }

    @Test("a detached stream waits for what was handed over, and for nothing else")
    func detached() throws {
        let waiting = try Self.waiting()
        waiting.detach()
        try waiting.answer("a")
        #expect(waiting.requests.count == 2)
        waiting.succeed()
        #expect(waiting.caller.ending?.code == .ok)

        let unseen = try Edge(["turn": "auto"], body: Self.body)
        unseen.begin()
        unseen.open()
        unseen.receive(Message.start, Message.tool("a"))
        unseen.detach()
        unseen.receive(Message.tool("b", 1), Message.toolUse)
        unseen.endBody()
        #expect(unseen.caller.ending?.code == .ok)
        #expect(unseen.faults + waiting.faults == [])
    }

    @Test("each round has attempts of its own, and a failure before its first delta is repeated unseen")
    func retryInALaterRound() throws {
        let edge = try Self.waiting(["retry.max_attempts": "2"])
        try edge.answer("a")
        edge.refuse(503, "ServiceUnavailableException")
        edge.wait()
        #expect(edge.bodies[1] == edge.bodies[2])
        #expect(edge.attemptHeaders == ["attempt=1; max=2", "attempt=1; max=2", "attempt=2; max=2"])
        edge.succeed("ok")
        #expect(edge.caller.ending?.text == "ok")
        #expect(edge.faults == [])
    }

    @Test("a restart voids its own round, results for its calls included")
    func restart() throws {
        let edge = try Self.waiting(["recovery": "restart"])
        try edge.answer("a")
        edge.open()
        edge.receive(Message.start, textDelta("One moment. "), Message.tool("b", 1))
        edge.fail()
        #expect(edge.desk.expected == [])
        edge.wait()
        #expect(edge.bodies[1] == edge.bodies[2])
        edge.succeed("Done.")
        #expect(edge.caller.ending?.text == "Done.")
        #expect(edge.faults == [])
    }

    @Test("the text of all rounds is kept, tokens are added up")
    func textsAndTokens() throws {
        let edge = try Edge(["turn": "auto"], body: Self.body)
        edge.begin()
        edge.open()
        edge.receive(Message.start, textDelta("Let me see. "), Message.tool("a", 1), Message.toolUse, Message.metadata)
        edge.endBody()
        try edge.answer("a")
        edge.open()
        edge.receive(Message.start, textDelta("Sunny."), Message.stop, Message.metadata)
        edge.endBody()
        #expect(edge.caller.ending?.text == "Let me see. Sunny.")
        #expect(edge.caller.ending?.rounds == 2)
        #expect(edge.caller.ending?.usage.totalTokens == 6)
        #expect(edge.faults == [])
    }

    @Test("a body that is no conversation ends with its calls, as without auto")
    func noConversation() throws {
        let edge = try Edge(["turn": "auto"], body: #"{"promptVariables":{}}"#)
        edge.begin()
        edge.open()
        edge.receive(Message.start, Message.tool("a"), Message.toolUse)
        edge.endBody()
        #expect(edge.caller.ending?.code == .ok)
        #expect(edge.faults == [])
    }
}
