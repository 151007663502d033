import Testing

@testable import BedrockCore

/// The same answer as a model of a family streams it and as it gives it whole.
struct Family: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var chunks: [String]
    var body: String
    var content: [TypedAnswer.Event]
    var stopReason: StopReason
    var stopWord: String
    var usage = Usage()
    var model = ""
    var message: String
}

private let metrics =
    #""amazon-bedrock-invocationMetrics":{"inputTokenCount":9,"outputTokenCount":4,"invocationLatency":88}"#

private func textMessage(_ text: String) -> String { #"{"role":"assistant","content":[{"text":"\#(text)"}]}"# }

private func chat(_ choice: String, _ more: String = "") -> String {
    #"{"id":"c","object":"chat.completion.chunk","model":"m-1","choices":[\#(choice)]\#(more)}"#
}

private func chatDelta(_ delta: String, _ reason: String = "null") -> String {
    chat(#"{"index":0,"delta":\#(delta),"finish_reason":\#(reason)}"#)
}

let families = [
    Family(
        testDescription: "Anthropic Messages",
        chunks: [
            #"{"type":"message_start","message":{"id":"m","model":"claude","usage":{"input_tokens":9,"output_tokens":1}}}"#,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
            #"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}"#,
            #"{"type":"content_block_stop","index":0}"#, #"{"type":"ping"}"#,
            #"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"AAAA"}}"#,
            #"{"type":"content_block_stop","index":1}"#,
            #"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":"a"}}"#,
            #"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"b\n"}}"#,
            #"{"type":"content_block_stop","index":2}"#,
            #"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}"#,
            #"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"a\""}}"#,
            #"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":":1}"}}"#,
            #"{"type":"content_block_stop","index":3}"#,
            #"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":4,"cache_creation":{"ephemeral_1h_input_tokens":3}}}"#,
            #"{"type":"message_stop"}"#,
        ],
        body:
            #"{"id":"m","type":"message","role":"assistant","model":"claude","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"redacted_thinking","data":"AAAA"},{"type":"text","text":"ab\n"},{"type":"tool_use","id":"t","name":"n","input":{"a":1}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":4,"cache_creation":{"ephemeral_1h_input_tokens":3}}}"#,
        content: [
            part(.reasoning, 0, "hm"), part(.reasoningSignature, 0, "c2ln"), part(.reasoningRedacted, 1, "AAAA"),
            part(.text, 2, "ab\n"), toolStart(3, "n(t)"), part(.toolInput, 3, #"{"a":1}"#),
            toolCall(3, "n(t)", #"{"a":1}"#),
        ],
        stopReason: .toolUse, stopWord: "tool_use",
        usage: Usage(inputTokens: 9, outputTokens: 4, cacheWrite1hInputTokens: 3), model: "claude",
        message:
            #"{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"c2ln"}}},{"reasoningContent":{"redactedContent":"AAAA"}},{"text":"ab\n"},{"toolUse":{"toolUseId":"t","name":"n","input":{"a":1}}}]}"#
    ),
    Family(
        testDescription: "Amazon Nova",
        chunks: [
            #"{"messageStart":{"role":"assistant"}}"#,
            #"{"contentBlockDelta":{"delta":{"text":"H"},"contentBlockIndex":0}}"#,
            #"{"contentBlockDelta":{"delta":{"text":"i"},"contentBlockIndex":0}}"#,
            #"{"contentBlockStop":{"contentBlockIndex":0}}"#,
            #"{"contentBlockStart":{"start":{"toolUse":{"toolUseId":"t","name":"n"}},"contentBlockIndex":1}}"#,
            #"{"contentBlockDelta":{"delta":{"toolUse":{"input":"{\"a\":1}"}},"contentBlockIndex":1}}"#,
            #"{"contentBlockStop":{"contentBlockIndex":1}}"#, #"{"messageStop":{"stopReason":"tool_use"}}"#,
            #"{"metadata":{"usage":{"inputTokens":9,"outputTokens":4,"totalTokens":13},"metrics":{},"trace":{}}}"#,
        ],
        body:
            #"{"output":{"message":{"content":[{"text":"Hi"},{"toolUse":{"toolUseId":"t","name":"n","input":{"a":1}}}],"role":"assistant"}},"stopReason":"tool_use","usage":{"inputTokens":9,"outputTokens":4,"totalTokens":13}}"#,
        content: [
            part(.text, 0, "Hi"), toolStart(1, "n(t)"), part(.toolInput, 1, #"{"a":1}"#),
            toolCall(1, "n(t)", #"{"a":1}"#),
        ],
        stopReason: .toolUse, stopWord: "tool_use", usage: Usage(inputTokens: 9, outputTokens: 4, totalTokens: 13),
        message:
            #"{"role":"assistant","content":[{"text":"Hi"},{"toolUse":{"toolUseId":"t","name":"n","input":{"a":1}}}]}"#
    ),
    Family(
        testDescription: "Amazon Titan",
        chunks: [
            #"{"outputText":"H","index":0,"totalOutputTextTokenCount":null,"completionReason":null,"inputTextTokenCount":9}"#,
            #"{"outputText":"i","index":0,"totalOutputTextTokenCount":4,"completionReason":"LENGTH","inputTextTokenCount":null,\#(metrics)}"#,
        ],
        body:
            #"{"inputTextTokenCount":9,"results":[{"tokenCount":4,"outputText":"Hi","completionReason":"LENGTH"}]}"#,
        content: [part(.text, 0, "Hi")], stopReason: .maxTokens, stopWord: "LENGTH",
        usage: Usage(inputTokens: 9, outputTokens: 4), message: textMessage("Hi")),
    Family(
        testDescription: "Meta Llama",
        chunks: [
            #"{"generation":"H","prompt_token_count":9,"generation_token_count":1,"stop_reason":null}"#,
            #"{"generation":"i","prompt_token_count":null,"generation_token_count":2,"stop_reason":null}"#,
            #"{"generation":"","prompt_token_count":null,"generation_token_count":4,"stop_reason":"stop"}"#,
        ],
        body: #"{"generation":"Hi","prompt_token_count":9,"generation_token_count":4,"stop_reason":"stop"}"#,
        content: [part(.text, 0, "Hi")], stopReason: .endTurn, stopWord: "stop",
        usage: Usage(inputTokens: 9, outputTokens: 4), message: textMessage("Hi")),
    Family(
        testDescription: "Mistral text",
        chunks: [
            #"{"outputs":[{"text":"H","stop_reason":null}]}"#, #"{"outputs":[{"text":"i","stop_reason":"length"}]}"#,
        ],
        body: #"{"outputs":[{"text":"Hi","stop_reason":"length"}]}"#, content: [part(.text, 0, "Hi")],
        stopReason: .maxTokens, stopWord: "length", message: textMessage("Hi")),
    Family(
        testDescription: "Mistral chat",
        chunks: [
            #"{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi","tool_calls":null},"stop_reason":null}]}"#,
            #"{"choices":[{"index":0,"message":{"role":"assistant","content":"","tool_calls":[{"id":"t1","function":{"name":"n","arguments":"{\"a\":1}"}},{"id":"t2","function":{"name":"o","arguments":"{}"}}]},"stop_reason":"tool_calls"}]}"#,
        ],
        body:
            #"{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi","tool_calls":[{"id":"t1","function":{"name":"n","arguments":"{\"a\":1}"}},{"id":"t2","function":{"name":"o","arguments":"{}"}}]},"stop_reason":"tool_calls"}]}"#,
        content: [
            part(.text, 0, "Hi"), toolStart(1, "n(t1)"), part(.toolInput, 1, #"{"a":1}"#), toolStart(2, "o(t2)"),
            part(.toolInput, 2, "{}"), toolCall(1, "n(t1)", #"{"a":1}"#), toolCall(2, "o(t2)", "{}"),
        ],
        stopReason: .toolUse, stopWord: "tool_calls",
        message:
            #"{"role":"assistant","content":[{"text":"Hi"},{"toolUse":{"toolUseId":"t1","name":"n","input":{"a":1}}},{"toolUse":{"toolUseId":"t2","name":"o","input":{}}}]}"#
    ),
    Family(
        testDescription: "Cohere Command",
        chunks: [
            #"{"text":"H","is_finished":false}"#, #"{"text":"i","is_finished":false}"#,
            #"{"is_finished":true,"finish_reason":"MAX_TOKENS","response":{"generations":[{"text":"Hi","finish_reason":"MAX_TOKENS"}]}}"#,
        ],
        body: #"{"generations":[{"finish_reason":"MAX_TOKENS","id":"g","text":"Hi"}],"id":"i","prompt":"p"}"#,
        content: [part(.text, 0, "Hi")], stopReason: .maxTokens, stopWord: "MAX_TOKENS", message: textMessage("Hi")),
    Family(
        testDescription: "Cohere Command R",
        chunks: [
            #"{"is_finished":false,"event_type":"stream-start","generation_id":"g"}"#,
            #"{"is_finished":false,"event_type":"text-generation","text":"H"}"#,
            #"{"is_finished":false,"event_type":"text-generation","text":"i"}"#,
            #"{"is_finished":false,"event_type":"citation-generation","citations":[{"start":0,"text":"H"}]}"#,
            #"{"is_finished":false,"event_type":"tool-calls-generation","text":"Hi","tool_calls":[{"name":"n","parameters":{"a":1}}]}"#,
            #"{"is_finished":true,"event_type":"stream-end","finish_reason":"COMPLETE","response":{"text":"Hi","citations":[{"start":0}],"tool_calls":[{"name":"n","parameters":{"a":1}}],"meta":{"billed_units":{"input_tokens":1,"output_tokens":1},"tokens":{"input_tokens":9,"output_tokens":4}}}}"#,
        ],
        body:
            #"{"response_id":"r","text":"Hi","generation_id":"g","chat_history":[{"text":"no"}],"citations":[{"start":0,"text":"H"}],"finish_reason":"COMPLETE","tool_calls":[{"name":"n","parameters":{"a":1}}],"meta":{"tokens":{"input_tokens":9,"output_tokens":4},"billed_units":{"input_tokens":1,"output_tokens":1}}}"#,
        content: [
            part(.text, 0, "Hi"), part(.citation, 0, #"{"start":0,"text":"H"}"#), toolStart(1, "n()"),
            part(.toolInput, 1, #"{"a":1}"#), toolCall(1, "n()", #"{"a":1}"#),
        ],
        stopReason: .toolUse, stopWord: "COMPLETE", usage: Usage(inputTokens: 9, outputTokens: 4),
        message:
            #"{"role":"assistant","content":[{"text":"Hi"},{"toolUse":{"toolUseId":"","name":"n","input":{"a":1}}}]}"#
    ),
    Family(
        testDescription: "AI21 Jamba",
        chunks: [
            #"{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            #"{"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#,
            #"{"id":"c","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}}"#,
        ],
        body:
            #"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}}"#,
        content: [part(.text, 0, "Hi")], stopReason: .endTurn, stopWord: "stop",
        usage: Usage(inputTokens: 9, outputTokens: 4, totalTokens: 13), message: textMessage("Hi")),
    Family(
        testDescription: "DeepSeek text",
        chunks: [
            #"{"choices":[{"text":"H","stop_reason":null}]}"#, #"{"choices":[{"text":"i","stop_reason":"stop"}]}"#,
        ],
        body: #"{"choices":[{"text":"Hi","stop_reason":"stop"}]}"#, content: [part(.text, 0, "Hi")],
        stopReason: .endTurn, stopWord: "stop", message: textMessage("Hi")),
    Family(
        testDescription: "chat completion: gpt-oss, Qwen, DeepSeek",
        chunks: [
            chatDelta(#"{"role":"assistant","content":""}"#), chatDelta(#"{"reasoning_content":"h"}"#),
            chatDelta(#"{"content":null,"reasoning_content":"m"}"#), chatDelta(#"{"content":"H"}"#),
            chatDelta(#"{"content":"i"}"#),
            chatDelta(
                #"{"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"n","arguments":""}}]}"#),
            chatDelta(#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}"#),
            chatDelta(
                #"{"tool_calls":[{"index":0,"function":{"arguments":":1}"}},{"index":1,"id":"t2","function":{"name":"o"}}]}"#
            ),
            chatDelta("{}", #""tool_calls""#),
            chat(
                "",
                #","usage":{"prompt_tokens":12,"completion_tokens":4,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":3}},\#(metrics)"#
            ),
        ],
        body:
            #"{"id":"c","object":"chat.completion","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","reasoning_content":"hm","tool_calls":[{"id":"t1","type":"function","function":{"name":"n","arguments":"{\"a\":1}"}},{"id":"t2","function":{"name":"o","arguments":""}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":12,"completion_tokens":4,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":3}}}"#,
        content: [
            part(.reasoning, 0, "hm"), part(.text, 1, "Hi"), toolStart(2, "n(t1)"), part(.toolInput, 2, #"{"a":1}"#),
            toolStart(3, "o(t2)"), toolCall(2, "n(t1)", #"{"a":1}"#), toolCall(3, "o(t2)", "{}"),
        ],
        stopReason: .toolUse, stopWord: "tool_calls",
        usage: Usage(inputTokens: 9, outputTokens: 4, totalTokens: 16, cacheReadInputTokens: 3), model: "m-1",
        message:
            #"{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm"}}},{"text":"Hi"},{"toolUse":{"toolUseId":"t1","name":"n","input":{"a":1}}},{"toolUse":{"toolUseId":"t2","name":"o","input":{}}}]}"#
    ),
    Family(
        testDescription: "Anthropic text completion",
        chunks: [
            #"{"type":"completion","completion":"Hi","stop_reason":null,"stop":null}"#,
            #"{"type":"completion","completion":"","stop_reason":"stop_sequence","stop":"\n\nHuman:"}"#,
        ],
        body: #"{"type":"completion","completion":"Hi","stop_reason":"stop_sequence","stop":"\n\nHuman:"}"#,
        content: [part(.text, 0, "Hi")], stopReason: .stopSequence, stopWord: "stop_sequence",
        message: textMessage("Hi")),
]

@Suite struct Families {
    @Test(arguments: families)
    func streamed(_ family: Family) {
        check(TypedAnswer(chunks: family.chunks), family)
    }

    @Test(arguments: families)
    func whole(_ family: Family) {
        let answer = TypedAnswer(body: family.body)
        check(answer, family)
    }

    /// Each message of the wire shows its JSON once, with its first event.
    @Test(arguments: families)
    func rawEvents(_ family: Family) {
        let answer = TypedAnswer(chunks: family.chunks)
        #expect(answer.events.filter(\.isRaw).count == family.chunks.count)
        let plain = TypedAnswer(chunks: family.chunks, wantsRaw: false)
        #expect(plain.events.allSatisfy { !$0.isRaw && ($0.delta != nil || $0.kind == .tool) })
        #expect(plain.deltas.map(\.text) == answer.deltas.map(\.text) && plain.tools == answer.tools)
        #expect(plain.message == answer.message && plain.delivered == answer.delivered)
    }

    /// A known family marks its end.
    @Test(arguments: families)
    func cut(_ family: Family) {
        let last = family.chunks.firstIndex { TypedAnswer(chunks: [$0]).isComplete } ?? 0
        for count in 1..<max(last, 1) {
            #expect(!TypedAnswer(chunks: Array(family.chunks.prefix(count))).isComplete, "\(count) chunks")
        }
    }

    private func check(_ answer: TypedAnswer, _ family: Family) {
        #expect(answer.fault == nil && answer.isComplete)
        #expect(answer.content == family.content)
        #expect(answer.stopReason == family.stopReason && answer.stopWord == family.stopWord)
        #expect(answer.usage == family.usage)
        #expect(answer.model == family.model)
        #expect(answer.message == family.message)
        #expect(answer.delivered == UInt64(answer.deltas.count))
    }
}

@Suite struct StopWords {
    @Test(arguments: [
        ("FINISH", StopReason.endTurn), ("FINISHED", .endTurn), ("LENGTH", .maxTokens),
        ("STOP_CRITERIA_MET", .stopSequence), ("CONTENT_FILTERED", .contentFiltered), ("COMPLETE", .endTurn),
        ("MAX_TOKENS", .maxTokens), ("STOP_SEQUENCE", .stopSequence), ("TOOL_CALL", .toolUse),
        ("ERROR_LIMIT", .contextExceeded), ("ERROR_TOXIC", .contentFiltered), ("stop", .endTurn),
        ("length", .maxTokens), ("tool_calls", .toolUse), ("function_call", .toolUse),
        ("content_filter", .contentFiltered), ("model_length", .contextExceeded), ("endoftext", .endTurn),
        ("end_turn", .endTurn), ("stop_sequence", .stopSequence), ("pause_turn", .pauseTurn), ("refusal", .refusal),
        ("ERROR", .other), ("new", .other),
    ])
    func reasons(_ word: String, _ reason: StopReason) {
        #expect(StopReason(Bytes(word.utf8).span) == reason)
        for chunk in [
            #"{"choices":[{"delta":{"content":"a"},"finish_reason":"\#(word)"}]}"#,
            #"{"generation":"a","stop_reason":"\#(word)"}"#, #"{"outputText":"a","completionReason":"\#(word)"}"#,
        ] {
            let answer = TypedAnswer(chunks: [chunk])
            #expect(answer.stopReason == reason && answer.stopWord == word && answer.isComplete)
            #expect(answer.events.map(\.kind) == [.delta, .messageStop])
        }
    }

    @Test func jurassic() {
        let body =
            #"{"id":1,"prompt":{"text":"p"},"completions":[{"data":{"text":"Hi","tokens":[]},"finishReason":{"reason":"length","length":4}}]}"#
        let answer = TypedAnswer(body: body)
        #expect(answer.text == "Hi" && answer.stopReason == .maxTokens && answer.stopWord == "length")
    }

    @Test func guardrails() {
        let chunk =
            #"{"outputText":"no","completionReason":"FINISH","amazon-bedrock-guardrailAction":"INTERVENED","amazon-bedrock-trace":{"guardrail":{}}}"#
        #expect(TypedAnswer(chunks: [chunk]).stopReason == .guardrail)
        #expect(TypedAnswer(body: chunk).stopWord == "FINISH")
        let none = chunk.replacing("INTERVENED", with: "NONE")
        #expect(TypedAnswer(chunks: [none]).stopReason == .endTurn)
        let message =
            #"{"type":"message","content":[],"stop_reason":"end_turn","amazon-bedrock-guardrailAction":"INTERVENED",\#(metrics)}"#
        let answer = TypedAnswer(body: message)
        #expect(answer.stopReason == .guardrail && answer.stopWord == "end_turn" && answer.latency == 88)
    }
}
