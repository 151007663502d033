import Recording
import Testing

@testable import BedrockCore

/// Whole calls, where attempts meet. Each of these was found by the simulation.
@Suite struct ExchangeMeetingTests {
    private func text(_ text: String) -> Bytes {
        Wire.event("contentBlockDelta", #"{"contentBlockIndex":0,"delta":{"text":"\#(text)"}}"#)
    }

    private let stop = Wire.event("messageStop", #"{"stopReason":"end_turn"}"#)

    private func chunk(_ json: String) -> Bytes { Wire.chunk(json) }

    @Test("a continuation survives a dead pooled connection") func deadConnection() throws {
        let call = try ExchangeCall([(.recovery, "continue")])
        defer { call.end() }
        call.answer([text("Hello ")])
        #expect(call.notices == [.continuation])
        call.awaitRetry()
        _ = call.connect(isReused: true)
        call.breakOff()
        call.answer([text(" world"), stop])
        #expect(call.texts.joined() == "Hello world")
        #expect(call.code == .ok)
        #expect(call.notices == [.continuation])
    }

    @Test("tokens that an attempt reported count, whatever came between it and the last") func usage() throws {
        let call = try ExchangeCall([(.recovery, "restart")], operation: .invokeModelWithResponseStream)
        defer { call.end() }
        let start = chunk(#"{"type":"message_start","message":{"usage":{"input_tokens":5}}}"#)
        let delta = chunk(#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#)
        call.answer([start, delta])
        call.awaitRetry()
        call.breakOff()
        call.awaitRetry()
        call.answer([start, delta, chunk(#"{"type":"message_stop"}"#)])
        #expect(call.notices == [.restart, .retry])
        #expect(call.usage?.inputTokens == 10)
    }

    @Test("a continuation asks for as few tokens as the attempt before it") func tokens() throws {
        let call = try ExchangeCall([(.recovery, "continue"), (.onModelTimeout, "halve_max_tokens")])
        defer { call.end() }
        _ = call.connect()
        call.head("HTTP/1.1 408 X", "x-amzn-errortype: ModelTimeoutException")
        call.endBody()
        call.awaitRetry()
        #expect(call.sentBody.contains(#""maxTokens":500"#))
        call.answer([text("Hello")])
        call.awaitRetry()
        #expect(call.sentBody.contains(#""maxTokens":500"#))
        #expect(call.sentBody.contains("assistant"))
    }

    @Test("the clock's error is reckoned at the head of an answer") func clockSkew() throws {
        let call = try ExchangeCall([])
        defer { call.end() }
        _ = call.connect()
        // 2026-09-21T15:13:20Z where this machine has 14:13:20.
        call.head(
            "HTTP/1.1 403 X", "x-amzn-errortype: RequestTimeTooSkewed", "date: Mon, 21 Sep 2026 15:13:20 GMT")
        call.pass(30)
        call.endBody()
        call.awaitRetry()
        #expect(call.request?.headers.firstValue(of: "x-amz-date") == Bytes("20260921T151350Z"))
    }

    @Test("a transport that begins anew takes no event from a consumer that pauses") func beginsAnew() throws {
        let call = try ExchangeCall([])
        defer { call.end() }
        call.pauseAt = 1
        _ = call.connect()
        call.streamHead()
        _ = call.bring(text("one ") + text("two"))
        #expect(call.texts == ["one "])
        let goesOut = call.connect()
        #expect(!goesOut)
        #expect(call.code == nil)
        call.breakOff()
        call.resume()
        #expect(call.texts == ["one ", "two"])
        #expect(call.code == .incomplete)
    }
}
