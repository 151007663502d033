import Testing

@testable import BedrockCore

/// Texts that live until the end of the test, as C would see them.
private final class Texts {
    private var kept: [UnsafeMutablePointer<UInt8>] = []

    func view(_ text: String) -> TextView {
        let bytes = Array(text.utf8)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count + 1)
        memory.initialize(repeating: 0, count: bytes.count + 1)
        for (index, byte) in bytes.enumerated() { memory[index] = byte }
        kept.append(memory)
        return TextView(pointer: UnsafePointer(memory), count: bytes.count)
    }

    /// Overwrites all of them, as the attempt that made them would.
    func overwrite() {
        for memory in kept { memory.pointee = UInt8(ascii: "#") }
    }

    deinit {
        for memory in kept { memory.deallocate() }
    }

    func event(_ number: Int, text: String? = nil) -> EventView {
        var event = StreamEvent(kind: number % 2 == 0 ? .delta : .tool)
        event.blockIndex = Int32(number)
        event.hasDelta = number % 2 == 0
        event.isValidTool = number % 2 != 0
        return EventView(
            event: event, type: view("type\(number)"), json: view("{\"n\":\(number)}"),
            text: view(text ?? "a\0b \(number)"), toolID: view("id\(number)"), toolName: view(""))
    }

    func notice(_ kind: EventKind, text: String = "so far") -> NoticeView {
        var usage = Usage()
        usage.outputTokens = 77
        var timings = Timings()
        timings.firstDelta = 1234
        let partial = ResultView(
            stopReason: .maxTokens, stopReasonText: view("max_tokens"), text: view(text), usage: usage,
            timings: timings, requestID: view("request-1"), modelID: view("asked"), region: view("us-east-1"),
            delivered: 5, attempts: 2, hedges: HedgeCounts(sent: 2, won: 1), isConnectionReused: true,
            metadata: view("{}"))
        let failure = FailureView(
            code: .throttled, phase: .stream, message: view("slow down"), httpStatus: 429, isRetryable: true,
            serviceCode: view("ThrottlingException"), originalStatus: 503, originalMessage: view("busy"),
            partial: partial)
        return NoticeView(
            kind: kind, failure: failure, attempt: 3, maxAttempts: 4, delay: 250_000_000, modelID: view("next"),
            region: view("eu-west-1"))
    }
}

/// A copy of a view's text, with a check of the NUL behind it.
private func text(_ view: TextView) -> String {
    #expect(view.pointer[view.count] == 0)
    return String(decoding: UnsafeBufferPointer(start: view.pointer, count: view.count), as: UTF8.self)
}

private func describe(_ view: EventView) -> String {
    let texts = [view.type, view.json, view.text, view.toolID, view.toolName].map(text).joined(separator: "|")
    let event = view.event
    return "\(event.kind) \(event.blockIndex) \(event.hasDelta) \(event.isValidTool) \(texts)"
}

private func describe(_ view: NoticeView) -> String {
    let (failure, partial) = (view.failure, view.failure.partial)
    let texts = [
        view.modelID, view.region, failure.message, failure.serviceCode, failure.originalMessage,
        partial.stopReasonText, partial.text, partial.requestID, partial.modelID, partial.region, partial.metadata,
    ].map(text).joined(separator: "|")
    return """
        \(view.kind) \(view.attempt) \(view.maxAttempts) \(view.delay) \(failure.code) \(failure.phase) \
        \(failure.httpStatus) \(failure.isRetryable) \(failure.originalStatus) \(partial.stopReason) \
        \(partial.usage) \(partial.timings) \(partial.delivered) \(partial.attempts) \(partial.hedges) \
        \(partial.isConnectionReused) \(texts)
        """
}

private func describe(_ packed: PackedEvents.Packed?) -> String? {
    switch packed {
    case .event(let view): describe(view)
    case .notice(let view): describe(view)
    case nil: nil
    }
}

/// Everything that is left, read to the end; what cannot be copied cannot be looked at inside `#expect`.
private func rest(_ packed: inout PackedEvents) -> [String] {
    var lines: [String] = []
    while let line = describe(packed.next()) { lines.append(line) }
    let isEmpty = packed.isEmpty
    #expect(isEmpty)
    return lines
}

@Suite struct PackedEventsTests {
    private let texts = Texts()

    @Test func comesOutAsItWentIn() {
        var packed = PackedEvents(limit: 100_000)
        #expect(rest(&packed).isEmpty)
        let events = (0..<4).map { texts.event($0) }
        let notices = [EventKind.retry, .restart, .continuation, .fallback].map { texts.notice($0) }
        var expected: [String] = []
        for (event, notice) in zip(events, notices) {
            packed.append(event)
            packed.append(notice)
            expected += [describe(event), describe(notice)]
        }
        texts.overwrite()
        let isEmpty = packed.isEmpty
        #expect(!isEmpty)
        #expect(rest(&packed) == expected)
    }

    @Test func goesOnAfterItWasReadToTheEnd() {
        var packed = PackedEvents(limit: 100_000)
        packed.append(texts.event(1))
        #expect(rest(&packed) == [describe(texts.event(1))])
        packed.append(texts.event(2))
        #expect(rest(&packed) == [describe(texts.event(2))])
        let used = packed.count
        packed.removeAll()
        let left = packed.count
        #expect(used > 0 && left == 0)
        #expect(rest(&packed).isEmpty)
        packed.append(texts.notice(.retry))
        #expect(rest(&packed) == [describe(texts.notice(.retry))])
    }

    @Test func twoChangePlaces() {
        var first = PackedEvents(limit: 100_000)
        var second = PackedEvents(limit: 100_000)
        first.append(texts.event(1))
        swap(&first, &second)
        #expect(rest(&first).isEmpty)
        #expect(rest(&second) == [describe(texts.event(1))])
    }

    /// Whatever the limit: what came out is what fitted, whole, and nothing is added behind a gap.
    @Test func whatDoesNotFitLeavesNothing() {
        var whole = PackedEvents(limit: 100_000)
        whole.append(texts.event(0))
        let eventLength = whole.count
        whole.append(texts.notice(.restart))
        let length = whole.count
        let expected = [describe(texts.event(0)), describe(texts.notice(.restart))]
        for limit in 0...length {
            var packed = PackedEvents(limit: limit)
            packed.append(texts.event(0))
            packed.append(texts.notice(.restart))
            packed.append(texts.event(0, text: ""))
            let fitted = (limit >= eventLength ? 1 : 0) + (limit >= length ? 1 : 0)
            #expect(rest(&packed) == Array(expected.prefix(fitted)))
            let wasExhausted = packed.isExhausted
            packed.removeAll()
            let isExhausted = packed.isExhausted
            #expect(wasExhausted && !isExhausted)
        }
    }

    @Test func longTextsAreKept() {
        var packed = PackedEvents(limit: 10_000_000)
        let long = String(repeating: "x", count: 1_000_000)
        let (notice, event) = (texts.notice(.continuation, text: long), texts.event(0, text: long))
        packed.append(notice)
        packed.append(event)
        #expect(rest(&packed) == [describe(notice), describe(event)])
    }
}
