import Recording
import Testing

@testable import BedrockCore

private let millisecond: Int64 = 1_000_000

private func limits(
    connect: Int64 = 0, firstByte: Int64 = 0, betweenBytes: Int64 = 0, total: Int64 = 0
) -> TimeLimits {
    var limits = TimeLimits()
    limits.connect = connect * millisecond
    limits.firstByte = firstByte * millisecond
    limits.betweenBytes = betweenBytes * millisecond
    limits.total = total * millisecond
    return limits
}

/// How far a stream came; times in milliseconds.
private enum Step: Int, CaseIterable {
    case opened, started, connected, head, bytes

    static func run(_ attempt: inout Attempt, to step: Step, at times: [Int64]) {
        if step.rawValue >= 1 { attempt.started(now: times[1] * millisecond) }
        if step.rawValue >= 2 { attempt.connected(isReused: false, now: times[2] * millisecond) }
        if step.rawValue >= 3 {
            for line in StreamRecorder.streamHead {
                attempt.received(headLine: line.utf8.span, now: times[3] * millisecond)
            }
        }
        if step.rawValue >= 4 { feed(Bytes([0, 0]), &attempt, times[4]) }
    }
}

private func feed(_ bytes: Bytes, _ attempt: inout Attempt, _ now: Int64) {
    var position = 0
    while attempt.next(bytes.span, &position, now: now * millisecond) == .deliver {}
}

/// Expects the limit to pass at `due`, in milliseconds, and not a nanosecond earlier.
private func expectEnd(
    _ attempt: inout Attempt, at due: Int64, _ code: ErrorCode, _ phase: Phase, _ message: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let deadline = attempt.deadline
    #expect(deadline == due * millisecond, sourceLocation: sourceLocation)
    attempt.timePassed(now: due * millisecond - 1)
    let early = attempt.hasEnded
    #expect(!early, "too early", sourceLocation: sourceLocation)
    attempt.timePassed(now: due * millisecond)
    let failure = attempt.failure
    #expect(failure?.code == code && failure?.phase == phase, sourceLocation: sourceLocation)
    #expect(failure?.message.description == message, sourceLocation: sourceLocation)
    let later = attempt.deadline
    #expect(later == nil, sourceLocation: sourceLocation)
}

private func attempt(_ limits: TimeLimits, to step: Step, at times: [Int64] = [10, 20, 30, 40, 50]) -> Attempt {
    var attempt = Attempt(operation: .converseStream, limits: limits, wantsRaw: false, now: times[0] * millisecond)
    Step.run(&attempt, to: step, at: times)
    return attempt
}

@Suite struct TimeLimitsTests {
    @Test func connect() {
        var attempt = attempt(limits(connect: 100, firstByte: 7, betweenBytes: 7), to: .started)
        expectEnd(
            &attempt, at: 120, .timeoutConnect, .connect,
            "no connection within timeout.connect_ms=100, waited 100 ms")
    }

    @Test func firstByte() {
        var attempt = attempt(limits(connect: 5, firstByte: 100, betweenBytes: 7), to: .connected)
        expectEnd(
            &attempt, at: 130, .timeoutFirstByte, .request,
            "no response within timeout.first_byte_ms=100, waited 100 ms")
    }

    @Test func betweenBytes() {
        var behindHead = attempt(limits(connect: 5, firstByte: 5, betweenBytes: 100), to: .head)
        expectEnd(
            &behindHead, at: 140, .timeoutBetweenBytes, .stream,
            "no byte from the server within timeout.between_bytes_ms=100, waited 100 ms")
        var behindBytes = attempt(limits(betweenBytes: 100), to: .bytes)
        expectEnd(
            &behindBytes, at: 150, .timeoutBetweenBytes, .stream,
            "no byte from the server within timeout.between_bytes_ms=100, waited 100 ms")
    }

    @Test("any byte starts the wait anew, of the head as of the body")
    func everyByteCounts() {
        var attempt = attempt(limits(firstByte: 50, betweenBytes: 100), to: .connected)
        attempt.received(headLine: "HTTP/1.1 200 OK".utf8.span, now: 60 * millisecond)
        var deadline = attempt.deadline
        #expect(deadline == 160 * millisecond)
        attempt.received(headLine: "content-type: application/vnd.amazon.eventstream".utf8.span, now: 90 * millisecond)
        deadline = attempt.deadline
        #expect(deadline == 190 * millisecond)
        attempt.received(headLine: "".utf8.span, now: 100 * millisecond)
        for (at, byte) in textDelta("a").enumerated() {
            feed([byte], &attempt, 150 + Int64(at))
            deadline = attempt.deadline
            #expect(deadline == (250 + Int64(at)) * millisecond)
        }
        feed([], &attempt, 5000)
        let unchanged = attempt.deadline
        #expect(unchanged == deadline, "no byte is no news")
    }

    @Test("the total counts from the opening, whatever happens", arguments: [0, 1, 2, 3, 4])
    fileprivate func total(_ step: Int) throws {
        let step = try #require(Step(rawValue: step))
        let phase: [Phase] = [.prepare, .connect, .request, .stream, .stream]
        var attempt = attempt(limits(total: 300), to: step)
        expectEnd(
            &attempt, at: 310, .timeoutTotal, phase[step.rawValue],
            "the stream did not end within timeout.total_ms=300, waited 300 ms")
    }

    @Test func theNearestDecides() {
        let all = limits(connect: 100, firstByte: 100, betweenBytes: 100, total: 145)
        let due: [(Step, Int64, ErrorCode)] = [
            (.opened, 155, .timeoutTotal), (.started, 120, .timeoutConnect), (.connected, 130, .timeoutFirstByte),
            (.head, 140, .timeoutBetweenBytes), (.bytes, 150, .timeoutBetweenBytes),
        ]
        for (step, time, code) in due {
            var attempt = attempt(all, to: step)
            let deadline = attempt.deadline
            #expect(deadline == time * millisecond)
            attempt.timePassed(now: time * millisecond)
            let failure = attempt.failure
            #expect(failure?.code == code)
        }
        var late = attempt(all, to: .bytes, at: [10, 20, 30, 40, 100])
        late.timePassed(now: 155 * millisecond)
        let failure = late.failure
        #expect(failure?.code == .timeoutTotal)
    }

    @Test func zeroIsNoLimit() {
        for step in Step.allCases {
            var attempt = attempt(limits(), to: step)
            let deadline = attempt.deadline
            #expect(deadline == nil)
            attempt.timePassed(now: .max)
            let ended = attempt.hasEnded
            #expect(!ended)
        }
    }

    @Test func lateTimersSayHowLongItWas() {
        var attempt = attempt(limits(firstByte: 100), to: .connected)
        attempt.timePassed(now: 431 * millisecond + 999_999)
        let failure = attempt.failure
        #expect(failure?.message == "no response within timeout.first_byte_ms=100, waited 401 ms")
    }

    @Test("silence while the caller holds the transfer back is not the server's")
    func pause() {
        var attempt = attempt(limits(betweenBytes: 100), to: .bytes)
        attempt.paused(true, now: 60 * millisecond)
        let none = attempt.deadline
        #expect(none == nil)
        attempt.timePassed(now: 5000 * millisecond)
        let ended = attempt.hasEnded
        #expect(!ended)
        attempt.paused(false, now: 6000 * millisecond)
        expectEnd(
            &attempt, at: 6100, .timeoutBetweenBytes, .stream,
            "no byte from the server within timeout.between_bytes_ms=100, waited 100 ms")
    }

    @Test func totalCountsWhilePaused() {
        var attempt = attempt(limits(betweenBytes: 100, total: 300), to: .bytes)
        attempt.paused(true, now: 60 * millisecond)
        expectEnd(
            &attempt, at: 310, .timeoutTotal, .stream,
            "the stream did not end within timeout.total_ms=300, waited 300 ms")
    }

    @Test func errorBodiesHaveLimitsToo() {
        var attempt = Attempt(operation: .converseStream, limits: limits(betweenBytes: 100), wantsRaw: false, now: 1)
        attempt.started(now: 1)
        attempt.connected(isReused: false, now: 1)
        for line in ["HTTP/1.1 500 No", ""] { attempt.received(headLine: line.utf8.span, now: 40 * millisecond) }
        expectEnd(
            &attempt, at: 140, .timeoutBetweenBytes, .response,
            "no byte from the server within timeout.between_bytes_ms=100, waited 100 ms")
    }

    @Test func largestLimits() throws {
        var config = Config()
        for key in ["connect", "first_byte", "between_bytes", "total"] {
            try config.set("timeout.\(key)_ms".utf8.span, to: "86400000".utf8.span)
        }
        let settings = try Settings.make(config, Environment())
        // A machine that has run for 200 years.
        let now: Int64 = 200 * 366 * 86_400 * 1_000_000_000
        var attempt = Attempt(operation: .converseStream, limits: settings.limits, wantsRaw: false, now: now)
        attempt.started(now: now)
        let deadline = attempt.deadline
        #expect(deadline == now + 86_400_000 * millisecond)
        config = Config()
        let defaults = try Settings.make(config, Environment()).limits
        #expect(defaults == limits(connect: 3100, firstByte: 60_000, betweenBytes: 60_000))
    }
}
