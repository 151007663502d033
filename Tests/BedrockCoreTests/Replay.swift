import Recording
import Testing

@testable import BedrockCore

/// Records a stream whole, byte by byte and cut at every place, with and without raw events, and expects the same every
/// time. Returns what the whole one gave.
func replay(
    _ body: Bytes, as recorder: StreamRecorder = StreamRecorder(), sourceLocation: SourceLocation = #_sourceLocation
) -> Recording {
    let whole = recorder.record([body])
    #expect(whole.faults == [], sourceLocation: sourceLocation)
    #expect(recorder.record(body.singly) == whole, "byte by byte", sourceLocation: sourceLocation)
    for place in body.indices where recorder.record(body.cut(at: [place])) != whole {
        Issue.record("cut at \(place)", sourceLocation: sourceLocation)
    }
    var plain = recorder
    plain.wantsRaw = false
    #expect(plain.record([body]) == whole.withoutRaw, "without raw events", sourceLocation: sourceLocation)
    #expect(plain.record(body.singly) == whole.withoutRaw, sourceLocation: sourceLocation)
    checkTotals(whole, sourceLocation)
    return whole
}

func replay(
    _ messages: [Bytes], as operation: BedrockCore.Operation = .converseStream,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Recording {
    replay(messages.flatMap { $0 }, as: StreamRecorder(operation), sourceLocation: sourceLocation)
}

/// What the end says of the whole is what the events were.
private func checkTotals(_ recording: Recording, _ sourceLocation: SourceLocation) {
    guard let end = recording.end else { return }
    #expect(end.text == recording.text, sourceLocation: sourceLocation)
    #expect(end.delivered == UInt64(recording.events.filter { $0.delta != nil }.count), sourceLocation: sourceLocation)
}

/// The start and the end of an answer around other messages.
func answer(_ messages: Bytes..., stopReason: String = "end_turn") -> [Bytes] {
    [Wire.event("messageStart", #"{"role":"assistant"}"#)] + messages + [
        Wire.event("messageStop", #"{"stopReason":"\#(stopReason)"}"#)
    ]
}

func delta(_ json: String, block: Int = 0) -> Bytes {
    Wire.event("contentBlockDelta", #"{"contentBlockIndex":\#(block),"delta":\#(json),"p":"abc"}"#)
}

func textDelta(_ text: String, block: Int = 0) -> Bytes {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("text")
    writer.string(Bytes(text.utf8))
    writer.endObject()
    return delta(String(writer.buffer.array), block: block)
}

func toolStart(_ id: String, _ name: String, block: Int = 0, more: String = "") -> Bytes {
    Wire.event(
        "contentBlockStart",
        #"{"start":{"toolUse":{"toolUseId":"\#(id)","name":"\#(name)"\#(more)}},"contentBlockIndex":\#(block)}"#)
}
