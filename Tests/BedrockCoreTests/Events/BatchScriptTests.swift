import Testing

@testable import BedrockCore

/// The steps of a body as text: the name of the event where there is one, and its payload.
private func steps(_ body: String, _ operation: BedrockCore.Operation = .converse) throws(BatchError) -> [String] {
    let script = try BatchScript.make(Bytes(body.utf8).span, operation: operation)
    #expect(script.exceeded == nil)
    return script.list.map { kind, payload in
        var buffer = ByteBuffer()
        buffer.append(payload)
        let isJSON = buffer.span.isJSON
        #expect(isJSON)
        return operation.isInvoke ? String(payload) : "\(kind) " + String(payload)
    }
}

/// Why a body has no script; nil where it has one.
private func fault(_ body: Bytes, _ operation: BedrockCore.Operation) -> ErrorCode? {
    do throws(BatchError) {
        _ = try BatchScript.make(body.span, operation: operation)
        return nil
    } catch {
        return error.failure.code
    }
}

private func converse(_ content: String) -> String {
    #"{"output":{"message":{"role":"assistant","content":[\#(content)]}},"stopReason":"end_turn"}"#
}

private let start = #"messageStart {"role":"assistant"}"#
private let stop = #"messageStop {"stopReason":"end_turn"}"#

private func delta(_ json: String, _ index: Int = 0) -> String {
    #"delta {"contentBlockIndex":\#(index),"delta":\#(json)}"#
}

private func blockStart(_ json: String, _ index: Int = 0) -> String {
    #"blockStart {"contentBlockIndex":\#(index),"start":\#(json)}"#
}

private func blockStop(_ index: Int = 0) -> String { #"blockStop {"contentBlockIndex":\#(index)}"# }

@Suite struct ConverseScripts {
    @Test(
        "each kind of block becomes the events of a stream",
        arguments: [
            (#"{"text":"a\u00e9\n"}"#, [delta(#"{"text":"a\u00e9\n"}"#)]),
            (
                #"{"toolUse":{"toolUseId":"t","name":"n","input":{"a": "b\"c"}}}"#,
                [
                    blockStart(#"{"toolUse":{"toolUseId":"t","name":"n"}}"#),
                    delta(#"{"toolUse":{"input":"{\"a\": \"b\\\"c\"}"}}"#),
                ]
            ),
            (
                #"{"toolUse":{"input":{},"type":"server_tool_use","toolUseId":"t","name":"n"}}"#,
                [
                    blockStart(#"{"toolUse":{"type":"server_tool_use","toolUseId":"t","name":"n"}}"#),
                    delta(#"{"toolUse":{"input":"{}"}}"#),
                ]
            ),
            (#"{"toolUse":{"name":"n"}}"#, [blockStart(#"{"toolUse":{"name":"n"}}"#)]),
            (
                #"{"toolResult":{"toolUseId":"t","content":[{"text":"x"},{"json":{"a":1}}],"status":"error"}}"#,
                [
                    blockStart(#"{"toolResult":{"toolUseId":"t","status":"error"}}"#),
                    delta(#"{"toolResult":[{"text":"x"},{"json":{"a":1}}]}"#),
                ]
            ),
            (
                #"{"image":{"format":"png","source":{"bytes":"AAAA"}}}"#,
                [
                    blockStart(#"{"image":{"format":"png"}}"#), delta(#"{"image":{"source":{"bytes":"AAAA"}}}"#),
                ]
            ),
            (
                #"{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}}"#,
                [delta(#"{"reasoningContent":{"text":"hm"}}"#), delta(#"{"reasoningContent":{"signature":"s"}}"#)]
            ),
            (
                #"{"reasoningContent":{"redactedContent":"AAAA"}}"#,
                [delta(#"{"reasoningContent":{"redactedContent":"AAAA"}}"#)]
            ),
            (
                #"{"citationsContent":{"citations":[{"title":"c"}],"content":[{"text":"a"},{"text":"b"}]}}"#,
                [delta(#"{"text":"a"}"#), delta(#"{"text":"b"}"#), delta(#"{"citation":{"title":"c"}}"#)]
            ),
            (#"{"audio":{"format":"mp3"}}"#, [delta(#"{"audio":{"format":"mp3"}}"#)]),
            (#"{"new":[1,{"text":"a"}],"text":"b"}"#, [delta(#"{"text":"b"}"#)]),
            (#"{"toolUse":null,"text":"a","audio":null,"image":null}"#, [delta(#"{"text":"a"}"#)]),
            (#"{}"#, []),
        ] as [(String, [String])])
    func blocks(_ content: String, _ expected: [String]) throws {
        #expect(try steps(converse(content)) == [start] + expected + [blockStop(), stop])
    }

    @Test func indexesAndWhatIsNoBlock() throws {
        #expect(
            try steps(converse(#"null,{"text":"a"},[],{"text":"b"}"#)) == [
                start, delta(#"{"text":"a"}"#, 1), blockStop(1), delta(#"{"text":"b"}"#, 3), blockStop(3), stop,
            ])
    }

    @Test func theEnd() throws {
        let body =
            #"{"usage":{"inputTokens":1},"metrics":{"latencyMs":2},"stopReason":"new","additionalModelResponseFields":[1],"trace":{},"new":1,"serviceTier":{"type":"flex"},"performanceConfig":{"latency":"optimized"},"output":{"message":{"content":[],"role":"assistant"}}}"#
        #expect(
            try steps(body) == [
                start, #"messageStop {"stopReason":"new","additionalModelResponseFields":[1]}"#,
                #"metadata {"usage":{"inputTokens":1},"metrics":{"latencyMs":2},"trace":{},"serviceTier":{"type":"flex"},"performanceConfig":{"latency":"optimized"}}"#,
            ])
    }

    @Test(
        "what holds no answer",
        arguments: [
            "{}", "[]", "null", "1", #"{"message":"a"}"#, #"{"stopReason":"end_turn"}"#,
            #"{"output":{"message":{"content":[]}}}"#, #"{"output":{"message":[]},"stopReason":"end_turn"}"#,
            #"{"output":[],"stopReason":"end_turn"}"#, #"{"output":{"message":{}},"stopReason":null}"#,
            #"{"output":{},"stopReason":"end_turn"}"#,
        ])
    func noAnswer(_ body: String) {
        #expect(fault(Bytes(body.utf8), .converse) == .protocol)
        #expect(fault(Bytes(body.utf8), .invokeModel) == nil)
    }

    @Test("cut and malformed JSON are told apart", arguments: BedrockCore.Operation.allCases.filter { !$0.isStreaming })
    func notJSON(_ operation: BedrockCore.Operation) {
        let body = converse(#"{"text":"aü"}"#)
        for length in 0..<body.utf8.count {
            #expect(fault(Bytes(body.utf8.prefix(length)), operation) == .incomplete, "cut at \(length)")
        }
        for broken in [body + "x", body.replacing(":", with: ";"), "{'a':1}"] {
            #expect(fault(Bytes(broken.utf8), operation) == .protocol)
        }
        #expect(fault(Bytes("<html>".utf8), operation) == (operation == .converse ? .protocol : nil))
    }

    @Test func manyBlocks() throws {
        let blocks = Array(repeating: "{}", count: Limits.blockCount).joined(separator: ",")
        #expect(try exceeded(converse(blocks)) == nil)
        #expect(try exceeded(converse(blocks + ",{}")) == .blockCount)
        let citations = String(repeating: "0,", count: 70_000) + "0"
        #expect(try exceeded(converse(#"{"citationsContent":{"citations":[\#(citations)]}}"#)) == .blockCount)
    }

    private func exceeded(_ body: String) throws(BatchError) -> AnswerLimit? {
        let script = try BatchScript.make(body.utf8.span, operation: .converse)
        return script.exceeded
    }
}

@Suite struct InvokeScripts {
    @Test func anthropic() throws {
        let body =
            #"{"id":"m","type":"message","role":"assistant","model":"claude","content":[{"type":"text","text":"a"},{"type":"tool_use","id":"t","name":"n","input":{"a":1}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}}"#
        #expect(
            try steps(body, .invokeModel) == [
                #"{"type":"message_start","message":{"role":"assistant","model":"claude","usage":{"input_tokens":1,"output_tokens":2}}}"#,
                #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a"}}"#,
                #"{"type":"content_block_stop","index":0}"#,
                #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"n","input":{"a":1}}}"#,
                #"{"type":"content_block_stop","index":1}"#,
                #"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":1,"output_tokens":2}}"#,
                #"{"type":"message_stop"}"#,
            ])
        #expect(
            try steps(#"{"type":"message"}"#, .invokeModel) == [
                #"{"type":"message_start","message":{"role":"assistant","model":null,"usage":null}}"#,
                #"{"type":"message_delta","delta":{"stop_reason":null,"stop_sequence":null},"usage":null}"#,
                #"{"type":"message_stop"}"#,
            ])
    }

    @Test func nova() throws {
        let body =
            #"{"output":{"message":{"content":[{"text":"a"}],"role":"assistant"}},"stopReason":"end_turn","usage":{"inputTokens":5}}"#
        #expect(
            try steps(body, .invokeModel) == [
                #"{"messageStart":{"role":"assistant"}}"#,
                #"{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"a"}}}"#,
                #"{"contentBlockStop":{"contentBlockIndex":0}}"#, #"{"messageStop":{"stopReason":"end_turn"}}"#,
                #"{"metadata":{"usage":{"inputTokens":5}}}"#,
            ])
    }

    @Test(arguments: [#"{"results":[{"outputText":"a"}]}"#, "{}", #" {"embedding":[1]} "#])
    func others(_ body: String) throws {
        #expect(try steps(body, .invokeModel) == [body])
    }

    @Test(arguments: ["[]", "1", #""text""#, "null", "png"])
    func noObject(_ body: String) throws {
        #expect(try steps(body, .invokeModel) == [])
    }
}
