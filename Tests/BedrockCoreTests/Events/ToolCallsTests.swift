import Recording
import Testing

@testable import BedrockCore

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
                toolStart("t-1", "weather"), input(""), input(#"{"city":"#), input(#" "Ber"#), input(#"lin \"x\""}"#),
                stop(),
                stopReason: "tool_use"))
        #expect(recording.tools == [call("t-1", "weather", #"{"city": "Berlin \"x\""}"#)])
        #expect(recording.end?.stopReason == .toolUse && recording.end?.delivered == 4 && recording.text == "")
        // The call comes right behind the event that ends its block.
        #expect(recording.events.map(\.kind).suffix(3) == [.blockStop, .tool, .messageStop])
    }

    @Test func withoutInput() {
        #expect(replay(answer(toolStart("t", "now"), stop())).tools == [call("t", "now", "{}")])
        #expect(replay(answer(toolStart("t", "now"), input(""), stop())).tools == [call("t", "now", "{}")])
    }

    @Test(
        "input that is no JSON is passed on with a mark",
        arguments: [
            "{", "{}x", "tru", " ", "{\"a\":1,}", "\u{1}", "{'a':1}", "NaN",
        ])
    func invalid(_ json: String) {
        #expect(
            replay(answer(toolStart("t", "n"), input(json), stop())).tools == [call("t", "n", json, isValid: false)])
    }

    @Test("any one JSON value is valid", arguments: ["[]", "null", "1", #""a""#, " {} "])
    func otherValues(_ json: String) {
        #expect(replay(answer(toolStart("t", "n"), input(json), stop())).tools == [call("t", "n", json)])
    }

    @Test func blocksThatAreNeverClosed() {
        let recording = replay(
            answer(toolStart("a", "n", block: 1), input("{}", block: 1), toolStart("b", "n", block: 2)))
        #expect(recording.tools == [call("a", "n", "{}", block: 1), call("b", "n", "{}", block: 2)])
        #expect(recording.events.map(\.kind).suffix(3) == [.messageStop, .tool, .tool])
    }

    @Test func blockThatStartsAnewEndsTheOldOne() {
        let recording = replay(answer(toolStart("a", "n"), input("1"), toolStart("b", "n"), input("2"), stop()))
        #expect(recording.tools == [call("a", "n", "1"), call("b", "n", "2")])
    }

    @Test func interleaved() {
        let recording = replay(
            answer(
                toolStart("a", "n", block: 1), toolStart("b", "m", block: 2), input("[1", block: 1),
                input("[2", block: 2),
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

    @Test(
        "a piece of input that no call is open for",
        arguments: [
            ([], 0), ([toolStart("t", "n", block: 1)], 0), ([toolStart("t", "n"), stop()], 0), ([textDelta("a")], 0),
            ([toolStart("t", "n"), input("{}")], 7),
        ])
    func inputWithoutACall(_ before: [Bytes], _ block: Int) {
        let messages = [[Wire.event("messageStart", "{}")], before, [input("{}", block: block)]].flatMap { $0 }
        let failure = replay(messages).end?.failure
        #expect(failure?.code == .protocol && failure?.isRetryable == ErrorCode.protocol.isRetryable)
        #expect(failure?.message.contains("block \(block), in which no tool call is open") == true)
    }

    @Test func emptyInputWithoutACall() {
        let recording = replay(answer(input(""), toolStart("t", "n"), stop(), input("")))
        #expect(recording.tools == [call("t", "n", "{}")] && recording.end?.failure == nil)
    }

    @Test func serverTool() {
        let recording = replay(
            answer(toolStart("a", "search", more: #","type":"server_tool_use""#), input("{}"), stop()))
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
        let recording = replay([toolStart("a", "n"), input("{}")])
        #expect(recording.tools == [] && recording.end?.failure?.code == .incomplete)
    }

    @Test func openCallsHaveABound() {
        let messages = (0...Limits.blockCount).map { toolStart("a", "n", block: $0) }
        let within = StreamRecorder(wantsRaw: false).record(
            [answer().first ?? []] + messages.dropLast() + [answer().last ?? []])
        #expect(within.tools.count == Limits.blockCount && within.end?.failure == nil && within.faults == [])
        let beyond = StreamRecorder(wantsRaw: false).record(messages)
        #expect(beyond.end?.failure?.code == .limit && beyond.faults == [])
    }

    @Test func namesHaveABound() {
        let long = String(repeating: "n", count: 2_000_000)
        let recording = StreamRecorder(wantsRaw: false).record([toolStart(long, "n"), stop()])
        #expect(recording.end?.failure?.code == .limit && recording.faults == [])
    }
}
