"""Answers in the formats of model families, streamed and whole, for the seeds of the corpus.

A line that begins with "=" is the model's own JSON in a chunk.
"""

METRICS = '"amazon-bedrock-invocationMetrics":{"inputTokenCount":9,"outputTokenCount":4,"invocationLatency":88}'
ANTHROPIC = [
    '={"type":"message_start","message":{"id":"m","usage":{"input_tokens":25,"output_tokens":1}}}',
    '={"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}',
    '={"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}',
    '={"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}',
    '={"type":"content_block_stop","index":0}',
    '={"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi"}}',
    '={"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"cited_text":"x"}}}',
    '={"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"n","input":{}}}',
    '={"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\\"a\\":1}"}}',
    '={"type":"content_block_stop","index":2}',
    '={"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":15}}',
    '={"type":"message_stop",' + METRICS + "}",
]
NOVA = [
    '={"messageStart":{"role":"assistant"}}',
    '={"contentBlockDelta":{"delta":{"text":"Hi"},"contentBlockIndex":0}}',
    '={"contentBlockStart":{"start":{"toolUse":{"toolUseId":"t","name":"n"}},"contentBlockIndex":1}}',
    '={"contentBlockStop":{"contentBlockIndex":1}}',
    '={"messageStop":{"stopReason":"end_turn"}}',
    '={"metadata":{"usage":{"inputTokens":5,"outputTokens":2}},' + METRICS + "}",
]
CHAT = [
    '={"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning_content":"hm"}}]}',
    '={"choices":[{"delta":{"content":"Hi","refusal":null,"tool_calls":[{"index":0,"id":"t","type":"function",'
    '"function":{"name":"n","arguments":"{"}}]},"finish_reason":null}]}',
    '={"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}},{"index":1,"id":"u",'
    '"function":{"name":"o","arguments":{"a":1}}}]},"finish_reason":"tool_calls"}]}',
    '={"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2}},'
    + METRICS + "}",
]
COMMAND_R = [
    '={"event_type":"text-generation","text":"Hi","is_finished":false}',
    '={"event_type":"citation-generation","citations":[{"start":0,"end":2,"text":"Hi"}]}',
    '={"event_type":"tool-calls-chunk","tool_call_delta":{"index":0,"name":"n","parameters":"{}"}}',
    '={"event_type":"tool-calls-generation","text":"Hi","tool_calls":[{"name":"n","parameters":{}}]}',
    '={"event_type":"stream-end","is_finished":true,"finish_reason":"COMPLETE","response":{"text":"Hi","meta":'
    '{"tokens":{"input_tokens":9,"output_tokens":4}}}}',
]
MISTRAL_CHAT = [
    '={"choices":[{"index":0,"message":{"role":"assistant","content":[{"type":"thinking","thinking":[{"text":"hm"}]},'
    '{"type":"text","text":"Hi"}],"tool_calls":[{"id":"t","function":{"name":"n","arguments":"{}"}}]},'
    '"stop_reason":"tool_calls"}]}',
]
CONVERSE_BODY = (
    '{"output":{"message":{"role":"assistant","content":[{"text":"Hi"},{"toolUse":{"toolUseId":"t","name":"n","input":'
    '{"a":"b\\"c"}}},{"toolResult":{"toolUseId":"t","content":[{"json":{}}],"status":"error"}},{"image":{"format":'
    '"png","source":{"bytes":"aaaa"}}},{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},'
    '{"reasoningContent":{"redactedContent":"cmVk"}},{"citationsContent":{"content":[{"text":"a"}],"citations":'
    '[{"title":"t"}]}},{"audio":{}}]}},"stopReason":"end_turn","usage":{"inputTokens":1},"metrics":{"latencyMs":5},'
    '"additionalModelResponseFields":{"a":1},"trace":{"promptRouter":{"invokedModelId":"m"}}}'
)
ANTHROPIC_BODY = (
    '{"type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"hm","signature":"s"},'
    '{"type":"text","text":"Hi","citations":[{"cited_text":"x"}]},{"type":"server_tool_use","id":"s","name":"w","input":'
    '{"q":1}},{"type":"web_search_tool_result","tool_use_id":"s","content":{"type":"x_error"}},{"type":"tool_use","id":'
    '"t","name":"n","input":{}}],"stop_reason":"tool_use","usage":{"input_tokens":9,"output_tokens":4},' + METRICS + "}"
)
WHOLE = {
    "anthropic": ANTHROPIC_BODY,
    "nova": '{"output":{"message":{"role":"assistant","content":[{"text":"Hi"}]}},"stopReason":"end_turn"}',
    "titan": '{"inputTextTokenCount":9,"results":[{"tokenCount":4,"outputText":"Hi","completionReason":"FINISH"}]}',
    "llama": '{"generation":"Hi","prompt_token_count":9,"generation_token_count":4,"stop_reason":"stop"}',
    "mistral": '{"outputs":[{"text":"Hi","stop_reason":"stop"}]}',
    "mistral-chat": MISTRAL_CHAT[0][1:],
    "cohere": '{"generations":[{"text":"Hi","finish_reason":"COMPLETE"}],"prompt":"p"}',
    "command-r": '{"text":"Hi","citations":[{"start":0}],"tool_calls":[{"name":"n","parameters":{"a":1}}],'
    '"finish_reason":"COMPLETE","meta":{"billed_units":{"input_tokens":9}}}',
    "jurassic": '{"completions":[{"data":{"text":"Hi"},"finishReason":{"reason":"endoftext"}}]}',
    "chat": '{"model":"m","choices":[{"index":0,"message":{"content":"Hi","reasoning":"hm","tool_calls":[{"id":"t",'
    '"function":{"name":"n","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":9}}',
    "completion": '{"completion":"Hi","stop_reason":"stop_sequence"}',
    "unknown": '{"embedding":[1,2.5e-3]}',
    "text": "PNG",
    "cut": ANTHROPIC_BODY[:90],
}
