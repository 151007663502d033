import Recording
import Testing

@testable import BedrockCore

/// What the service says inside a stream that began with status 200.
@Suite struct StreamFailures {
    @Test(arguments: [
        ("validationException", ErrorCode.validation, 400), ("throttlingException", .throttled, 429),
        ("internalServerException", .internalServer, 500), ("serviceUnavailableException", .serviceUnavailable, 503),
        ("modelStreamErrorException", .modelStream, 424), ("modelTimeoutException", .modelTimeout, 408),
        ("accessDeniedException", .accessDenied, 403), ("unheardOfException", .service, 0),
    ])
    func exceptions(_ type: String, _ code: ErrorCode, _ status: Int) {
        // As an exception, and as an event of that name.
        for message in [
            Wire.exception(type, #"{"message":"too\nmuch"}"#), Wire.event(type, #"{"message":"too\nmuch"}"#),
        ] {
            for operation in [BedrockCore.Operation.converseStream, .invokeModelWithResponseStream] {
                let recording = replay([message], as: operation)
                let failure = recording.end?.failure
                #expect(failure?.code == code && failure?.status == status && failure?.phase == .stream)
                #expect(failure?.message == "too much" && failure?.isRetryable == code.isRetryable)
                #expect(failure?.serviceCode == type.prefix(1).uppercased() + type.dropFirst())
                #expect(recording.events == [] && recording.end?.requestID == "r-1")
            }
        }
    }

    @Test func keepsWhatCameBefore() {
        let recording = replay([textDelta("a"), Wire.exception("throttlingException", "{}"), textDelta("b")])
        #expect(recording.end?.text == "a" && recording.end?.delivered == 1)
        #expect(recording.end?.failure?.message == "ThrottlingException")
    }

    @Test func behindTheStop() {
        let recording = replay(answer(textDelta("a")) + [Wire.exception("internalServerException", "{}")])
        #expect(recording.end?.failure?.code == .internalServer && recording.end?.stopReason == .endTurn)
    }

    @Test func original() {
        let recording = replay([
            Wire.exception(
                "modelStreamErrorException",
                #"{"message":"m","originalStatusCode":529,"originalMessage":"overloaded"}"#)
        ])
        let failure = recording.end?.failure
        #expect(failure?.originalStatus == 529 && failure?.originalMessage == "overloaded")
    }

    @Test(arguments: ["", "no JSON", "[]", #"{"message":1}"#, #"{"message":"#])
    func exceptionWithoutWords(_ payload: String) {
        let failure = replay([Wire.exception("validationException", payload)]).end?.failure
        #expect(failure?.code == .validation && failure?.message == "ValidationException")
    }

    @Test func errorMessages() {
        let failure = replay([Wire.error("InternalFailure", "it\u{1} broke")]).end?.failure
        #expect(failure?.code == .internalServer && failure?.message == "it  broke" && failure?.status == 500)
        #expect(failure?.serviceCode == "InternalFailure")
        let silent = replay([Wire.message([(":message-type", "error"), (":error-code", "Odd")], [])]).end?.failure
        #expect(silent?.code == .service && silent?.message == "Odd" && silent?.status == 0)
        let nameless = replay([Wire.error("", "")]).end?.failure
        #expect(nameless?.code == .service && nameless?.message.isEmpty == false && nameless?.serviceCode == "")
    }

    @Test func longTextsAreCut() throws {
        let long = String(repeating: "é", count: 16_000)
        let failure = try #require(StreamRecorder().record([Wire.error(long, long)]).end?.failure)
        #expect(failure.message.utf8.count <= Limits.errorTextLength && failure.message.hasPrefix("éé"))
        #expect(failure.serviceCode.utf8.count <= Limits.errorTextLength && failure.serviceCode.hasPrefix("éé"))
        #expect(StreamRecorder().record([Wire.error(long, long)]).faults == [])
    }

    @Test func longTextsEverywhere() {
        let long = String(repeating: "x", count: 15_000)
        var recorder = StreamRecorder()
        recorder.head = [
            "HTTP/1.1 200 OK", "content-type: \(long)", "x-amzn-requestid: \(long)", "x-amzn-errortype: \(long)", "",
        ]
        #expect(recorder.record([Bytes("{}")]).faults == [])
        recorder.head[0] = "HTTP/1.1 400 Bad"
        let body = #"{"message":"\#(long)","originalMessage":"\#(long)","__type":"\#(long)"}"#
        #expect(recorder.record([Bytes(body.utf8)]).faults == [])
        recorder.ending = .transport(.other, long + long + long + long + long)
        recorder.head[0] = "HTTP/1.1 200 OK"
        #expect(recorder.record([]).faults == [])
    }

    @Test("names that only look like exceptions", arguments: ["Exception", "exceptional", "throttlingexception"])
    func ordinaryNames(_ type: String) {
        #expect(replay(answer(Wire.event(type, #"{"message":"a"}"#))).end?.failure == nil)
    }

    @Test func brokenMessages() {
        var flipped = textDelta("a")
        flipped[flipped.count - 6] ^= 1
        let bodies: [(Bytes, String)] = [
            (flipped, "checksum"), (Wire.message([(":message-type", "event")], Bytes("{}")), ":event-type"),
            (Wire.message([(":event-type", "messageStop")], Bytes("{}")), ":message-type"),
            (Wire.message([(":message-type", "odd"), (":event-type", "a")], Bytes("{}")), ":message-type"),
            (Bytes("HTTP/1.1 200 OK\r\n\r\n"), "checksum"),
        ]
        for (body, word) in bodies {
            let start = textDelta("before")
            let recording = replay([start, body])
            #expect(recording.end?.failure?.code == .protocol && recording.end?.text == "before")
            #expect(recording.end?.failure?.message.contains(word) == true, "\(recording.end?.failure?.message ?? "")")
        }
    }

    @Test func messageBeyondTheBound() {
        let huge = UInt32(Limits.messageLength + 1)
        let lengths = bigEndianBytes(huge) + bigEndianBytes(UInt32(0))
        let prelude = lengths + bigEndianBytes(CRC32.checksum(lengths.span))
        #expect(replay([prelude]).end?.failure?.code == .limit)
    }
}
