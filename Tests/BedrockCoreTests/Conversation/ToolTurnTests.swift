import Recording
import Testing

@testable import BedrockCore

private let start = Wire.event("messageStart", #"{"role":"assistant"}"#)

private func input(_ text: String, block: Int) -> Bytes {
    var writer = JSONWriter()
    writer.string(Bytes(text.utf8))
    return delta(#"{"toolUse":{"input":\#(String(writer.buffer.array))}}"#, block: block)
}

private func result(
    _ id: String, _ text: String, _ content: ToolContent = .text, isError: Bool = false, maxLength: Int = 1000
) throws -> ToolAnswer {
    let answer = try ToolAnswer.make(
        id: Bytes(id.utf8).span, content: content, text: Bytes(text.utf8).span, isError: isError, maxLength: maxLength)
    return try #require(answer)
}

/// The messages behind those of the original, and what `messages` holds.
private func turn(
    _ messages: [Bytes], _ answers: [ToolAnswer], _ operation: BedrockCore.Operation = .converseStream,
    original: String = #"{"messages":[{"role":"user"}],"x":1}"#, earlier: String = ""
) throws -> (body: String, messages: String) {
    var call = ContinuedCall(operation)
    call.run(messages)
    var list = ByteBuffer()
    list.append(Bytes(earlier.utf8))
    let body = try ToolTurn.make(
        original: Bytes(original.utf8).span, operation: operation, transcript: call.attempt.events.transcript,
        answers: answers, messages: &list)
    let isDocument = body.isJSON
    #expect(isDocument)
    return (String(body.array), String(list.array))
}

@Suite struct ToolTurns {
    private let calls = [start, textDelta("Hm. "), toolStart("a", "n", block: 1), toolStart("b", "m", block: 2)]
    private let head = #"{"messages":[{"role":"user"},"#
    private let assistant =
        #"{"role":"assistant","content":[{"text":"Hm. "},{"toolUse":{"toolUseId":"a","name":"n","input":{"c":1}}},"#
        + #"{"toolUse":{"toolUseId":"b","name":"m","input":{"INVALID_JSON":"{"}}}]}"#

    @Test func converse() throws {
        let inputs = [input(#"{"c":1}"#, block: 1), input("{", block: 2)]
        let user =
            #"{"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[{"text":"\"1\""}]}},"#
            + #"{"toolResult":{"toolUseId":"b","content":[{"json": {"d":2}}],"status":"error"}}]}"#
        let answers = [try result("b", #" {"d":2}"#, .json, isError: true), try result("a", #""1""#)]
        let turn = try turn(calls + inputs, answers, earlier: "{}")
        #expect(turn.body == head + assistant + "," + user + #"],"x":1}"#)
        #expect(turn.messages == "{}," + assistant + "," + user)
    }

    @Test(arguments: [
        (ToolContent.text, "a\"\n", #"[{"text":"a\"\n"}]"#), (.text, "", #"[{"text":""}]"#),
        (.json, #"{"a":1}"#, #"[{"json":{"a":1}}]"#), (.json, "[1]", #"[{"text":"[1]"}]"#),
        (.json, #""a""#, #"[{"text":"\"a\""}]"#), (.json, "null", #"[{"text":"null"}]"#),
        (.blocks, #"[{"image":{}}]"#, #"[{"image":{}}]"#), (.blocks, "[]", "[]"),
    ])
    func contents(_ content: ToolContent, _ text: String, _ json: String) throws {
        let turn = try turn([start, toolStart("a", "n")], [try result("a", text, content)])
        #expect(turn.messages.hasSuffix(#"{"toolResult":{"toolUseId":"a","content":\#(json)}}]}"#))
    }

    @Test func onlyTheClientsCalls() throws {
        let server = toolStart("s", "n", block: 3, more: #","type":"server_tool_use""#)
        let turn = try turn(calls + [server], [try result("a", "1"), try result("b", "2")])
        #expect(turn.body.contains(#""toolUseId":"s","name":"n","input":{},"type":"server_tool_use""#))
        #expect(!turn.body.contains(#""toolResult":{"toolUseId":"s""#))
    }

    /// The n-th result with an id is that of the n-th call with it.
    @Test func callsWithOneID() throws {
        let twice = [start, toolStart("a", "n"), toolStart("a", "n", block: 1)]
        let turn = try turn(twice, [try result("a", "1"), try result("a", "2")])
        #expect(turn.messages.contains(#"[{"text":"1"}]}},{"toolResult":{"toolUseId":"a","content":[{"text":"2"}]"#))
    }

    @Test func aCallWithoutAResult() {
        let twice = [start, toolStart("a", "n"), toolStart("a", "n", block: 1)]
        #expect(throws: ContinuationError.self) { try turn(twice, [result("a", "1")]) }
        #expect(throws: ContinuationError.self) { try turn(calls, [result("a", "1"), result("c", "2")]) }
    }

    @Test func aTurnThatTheCallerBegan() throws {
        let begun = #"{"messages":[{"role":"user"},{"role":"assistant","content":[{"text":"Well, "}]}]}"#
        let turn = try turn(
            [start, textDelta("yes. "), toolStart("a", "n", block: 1)], [result("a", "1")], original: begun)
        let call = #"{"toolUse":{"toolUseId":"a","name":"n","input":{}}}"#
        let user = #"{"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[{"text":"1"}]}}]}"#
        #expect(
            turn.body == #"{"messages":[{"role":"user"},{"role":"assistant","content":[{"text":"Well, yes. "},"#
                + call + "]}," + user + "]}")
        #expect(turn.messages == #"{"role":"assistant","content":[{"text":"yes. "},"# + call + "]}," + user)
    }

    @Test func tooLarge() throws {
        let filler = String(repeating: "a", count: Limits.requestBodyLength - 60)
        let large = #"{"messages":[{"role":"user"}],"x":"\#(filler)"}"#
        #expect(throws: ContinuationError.self) {
            try turn([start, toolStart("a", "n")], [result("a", "1")], original: large)
        }
    }

    @Test(arguments: ["", "{}", "[]", #"{"messages":[]}"#, #"{"messages":[1],"messages":[1]}"#])
    func otherRequests(_ original: String) {
        #expect(throws: ContinuationError.self) {
            try turn([start, toolStart("a", "n")], [result("a", "1")], original: original)
        }
    }
}

@Suite struct AnthropicMessages {
    private static let invoke = BedrockCore.Operation.invokeModelWithResponseStream
    private static let original = #"{"anthropic_version":"bedrock-2023-05-31","messages":[{"role":"user"}]}"#

    private func block(_ index: Int, _ json: String, _ deltas: String...) -> [Bytes] {
        [Wire.chunk(#"{"type":"content_block_start","index":\#(index),"content_block":\#(json)}"#)]
            + deltas.map { Wire.chunk(#"{"type":"content_block_delta","index":\#(index),"delta":\#($0)}"#) }
            + [Wire.chunk(#"{"type":"content_block_stop","index":\#(index)}"#)]
    }

    private var everything: [Bytes] {
        block(
            0, #"{"type":"thinking","thinking":""}"#, #"{"type":"thinking_delta","thinking":"hm"}"#,
            #"{"type":"signature_delta","signature":"c2ln"}"#)
            + block(1, #"{"type":"thinking","thinking":""}"#, #"{"type":"thinking_delta","thinking":"unsigned"}"#)
            + block(2, #"{"type":"redacted_thinking","data":"cmVk"}"#)
            + block(3, #"{"type":"text","text":""}"#, #"{"type":"text_delta","text":"Yes."}"#)
            + block(
                4, #"{"type":"tool_use","id":"t","name":"n","input":{}}"#,
                #"{"type":"input_json_delta","partial_json":"{\"a\":1}"}"#)
    }

    @Test func bothShapes() throws {
        let stop = Wire.chunk(#"{"type":"message_stop"}"#)
        let end = try #require(StreamRecorder(Self.invoke).record(everything + [stop]).end)
        #expect(
            end.message == #"{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","#
                + #""signature":"c2ln"}}},{"reasoningContent":{"reasoningText":{"text":"unsigned"}}},"#
                + #"{"reasoningContent":{"redactedContent":"cmVk"}},{"text":"Yes."},"#
                + #"{"toolUse":{"toolUseId":"t","name":"n","input":{"a":1}}}]}"#)
        #expect(end.newMessages == "[" + Self.assistant + "]")
    }

    private static let assistant =
        #"{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},"#
        + #"{"type":"redacted_thinking","data":"cmVk"},{"type":"text","text":"Yes."},"#
        + #"{"type":"tool_use","id":"t","name":"n","input":{"a":1}}]}"#

    @Test(arguments: [
        (ToolContent.text, "a", #""a""#, false), (.json, #"{"b":1}"#, #""{\"b\":1}""#, true),
        (.blocks, #"[{"type":"text","text":"c"}]"#, #"[{"type":"text","text":"c"}]"#, false),
    ])
    func results(_ content: ToolContent, _ text: String, _ json: String, _ isError: Bool) throws {
        let answers = [try result("t", text, content, isError: isError)]
        let turn = try turn(everything, answers, Self.invoke, original: Self.original)
        let flag = isError ? #","is_error":true"# : ""
        let user =
            #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":\#(json)\#(flag)}]}"#
        #expect(turn.messages == Self.assistant + "," + user)
        #expect(turn.body == Self.original.dropLast(2) + "," + Self.assistant + "," + user + "]}")
    }

    @Test(arguments: [
        (
            #"{"type":"char_location","cited_text":"c\n","document_index":1,"document_title":"T","start_char_index":2,"end_char_index":3}"#,
            #"{"title":"T","sourceContent":[{"text":"c\n"}],"location":{"documentChar":{"documentIndex":1,"start":2,"end":3}}}"#
        ),
        (
            #"{"type":"page_location","document_index":0,"document_title":null,"start_page_number":4,"end_page_number":5}"#,
            #"{"location":{"documentPage":{"documentIndex":0,"start":4,"end":5}}}"#
        ),
        (
            #"{"type":"content_block_location","document_index":0,"start_block_index":4,"end_block_index":5}"#,
            #"{"location":{"documentChunk":{"documentIndex":0,"start":4,"end":5}}}"#
        ),
        (
            #"{"type":"search_result_location","source":"S","title":"T","search_result_index":7,"start_block_index":0,"end_block_index":1}"#,
            #"{"title":"T","source":"S","location":{"searchResultLocation":{"searchResultIndex":7,"start":0,"end":1}}}"#
        ),
        (
            #"{"type":"web_search_result_location","url":"u","title":"T","encrypted_index":"e","cited_text":"c"}"#,
            #"{"title":"T","sourceContent":[{"text":"c"}],"location":{"web":{"url":"u"}}}"#
        ),
        (#"{"type":"new_location","place":{"url":1}}"#, "{}"),
    ])
    func citations(_ anthropic: String, _ converse: String) throws {
        let cited = #"{"type":"citations_delta","citation":\#(anthropic)}"#
        let text = block(0, #"{"type":"text","text":""}"#, #"{"type":"text_delta","text":"a"}"#, cited, cited)
        let end = try #require(StreamRecorder(Self.invoke).record(text).end)
        #expect(
            end.message == #"{"role":"assistant","content":[{"citationsContent":{"content":[{"text":"a"}],"#
                + #""citations":[\#(converse),\#(converse)]}}]}"#)
        #expect(
            end.newMessages == #"[{"role":"assistant","content":[{"type":"text","text":"a","#
                + #""citations":[\#(anthropic),\#(anthropic)]}]}]"#)
    }
}

@Suite struct ToolAnswers {
    private func refusal(_ content: ToolContent, _ text: Bytes, maxLength: Int = 100) -> String? {
        do throws(ArgumentError) {
            let answer = try ToolAnswer.make(
                id: Bytes("t").span, content: content, text: text.span, isError: false, maxLength: maxLength)
            #expect(Self.bytes(answer) == text && answer?.id == Bytes("t") && answer?.content == content)
            return nil
        } catch {
            return "\(error.argument): \(error.message)"
        }
    }

    private static func bytes(_ answer: ToolAnswer?) -> Bytes? { answer.map { $0.text.array } }

    @Test func taken() {
        for text in ["", "a", "é\0"] { #expect(refusal(.text, Bytes(text.utf8)) == nil) }
        for json in ["{}", "1", " [\"a\"] ", "null"] { #expect(refusal(.json, Bytes(json.utf8)) == nil) }
        for blocks in ["[]", "[{}]", #" [ {"a":[1,{}]} , {} ] "#] {
            #expect(refusal(.blocks, Bytes(blocks.utf8)) == nil)
        }
        #expect(refusal(.text, Bytes("abc"), maxLength: 3) == nil)
    }

    @Test func refused() {
        #expect(refusal(.text, [0x61, 0xFF]) == "text: the result is not UTF-8: invalid byte at 1")
        #expect(refusal(.text, [0xED, 0xA0, 0x80]) == "text: the result is not UTF-8: invalid byte at 0")
        #expect(refusal(.json, Bytes("")) == "text: the result is not JSON: unexpected end of the JSON text at byte 0")
        #expect(refusal(.json, Bytes("{}x"))?.hasSuffix("at byte 2") == true)
        #expect(refusal(.blocks, Bytes("["))?.contains("not JSON") == true)
        for other in ["{}", "1", "[1]", "[{},[]]", "[null]"] {
            #expect(refusal(.blocks, Bytes(other.utf8))?.contains("no JSON array of content blocks") == true)
        }
        #expect(refusal(.text, Bytes("abcd"), maxLength: 3)?.contains("more than turn.max_result_bytes=3") == true)
    }
}
