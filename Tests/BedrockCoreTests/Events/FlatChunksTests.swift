import Testing

@testable import BedrockCore

private func chunk(_ delta: String, _ reason: String = "null") -> String {
    #"{"choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(reason)}]}"#
}

private func call(_ members: String...) -> String {
    chunk(#"{"tool_calls":[\#(members.map { "{\($0)}" }.joined(separator: ","))]}"#)
}

private func function(_ name: String, _ arguments: String) -> String {
    #""function":{"name":"\#(name)","arguments":\#(arguments)}"#
}

private let stop = chunk("{}", #""tool_calls""#)

@Suite struct FlatChunks {
    @Test("the first thing of a chunk has the wire's JSON, the others come behind it")
    func severalThings() {
        let answer = TypedAnswer(chunks: [
            #"{"model":"m","choices":[{"finish_reason":"stop","delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"n","arguments":"{}"}}],"content":"Hi","reasoning":"hm"}}],"usage":{"completion_tokens":2}}"#
        ])
        #expect(answer.events.map(\.kind) == [.delta, .delta, .blockStart, .delta, .messageStop, .tool])
        #expect(answer.events.map(\.isRaw) == [true, false, false, false, false, false])
        #expect(answer.events.map(\.block) == [0, 1, 2, 2, -1, 2])
        #expect(answer.stopReason == .toolUse && answer.stopWord == "stop" && answer.usage.outputTokens == 2)
        #expect(answer.isComplete && answer.model == "m" && answer.fault == nil)
    }

    @Test("chunks that say nothing typed are events as they came")
    func empty() {
        let chunks = [
            chunk(#"{"role":"assistant","content":""}"#), chunk(#"{"content":null,"tool_calls":null}"#), chunk("null"),
            #"{"choices":[]}"#, #"{"choices":[null,1]}"#, #"{"choices":[],"usage":{"total_tokens":3}}"#,
        ]
        let answer = TypedAnswer(chunks: chunks)
        #expect(answer.events.map(\.kind) == [.other, .other, .other, .other, .other, .metadata])
        #expect(answer.events.allSatisfy(\.isRaw) && !answer.isComplete && answer.usage.totalTokens == 3)
        #expect(TypedAnswer(chunks: chunks, wantsRaw: false).events == [])
    }

    @Test func usageBehindTheEnd() {
        let answer = TypedAnswer(chunks: [
            chunk(#"{"content":"a"}"#), chunk("{}", #""length""#),
            #"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"prompt_tokens_details":null}}"#,
        ])
        #expect(answer.events.map(\.kind) == [.delta, .messageStop, .metadata] && answer.stopReason == .maxTokens)
        #expect(answer.usage == Usage(inputTokens: 7, outputTokens: 2))
    }

    @Test(
        "tokens read from the cache are not counted twice",
        arguments: [
            (7, "3", Usage(inputTokens: 4, cacheReadInputTokens: 3)),
            (7, "0", Usage(inputTokens: 7, cacheReadInputTokens: 0)),
            (7, "null", Usage(inputTokens: 7)), (7, "9", Usage(inputTokens: 7, cacheReadInputTokens: 9)),
            (7, "-9223372036854775808", Usage(inputTokens: 7, cacheReadInputTokens: .min)),
        ])
    func cachedTokens(_ prompt: Int, _ cached: String, _ usage: Usage) {
        let chunk =
            #"{"choices":[],"usage":{"prompt_tokens":\#(prompt),"prompt_tokens_details":{"cached_tokens":\#(cached)}}}"#
        #expect(TypedAnswer(chunks: [chunk]).usage == usage)
    }

    @Test func firstOfSeveralAnswers() {
        let body =
            #"{"choices":[{"index":1,"message":{"content":"no"},"finish_reason":"length"},{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]}"#
        let answer = TypedAnswer(body: body)
        #expect(answer.text == "Hi" && answer.stopReason == .endTurn)
    }

    @Test func refusal() {
        let answer = TypedAnswer(chunks: [chunk(#"{"refusal":"No."}"#), chunk("{}", #""stop""#)])
        #expect(answer.text == "No." && answer.stopReason == .refusal && answer.stopWord == "stop")
    }

    @Test func reasoningUnderTwoNames() {
        let answer = TypedAnswer(chunks: [chunk(#"{"reasoning":"hm","reasoning_content":"hm"}"#)])
        #expect(answer.content == [part(.reasoning, 0, "hm")])
    }

    @Test func contentInParts() {
        let content =
            #"[{"type":"thinking","thinking":[{"type":"text","text":"h"},{"type":"text","text":"m"}]},{"type":"text","text":"H"},{"text":"i","type":"text"},1,{"type":"new","thinking":"x"}]"#
        let answer = TypedAnswer(chunks: [chunk(#"{"content":\#(content)}"#)])
        #expect(answer.content == [part(.reasoning, 0, "hm"), part(.text, 1, "Hi"), part(.reasoning, 0, "x")])
    }

    @Test func escapesAndUnicode() {
        let answer = TypedAnswer(chunks: [chunk(#"{"c\u006fntent":"\u00e9\n\"ü"}"#)])
        #expect(answer.text == "é\n\"ü")
    }

    @Test("what the last chunk of Cohere repeats is not delivered twice")
    func repeats() {
        let answer = TypedAnswer(chunks: [
            #"{"event_type":"tool-calls-chunk","text":"I will"}"#,
            #"{"event_type":"tool-calls-chunk","tool_call_delta":{"index":0,"name":"n"}}"#,
            #"{"event_type":"tool-calls-chunk","tool_call_delta":{"index":0,"parameters":"{\"a\""}}"#,
            #"{"event_type":"tool-calls-chunk","tool_call_delta":{"index":0,"parameters":":1}"}}"#,
            #"{"event_type":"tool-calls-generation","text":"I will","tool_calls":[{"name":"n","parameters":{"a":1}}]}"#,
            #"{"event_type":"stream-end","is_finished":true,"finish_reason":"COMPLETE","response":{"text":"I will","tool_calls":[{"name":"n","parameters":{"a":1}}]}}"#,
        ])
        #expect(answer.text == "I will" && answer.tools.map(\.text) == [#"{"a":1}"#])
        #expect(answer.stopReason == .toolUse && answer.isComplete)
        let late =
            #"{"event_type":"tool-calls-generation","text":"I will","tool_calls":[{"name":"n","parameters":{}}]}"#
        #expect(TypedAnswer(chunks: [late]).text == "I will")
    }
}

@Suite struct FlatToolCalls {
    @Test(
        "pieces find their call by number, by id, or as the last one",
        arguments: [
            [
                call(
                    #""index":0,"id":"a","# + function("n", #""{\"x\"""#),
                    #""index":1,"id":"b","# + function("o", #""[""#)),
                call(#""index":1,"function":{"arguments":"1]"}"#, #""index":0,"function":{"arguments":":1}"}"#),
            ],
            [
                call(#""id":"a","# + function("n", #""{\"x\"""#)), call(#""id":"b","# + function("o", #""[1""#)),
                call(#""id":"a","function":{"arguments":":1}"}"#), call(#""id":"b","function":{"arguments":"]"}"#),
            ],
            [
                call(#""index":0,"id":"a","# + function("n", #""{\"x\"""#)),
                call(#""index":0,"function":{"arguments":":1}"}"#),
                call(#""index":0,"id":"b","# + function("o", #""""#)),
                call(#""index":0,"function":{"arguments":"[1]"}"#),
            ],
            [
                call(#""id":"a","# + function("n", #""{\"x\"""#)), call(#""function":{"arguments":":1}"}"#),
                call(#""id":"b","# + function("o", "null")), call(#""function":{"arguments":"[1]"}"#),
            ],
            [
                call(#""index":7,"id":"a","# + function("n", #"{"x":1}"#)),
                call(#""index":9007199254740993,"id":"b","# + function("o", "[1]")),
            ],
        ])
    func pieces(_ chunks: [String]) {
        let answer = TypedAnswer(chunks: chunks + [stop])
        #expect(answer.fault == nil && answer.isComplete)
        #expect(answer.tools == [toolCall(0, "n(a)", #"{"x":1}"#), toolCall(1, "o(b)", "[1]")])
    }

    @Test func callsWithoutIds() {
        let answer = TypedAnswer(chunks: [call(function("n", "{}"), function("n", #"{"a":2}"#)), stop])
        #expect(answer.tools == [toolCall(0, "n()", "{}"), toolCall(1, "n()", #"{"a":2}"#)])
        let nameless = TypedAnswer(chunks: [call(#""function":{"arguments":"{}"}"#), stop])
        #expect(nameless.tools.map(\.text) == ["{}"] && nameless.fault == nil)
    }

    @Test func functionCall() {
        let answer = TypedAnswer(chunks: [
            chunk(#"{"function_call":{"name":"n","arguments":"{\"a\""}}"#),
            chunk(#"{"function_call":{"arguments":":1}"}}"#), chunk("{}", #""function_call""#),
        ])
        #expect(answer.tools == [toolCall(0, "n()", #"{"a":1}"#)] && answer.stopReason == .toolUse)
    }

    @Test("input that is cut off is said to be no JSON")
    func cutInput() {
        let answer = TypedAnswer(chunks: [
            call(#""index":0,"id":"a","# + function("n", #""{\"x\"""#)), chunk("{}", #""length""#),
        ])
        #expect(answer.tools.map(\.tool) == ["n(a) invalid"] && answer.stopReason == .maxTokens)
    }

    @Test func tooMany() {
        let calls = Array(repeating: #"{"function":{"name":"n"}}"#, count: Limits.blockCount + 1)
        let answer = TypedAnswer(chunks: [chunk(#"{"tool_calls":[\#(calls.joined(separator: ","))]}"#)])
        #expect(answer.fault != nil)
        let texts = Array(repeating: #"{"text":"a"}"#, count: Limits.blockCount + 2)
        let parts = TypedAnswer(chunks: [chunk(#"{"content":[\#(texts.joined(separator: ","))]}"#)])
        #expect(parts.fault != nil)
    }
}

@Suite struct NovaChunksTogether {
    @Test("several events in one chunk")
    func together() {
        let answer = TypedAnswer(chunks: [
            #"{"messageStart":{"role":"assistant"},"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"Hi"}}}"#,
            #"{"contentBlockStart":{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t","name":"n"}}},"contentBlockDelta":{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{}"}}},"contentBlockStop":{"contentBlockIndex":1},"messageStop":{"stopReason":"tool_use"},"metadata":{"usage":{"inputTokens":1}}}"#,
        ])
        #expect(
            answer.events.map(\.kind) == [
                .messageStart, .delta, .blockStart, .delta, .blockStop, .messageStop, .metadata, .tool,
            ])
        #expect(answer.tools == [toolCall(1, "n(t)", "{}")] && answer.text == "Hi" && answer.usage.inputTokens == 1)
        #expect(answer.isComplete && answer.stopReason == .toolUse)
    }
}

@Suite struct AnthropicBlocks {
    private func start(_ block: String) -> [String] {
        [
            #"{"type":"content_block_start","index":0,"content_block":\#(block)}"#,
            #"{"type":"content_block_stop","index":0}"#, #"{"type":"message_stop"}"#,
        ]
    }

    @Test("what a start has of its block's content counts")
    func content() {
        let text = TypedAnswer(
            chunks: start(#"{"type":"text","text":"Hi","citations":[{"type":"char_location","cited_text":"x"}]}"#))
        #expect(
            text.content == [part(.text, 0, "Hi"), part(.citation, 0, #"{"type":"char_location","cited_text":"x"}"#)])
        #expect(text.events.map(\.kind) == [.blockStart, .delta, .delta, .blockStop, .messageStop])
        #expect(text.events[0].blockKind == .text && text.events.map(\.isRaw) == [true, false, false, true, true])
        let thinking = TypedAnswer(chunks: start(#"{"type":"thinking","thinking":"hm","signature":"s"}"#))
        #expect(thinking.content == [part(.reasoning, 0, "hm"), part(.reasoningSignature, 0, "s")])
        #expect(thinking.events[0].blockKind == .reasoning)
        let tool = TypedAnswer(chunks: start(#"{"type":"tool_use","id":"t","name":"n","input":{"a":1}}"#))
        #expect(tool.tools == [toolCall(0, "n(t)", #"{"a":1}"#)])
    }

    @Test(arguments: [
        ("web_search_tool_result", #"[{"type":"web_search_result","url":"u"}]"#, false),
        ("web_search_tool_result", #"{"type":"web_search_tool_result_error","error_code":"unavailable"}"#, true),
        ("bash_code_execution_tool_result", #"{"type":"bash_code_execution_result","stdout":"a"}"#, false),
        ("mcp_tool_result", #"[{"type":"text","text":"a"}]"#, false), ("tool_result", #""text""#, false),
    ])
    func toolResults(_ type: String, _ content: String, _ isError: Bool) {
        let block = #"{"type":"\#(type)","tool_use_id":"s","content":\#(content)}"#
        let answer = TypedAnswer(chunks: start(block))
        #expect(answer.events[0].blockKind == .toolResult && answer.events[0].tool == "(s)")
        #expect(answer.content == [part(.toolResult, 0, content)] && answer.tools == [] && answer.fault == nil)
        var events = EventDecoder(operation: .invokeModel, wantsRaw: true)
        var script = BatchScript()
        let whole = #"{"type":"message","content":[\#(block)],"stop_reason":"end_turn"}"#
        do {
            script = try BatchScript.make(Bytes(whole.utf8).span, operation: .invokeModel)
            _ = try script.next(&events)
            _ = try script.next(&events)
        } catch {
            Issue.record("\(error)")
        }
        #expect(events.event.kind == .blockStart && events.event.isErrorResult == isError)
    }

    @Test(arguments: [("server_tool_use", true), ("mcp_tool_use", true), ("tool_use", false)])
    func tools(_ type: String, _ isServer: Bool) {
        let chunks = start(#"{"type":"\#(type)","id":"t","name":"n","input":{}}"#)
        let piece =
            #"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"[1]"}}"#
        let answer = TypedAnswer(chunks: [chunks[0], piece] + chunks[1...])
        #expect(answer.tools == [toolCall(0, "n(t)" + (isServer ? " by the server" : ""), "[1]")])
    }

    @Test("a start without a type leaves nothing behind for the next one")
    func startsWithoutAType() {
        let answer = TypedAnswer(chunks: [
            start(#"{"id":"some id","name":"some name"}"#)[0], start(#"{"type":"tool_use"}"#)[0],
            #"{"type":"content_block_start","index":1}"#, #"{"type":"message_stop"}"#,
        ])
        #expect(answer.events.map(\.tool) == ["some name(some id)", "", "", "", "()"])
        #expect(answer.events.map(\.blockKind) == [.other, .toolUse, .unknown, .unknown, .unknown])
    }

    @Test func otherBlocks() {
        let answer = TypedAnswer(chunks: start(#"{"type":"container_upload","file_id":"f","text":"x","content":[1]}"#))
        #expect(answer.events[0].blockKind == .other && answer.deltas == [] && answer.fault == nil)
    }
}
