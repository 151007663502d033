import Recording
import Testing

@testable import BedrockCore

/// The one delta of an answer that is made of these messages.
private func only(_ messages: Bytes..., location: SourceLocation = #_sourceLocation) -> RecordedEvent? {
    let recording = replay(answer(messages.flatMap { $0 }), sourceLocation: location)
    #expect(recording.end?.failure == nil, sourceLocation: location)
    let deltas = recording.events.filter { $0.delta != nil }
    #expect(deltas.count == 1, sourceLocation: location)
    return deltas.first
}

@Suite struct ConverseDeltas {
    @Test(arguments: [
        (#"{"text":"Hi"}"#, DeltaKind.text, "Hi"),
        (#"{"text":""}"#, .text, ""),
        (#"{"reasoningContent":{"text":"hm"}}"#, .reasoning, "hm"),
        (#"{"reasoningContent":{"signature":"c2ln"}}"#, .reasoningSignature, "c2ln"),
        (#"{"reasoningContent":{"redactedContent":"cmVk"}}"#, .reasoningRedacted, "cmVk"),
        (#"{"toolResult":[{"text":"a"},{"json":{}}]}"#, .toolResult, #"[{"text":"a"},{"json":{}}]"#),
        (#"{"citation":{"title":"t","location":{"web":{}}}}"#, .citation, #"{"title":"t","location":{"web":{}}}"#),
        (#"{"image":{"source":{"bytes":"aaaa"}}}"#, .image, #"{"source":{"bytes":"aaaa"}}"#),
        (#"{"hologram":{"a":[1]}}"#, .other, #"{"hologram":{"a":[1]}}"#),
        (#"{"hologram":"text"}"#, .other, #"{"hologram":"text"}"#),
    ])
    func kinds(_ json: String, _ kind: DeltaKind, _ text: String) {
        let event = only(delta(json, block: 3))
        #expect(event?.kind == .delta && event?.delta == kind && event?.text == text && event?.block == 3)
        #expect(event?.type == "contentBlockDelta")
        #expect(event?.json == #"{"contentBlockIndex":3,"delta":\#(json),"p":"abc"}"#)
    }

    @Test func toolInput() {
        let event = only(toolStart("t", "n", block: 3), delta(#"{"toolUse":{"input":"{\"a\":"}}"#, block: 3))
        #expect(event?.kind == .delta && event?.delta == .toolInput && event?.text == #"{"a":"# && event?.block == 3)
    }

    @Test(
        "members come in any order, known ones among unknown ones",
        arguments: [
            #"{"delta":{"text":"Hi"},"contentBlockIndex":7}"#,
            #"{"p":"x","contentBlockIndex":7,"new":{"delta":{"text":"no"}},"delta":{"text":"Hi"}}"#,
            #" { "delta" : { "text" : "Hi" } , "contentBlockIndex" : 7 } "#,
            #"{"\u0064elta":{"te\u0078t":"\u0048i"},"contentBlock\u0049ndex":7}"#,
            #"{"delta":{"text":"Hi","added":1},"contentBlockIndex":7}"#,
            #"{"delta":{"added":{"text":"no"},"text":"Hi"},"contentBlockIndex":7}"#,
        ])
    func memberOrder(_ payload: String) {
        let event = only(Wire.event("contentBlockDelta", payload))
        #expect(event?.delta == .text && event?.text == "Hi" && event?.block == 7)
        #expect(event?.json == payload)
    }

    @Test(
        "a member of another type counts as absent",
        arguments: [
            #"{"contentBlockIndex":0,"delta":null}"#, #"{"contentBlockIndex":0,"delta":"text"}"#,
            #"{"contentBlockIndex":0,"delta":[{"text":"a"}]}"#, #"{"contentBlockIndex":0,"delta":{"text":1}}"#,
            #"{"contentBlockIndex":0,"delta":{"text":{"text":"a"}}}"#, #"{"contentBlockIndex":0,"delta":{}}"#,
            #"{"delta":{"toolUse":"a"}}"#, #"{"delta":{"toolUse":{"input":{}}}}"#, #"{"delta":{"reasoningContent":1}}"#,
            #"{"delta":{"reasoningContent":{"text":true}}}"#, "{}", "[]", "null", #""text""#, "1",
        ])
    func wrongTypes(_ payload: String) {
        let recording = replay(answer(Wire.event("contentBlockDelta", payload)))
        #expect(recording.end?.failure == nil && recording.end?.delivered == 0 && recording.text == "")
        #expect(recording.events.map(\.json).contains(payload))
    }

    @Test(
        arguments: [
            ("-1", -1), ("4294967296", -1), ("1.5", -1), (#""1""#, -1), ("null", -1), ("2147483647", 2_147_483_647),
            ("99999999999999999999", -1), ("{}", -1),
        ] as [(String, Int32)])
    func blockIndex(_ json: String, _ block: Int32) {
        let event = only(Wire.event("contentBlockDelta", #"{"contentBlockIndex":\#(json),"delta":{"text":"a"}}"#))
        #expect(event?.block == block)
    }

    @Test(arguments: [
        (#"\""#, "\""), (#"\\"#, "\\"), (#"\/"#, "/"), (#"\b\f\n\r\t"#, "\u{8}\u{C}\n\r\t"),
        (#"\u0000"#, "\0"), (#"\u00e9\u00E9"#, "éé"), (#"\ud83d\ude00"#, "😀"), (#"\ud83d"#, "\u{FFFD}"),
        (#"\ude00\ud83d"#, "\u{FFFD}\u{FFFD}"), (#"\ud83d\u0041"#, "\u{FFFD}A"), ("é😀", "é😀"),
        (#"\\u0041"#, #"\u0041"#),
    ])
    func escapes(_ written: String, _ text: String) {
        #expect(only(delta(#"{"text":"\#(written)"}"#))?.text == text)
        let input = only(toolStart("t", "n"), delta(#"{"toolUse":{"input":"\#(written)"}}"#))
        #expect(input?.text == text)
    }

    @Test func textIsJoined() {
        let recording = replay(
            answer(textDelta("a\"b"), delta(#"{"reasoningContent":{"text":"no"}}"#), textDelta("ü\0")))
        #expect(recording.end?.text == "a\"bü\0" && recording.end?.delivered == 3)
    }
}

@Suite struct ConverseEvents {
    @Test func everyEvent() {
        let recording = replay(
            [
                Wire.event("messageStart", #"{"role":"assistant","p":"a"}"#),
                Wire.event("contentBlockStart", #"{"contentBlockIndex":0,"start":{}}"#), textDelta("Hi"),
                Wire.event("contentBlockStop", #"{"contentBlockIndex":0}"#),
                Wire.event("messageStop", #"{"stopReason":"max_tokens","additionalModelResponseFields":{"a":1}}"#),
                Wire.event(
                    "metadata",
                    #"{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3,"cacheReadInputTokens":4,"cacheWriteInputTokens":5,"cacheDetails":[{}]},"metrics":{"latencyMs":6,"x":1},"trace":{}}"#
                ),
            ])
        #expect(
            recording.events.map(\.kind) == [.messageStart, .blockStart, .delta, .blockStop, .messageStop, .metadata])
        #expect(recording.events.map(\.block) == [-1, 0, 0, 0, -1, -1])
        let end = recording.end
        #expect(end?.failure == nil && end?.stopReason == .maxTokens && end?.stopWord == "max_tokens")
        #expect(
            end?.usage
                == Usage(
                    inputTokens: 1, outputTokens: 2, totalTokens: 3, cacheReadInputTokens: 4, cacheWriteInputTokens: 5))
        #expect(end?.serverLatency == 6 && end?.metadata == recording.events.last?.json)
        #expect(end?.requestID == "r-1" && end?.modelID == "m" && end?.attempts == 1)
    }

    @Test(
        "unknown events are passed on as they came",
        arguments: [
            ("contentBlockPing", #"{"a":1}"#), ("", "{}"), ("ContentBlockDelta", #"{"delta":{"text":"a"}}"#),
            ("chunk", #"{"bytes":"e30="}"#), ("delta", "no JSON"), ("messageStart2", ""),
        ])
    func unknownEvents(_ type: String, _ payload: String) {
        let recording = replay(answer(Wire.event(type, payload)))
        #expect(recording.end?.failure == nil && recording.end?.delivered == 0)
        #expect(recording.events[1] == RecordedEvent(.other, type: type, json: payload))
    }

    @Test(
        "usage that is absent, of another type or too large",
        arguments: [
            ("{}", Usage()), (#"{"usage":null}"#, Usage()), (#"{"usage":[]}"#, Usage()), ("[]", Usage()),
            (#"{"usage":{"inputTokens":"1","outputTokens":2}}"#, Usage(outputTokens: 2)),
            (#"{"usage":{"inputTokens":1.0,"outputTokens":1e3}}"#, Usage()),
            (#"{"usage":{"inputTokens":9223372036854775808,"outputTokens":0}}"#, Usage(outputTokens: 0)),
            (#"{"usage":{"inputTokens":9223372036854775807}}"#, Usage(inputTokens: .max)),
            (#"{"usage":{"inputTokens":3,"inputTokens":null}}"#, Usage(inputTokens: 3)),
        ])
    func usage(_ payload: String, _ usage: Usage) {
        let recording = replay(answer() + [Wire.event("metadata", payload)])
        #expect(recording.end?.failure == nil && recording.end?.usage == usage && recording.end?.serverLatency == -1)
    }

    @Test func stopWithoutReason() {
        for payload in ["{}", #"{"stopReason":null}"#, #"{"stopReason":["end_turn"]}"#] {
            let recording = replay([Wire.event("messageStop", payload)])
            #expect(recording.end?.failure == nil && recording.end?.stopReason == StopReason.none)
            #expect(recording.end?.stopWord == "")
        }
    }

    @Test(
        "a payload that is no JSON, or more than that, is malformed",
        arguments: [
            "", " ", "{", #"{"delta":{"text":"a"}"#, #"{"delta":{"text":"a"}}x"#, #"{"delta":{"text":"a"}}{}"#,
            #"{"p":tru}"#,
            #"{"delta":{"text":"\x"}}"#, "{\"delta\":{\"text\":\"\u{1}\"}}", #"{"delta":{"text":"a",}}"#, "\u{FEFF}{}",
            "[1",
        ])
    func malformed(_ payload: String) {
        for type in [
            "messageStart", "contentBlockDelta", "contentBlockStart", "contentBlockStop", "messageStop", "metadata",
        ] {
            let recording = replay([textDelta("a"), Wire.event(type, payload)])
            #expect(recording.end?.failure?.code == .protocol && recording.end?.failure?.phase == .stream)
            let place = "the payload of the message at byte \(textDelta("a").count) is malformed: "
            #expect(recording.end?.failure?.message.hasPrefix(place) == true, "\(type)")
            #expect(recording.end?.text == "a" && recording.end?.failure?.status == 200)
        }
    }

    @Test func notUTF8() {
        let payload = Bytes(#"{"delta":{"text":""#.utf8) + [0xFF] + Bytes(#""}}"#.utf8)
        #expect(replay([Wire.event("contentBlockDelta", payload)]).end?.failure?.code == .protocol)
    }

    @Test func nothingIsLostBehindTheStop() {
        let recording = replay(answer(textDelta("a")) + [textDelta("b")])
        #expect(recording.end?.failure == nil && recording.end?.text == "ab")
    }

    @Test func stopReasonBeyondItsBound() {
        let word = String(repeating: "w", count: Limits.errorTextLength + 1)
        let recording = StreamRecorder().record([answer(stopReason: word).flatMap { $0 }])
        #expect(recording.faults == [] && recording.end?.failure == nil && recording.end?.stopReason == .other)
    }
}
