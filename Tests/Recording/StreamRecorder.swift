import BedrockCore

/// Runs an attempt over bytes, and writes down what its consumer is given.
///
/// Every text is checked for its terminating NUL, every end for being the only one.
public struct StreamRecorder {
    public enum Ending {
        /// The body ended as its framing says.
        case body
        case transport(TransportFailure.Kind, String)
        /// Nothing more happens.
        case none
    }

    public var operation = Operation.converseStream
    public var wantsRaw = true
    public var head = StreamRecorder.streamHead
    /// Lines behind `head` that need not be UTF-8.
    public var headBytes: [Bytes] = []
    public var ending = Ending.body
    /// The delta at which the consumer cancels; nil for never.
    public var cancelAt: Int?

    public static let streamHead: [String] = [
        "HTTP/1.1 200 OK\r\n", "Content-Type: application/vnd.amazon.eventstream\r\n", "x-amzn-RequestId: r-1\r\n",
        "\r\n",
    ]

    public init(_ operation: Operation = .converseStream, wantsRaw: Bool = true) {
        self.operation = operation
        self.wantsRaw = wantsRaw
    }

    public func record(_ chunks: [Bytes]) -> Recording {
        var recording = Recording()
        var attempt = Attempt(operation: operation, limits: TimeLimits(), wantsRaw: wantsRaw, now: 1)
        attempt.started(now: 2)
        attempt.connected(isReused: false, now: 3)
        for line in head { attempt.received(headLine: line.utf8.span, now: 4) }
        for line in headBytes { attempt.received(headLine: line.span, now: 4) }
        for chunk in chunks { feed(chunk, to: &attempt, &recording) }
        finish(&attempt)
        // A whole answer is handed over when its body has ended.
        if !operation.isStreaming, !attempt.hasEnded { feed([], to: &attempt, &recording) }
        guard attempt.hasEnded else { return recording }
        attempt.seal(modelID: Bytes("m"))
        recording.noteEnd(attempt)
        checkFinality(&attempt, &recording)
        return recording
    }

    private func feed(_ chunk: Bytes, to attempt: inout Attempt, _ recording: inout Recording) {
        var position = 0
        // A consumer asks again until the input is used; no input gives more events than it has bytes.
        for _ in 0...(3 * chunk.count + 10_000) {
            switch attempt.next(chunk.span, &position, now: 5) {
            case .needsInput:
                if position != chunk.count { recording.faults.append("input left at \(position)") }
                return
            case .ended: return
            case .deliver:
                recording.noteEvent(attempt.eventView)
                if recording.events.count == cancelAt { attempt.cancelled("cancelled by the test", now: 5) }
            }
        }
        recording.faults.append("events without end")
    }

    private func finish(_ attempt: inout Attempt) {
        switch ending {
        case .body: attempt.bodyEnded(now: 6)
        case .transport(let kind, let message):
            attempt.transportFailed(TransportFailure(kind, Message(text: message)), now: 6)
        case .none: break
        }
    }

    /// Whatever happens after the end changes nothing.
    private func checkFinality(_ attempt: inout Attempt, _ recording: inout Recording) {
        let code = attempt.failure?.code
        var position = 0
        if attempt.next(Bytes(repeating: 0, count: 20).span, &position, now: 7) != .ended {
            recording.faults.append("goes on after the end")
        }
        attempt.bodyEnded(now: 7)
        attempt.transportFailed(TransportFailure(.other, "late"), now: 8)
        attempt.timePassed(now: .max)
        attempt.cancelled("late", now: 9)
        attempt.refused(Failure(.argument, .prepare, "late"), now: 9)
        if attempt.failure?.code != code || attempt.deadline != nil { recording.faults.append("two ends") }
    }
}

extension Recording {
    mutating func noteEvent(_ view: EventView) {
        let event = view.event
        var noted = RecordedEvent(event.kind, block: event.blockIndex)
        if event.hasDelta { noted.delta = event.deltaKind }
        noted.type = text(view.type, "type")
        // A model's own chunk may be any bytes.
        noted.json = text(view.json, event.kind == .other ? nil : "json")
        noted.text = text(view.text, "text")
        let (id, name) = (text(view.toolID, "tool id"), text(view.toolName, "tool name"))
        if event.kind == .tool {
            noted.tool = RecordedTool(id, name, isServer: event.isServerTool, isValid: event.isValidTool)
        }
        if event.kind == .blockStart, event.blockKind != .unknown {
            noted.start = RecordedStart(
                event.blockKind, type: text(view.blockType, "block type"), id: id, name: name,
                isServer: event.isServerTool, isError: event.isErrorResult)
        }
        events.append(noted)
    }

    mutating func noteEnd(_ attempt: borrowing Attempt) {
        let result = attempt.resultView
        var noted = RecordedEnd(
            stopReason: result.stopReason, stopWord: text(result.stopReasonText, "stop reason"),
            text: text(result.text, "answer"), usage: result.usage, serverLatency: result.timings.serverLatencyMs,
            requestID: text(result.requestID, "request id"), modelID: text(result.modelID, "model id"),
            delivered: result.delivered, attempts: result.attempts, metadata: text(result.metadata, "metadata"))
        note(result.details, &noted)
        if let failure = attempt.failureView {
            noted.failure = RecordedFailure(
                code: failure.code, phase: failure.phase, message: text(failure.message, "message"),
                status: failure.httpStatus, isRetryable: failure.isRetryable,
                serviceCode: text(failure.serviceCode, "service code"), originalStatus: failure.originalStatus,
                originalMessage: text(failure.originalMessage, "original message"))
            if noted.failure?.message.isEmpty != false { faults.append("an empty message") }
            if failure.partial.delivered != result.delivered { faults.append("two results") }
        }
        end = noted
    }

    private mutating func note(_ details: ResultDetails, _ noted: inout RecordedEnd) {
        noted.isInterrupted = details.isInterrupted
        noted.message = text(details.message, "message")
        noted.newMessages = text(details.newMessages, "messages")
        noted.answeredModelID = text(details.answeredModelID, "answered model id")
        noted.serviceTier = text(details.serviceTier, "service tier")
        noted.performanceLatency = text(details.performanceLatency, "latency")
        noted.trace = text(details.trace, "trace")
        noted.additionalFields = text(details.additionalFields, "additional fields")
    }

    /// The bytes as text, with what is wrong with them noted; `name` is nil where they need not be UTF-8.
    private mutating func text(_ view: TextView, _ name: String?) -> String {
        let bytes = UnsafeBufferPointer(start: view.pointer, count: view.count)
        // The NUL behind a text is part of what is promised.
        if view.pointer[view.count] != 0 { faults.append("\(name ?? "json") without a NUL") }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        if let name { faults.append("\(name) that is no UTF-8") }
        return bytes.map { Unicode.Scalar($0).escaped(asASCII: true) }.joined()
    }
}
