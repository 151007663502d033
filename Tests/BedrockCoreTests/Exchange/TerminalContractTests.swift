import Recording
import Testing

@testable import BedrockCore

/// Success means: the event that completes an answer was seen, every checksum held, and the body ended on a message
/// border. Whatever else happens is one failure.
@Suite struct TerminalContract {
    struct Stream: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var operation: BedrockCore.Operation
        var messages: [Bytes]
        /// How many messages make an answer complete.
        var completeAt: Int

        var body: Bytes { messages.flatMap { $0 } }
        /// Where the answer is complete and a message ends.
        var goodEnds: Set<Int> {
            Set((completeAt...messages.count).map { count in messages.prefix(count).reduce(0) { $0 + $1.count } })
        }
    }

    static let streams = [
        Stream(
            testDescription: "Converse", operation: .converseStream,
            messages: [
                Wire.event("messageStart", #"{"role":"assistant"}"#), textDelta("Hel"), textDelta("lo"),
                Wire.event("contentBlockStop", #"{"contentBlockIndex":0}"#),
                Wire.event("messageStop", #"{"stopReason":"end_turn"}"#),
                Wire.event("metadata", #"{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}"#),
            ], completeAt: 5),
        Stream(
            testDescription: "Converse with a tool", operation: .converseStream,
            messages: [
                Wire.event(
                    "contentBlockStart", #"{"start":{"toolUse":{"toolUseId":"t","name":"n"}},"contentBlockIndex":0}"#),
                delta(#"{"toolUse":{"input":"{}"}}"#), Wire.event("messageStop", #"{"stopReason":"tool_use"}"#),
            ], completeAt: 3),
        Stream(
            testDescription: "Anthropic", operation: .invokeModelWithResponseStream,
            messages: [
                #"{"type":"message_start","message":{}}"#,
                #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#,
                #"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#, #"{"type":"message_stop"}"#,
            ].map { Wire.chunk($0) }, completeAt: 4),
        Stream(
            testDescription: "Nova", operation: .invokeModelWithResponseStream,
            messages: [
                #"{"contentBlockDelta":{"delta":{"text":"Hi"}}}"#, #"{"messageStop":{"stopReason":"end_turn"}}"#,
                #"{"metadata":{"usage":{}}}"#,
            ].map { Wire.chunk($0) }, completeAt: 2),
        Stream(
            testDescription: "Titan", operation: .invokeModelWithResponseStream,
            messages: [
                #"{"outputText":"a","completionReason":null}"#, #"{"outputText":"","completionReason":"FINISH"}"#,
            ].map { Wire.chunk($0) }, completeAt: 2),
    ]

    @Test("every part of a good stream is incomplete, the whole of it a success", arguments: streams)
    func everyPrefix(_ stream: Stream) {
        let (body, goodEnds) = (stream.body, stream.goodEnds)
        for length in 0...body.count {
            let part = Bytes(body[..<length])
            for chunks in [[part], part.cut(at: [length / 2])] {
                let recording = StreamRecorder(stream.operation).record(chunks)
                let code = recording.end?.failure?.code ?? .ok
                if recording.faults != [] || code != (goodEnds.contains(length) ? .ok : .incomplete) {
                    Issue.record("\(length) bytes of \(body.count): \(code) \(recording.faults)")
                }
            }
        }
        #expect(goodEnds.contains(body.count))
    }

    @Test("a connection that fails is never a success", arguments: streams)
    func everyPrefixWithAFailedConnection(_ stream: Stream) {
        var recorder = StreamRecorder(stream.operation)
        recorder.ending = .transport(.other, "gone")
        for length in 0...stream.body.count {
            let recording = recorder.record([Bytes(stream.body[..<length])])
            let failure = recording.end?.failure
            #expect(failure?.code == .incomplete && failure?.phase == .stream && recording.faults == [])
            #expect(failure?.message == "the connection failed before the response ended: gone")
        }
    }

    @Test("a flipped bit is never a success", arguments: streams)
    func everyFlip(_ stream: Stream) {
        for bit in 0..<(stream.body.count * 8) {
            var body = stream.body
            body[bit / 8] ^= 1 << (bit % 8)
            let recording = StreamRecorder(stream.operation).record([body])
            if recording.end?.failure?.code != .protocol || recording.faults != [] { Issue.record("bit \(bit)") }
        }
    }

    @Test("a byte more or less is never a success", arguments: streams)
    func everyByteLostOrDoubled(_ stream: Stream) {
        for at in stream.body.indices {
            var (less, more) = (stream.body, stream.body)
            less.remove(at: at)
            more.insert(more[at], at: at)
            for body in [less, more] where StreamRecorder(stream.operation).record([body]).end?.failure == nil {
                Issue.record("byte \(at)")
            }
        }
    }

    @Test("a cancel at any event is the end", arguments: streams)
    func everyCancel(_ stream: Stream) {
        let whole = StreamRecorder(stream.operation).record([stream.body])
        for count in 1...whole.events.count {
            var recorder = StreamRecorder(stream.operation)
            recorder.cancelAt = count
            for chunks in [[stream.body], stream.body.singly] {
                let recording = recorder.record(chunks)
                #expect(recording.end?.failure?.code == .cancelled && recording.faults == [])
                #expect(recording.end?.failure?.message == "cancelled by the test")
                #expect(recording.events == Array(whole.events.prefix(count)))
            }
        }
    }

    @Test("messages that are left out or come twice", arguments: streams)
    func wholeMessagesLost(_ stream: Stream) {
        // The one that completes the answer is the only one whose loss can be told.
        var messages = stream.messages
        messages.remove(at: stream.completeAt - 1)
        let recording = StreamRecorder(stream.operation).record(messages)
        #expect(recording.end?.failure?.code == .incomplete)
    }

    @Test("the message says where it broke off")
    func messages() {
        let first = textDelta("a")
        let record = { (body: Bytes) in StreamRecorder().record([body]).end?.failure?.message }
        #expect(record([]) == "the response ended before the answer was complete")
        #expect(record(first) == "the response ended before the answer was complete")
        #expect(
            record(first + first.prefix(7))
                == "the response ended early: event stream, byte \(first.count): the message ended after 7 of 12 bytes")
        let cut = first.count - 1
        let place = "event stream, byte 0: the message ended after \(cut) of \(first.count) bytes"
        #expect(record(Bytes(first.prefix(cut))) == "the response ended early: " + place)
    }

    /// 80 MiB, of which 64 are kept.
    @Test(
        "more of any kind than is kept",
        arguments: [
            #"{"text":""#, #"{"toolUse":{"input":""#, #"{"reasoningContent":{"text":""#,
            #"{"reasoningContent":{"signature":""#, #"{"reasoningContent":{"redactedContent":""#,
            #"{"citation":{"title":""#, #"{"image":{"source":{"uri":""#,
        ])
    func longestAnswer(_ start: String) {
        let piece = Bytes(#"{"contentBlockIndex":0,"delta":\#(start)"#.utf8) + Bytes(repeating: 0x61, count: 20 << 20)
        let braces = String(repeating: "}", count: start.split(separator: "{").count + 1)
        let message20 = Wire.event("contentBlockDelta", piece + Bytes(("\"" + braces).utf8))
        let tool = Wire.event(
            "contentBlockStart", #"{"start":{"toolUse":{"toolUseId":"t","name":"n"}},"contentBlockIndex":0}"#)
        let recording = StreamRecorder(wantsRaw: false).record([tool] + [Bytes](repeating: message20, count: 4))
        #expect(recording.faults == [] && recording.end?.delivered == 3)
        #expect(recording.end?.failure?.code == .limit && recording.end?.failure?.isRetryable == false)
        #expect(recording.end?.failure?.message == "the answer's content has more than 67108864 bytes")
    }

    @Test func nothingHappens() {
        var recorder = StreamRecorder()
        recorder.ending = .none
        #expect(recorder.record([Self.streams[0].body]).end == nil)
    }
}
