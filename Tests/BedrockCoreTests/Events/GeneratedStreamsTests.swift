import Recording
import Testing

@testable import BedrockCore

/// Streams made up at random, by the seed that is printed.
@Suite struct GeneratedStreams {
    private static let operations: [BedrockCore.Operation] = [.converseStream, .invokeModelWithResponseStream]

    @Test("what arrives is what was meant, however it is cut", arguments: operations)
    func meaning(_ operation: BedrockCore.Operation) {
        var generator = StreamGenerator(random: SeededRandom(for: "generated streams"))
        for _ in 0..<150 {
            let stream = generator.stream(operation)
            let body = stream.body
            let places = (0..<generator.random.below(12)).map { _ in generator.random.below(body.count + 1) }.sorted()
            for chunks in [[body], body.cut(at: places), body.singly] {
                let recording = StreamRecorder(operation, wantsRaw: false).record(chunks)
                #expect(recording.faults == [] && recording.events == stream.expected)
                #expect(recording.end?.failure == nil && recording.end?.text == stream.text)
                #expect(recording.end?.stopReason == stream.stopReason)
                if recording.events != stream.expected { return }
            }
        }
    }

    @Test("a stream that was cut or changed is never a success", arguments: operations)
    func damage(_ operation: BedrockCore.Operation) {
        var generator = StreamGenerator(random: SeededRandom(for: "damaged streams"))
        for _ in 0..<60 {
            let stream = generator.stream(operation)
            let goodEnds = stream.goodEnds
            for _ in 0..<25 {
                let (body, isCut) = damaged(stream.body, &generator.random)
                if isCut ? goodEnds.contains(body.count) : body == stream.body { continue }
                let recording = StreamRecorder(operation).record([body])
                let code = recording.end?.failure?.code
                #expect(isCut ? code == .incomplete : code == .protocol || code == .incomplete || code == .limit)
                #expect(recording.faults == [])
                // What was handed over before is a part of what was meant.
                #expect(stream.text.unicodeScalars.starts(with: recording.text.unicodeScalars))
            }
        }
    }

    /// One fault: the rest gone, bits flipped, bytes lost, doubled or overwritten.
    private func damaged(_ body: Bytes, _ random: inout SeededRandom) -> (body: Bytes, isCut: Bool) {
        var body = body
        let at = random.below(body.count)
        let end = min(body.count, at + 1 + random.below(40))
        switch random.below(5) {
        case 0: return (Bytes(body[..<at]), true)
        case 1: body[at] ^= 1 << UInt8(random.below(8))
        case 2: body.removeSubrange(at..<end)
        case 3: body.insert(contentsOf: body[at..<end], at: at)
        default: for place in at..<end { body[place] = UInt8(truncatingIfNeeded: random.next()) }
        }
        return (body, false)
    }
}
