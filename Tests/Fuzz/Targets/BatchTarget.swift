import BedrockCore
import Recording

/// The first byte says how to take the rest, a body: 1 InvokeModel (else Converse), 2 raw events, 8 the connection
/// fails at the end. The second says how to tear it.
func fuzzBatch(_ input: Bytes) -> [String] {
    guard input.count >= 2 else { return [] }
    let (flags, body) = (input[0], Bytes(input[2...]))
    var recorder = StreamRecorder(flags & 1 == 0 ? .converse : .invokeModel)
    recorder.wantsRaw = flags & 2 != 0
    if flags & 8 != 0 { recorder.ending = .transport(.other, "the connection was reset") }
    let whole = recorder.record([body])
    var faults = Faults(list: whole.faults)
    faults.expect(recorder.record(body.torn(input[1])) == whole, "torn, it is another answer")
    if recorder.wantsRaw {
        recorder.wantsRaw = false
        faults.expect(recorder.record([body]) == whole.withoutRaw, "without raw events, it is another answer")
    }
    check(whole, body, recorder.operation, &faults)
    return faults.list
}

private func check(_ recording: Recording, _ body: Bytes, _ operation: BedrockCore.Operation, _ faults: inout Faults) {
    guard let end = recording.end else { return faults.expect(false, "no end") }
    let deltas = recording.events.filter { $0.delta != nil }
    faults.expect(end.delivered == UInt64(deltas.count), "\(end.delivered) deltas of \(deltas.count)")
    for event in recording.events where event.tool != nil {
        faults.expect(event.tool?.isValid == event.json.isJSON, "a tool's input is said to be JSON, or not to be")
    }
    if let failure = end.failure {
        faults.expectLine(failure.message, "a message")
        faults.expect(failure.code != .ok && failure.code != .memory, "failed with \(failure.code)")
    } else {
        let isDocument = String(decoding: body, as: UTF8.self).isJSON
        faults.expect(isDocument || operation == .invokeModel, "success without a document")
    }
}
