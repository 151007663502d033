import Recording
import Testing

@testable import BedrockCore

private func feed(_ bytes: Bytes, _ attempt: inout Attempt, now: Int64) {
    var position = 0
    while attempt.next(bytes.span, &position, now: now) == .deliver {}
}

private func started() -> Attempt {
    var attempt = Attempt(operation: .converseStream, limits: TimeLimits(), wantsRaw: false, now: 1_000_000)
    attempt.started(now: 2_000_000)
    return attempt
}

@Suite struct TransportFailures {
    @Test(arguments: [
        (TransportFailure.Kind.resolve, ErrorCode.resolve), (.connect, .connect), (.tls, .tls), (.memory, .memory),
        (.other, .transport),
    ])
    func beforeTheHead(_ kind: TransportFailure.Kind, _ code: ErrorCode) {
        let lines: [(isConnected: Bool, head: [String], phase: Phase)] = [
            (false, [], .connect), (true, [], .request), (true, ["HTTP/1.1 200 OK"], .response),
            (true, ["HTTP/1.1 100 Continue", ""], .response), (true, ["HTTP/1.1 500 No"], .response),
        ]
        for (isConnected, head, phase) in lines {
            var attempt = started()
            if isConnected { attempt.connected(isReused: false, now: 3_000_000) }
            for line in head { attempt.received(headLine: line.utf8.span, now: 4_000_000) }
            attempt.transportFailed(TransportFailure(kind, "no luck"), now: 5_000_000)
            let failure = attempt.failure
            let wanted = code == .transport && phase == .connect ? .connect : code
            #expect(failure?.code == wanted && failure?.phase == phase && failure?.message == "no luck")
            #expect(failure?.httpStatus == 0)
        }
    }

    @Test func afterTheHead() {
        var attempt = started()
        for line in StreamRecorder.streamHead { attempt.received(headLine: line.utf8.span, now: 4_000_000) }
        attempt.transportFailed(TransportFailure(.tls, "no luck"), now: 5_000_000)
        let failure = attempt.failure
        #expect(failure?.code == .incomplete && failure?.phase == .stream && failure?.httpStatus == 200)
        #expect(failure?.message == "the connection failed before the response ended: no luck")
    }

    /// What came already must not come twice.
    @Test func anotherTryInTheMiddle() {
        for (head, code) in [(StreamRecorder.streamHead, ErrorCode.incomplete), (["HTTP/1.1 200 OK"], .transport)] {
            var attempt = started()
            attempt.connected(isReused: false, now: 3_000_000)
            for line in head { attempt.received(headLine: line.utf8.span, now: 4_000_000) }
            let goesOut = attempt.connected(isReused: false, now: 5_000_000)
            let (failure, attempts) = (attempt.failure, attempt.attempts)
            #expect(!goesOut && failure?.code == code && attempts == 1)
            #expect(failure?.message.description.contains("anew") == true)
        }
    }

    @Test func behindTheAnswerButBeforeTheEnd() {
        var recorder = StreamRecorder()
        recorder.ending = .transport(.other, "reset")
        let recording = recorder.record([answer(textDelta("a")).flatMap { $0 }])
        #expect(recording.end?.failure?.code == .incomplete && recording.end?.stopReason == .endTurn)
    }
}

@Suite struct Endings {
    /// What can end a stream, each at every step of its way.
    private static let endings: [(code: ErrorCode?, end: @Sendable (inout Attempt) -> Void)] = [
        (.cancelled, { $0.cancelled("why", now: 9_000_000) }),
        (.signing, { $0.refused(Failure(.signing, .prepare, "why"), now: 9_000_000) }),
        (nil, { $0.transportFailed(TransportFailure(.other, "why"), now: 9_000_000) }),
        (nil, { $0.bodyEnded(now: 9_000_000) }),
    ]

    private func step(_ count: Int) -> Attempt {
        var attempt = Attempt(operation: .converseStream, limits: TimeLimits(), wantsRaw: true, now: 1_000_000)
        if count > 0 { attempt.started(now: 2_000_000) }
        if count > 1 { attempt.connected(isReused: true, now: 3_000_000) }
        if count > 2 { attempt.received(headLine: "HTTP/1.1 200 OK".utf8.span, now: 4_000_000) }
        if count > 3 {
            for line in StreamRecorder.streamHead { attempt.received(headLine: line.utf8.span, now: 5_000_000) }
        }
        if count > 4 { feed(Bytes(textDelta("a").prefix(20)), &attempt, now: 6_000_000) }
        if count > 5 { feed(Bytes(textDelta("a").dropFirst(20)), &attempt, now: 7_000_000) }
        return attempt
    }

    private let phases: [Phase] = [.prepare, .connect, .request, .response, .stream, .stream, .stream]

    @Test("cancel at each step", arguments: 0...6)
    func cancel(_ count: Int) {
        var attempt = step(count)
        attempt.cancelled("the caller cancelled the stream", now: 8_000_000)
        let failure = attempt.failure
        #expect(failure?.code == .cancelled && failure?.phase == phases[count])
        #expect(failure?.message == "the caller cancelled the stream")
        attempt.seal(modelID: Bytes("m"))
        let result = attempt.resultView
        #expect(result.timings.total == 7000 && result.delivered == (count > 5 ? 1 : 0))
    }

    @Test("the first end is the only one", arguments: 0...6)
    func onlyOne(_ count: Int) {
        for (firstCode, first) in Self.endings {
            for (_, second) in Self.endings {
                var attempt = step(count)
                first(&attempt)
                let (code, message) = (attempt.failure?.code, attempt.failure?.message)
                let ended = attempt.hasEnded
                #expect(ended)
                if let firstCode { #expect(code == firstCode) }
                second(&attempt)
                attempt.timePassed(now: .max)
                let (codeAfter, messageAfter) = (attempt.failure?.code, attempt.failure?.message)
                #expect(codeAfter == code && messageAfter == message)
                var position = 0
                let byte: Bytes = [1]
                let after = attempt.next(byte.span, &position, now: 10_000_000)
                #expect(after == .ended && position == 0)
            }
        }
    }

    @Test func refusedKeepsItsPhase() {
        var attempt = step(0)
        attempt.refused(Failure(.region, .prepare, "no region"), now: 2_000_000)
        attempt.seal(modelID: [])
        let view = attempt.failureView
        #expect(view?.code == .region && view?.phase == .prepare && view?.partial.attempts == 0)
        #expect(view?.partial.timings.connected == -1 && view?.partial.timings.total == 1000)
    }

    @Test func successHasNoFailure() {
        var attempt = step(4)
        feed(answer(textDelta("a")).flatMap { $0 }, &attempt, now: 6_000_000)
        attempt.bodyEnded(now: 9_000_000)
        let (ended, failure) = (attempt.hasEnded, attempt.failure?.code)
        #expect(ended && failure == nil)
        attempt.cancelled("too late", now: 10_000_000)
        attempt.seal(modelID: [])
        let view = attempt.failureView?.code
        #expect(view == nil)
    }
}

@Suite struct TimingsTests {
    @Test func everyMoment() {
        var attempt = Attempt(operation: .converseStream, limits: TimeLimits(), wantsRaw: true, now: 1_000_000)
        var seen: [Int64] = []
        func note(_ timings: Timings) {
            seen += [timings.connected, timings.firstByte, timings.firstDelta, timings.total]
        }
        note(attempt.resultView.timings)
        #expect(seen == [-1, -1, -1, -1])
        attempt.started(now: 2_000_000)
        attempt.connected(isReused: true, now: 3_500_999)
        for line in StreamRecorder.streamHead { attempt.received(headLine: line.utf8.span, now: 5_000_000) }
        feed(Wire.event("messageStart", "{}"), &attempt, now: 6_000_000)
        feed(textDelta("a"), &attempt, now: 7_000_000)
        feed(textDelta("b"), &attempt, now: 8_000_000)
        feed(answer().flatMap { $0 }, &attempt, now: 9_000_000)
        attempt.bodyEnded(now: 10_000_000)
        seen = []
        note(attempt.resultView.timings)
        #expect(seen == [2500, 4000, 6000, 9000])
        let (attempts, isReused) = (attempt.attempts, attempt.isConnectionReused)
        #expect(attempts == 1 && isReused)
    }

    @Test func anotherTryOfTheTransport() {
        var attempt = started()
        attempt.connected(isReused: true, now: 3_000_000)
        let goesOut = attempt.connected(isReused: false, now: 4_000_000)
        let (attempts, isReused) = (attempt.attempts, attempt.isConnectionReused)
        #expect(goesOut && attempts == 1 && !isReused)
        let connected = attempt.resultView.timings.connected
        #expect(connected == 3000)
    }

    @Test func clockThatStandsStill() {
        var attempt = Attempt(operation: .converseStream, limits: TimeLimits(), wantsRaw: false, now: 5)
        attempt.started(now: 5)
        attempt.cancelled("why", now: 5)
        let total = attempt.resultView.timings.total
        #expect(total == 0)
    }
}
