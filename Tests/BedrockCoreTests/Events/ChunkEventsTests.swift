import Recording
import Testing

@testable import BedrockCore

private let metrics =
    #""amazon-bedrock-invocationMetrics":{"inputTokenCount":9,"outputTokenCount":4,"invocationLatency":88,"firstByteLatency":3}"#

private func replayChunks(_ chunks: [String], _ location: SourceLocation = #_sourceLocation) -> Recording {
    replay(chunks.map { Wire.chunk($0) }, as: .invokeModelWithResponseStream, sourceLocation: location)
}

@Suite struct Chunks {
    @Test func wrapper() {
        let recording = replayChunks(["{}", #"{"a":"ü"}"#])
        #expect(recording.events.map(\.json) == ["{}", #"{"a":"ü"}"#])
        #expect(recording.events.map(\.type) == ["chunk", "chunk"] && recording.end?.failure == nil)
    }

    @Test(
        "the member bytes stands anywhere, escaped or not",
        arguments: [
            #"{"bytes":"Pz8/Pw=="}"#, #"{"p":"abc","bytes":"Pz8/Pw==","q":{"bytes":1}}"#, #"{"bytes":"Pz8\/Pw=="}"#,
            #"{"b\u0079tes":"\u0050z8/Pw\u003d="}"#, #"{"bytes":"AAAA","bytes":"Pz8/Pw=="}"#,
        ])
    func wrapperForms(_ payload: String) {
        let recording = replay([Wire.event("chunk", payload)], as: .invokeModelWithResponseStream)
        #expect(recording.events.map(\.json) == ["????"])
    }

    @Test(arguments: [
        "", "{", "{}", "[]", "null", #"{"bytes":null}"#, #"{"bytes":1}"#, #"{"bytes":["e30="]}"#, #"{"bytes":"e30"}"#,
        #"{"bytes":"e3*="}"#, #"{"bytes":"e30= "}"#, #"{"bytes":"e30="}x"#, #"{"bytes":"e30=""#, #"{"byte":"e30="}"#,
        #"{"bytes":"=A=="}"#, #"{"bytes":"e\u0000="}"#,
    ])
    func malformedWrappers(_ payload: String) {
        let recording = replay([Wire.event("chunk", payload)], as: .invokeModelWithResponseStream)
        #expect(recording.end?.failure?.code == .protocol && recording.events == [])
        #expect(recording.end?.failure?.message.contains("message at byte 0") == true)
    }

    @Test(
        "any bytes may be a chunk",
        arguments: [
            [], [0], [0xFF, 0xFE], Bytes("text".utf8), Bytes("[1,2]".utf8), Bytes("1".utf8), Bytes("{".utf8),
        ] as [Bytes])
    func anyBytes(_ inner: Bytes) {
        let recording = replay([Wire.chunk(inner)], as: .invokeModelWithResponseStream)
        #expect(recording.events.count == 1 && recording.events[0].kind == .other && recording.end?.failure == nil)
    }

    @Test func bodyWithoutAChunk() {
        #expect(replayChunks([]).end?.failure?.code == .incomplete)
        let other = replay([Wire.event("initial", "{}")], as: .invokeModelWithResponseStream)
        #expect(other.end?.failure?.code == .incomplete)
    }

    @Test func otherEventsArePassedOn() {
        let messages = [Wire.event("contentBlockDelta", #"{"delta":{"text":"a"}}"#), Wire.chunk("{}")]
        let recording = replay(messages, as: .invokeModelWithResponseStream)
        #expect(recording.events.map(\.type) == ["contentBlockDelta", "chunk"] && recording.end?.delivered == 0)
    }
}

@Suite struct NovaChunks {
    @Test func everyEvent() {
        let recording = replayChunks([
            #"{"messageStart":{"role":"assistant"}}"#,
            #"{"contentBlockDelta":{"delta":{"text":"Hi"},"contentBlockIndex":0}}"#,
            #"{"contentBlockStop":{"contentBlockIndex":0}}"#,
            #"{"contentBlockStart":{"start":{"toolUse":{"toolUseId":"t","name":"n"}},"contentBlockIndex":1}}"#,
            #"{"contentBlockDelta":{"delta":{"toolUse":{"input":"{\"a\":1}"}},"contentBlockIndex":1}}"#,
            #"{"contentBlockStop":{"contentBlockIndex":1}}"#,
            #"{"messageStop":{"stopReason":"tool_use"}}"#,
            #"{"metadata":{"usage":{"inputTokens":5,"outputTokens":2},"metrics":{},"trace":{}},\#(metrics)}"#,
        ])
        #expect(
            recording.events.map(\.kind) == [
                .messageStart, .delta, .blockStop, .blockStart, .delta, .blockStop, .tool, .messageStop, .metadata,
            ])
        #expect(recording.tools.map(\.json) == [#"{"a":1}"#] && recording.end?.text == "Hi")
        #expect(recording.end?.failure == nil && recording.end?.stopReason == .toolUse)
        #expect(recording.end?.usage.inputTokens == 5 && recording.end?.usage.outputTokens == 2)
        #expect(recording.end?.serverLatency == 88)
    }

    @Test func cutBeforeTheStop() {
        let recording = replayChunks([#"{"contentBlockDelta":{"delta":{"text":"Hi"}}}"#, #"{"new":{}}"#])
        #expect(recording.end?.failure?.code == .incomplete && recording.end?.text == "Hi")
    }
}

@Suite struct MarkedChunks {
    struct Format: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var middle: String
        var last: String
        var reason: StopReason
    }

    static let formats = [
        Format(
            testDescription: "Titan",
            middle: #"{"outputText":"a","index":0,"totalOutputTextTokenCount":null,"completionReason":null}"#,
            last: #"{"outputText":"","index":0,"totalOutputTextTokenCount":3,"completionReason":"FINISH"}"#,
            reason: .endTurn),
        Format(
            testDescription: "Llama", middle: #"{"generation":"a","prompt_token_count":9,"stop_reason":null}"#,
            last: #"{"generation":"","generation_token_count":5,"stop_reason":"length"}"#, reason: .maxTokens),
        Format(
            testDescription: "Mistral", middle: #"{"outputs":[{"text":"a","stop_reason":null}]}"#,
            last: #"{"outputs":[{"text":"","stop_reason":"stop"}]}"#, reason: .endTurn),
        Format(
            testDescription: "Cohere", middle: #"{"text":"a","is_finished":false}"#,
            last: #"{"finish_reason":"COMPLETE","is_finished":true}"#, reason: .endTurn),
        Format(
            testDescription: "Cohere without a reason",
            middle: #"{"is_finished":false,"event_type":"text-generation"}"#,
            last: #"{"is_finished":true,"event_type":"stream-end"}"#, reason: .none),
        Format(
            testDescription: "chat completions",
            middle: #"{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"#,
            last: #"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#, reason: .toolUse),
        Format(
            testDescription: "chat completions with an empty reason",
            middle: #"{"choices":[{"delta":{"content":"a"},"finish_reason":""}]}"#,
            last: #"{"choices":[{"delta":{},"finish_reason":"content_filter"}]}"#, reason: .contentFiltered),
        Format(
            testDescription: "metrics alone", middle: #"{"embedding":[1]}"#,
            last: #"{"embedding":[2],\#(metrics)}"#, reason: .none),
    ]

    @Test(arguments: formats)
    func ends(_ format: Format) {
        let recording = replayChunks([format.middle, format.middle, format.last])
        #expect(recording.end?.failure == nil && recording.end?.stopReason == format.reason)
        let raw = recording.events.filter { !$0.json.isEmpty }
        #expect(raw.map(\.json) == [format.middle, format.middle, format.last])
        #expect(recording.text == (format.middle.contains(#""a""#) ? "aa" : ""))
    }

    /// A format that has shown no mark may end anywhere: nothing tells.
    @Test(arguments: formats.filter { $0.testDescription != "metrics alone" })
    func cutBeforeTheMark(_ format: Format) {
        #expect(replayChunks([format.middle, format.middle]).end?.failure?.code == .incomplete)
    }

    @Test(arguments: formats)
    func usageOfTheLastChunk(_ format: Format) {
        let last = format.last.dropLast() + (format.last.contains("Metrics") ? "}" : ",\(metrics)}")
        let end = replayChunks([format.middle, String(last)]).end
        #expect(end?.failure == nil && end?.usage == Usage(inputTokens: 9, outputTokens: 4))
        #expect(end?.serverLatency == 88 && end?.metadata.hasPrefix(#"{"inputTokenCount":9"#) == true)
    }

    @Test(
        "formats that are not known end with the body",
        arguments: [
            #"{"completion":"a"}"#, #"{"metadata":{"a":1},"token":"a"}"#, #"{"type":"other"}"#, #"{"type":1}"#, "text",
            #"{"outputs":1}"#, #"{"choices":"none"}"#,
        ])
    func unknownFormats(_ chunk: String) {
        let recording = replayChunks([chunk, chunk])
        #expect(recording.end?.failure == nil && recording.end?.delivered == 0)
        #expect(recording.events.map(\.json) == [chunk, chunk])
    }

    @Test func aKnownFormatBehindAnUnknownOne() {
        #expect(replayChunks([#"{"hello":1}"#, formats[0].middle]).end?.failure?.code == .incomplete)
        #expect(replayChunks([#"{"hello":1}"#, #"{"type":"message_start"}"#]).end?.failure?.code == .incomplete)
        #expect(replayChunks([formats[0].middle, #"{"hello":1}"#]).end?.failure?.code == .incomplete)
    }

    private var formats: [Format] { Self.formats }
}
