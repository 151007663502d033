import Recording
import Testing

@testable import BedrockCore

private func read(_ lines: [String]) -> ResponseHead {
    var head = ResponseHead()
    for line in lines { head.read(line: line.utf8.span) }
    return head
}

@Suite struct ResponseHeads {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n", 200), ("HTTP/2 200 \r\n", 200), ("HTTP/1.1 429\r\n", 429), ("HTTP/1.0 503 X Y", 503),
        ("HTTP/1.1", 0), ("HTTP/1.1 ", 0), ("HTTP/1.1 abc", 0), ("HTTP/1.1 20", 20), ("HTTP/1.1 -20", 0),
        ("HTTP/1.1 2x0", 0), ("HTTP/1.1  200", 0), ("HTTP/", 0), ("", 0), ("ICY 200 OK", 0),
    ])
    func status(_ line: String, _ status: Int) {
        #expect(read([line]).status == status)
    }

    @Test func informationalHeadsAreForgotten() {
        let head = read([
            "HTTP/1.1 100 Continue\r\n", "x-amzn-requestid: early\r\n", "\r\n", "HTTP/1.1 103 Early Hints\r\n",
            "content-type: text/html\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "Content-Type: a/b\r\n",
        ])
        #expect(head.status == 200 && !head.isWhole && head.requestID == [] && String(head.contentType) == "a/b")
        #expect(!read(["HTTP/1.1 100 Continue", ""]).isWhole)
        #expect(read(["HTTP/1.1 200 OK", ""]).isWhole && read(["HTTP/1.1 500", "\r\n"]).isWhole)
    }

    @Test(
        "types compare without regard to case, parameters do not matter",
        arguments: [
            ("application/vnd.amazon.eventstream", true), ("Application/VND.Amazon.EventStream", true),
            ("application/vnd.amazon.eventstream; charset=utf-8", true),
            (" application/vnd.amazon.eventstream ;x", true),
            ("application/vnd.amazon.eventstream;", true), ("application/vnd.amazon.eventstreams", false),
            ("application/json", false), ("", false), (";application/vnd.amazon.eventstream", false),
            ("application/vnd.amazon.eventstream, text/html", false),
        ])
    func contentType(_ value: String, _ isEventStream: Bool) {
        for name in ["Content-Type", "content-type", "CONTENT-TYPE"] {
            #expect(read(["HTTP/1.1 200 OK", "\(name):\(value)\r\n", "\r\n"]).isEventStream == isEventStream)
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("1500", 1_500_000_000), (" 7 ", 7_000_000), ("007", 7_000_000),
            ("86400001", 86_400_000_000_000), ("99999999999999999999999999", 86_400_000_000_000),
            ("", nil), ("-1", nil), ("+1", nil), ("1.5", nil), ("1s", nil), ("1e3", nil), ("1 2", nil), ("0x10", nil),
            ("Sun, 06 Nov 1994 08:49:37 GMT", nil),
        ] as [(String, Int64?)])
    func retryAfter(_ value: String, _ expected: Int64?) {
        #expect(read(["HTTP/1.1 503 Slow", "X-Amz-Retry-After: \(value)"]).retryAfter == expected)
        #expect(read(["HTTP/1.1 503 Slow", "Retry-After: \(value)"]).retryAfter == nil, "another header")
    }

    @Test func date() {
        let text = "Sun, 06 Nov 1994 08:49:37 GMT"
        let head = read(["HTTP/1.1 403 No", "DATE:  \(text)\r"])
        #expect(head.date.map { String($0) } == text)
        #expect(read(["HTTP/1.1 403 No"]).date == nil)
        #expect(read(["HTTP/1.1 403 No", "date: " + String(repeating: "x", count: 65)]).date == nil)
        #expect(read(["HTTP/1.1 100 Continue", "date: \(text)", "HTTP/1.1 403 No"]).date == nil)
    }

    @Test func otherLines() {
        let head = read([
            "HTTP/1.1 400 Bad", "no colon", ": no name", "X-Amzn-RequestId:  id-1 \r\n", "x-amzn-errortype: A:http://x",
            "x-amzn-requestid-2: other", "content-type : blank before the colon",
        ])
        #expect(String(head.requestID) == "id-1" && head.contentType == [])
        #expect(head.errorHeaders.map { String($0.value) } == ["A:http://x"])
        #expect(read(["HTTP/1.1 400 Bad"]).errorHeaders == [])
    }

    @Test func linesBeyondTheBoundAreNotLookedAt() {
        let value = String(repeating: "a", count: Limits.responseHeaderLength)
        #expect(read(["HTTP/1.1 200 OK", "x-amzn-requestid: " + value]).requestID == [])
        #expect(read(["HTTP/1.1 200 " + value]).status == 0)
    }

    @Test("a request id that is no text is none", arguments: [[0xFF], [0x61, 0xC3], [0x61, 0x01, 0x62]] as [Bytes])
    func requestIDThatIsNoText(_ value: Bytes) {
        var head = ResponseHead()
        head.read(line: Bytes("HTTP/1.1 200 OK").span)
        head.read(line: (Bytes("x-amzn-requestid: ") + value).span)
        #expect(head.requestID == [])
    }
}

/// What an attempt makes of heads and of bodies that are no event stream.
@Suite struct Responses {
    private func end(_ head: [String], _ body: Bytes, _ ending: StreamRecorder.Ending = .body) -> RecordedEnd? {
        var recorder = StreamRecorder()
        recorder.head = head
        recorder.ending = ending
        let recordings = [[body], body.singly, body.cut(at: [body.count / 2])].map { recorder.record($0) }
        for recording in recordings { #expect(recording.faults == [] && recording.events == []) }
        return recordings[0].end == recordings[1].end && recordings[0].end == recordings[2].end
            ? recordings[0].end : nil
    }

    private func error(_ status: Int, _ body: String, type: String? = nil) -> RecordedFailure? {
        var head = ["HTTP/1.1 \(status) Status\r\n", "Content-Type: application/json\r\n", "x-amzn-requestid: r-2\r\n"]
        if let type { head.append("x-amzn-ErrorType: \(type)\r\n") }
        let end = end(head + ["\r\n"], Bytes(body.utf8))
        #expect(end?.requestID == "r-2" && end?.failure?.status == status && end?.failure?.phase == .response)
        return end?.failure
    }

    @Test func errorBodies() {
        let typed = error(429, #"{"message":"slow\ndown"}"#, type: "ThrottlingException:http://internal/")
        #expect(typed?.code == .throttled && typed?.message == "slow down" && typed?.isRetryable == true)
        #expect(typed?.serviceCode == "ThrottlingException")
        let inBody = error(403, #"{"__type":"com.amazon#ExpiredTokenException","Message":"old"}"#)
        #expect(inBody?.code == .expiredToken && inBody?.message == "old")
        #expect(error(400, "")?.message == "HTTP status 400")
        #expect(error(502, "<html>Bad gateway</html>")?.message == "HTTP status 502")
        #expect(error(503, "try later\r\n")?.message == "try later")
        #expect(error(500, #"{"message":"#)?.message == "HTTP status 500")
        #expect(error(404, "[]")?.message == "[]" && error(404, "{}")?.message == "HTTP status 404")
        #expect(error(424, "{}", type: "ModelErrorException")?.message == "ModelErrorException")
        let model = error(
            424, #"{"originalStatusCode":400,"originalMessage":"no","message":"m"}"#, type: "ModelErrorException")
        #expect(model?.code == .modelError && model?.originalStatus == 400 && model?.originalMessage == "no")
    }

    @Test(
        "other statuses than 200 are failures, an event stream's type or not",
        arguments: [
            (201, ErrorCode.service), (204, .service), (302, .service), (401, .accessDenied), (408, .service),
            (429, .throttled), (500, .internalServer), (504, .serviceUnavailable), (999, .service),
        ])
    func otherStatuses(_ status: Int, _ code: ErrorCode) {
        let head = ["HTTP/1.1 \(status)\r\n"] + StreamRecorder.streamHead.dropFirst()
        let body = answer(textDelta("a")).flatMap { $0 }
        #expect(end(Array(head), body)?.failure?.code == code)
    }

    @Test func largeErrorBody() {
        let head = ["HTTP/1.1 400 Bad", "content-type: text/plain", ""]
        let body = Bytes(repeating: UInt8(ascii: "a"), count: Limits.errorBodyLength + 100)
        var recorder = StreamRecorder()
        recorder.head = head
        for chunks in [[body], body.cut(at: [5, Limits.errorBodyLength])] {
            let failure = recorder.record(chunks).end?.failure
            #expect(failure?.code == .service && failure?.message.utf8.count == Limits.errorTextLength)
        }
    }

    @Test func errorBodyThatIsCutOff() {
        let head = ["HTTP/1.1 429 Slow", "content-type: application/json", "x-amzn-errortype: ThrottlingException", ""]
        let failure = end(head, Bytes(#"{"message":"slo"#.utf8), .transport(.other, "gone"))?.failure
        #expect(failure?.code == .throttled && failure?.message == "ThrottlingException")
    }

    @Test(
        "status 200 without an event stream",
        arguments: [
            ("Content-Type: application/json\r\n", #"{"a":1}"#, "content type application/json"),
            ("Content-Type: text/html; charset=utf-8\r\n", "<html>", "content type text/html; charset=utf-8"),
            ("X: y\r\n", "text", "no content type"), ("Content-Type:\r\n", "text", "no content type"),
        ])
    func wrongType(_ line: String, _ body: String, _ type: String) {
        var recorder = StreamRecorder()
        recorder.head = ["HTTP/1.1 200 OK\r\n", line, "\r\n"]
        let failure = recorder.record([Bytes(body.utf8)]).end?.failure
        #expect(failure?.code == .protocol && failure?.phase == .response && failure?.status == 200)
        #expect(failure?.message == "HTTP 200 with \(type) instead of an event stream, beginning with: \(body)")
        let empty = recorder.record([]).end?.failure
        #expect(empty?.message == "HTTP 200 with \(type) instead of an event stream" && empty?.code == .protocol)
        let singly = recorder.record(Bytes(body.utf8).singly)
        #expect(singly.end?.failure?.code == .protocol && singly.faults == [])
    }

    @Test func aGoodStreamWithTheWrongType() {
        let head = ["HTTP/1.1 200 OK\r\n", "Content-Type: application/octet-stream\r\n", "\r\n"]
        var recorder = StreamRecorder()
        recorder.head = head
        let recording = recorder.record([answer(textDelta("a")).flatMap { $0 }])
        #expect(recording.end?.failure?.code == .protocol && recording.events == [] && recording.faults == [])
    }

    @Test func noHead() {
        for head in [[], ["HTTP/1.1 100 Continue", ""], ["HTTP/1.1 200 OK"], ["HTTP/1.1 500 No", "x: y"]] {
            var recorder = StreamRecorder()
            recorder.head = head
            let failure = recorder.record([]).end?.failure
            #expect(failure?.code == .transport && failure?.phase == .response && failure?.isRetryable == true)
            #expect(failure?.message == "the response ended before its head was complete")
        }
    }

    /// RFC 9110, 6.5.1: trailers are no part of the head.
    @Test func trailersChangeNothing() {
        for trailer in ["content-type: text/html", "x-amzn-requestid: other", "HTTP/1.1 500 Late", "", "x: y"] {
            var attempt = Attempt(operation: .converseStream, limits: TimeLimits(), wantsRaw: false, now: 1)
            attempt.started(now: 1)
            for line in StreamRecorder.streamHead { attempt.received(headLine: line.utf8.span, now: 1) }
            let body = answer().flatMap { $0 }
            var position = 0
            _ = attempt.next(body.span, &position, now: 1)
            attempt.received(headLine: trailer.utf8.span, now: 2)
            attempt.received(headLine: "\r\n".utf8.span, now: 2)
            attempt.bodyEnded(now: 3)
            let (failure, id) = (attempt.failure, attempt.requestID)
            #expect(failure == nil && String(id) == "r-1", "\(trailer)")
        }
    }
}
