import Recording
import Testing

@testable import BedrockCore

private func replayChunks(_ chunks: [String], _ location: SourceLocation = #_sourceLocation) -> Recording {
    replay(chunks.map { Wire.chunk($0) }, as: .invokeModelWithResponseStream, sourceLocation: location)
}

private func delta(_ json: String, _ index: Int = 0) -> String {
    #"{"type":"content_block_delta","index":\#(index),"delta":\#(json)}"#
}

private let messageStop = #"{"type":"message_stop"}"#

/// The order and form of the platform documentation, "Streaming messages".
@Suite struct AnthropicChunks {
    @Test func wholeAnswer() {
        let recording = replayChunks([
            #"{"type":"message_start","message":{"id":"msg_1","role":"assistant","content":[],"stop_reason":null,"usage":{"input_tokens":25,"cache_creation_input_tokens":7,"cache_read_input_tokens":8,"output_tokens":1}}}"#,
            #"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
            #"{"type":"ping"}"#, delta(#"{"type":"thinking_delta","thinking":"hm\n"}"#),
            delta(#"{"type":"signature_delta","signature":"c2ln"}"#), #"{"type":"content_block_stop","index":0}"#,
            #"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
            delta(#"{"type":"text_delta","text":"Hi \u00e9"}"#, 1),
            delta(#"{"type":"citations_delta","citation":{"type":"char_location","cited_text":"x"}}"#, 1),
            #"{"type":"content_block_stop","index":1}"#,
            #"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}}"#,
            delta(#"{"type":"input_json_delta","partial_json":""}"#, 2),
            delta(#"{"type":"input_json_delta","partial_json":"{\"city\":"}"#, 2),
            delta(#"{"type":"input_json_delta","partial_json":" \"Bern\"}"}"#, 2),
            #"{"type":"content_block_stop","index":2}"#,
            #"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":null,"output_tokens":15}}"#,
            #"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":25,"outputTokenCount":15,"invocationLatency":1500}}"#,
        ])
        let kinds: [EventKind] = [
            .messageStart, .blockStart, .other, .delta, .delta, .blockStop, .blockStart, .delta, .delta, .blockStop,
            .blockStart, .delta, .delta, .delta, .blockStop, .tool, .metadata, .messageStop,
        ]
        #expect(recording.events.map(\.kind) == kinds)
        let deltas = recording.events.filter { $0.delta != nil }
        #expect(
            deltas.map(\.delta) == [
                .reasoning, .reasoningSignature, .text, .citation, .toolInput, .toolInput, .toolInput,
            ]
        )
        #expect(
            deltas.map(\.text) == [
                "hm\n", "c2ln", "Hi é", #"{"type":"char_location","cited_text":"x"}"#, "", #"{"city":"#, #" "Bern"}"#,
            ])
        #expect(deltas.map(\.block) == [0, 0, 1, 1, 2, 2, 2])
        #expect(recording.tools.map(\.json) == [#"{"city": "Bern"}"#])
        #expect(recording.tools.first?.tool == RecordedTool("toolu_1", "weather"))
        let end = recording.end
        #expect(end?.failure == nil && end?.text == "Hi é" && end?.stopReason == .toolUse && end?.serverLatency == 1500)
        #expect(
            end?.usage
                == Usage(inputTokens: 25, outputTokens: 15, cacheReadInputTokens: 8, cacheWriteInputTokens: 7))
        #expect(end?.metadata == #"{"inputTokenCount":25,"outputTokenCount":15,"invocationLatency":1500}"#)
    }

    @Test(
        "members in any order",
        arguments: [
            #"{"type":"content_block_delta","index":4,"delta":{"type":"text_delta","text":"Hi"}}"#,
            #"{"delta":{"text":"Hi","type":"text_delta"},"index":4,"type":"content_block_delta"}"#,
            #"{"index":4,"new":[{"type":"error"}],"delta":{"text":"Hi","new":1},"type":"content\u005fblock_delta"}"#,
            #" { "type" : "content_block_delta" , "delta" : { "text" : "Hi" } , "index" : 4 } "#,
        ])
    func memberOrder(_ chunk: String) {
        let recording = replayChunks([chunk, messageStop])
        let event = recording.events.first
        #expect(event?.kind == .delta && event?.delta == .text && event?.text == "Hi" && event?.block == 4)
        #expect(recording.end?.failure == nil && recording.end?.text == "Hi")
    }

    @Test(arguments: [
        delta("null"), delta("{}"), delta(#"{"text":1}"#), delta(#"{"type":"new_delta","new":"a"}"#), delta(#""text""#),
        #"{"type":"content_block_delta"}"#, #"{"type":"content_block_start","content_block":"tool_use"}"#,
        #"{"type":"message_delta","delta":{"text":"a"}}"#, #"{"type":"message_start","message":[],"usage":1}"#,
        #"{"type":"content_block_start","index":0,"content_block":{"type":"new"}}"#,
        #"{"type":"content_block_whatever","delta":{"text":"a"}}"#,
    ])
    func nothingToDeliver(_ chunk: String) {
        let recording = replayChunks([chunk, messageStop])
        #expect(recording.end?.failure == nil && recording.end?.delivered == 0 && recording.tools == [])
        #expect(recording.text == "" && recording.end?.text == "")
    }

    @Test func serverTool() {
        let recording = replayChunks([
            #"{"type":"content_block_start","index":0,"content_block":{"name":"web_search","id":"s","type":"server_tool_use"}}"#,
            #"{"type":"content_block_stop","index":0}"#, messageStop,
        ])
        #expect(recording.tools.first?.tool == RecordedTool("s", "web_search", isServer: true))
    }

    @Test(arguments: [
        ("overloaded_error", ErrorCode.service), ("ThrottlingException", .throttled),
    ])
    func errorChunk(_ type: String, _ code: ErrorCode) {
        let recording = replayChunks([
            #"{"type":"message_start"}"#, delta(#"{"text":"a"}"#),
            #"{"type":"error","error":{"type":"\#(type)","message":"Over\nloaded","new":{}}}"#, delta(#"{"text":"b"}"#),
        ])
        let failure = recording.end?.failure
        #expect(failure?.code == code && failure?.message == "Over loaded" && failure?.serviceCode == type)
        #expect(failure?.phase == .stream && recording.end?.text == "a")
        // Whatever order its members have.
        let reversed = replayChunks([#"{"error":{"message":"m","type":"\#(type)"},"type":"error"}"#])
        #expect(reversed.end?.failure?.code == code && reversed.end?.failure?.message == "m")
    }

    @Test(arguments: [
        #"{"type":"error"}"#, #"{"type":"error","error":"text"}"#, #"{"type":"error","error":{}}"#,
        #"{"type":"error","error":{"type":"a\u0000b"}}"#,
    ])
    func errorChunkWithoutWords(_ chunk: String) {
        let failure = replayChunks([chunk]).end?.failure
        #expect(failure?.code == .service && failure?.message == "the service reported a failure")
    }

    @Test func errorMemberOfAnotherChunkIsNone() {
        let recording = replayChunks([#"{"type":"ping","error":{"type":"a"}}"#, messageStop])
        #expect(recording.end?.failure == nil)
    }

    @Test func cutBeforeTheStop() {
        let recording = replayChunks([
            delta(#"{"text":"a"}"#), #"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#,
        ])
        #expect(recording.end?.failure?.code == .incomplete && recording.end?.stopReason == .endTurn)
    }

    @Test(
        "a torn or lengthened chunk is never an answer's end",
        arguments: [
            #"{"type":"message_stop""#, #"{"type":"message_stop"}x"#, #"{"type":"message_stop"}{}"#,
            #"{"type":"message_stop",}"#,
        ])
    func malformedStop(_ chunk: String) {
        #expect(replayChunks([delta(#"{"text":"a"}"#), chunk]).end?.failure != nil)
    }

    @Test(arguments: [
        #"{"type":"content_block_delta","delta":{"text":"a"}}x"#, #"{"type":"content_block_delta","delta":{"text":"a""#,
    ])
    func malformedDelta(_ chunk: String) {
        #expect(replayChunks([chunk, messageStop]).end?.failure?.code == .protocol)
    }
}
