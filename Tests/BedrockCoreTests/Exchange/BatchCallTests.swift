import Recording
import Testing

@testable import BedrockCore

/// Batch operations: a whole answer through the same callbacks as a stream.
@Suite struct BatchCalls {
    static let json = ["HTTP/1.1 200 OK\r\n", "content-type: application/json\r\n", "\r\n"]
    static let answer =
        #"{"output":{"message":{"role":"assistant","content":[{"text":"Hello"},{"toolUse":{"toolUseId":"a","#
        + #""name":"weather","input":{"city":"Rome"}}}]}},"stopReason":"tool_use","#
        + #""usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3},"metrics":{"latencyMs":7}}"#

    static func call(_ body: String, _ settings: [String: String] = [:]) throws -> Edge {
        let edge = try Edge(settings, operation: .converse, body: ExchangeTurns.body)
        edge.begin()
        edge.connect()
        edge.head(json)
        for byte in body.utf8 { edge.receive([byte]) }
        edge.endBody()
        return edge
    }

    @Test func converse() throws {
        let edge = try Self.call(Self.answer)
        #expect(
            edge.caller.log == [
                "other", "messageStart", "text Hello", "blockStop", "blockStart", #"toolInput {"city":"Rome"}"#,
                "blockStop", #"tool weather {"city":"Rome"}"#, "messageStop", "metadata",
            ])
        #expect(edge.caller.ending?.code == .ok)
        #expect(edge.caller.ending?.text == "Hello")
        #expect(edge.caller.ending?.usage.totalTokens == 3)
        #expect(edge.faults == [])
    }

    @Test("every prefix of a whole answer is incomplete, and retried unseen")
    func prefixes() throws {
        for length in 0..<Self.answer.utf8.count {
            let edge = try Self.call(String(decoding: Self.answer.utf8.prefix(length), as: UTF8.self))
            #expect(edge.caller.log == ["retry 2/3 incomplete"])
            edge.cancel()
            #expect(edge.faults == [])
        }
    }

    @Test(arguments: ["[]", "{}", #"{"stopReason":"end_turn"}"#, "<html>", "{]"])
    func noAnswer(_ body: String) throws {
        let edge = try Self.call(body)
        #expect(edge.caller.ending?.code == .protocol)
        #expect(edge.faults == [])
    }

    @Test("pauses and cancels between the events of a whole answer")
    func flows() throws {
        let edge = try Edge(operation: .converse, body: ExchangeTurns.body)
        edge.caller.onEvent = { _ in .pause }
        edge.begin()
        edge.connect()
        edge.head(Self.json)
        edge.receive(Bytes(Self.answer.utf8))
        edge.endBody()
        var count = 0
        while edge.exchange.isPaused {
            count += 1
            #expect(edge.caller.log.count == count)
            edge.resume()
        }
        #expect(count == 10)
        #expect(edge.caller.ending?.code == .ok)

        let cancelled = try Edge(operation: .converse, body: ExchangeTurns.body)
        cancelled.caller.onEvent = { $0.hasDelta ? .cancel : .goOn }
        cancelled.begin()
        cancelled.connect()
        cancelled.head(Self.json)
        cancelled.receive(Bytes(Self.answer.utf8))
        cancelled.endBody()
        #expect(cancelled.caller.ending?.code == .cancelled)
        #expect(cancelled.caller.ending?.text == "Hello")
        #expect(edge.faults + cancelled.faults == [])
    }

    @Test("an answer of InvokeModel that is not known is a success")
    func foreign() throws {
        for body in [#"{"embedding":[0.5,1]}"#, "\u{89}PNG", "[1,2]"] {
            let edge = try Edge(operation: .invokeModel, body: "{}")
            edge.begin()
            edge.connect()
            edge.head(Self.json)
            edge.receive(Bytes(body.utf8))
            edge.endBody()
            #expect(edge.caller.ending?.code == .ok)
            #expect(edge.caller.log.first == "other")
            #expect(edge.faults == [])
        }
    }

    @Test("content that streams have no form for is in the message all the same")
    func otherContent() throws {
        let content = #"[{"audio":{"format":"mp3","source":{"bytes":"AAAA"}}},{"text":"Hello"}]"#
        let edge = try Self.call(
            #"{"output":{"message":{"role":"assistant","content":"# + content + #"}},"stopReason":"end_turn"}"#)
        #expect(edge.caller.ending?.assistantMessage == #"{"role":"assistant","content":"# + content + "}")
        #expect(edge.faults == [])
    }

    @Test("tokens of an answer whose body has none are told by its headers")
    func usageOfHeaders() throws {
        let edge = try Edge(operation: .invokeModel, body: "{}")
        edge.begin()
        edge.connect()
        edge.head([Self.json[0], "x-amzn-bedrock-input-token-count: 9\r\n", "\r\n"])
        edge.receive(Bytes(#"{"outputs":[{"text":"Hi","stop_reason":"stop"}]}"#.utf8))
        edge.endBody()
        #expect(edge.caller.ending?.code == .ok)
        #expect(edge.caller.ending?.text == "Hi")
        #expect(edge.caller.ending?.usage.inputTokens == 9)
    }

    @Test("a page with status 200 is no answer")
    func page() throws {
        let edge = try Edge(operation: .invokeModel, body: "{}")
        edge.begin()
        edge.connect()
        edge.head([Self.json[0], "Content-Type: Text/HTML; charset=utf-8\r\n", "\r\n"])
        edge.receive(Bytes("<html>Log in</html>".utf8))
        edge.endBody()
        #expect(edge.caller.ending?.code == .protocol)
        #expect(edge.faults == [])
    }

    @Test func tooLarge() throws {
        let edge = try Edge(operation: .invokeModel, body: "{}")
        edge.begin()
        edge.connect()
        edge.head(Self.json)
        let megabyte = Bytes(repeating: 0x20, count: 1024 * 1024)
        for _ in 0..<32 { #expect(edge.receive(megabyte) == .taken) }
        #expect(edge.caller.ending == nil)
        #expect(edge.receive([0x20]) == .stop)
        #expect(edge.caller.ending?.code == .limit)
        #expect(edge.faults == [])
    }
}
