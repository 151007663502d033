import Recording
import Testing

@testable import BedrockCore

private func start(_ id: String, _ name: String, block: Int = 0, more: String = "") -> Bytes {
    Wire.event(
        "contentBlockStart",
        #"{"start":{"toolUse":{"toolUseId":"\#(id)","name":"\#(name)"\#(more)}},"contentBlockIndex":\#(block)}"#)
}

private func input(_ text: String, block: Int = 0) -> Bytes {
    var writer = JSONWriter()
    writer.string(Bytes(text.utf8))
    return delta(#"{"toolUse":{"input":\#(String(writer.buffer.array))}}"#, block: block)
}

private func stop(_ block: Int = 0) -> Bytes {
    Wire.event("contentBlockStop", #"{"contentBlockIndex":\#(block)}"#)
}

private func call(
    _ id: String, _ name: String, _ json: String, block: Int32 = 0, isServer: Bool = false, isValid: Bool = true
) -> RecordedEvent {
    RecordedEvent(
        .tool, block: block, json: json, text: json,
        tool: RecordedTool(id, name, isServer: isServer, isValid: isValid))
}

@Suite struct ToolCallTests {
    @Test func joined() {
        let recording = replay(
            answer(
                start("t-1", "weather"), input(""), input(#"{"city":"#), input(#" "Ber"#), input(#"lin \"x\""}"#),
                stop(),
                stopReason: "tool_use"))
        #expect(recording.tools == [call("t-1", "weather", #"{"city": "Berlin \"x\""}"#)])
        #expect(recording.end?.stopReason == .toolUse && recording.end?.delivered == 4 && recording.text == "")
        // The call comes right behind the event that ends its block.
        #expect(recording.events.map(\.kind).suffix(3) == [.blockStop, .tool, .messageStop])
    }

    @Test func withoutInput() {
        #expect(replay(answer(start("t", "now"), stop())).tools == [call("t", "now", "{}")])
        #expect(replay(answer(start("t", "now"), input(""), stop())).tools == [call("t", "now", "{}")])
    }

    @Test(
        "input that is no JSON is passed on with a mark",
        arguments: [
            "{", "{}x", "tru", " ", "{\"a\":1,}", "\u{1}", "{'a':1}", "NaN",
        ])
    func invalid(_ json: String) {
        #expect(replay(answer(start("t", "n"), input(json), stop())).tools == [call("t", "n", json, isValid: false)])
    }

    @Test("any one JSON value is valid", arguments: ["[]", "null", "1", #""a""#, " {} "])
    func otherValues(_ json: String) {
        #expect(replay(answer(start("t", "n"), input(json), stop())).tools == [call("t", "n", json)])
    }

    @Test func blocksThatAreNeverClosed() {
        let recording = replay(answer(start("a", "n", block: 1), input("{}", block: 1), start("b", "n", block: 2)))
        #expect(recording.tools == [call("a", "n", "{}", block: 1), call("b", "n", "{}", block: 2)])
        #expect(recording.events.map(\.kind).suffix(3) == [.messageStop, .tool, .tool])
    }

    @Test func blockThatStartsAnewEndsTheOldOne() {
        let recording = replay(answer(start("a", "n"), input("1"), start("b", "n"), input("2"), stop()))
        #expect(recording.tools == [call("a", "n", "1"), call("b", "n", "2")])
    }

    @Test func interleaved() {
        let recording = replay(
            answer(
                start("a", "n", block: 1), start("b", "m", block: 2), input("[1", block: 1), input("[2", block: 2),
                textDelta("between", block: 0), input("]", block: 2), stop(2), input("]", block: 1), stop(1)))
        #expect(recording.tools == [call("b", "m", "[2]", block: 2), call("a", "n", "[1]", block: 1)])
        #expect(recording.end?.text == "between")
    }

    @Test func blocksWithoutAnIndex() {
        let recording = replay(
            answer(
                Wire.event("contentBlockStart", #"{"start":{"toolUse":{"toolUseId":"a","name":"n"}}}"#),
                Wire.event("contentBlockDelta", #"{"delta":{"toolUse":{"input":"[]"}}}"#),
                Wire.event("contentBlockStop", "{}")))
        #expect(recording.tools == [call("a", "n", "[]", block: -1)])
    }

    @Test func inputWithoutACall() {
        let recording = replay(answer(input("{}"), stop(), input("{}", block: 5)))
        #expect(recording.tools == [] && recording.end?.delivered == 2)
    }

    @Test func serverTool() {
        let recording = replay(answer(start("a", "search", more: #","type":"server_tool_use""#), input("{}"), stop()))
        #expect(recording.tools == [call("a", "search", "{}", isServer: true)])
    }

    @Test(
        "a start of another shape",
        arguments: [
            #"{"contentBlockIndex":0,"start":{"toolUse":{}}}"#,
            #"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":1,"name":[]}}}"#,
        ])
    func startWithoutNames(_ payload: String) {
        let recording = replay(answer(Wire.event("contentBlockStart", payload), input("{}"), stop()))
        #expect(recording.tools == [call("", "", "{}")])
    }

    @Test(arguments: [
        #"{"contentBlockIndex":0,"start":{"toolUse":null}}"#, #"{"contentBlockIndex":0,"start":"toolUse"}"#,
        #"{"contentBlockIndex":0,"start":{"toolResult":{"toolUseId":"a"}}}"#,
        #"{"contentBlockIndex":0,"start":{"image":{}}}"#,
        #"{"contentBlockIndex":0}"#,
    ])
    func startOfSomethingElse(_ payload: String) {
        #expect(replay(answer(Wire.event("contentBlockStart", payload), stop())).tools == [])
    }

    @Test func callsOfAnAnswerThatWasCutAreNotHandedOver() {
        let recording = replay([start("a", "n"), input("{}")])
        #expect(recording.tools == [] && recording.end?.failure?.code == .incomplete)
    }

    @Test func openCallsHaveABound() {
        let messages = (0...Limits.blockCount).map { start("a", "n", block: $0) }
        let within = StreamRecorder(wantsRaw: false).record(
            [answer().first ?? []] + messages.dropLast() + [answer().last ?? []])
        #expect(within.tools.count == Limits.blockCount && within.end?.failure == nil && within.faults == [])
        let beyond = StreamRecorder(wantsRaw: false).record(messages)
        #expect(beyond.end?.failure?.code == .limit && beyond.faults == [])
    }

    @Test func namesHaveABound() {
        let long = String(repeating: "n", count: 2_000_000)
        let recording = StreamRecorder(wantsRaw: false).record([start(long, "n"), stop()])
        #expect(recording.end?.failure?.code == .limit && recording.faults == [])
    }
}
