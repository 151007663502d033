import Recording
import Testing

@testable import BedrockCore

private func blockStart(_ json: String, block: Int = 0) -> Bytes {
    Wire.event("contentBlockStart", #"{"contentBlockIndex":\#(block),"start":\#(json)}"#)
}

private func stop(_ block: Int = 0) -> Bytes {
    Wire.event("contentBlockStop", #"{"contentBlockIndex":\#(block)}"#)
}

private func input(_ text: String, block: Int = 0) -> Bytes {
    var writer = JSONWriter()
    writer.string(Bytes(text.utf8))
    return delta(#"{"toolUse":{"input":\#(String(writer.buffer.array))}}"#, block: block)
}

/// The content of the message that these events give, as it is written.
private func content(_ messages: Bytes..., location: SourceLocation = #_sourceLocation) -> String {
    let end = StreamRecorder().record(answer(messages.flatMap { $0 })).end
    #expect(end?.failure == nil, sourceLocation: location)
    let (head, tail) = (#"{"role":"assistant","content":["#, "]}")
    let message = end?.message ?? ""
    #expect(end?.newMessages == "[\(message)]", sourceLocation: location)
    if message.isEmpty { return "" }
    #expect(message.hasPrefix(head) && message.hasSuffix(tail), sourceLocation: location)
    return String(message.dropFirst(head.count).dropLast(tail.count))
}

@Suite struct Messages {
    @Test func text() {
        #expect(content(textDelta("a\"\n"), textDelta("b")) == #"{"text":"a\"\nb"}"#)
        #expect(content(textDelta("b", block: 1), textDelta("a")) == #"{"text":"a"},{"text":"b"}"#)
        #expect(content() == "" && content(textDelta(" \n")) == "" && content(stop()) == "")
        #expect(content(textDelta(" "), textDelta("b", block: 1)) == #"{"text":"b"}"#)
    }

    @Test func reasoning() {
        let text = delta(#"{"reasoningContent":{"text":"hm"}}"#)
        let signature = delta(#"{"reasoningContent":{"signature":"c2ln"}}"#)
        #expect(content(text, text) == #"{"reasoningContent":{"reasoningText":{"text":"hmhm"}}}"#)
        #expect(
            content(text, signature) == #"{"reasoningContent":{"reasoningText":{"text":"hm","signature":"c2ln"}}}"#)
    }

    @Test(
        "pieces of base64 stand for the bytes of all",
        arguments: [
            (["YQ=="], "YQ=="), (["YQ==", "Yg=="], "YWI="), (["YWI=", "Yw==", "ZA=="], "YWJjZA=="),
            (["YWJj", "ZA==", "", "ZWY="], "YWJjZGVm"), (["", "YQ=="], "YQ=="),
        ])
    func base64(_ pieces: [String], _ whole: String) {
        let redacted = pieces.map { delta(#"{"reasoningContent":{"redactedContent":"\#($0)"}}"#) }
        #expect(content(redacted.flatMap { $0 }) == #"{"reasoningContent":{"redactedContent":"\#(whole)"}}"#)
        let image = pieces.map { delta(#"{"image":{"source":{"bytes":"\#($0)"}}}"#) }
        let start = blockStart(#"{"image":{"format":"png"}}"#)
        #expect(
            content(start, image.flatMap { $0 }) == #"{"image":{"format":"png","source":{"bytes":"\#(whole)"}}}"#)
    }

    @Test func redactedThatIsNoBase64StaysAsItCame() {
        let pieces = ["a", "b!"].map { delta(#"{"reasoningContent":{"redactedContent":"\#($0)"}}"#) }
        #expect(content(pieces.flatMap { $0 }) == #"{"reasoningContent":{"redactedContent":"ab!"}}"#)
    }

    @Test func imageBytesThatAreNoBase64() {
        for digits in ["a", "YQ=", "Y!==", "YQ==YQ=="] {
            let failure = replay(answer(delta(#"{"image":{"source":{"bytes":"\#(digits)"}}}"#))).end?.failure
            #expect(failure?.code == .protocol && failure?.message.contains("no base64") == true)
        }
    }

    @Test func images() {
        let start = blockStart(#"{"image":{"format":"jpeg"}}"#)
        let place = delta(#"{"image":{"source":{"s3Location":{"uri":"s3://a"}}}}"#)
        let fault = delta(#"{"image":{"error":{"message":"no"}}}"#)
        #expect(
            content(start, place, fault)
                == #"{"image":{"format":"jpeg","source":{"s3Location":{"uri":"s3://a"}},"error":{"message":"no"}}}"#)
        #expect(content(start, fault) == "" && content(start, delta(#"{"image":{"source":{},"x":[]}}"#)) != "")
        for odd in ["[]", "1", #"{"source":"a"}"#, #"{"source":null,"error":1}"#] {
            #expect(content(start, delta(#"{"image":\#(odd)}"#)) == "")
        }
    }

    @Test(arguments: [
        ([], "{}"), (["", ""], "{}"), ([#"{"a""#, ":[1]}"], #"{"a":[1]}"#), (["null"], #"{"INVALID_JSON":"null"}"#),
        (["{"], #"{"INVALID_JSON":"{"}"#), ([" "], #"{"INVALID_JSON":" "}"#),
        (["{\"a\":\"", "\u{1}é"], #"{"INVALID_JSON":"{\"a\":\"\u0001é"}"#),
    ])
    func toolInput(_ pieces: [String], _ json: String) {
        let pieces = pieces.flatMap { input($0) }
        let call = #"{"toolUse":{"toolUseId":"t","name":"n","input":\#(json)"#
        #expect(content(toolStart("t", "n"), pieces, stop()) == call + "}}")
        #expect(
            content(toolStart("t", "n", more: #","type":"server_tool_use""#), pieces, stop())
                == call + #","type":"server_tool_use"}}"#)
    }

    @Test func twoCallsInOneBlock() {
        #expect(
            content(toolStart("a", "n"), input("{}"), toolStart("b", "n"), input("[]"))
                == #"{"toolUse":{"toolUseId":"a","name":"n","input":{}}},"#
                + #"{"toolUse":{"toolUseId":"b","name":"n","input":{"INVALID_JSON":"[]"}}}"#
        )
    }

    @Test func toolResults() {
        let start = blockStart(#"{"toolResult":{"toolUseId":"t","status":"error","type":"x"}}"#)
        let pieces = [#"[{"text":"a"}, {"json":{"b":1}}]"#, "[]", #"[1,{"text":"c"}]"#, #"{"text":"no"}"#]
        let deltas = pieces.flatMap { delta(#"{"toolResult":\#($0)}"#) }
        #expect(
            content(start, deltas)
                == #"{"toolResult":{"toolUseId":"t","content":[{"text":"a"},{"json":{"b":1}},{"text":"c"}],"#
                + #""status":"error","type":"x"}}"#)
        #expect(content(start) == #"{"toolResult":{"toolUseId":"t","content":[],"status":"error","type":"x"}}"#)
    }

    @Test func citations() {
        let cited = [#"{"title":"t"}"#, #"{"location":{"web":{"url":"u"}}}"#]
        let deltas = cited.flatMap { delta(#"{"citation":\#($0)}"#) } + delta(#"{"citation":[]}"#)
        let list = cited.joined(separator: ",")
        #expect(
            content(textDelta("a"), deltas)
                == #"{"citationsContent":{"content":[{"text":"a"}],"citations":[\#(list)]}}"#
        )
        #expect(content(deltas) == #"{"citationsContent":{"content":[{"text":""}],"citations":[\#(list)]}}"#)
    }

    @Test func whatIsNotKnown() {
        #expect(content(blockStart(#"{"hologram":{}}"#), delta(#"{"hologram":1}"#)) == "")
        #expect(content(textDelta("a"), delta(#"{"hologram":1}"#)) == #"{"text":"a"}"#)
    }

    @Test func ofAnAnswerThatWasCut() {
        let end = StreamRecorder().record([toolStart("t", "n"), input("{\"a")]).end
        #expect(end?.failure?.code == .incomplete && end?.isInterrupted == true)
        #expect(end?.message.contains(#""input":{"INVALID_JSON":"{\"a"}"#) == true)
        #expect(StreamRecorder().record(answer()).end?.isInterrupted == false)
        // The answer is whole, though the stream fails.
        var recorder = StreamRecorder()
        recorder.ending = .transport(.other, "reset")
        #expect(recorder.record(answer(textDelta("a"))).end?.isInterrupted == false)
    }

    @Test func textOfSeveralBlocks() {
        let end = replay(answer(textDelta("c", block: 2), textDelta("a"), stop(), textDelta("b", block: 1))).end
        #expect(end?.text == "abc" && end?.delivered == 3)
    }
}

@Suite struct BlockStarts {
    private func start(_ json: String) -> RecordedStart? {
        replay(answer(blockStart(json, block: 3))).events.first { $0.kind == .blockStart }?.start
    }

    @Test func kinds() {
        #expect(
            start(#"{"toolUse":{"toolUseId":"i","name":"n\u0041"}}"#) == RecordedStart(.toolUse, id: "i", name: "nA"))
        #expect(
            start(#"{"toolUse":{"toolUseId":"i","name":"n","type":"server_tool_use"}}"#)
                == RecordedStart(.toolUse, type: "server_tool_use", id: "i", name: "n", isServer: true))
        #expect(
            start(#"{"toolResult":{"toolUseId":"i","type":"x","status":"error"}}"#)
                == RecordedStart(.toolResult, type: "x", id: "i", isError: true))
        #expect(start(#"{"toolResult":{"status":"success"}}"#) == RecordedStart(.toolResult))
        #expect(start(#"{"image":{"format":"webp","new":{}}}"#) == RecordedStart(.image, type: "webp"))
        #expect(start(#"{"hologram":{"toolUseId":"i"}}"#) == RecordedStart(.other))
    }

    @Test(arguments: ["{}", "null", #""toolUse""#, #"{"toolUse":null}"#, #"{"image":[],"toolResult":1}"#])
    func nothingKnown(_ json: String) {
        #expect(start(json) == nil)
    }

    /// Nothing of a start is left for the next.
    @Test func eachForItself() {
        let events = replay(
            answer(
                blockStart(#"{"toolUse":{"toolUseId":"i","name":"n","type":"server_tool_use"}}"#),
                Wire.event("contentBlockStart", #"{"contentBlockIndex":1}"#), textDelta("a", block: 1))
        ).events
        #expect(events.filter { $0.kind == .blockStart }.map(\.start?.kind) == [.toolUse, nil])
        #expect(events.allSatisfy { $0.kind == .blockStart || $0.start == nil })
    }
}

@Suite struct WhatTheServiceSaysOfItself {
    private func end(_ stop: String, _ metadata: String) -> RecordedEnd? {
        replay([Wire.event("messageStop", stop), Wire.event("metadata", metadata)]).end
    }

    @Test func everything() {
        let trace = #"{ "guardrail":{"actionReason":"x"},"promptRouter":{"invokedModelId":"arn:\u0061","y":1}}"#
        let end = end(
            #"{"stopReason":"stop_sequence","additionalModelResponseFields": {"stop_sequence": "X"} }"#,
            #"{"trace":\#(trace),"performanceConfig":{"latency":"optimized"},"serviceTier":{"type":"flex"}}"#)
        #expect(end?.stopReason == .stopSequence && end?.stopWord == "stop_sequence")
        #expect(end?.additionalFields == #"{"stop_sequence": "X"}"# && end?.trace == trace)
        #expect(end?.answeredModelID == "arn:a" && end?.performanceLatency == "optimized" && end?.serviceTier == "flex")
    }

    @Test(arguments: [
        "{}", #"{"trace":null,"performanceConfig":null,"serviceTier":null}"#,
        #"{"trace":"a","performanceConfig":{"latency":1},"serviceTier":[]}"#,
    ])
    func nothing(_ metadata: String) {
        let end = end(#"{"stopReason":1,"additionalModelResponseFields":null}"#, metadata)
        #expect(end?.additionalFields == "" && end?.trace == "" && end?.answeredModelID == "")
        #expect(end?.performanceLatency == "" && end?.serviceTier == "" && end?.stopReason == StopReason.none)
    }

    @Test(arguments: ["[]", "1", #""a""#, "false"])
    func additionalFieldsAreAnyJSON(_ json: String) {
        #expect(end(#"{"additionalModelResponseFields":\#(json)}"#, "{}")?.additionalFields == json)
    }

    @Test func cacheDetails() {
        let details = #"[{"ttl":"5m","inputTokens":7},{"inputTokens":8,"ttl":"1h"},{"ttl":"1d","inputTokens":9},1,{}]"#
        let usage = end("{}", #"{"usage":{"inputTokens":1,"cacheDetails":\#(details)}}"#)?.usage
        #expect(usage == Usage(inputTokens: 1, cacheWrite5mInputTokens: 7, cacheWrite1hInputTokens: 8))
        #expect(end("{}", #"{"usage":{"cacheDetails":{"ttl":"5m","inputTokens":7}}}"#)?.usage == Usage())
    }

    @Test func cacheDetailsOfAnthropic() {
        let usage = #"{"cache_creation":{"ephemeral_5m_input_tokens":3,"ephemeral_1h_input_tokens":4,"x":5}}"#
        let chunk = #"{"type":"message_start","message":{"usage":\#(usage)}}"#
        let end = replay([Wire.chunk(chunk)], as: .invokeModelWithResponseStream).end
        #expect(end?.usage == Usage(cacheWrite5mInputTokens: 3, cacheWrite1hInputTokens: 4))
    }
}
