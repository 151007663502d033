import BedrockCore
import Recording

/// The first byte says how to take the rest, the second how to tear the body:
/// 1 the invoke route, 2 raw events, 4 the rest is bytes of the wire (else lines, see `message`), 8 the connection
/// fails at the end, 16 checksums of the wire are left as they are (else made right, as far as lengths make sense).
func fuzzDecoder(_ input: Bytes) -> [String] {
    guard input.count >= 2 else { return [] }
    let (flags, rest) = (input[0], Bytes(input[2...]))
    var recorder = StreamRecorder(flags & 1 == 0 ? .converseStream : .invokeModelWithResponseStream)
    recorder.wantsRaw = flags & 2 != 0
    if flags & 8 != 0 { recorder.ending = .transport(.other, "the connection was reset") }
    let body: Bytes
    if flags & 4 == 0 {
        body = rest.lines.flatMap(message)
    } else {
        body = flags & 16 == 0 ? withRightChecksums(rest) : rest
    }
    let whole = recorder.record([body])
    var faults = Faults(list: whole.faults)
    faults.expect(recorder.record(body.torn(input[1])) == whole, "torn, it is another stream")
    if recorder.wantsRaw {
        recorder.wantsRaw = false
        faults.expect(recorder.record([body]) == whole.withoutRaw, "without raw events, it is another stream")
    }
    check(whole, body, recorder.operation, &faults)
    return faults.list
}

private func check(_ recording: Recording, _ body: Bytes, _ operation: BedrockCore.Operation, _ faults: inout Faults) {
    guard let end = recording.end else {
        faults.expect(false, "no end")
        return
    }
    let deltas = recording.events.filter { $0.delta != nil }
    faults.expect(end.delivered == UInt64(deltas.count), "\(end.delivered) deltas of \(deltas.count)")
    if end.failure?.code != .limit { faults.expect(end.text == recording.text, "the answer is not its deltas") }
    for event in recording.events { check(event, &faults) }
    if let failure = end.failure {
        faults.expectLine(failure.message, "a message")
        faults.expectLine(failure.serviceCode, "a service's code")
        faults.expect(failure.code != .ok && failure.code != .memory, "failed with \(failure.code)")
    } else {
        faults.expect(Wire.isCompleteAnswer(body, operation), "success without a complete answer")
    }
}

private func check(_ event: RecordedEvent, _ faults: inout Faults) {
    if let tool = event.tool {
        faults.expect(tool.isValid == event.json.isJSON, "a tool's input is \(tool.isValid ? "no" : "valid") JSON")
    }
    switch event.delta {
    case .toolResult, .citation, .image, .other: faults.expect(event.text.isJSON, "a delta that is no JSON")
    default: break
    }
}

/// A message as a line: "type payload", "!type payload" for an exception, "#code text" for an error, "=chunk" for the
/// model's own bytes in a chunk. Nothing for an empty line.
func message(_ line: Bytes) -> Bytes {
    guard let mark = line.first else { return [] }
    if mark == UInt8(ascii: "=") { return Wire.chunk(line.dropFirst()) }
    let isMarked = mark == UInt8(ascii: "!") || mark == UInt8(ascii: "#")
    let parts = line.dropFirst(isMarked ? 1 : 0).split(
        separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
    let type = String(decoding: parts[0], as: UTF8.self)
    let payload = parts.count > 1 ? Bytes(parts[1]) : []
    guard isMarked else { return Wire.event(type, payload) }
    let text = String(decoding: payload, as: UTF8.self)
    return mark == UInt8(ascii: "!") ? Wire.exception(type, text) : Wire.error(type, text)
}

/// The same bytes with the checksums that they would have to have.
private func withRightChecksums(_ bytes: Bytes) -> Bytes {
    var bytes = bytes
    var start = 0
    while bytes.count - start >= 16 {
        bytes.putChecksum(of: start..<(start + 8))
        let total = bytes.bigEndian(at: start)
        guard total >= 16, total <= bytes.count - start else { break }
        bytes.putChecksum(of: start..<(start + total - 4))
        start += total
    }
    return bytes
}

extension Array where Element == UInt8 {
    fileprivate func bigEndian(at place: Int) -> Int {
        self[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
    }

    /// Writes the checksum of a range behind it.
    fileprivate mutating func putChecksum(of range: Range<Int>) {
        let checksum = CRC32.checksum(Bytes(self[range]).span)
        for byte in 0..<4 {
            self[range.upperBound + byte] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * byte))
        }
    }
}

extension String {
    var isJSON: Bool {
        do throws(JSONError) {
            try JSONReader.validate(utf8.span)
            return true
        } catch {
            return false
        }
    }
}

extension Wire {
    /// What must hold of a body for success: messages with right checksums and nothing else, none of them a failure,
    /// and the one that completes an answer, or on the invoke route any chunk. Read by rules of its own.
    fileprivate static func isCompleteAnswer(_ body: Bytes, _ operation: BedrockCore.Operation) -> Bool {
        var start = 0
        var isComplete = false
        while start < body.count {
            guard body.count - start >= 16 else { return false }
            let total = body.bigEndian(at: start)
            guard total >= 16, total <= body.count - start else { return false }
            let frame = Bytes(body[start..<(start + total)])
            guard frame.checksumHolds(8), frame.checksumHolds(total - 4) else { return false }
            guard let (kind, type) = kindAndType(frame), kind == "event" else { return false }
            if type.hasSuffix("Exception"), type.utf8.count > 9 { return false }
            isComplete = isComplete || type == (operation.isInvoke ? "chunk" : "messageStop")
            start += total
        }
        return isComplete
    }

    private static func kindAndType(_ frame: Bytes) -> (kind: String, type: String)? {
        guard let headers = try? FrameEncoder.headers(of: frame.span) else { return nil }
        func text(_ name: StaticString) -> String? {
            for header in headers where header.name == name {
                if case .string(let bytes) = header.value { return String(bytes) }
            }
            return nil
        }
        guard let kind = text(":message-type"), let type = text(":event-type") else { return nil }
        return (kind, type)
    }
}

extension Array where Element == UInt8 {
    fileprivate func checksumHolds(_ place: Int) -> Bool {
        CRC32.checksum(Bytes(self[..<place]).span) == UInt32(truncatingIfNeeded: bigEndian(at: place))
    }
}
