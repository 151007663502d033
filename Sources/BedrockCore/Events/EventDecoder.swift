/// Why content cannot be kept, and would be lost.
enum ContentFault {
    case limit(AnswerLimit)
    /// Bytes of an image that are no base64.
    case imageBytes
    /// A piece of a tool's input for a block in which no call is open.
    case looseInput(Int32)
}

/// Events that wait their turn, the oldest first.
struct EventQueue {
    private var events: [StreamEvent] = []
    private var position = 0

    var hasNext: Bool { position < events.count }
    var count: Int { events.count &- position }

    mutating func append(_ event: StreamEvent) { events.append(event) }

    mutating func take() -> StreamEvent? {
        guard hasNext else { return nil }
        defer {
            position &+= 1
            if !hasNext { removeAll() }
        }
        return events[position]
    }

    /// Keeps the memory.
    mutating func removeAll() {
        events.removeAll(keepingCapacity: true)
        position = 0
    }
}

/// Turns messages of the wire into events of an answer, and keeps what the answer comes to.
///
/// Works in place: `event` and the texts it points to are good until the next message.
public struct EventDecoder: ~Copyable {
    /// What a message came to.
    enum Outcome {
        /// `event` is to be handed over.
        case event
        /// Nothing that the caller asked for.
        case nothing
        /// The service says that it failed.
        case exception(ServiceError)
        /// The message is not what its name says.
        case malformed(Message)
        /// The answer is larger than any that is kept.
        case overLimit(AnswerLimit)
    }

    let operation: Operation
    /// Also names and payloads of events are wanted.
    let wantsRaw: Bool

    /// What the headers of messages say that came before.
    var headers = RepeatedHeaders()
    public internal(set) var event = StreamEvent()
    /// Which answer of its stream is being decoded, from 0.
    public internal(set) var round: UInt32 = 0
    /// Events behind `event` that the same message gave. Their texts are in `scratch`, which is kept until they have
    /// been handed over; they have neither name nor payload.
    var queue = EventQueue()
    var scratch = ByteBuffer(limit: Limits.messageLength * 3)
    /// Base64-decoded chunks of the invoke routes.
    var inner = ByteBuffer(limit: Limits.messageLength)
    public var answer = Answer()
    /// The content of the answer.
    public internal(set) var transcript = Transcript()
    var tools = ToolCalls()
    var family = ModelFamily.unknown
    /// Of a format without blocks.
    var flat = FlatBlocks()
    /// A guardrail changed or refused the answer, whatever its format calls the end.
    var isIntervened = false
    /// Why the stream cannot go on, found while an event was read.
    var exceeded: AnswerLimit?
    var contentFault: ContentFault?

    /// Where a cut answer is gone on with; nil where none is.
    var joint: JointBox?
    /// What the start of a block told; only while its event is read.
    var started = StartedBlock()

    init(operation: Operation, wantsRaw: Bool) {
        self.operation = operation
        self.wantsRaw = wantsRaw
    }

    /// An answer that this body, now ended on a message border, amounts to.
    ///
    /// Converse marks its end. So do the families of the invoke route that are known; of others any chunk will do.
    var isAnswerComplete: Bool {
        answer.isComplete || (operation.isInvoke && family == .unmarked)
    }

    /// Something waits to be handed over that no new message is needed for.
    var hasPending: Bool { tools.hasComplete || queue.hasNext || joint?.value.hasWaiting ?? false }

    /// What waits to be handed over becomes `event`, the oldest first; nil when nothing waits. An event that a joint
    /// kept waiting comes first, then those that share a message with the last one, then complete tool calls.
    mutating func nextPending() -> Outcome? {
        if let waiting = joint?.value.takeWaiting() {
            event = waiting
            return .event
        }
        while let part = queue.take() {
            event = part
            settleMade()
            let outcome = finish(Bytes().span, Bytes().span)
            if case .nothing = outcome { continue }
            return outcome
        }
        scratch.removeAll()
        guard let call = tools.takeComplete(into: &scratch) else { return nil }
        event = call
        return scratch.isExhausted ? .overLimit(.event) : .event
    }

    @_optimize(speed)
    mutating func decode(_ message: EventMessage, _ frame: Span<UInt8>) throws(JSONError) -> Outcome {
        begin()
        let type = frame.extracting(message.type)
        let payload = frame.extracting(message.payload)
        switch message.kind {
        case .event: break
        case .exception: return .exception(ErrorParser.parseException(type: type, payload: payload))
        case .error: return .exception(Self.unmodelled(message, frame))
        }
        if operation.isInvoke, type.isEqual(to: "chunk") {
            return try decodeChunk(type, payload)
        }
        let kind = operation.isInvoke ? EventKind.other : Self.kind(ofConverse: type)
        // A peer of this library was seen to hand such an event on as an ordinary one and to report success.
        if kind == .other, Self.isException(type) {
            return .exception(ErrorParser.parseException(type: type, payload: payload))
        }
        if kind != .other { try readConverse(kind, payload) }
        return finish(type, payload)
    }

    @_optimize(speed)
    mutating func begin() {
        scratch.removeAll()
        event = StreamEvent()
        if started.kind != .unknown { started = StartedBlock() }
    }

    /// Adds name and payload where they are wanted, and says whether anything is to be handed over.
    @_optimize(speed)
    mutating func finish(_ type: Span<UInt8>, _ json: Span<UInt8>) -> Outcome {
        if let exceeded { return .overLimit(exceeded) }
        if let contentFault { return outcome(of: contentFault) }
        if let joint { return finishJoined(joint, type, json) }
        if wantsRaw {
            event.type = scratch.appendSlice(type)
            event.json = scratch.appendSlice(json)
        }
        if scratch.isExhausted { return .overLimit(.event) }
        if event.hasDelta {
            answer.delivered &+= 1
            return .event
        }
        return wantsRaw ? .event : .nothing
    }

    @inline(never)
    private func outcome(of fault: ContentFault) -> Outcome {
        switch fault {
        case .limit(let limit): .overLimit(limit)
        case .imageBytes: .malformed("the bytes of an image are no base64")
        case .looseInput(let index):
            .malformed("a piece of a tool's input for block \(index), in which no tool call is open")
        }
    }

    // MARK: What an event adds to the answer, once its block is known

    mutating func finishDelta() {
        guard event.hasDelta else { return }
        if event.deltaKind != .text {
            keep(event)
        } else if !transcript.keep(text: event.text, of: event.blockIndex, scratch) {
            exceeded = .length
        }
    }

    /// Keeps what a delta, not necessarily the event in hand, adds.
    @inline(never)
    mutating func keep(_ delta: StreamEvent) {
        guard delta.hasDelta else { return }
        if delta.deltaKind == .toolInput, let call = tools.call(delta.blockIndex) {
            if !transcript.keep(input: delta.text, of: call, scratch) { exceeded = .length }
        } else if delta.deltaKind == .toolInput, delta.text.count > 0 {
            contentFault = .looseInput(delta.blockIndex)
        } else {
            contentFault = transcript.keep(delta, scratch, isWhole: !operation.isStreaming)
        }
    }

    /// Finds the event in hand its place and does what it says.
    mutating func settle() {
        if let joint, !joinEvent(joint) { return }
        switch event.kind {
        case .messageStart: transcript.hasStarted = true
        // Converse has no form for what Cohere cites.
        case .delta where event.deltaKind == .citation && family == .flat: break
        case .delta: finishDelta()
        case .blockStart: openBlock()
        case .blockStop: closeBlock()
        case .messageStop: completeAnswer()
        default: break
        }
    }

    /// The same for an event that is not read from a message of its own: what its start told is in the event alone.
    mutating func settleMade() {
        started = StartedBlock()
        if event.kind == .blockStart {
            started.kind = event.blockKind
            started.type = event.blockType
            started.id = event.toolID
            started.name = event.toolName
            started.isServerTool = event.isServerTool
        }
        settle()
    }

    /// Opens the block that `started` tells of, and lets the event in hand say so.
    mutating func openBlock() {
        describeStart()
        open(started, event.blockIndex)
    }

    mutating func describeStart() {
        event.blockKind = started.kind
        event.blockType = started.type
        event.toolID = started.id
        event.toolName = started.name
        event.isServerTool = started.isServerTool
        event.isErrorResult = scratch.span(started.status.range).isEqual(to: "error")
    }

    /// Opens a block without a word to anybody.
    mutating func open(_ start: StartedBlock, _ index: Int32) {
        guard let call = transcript.open(start, index, scratch, &exceeded) else { return }
        if let limit = tools.start(call) { exceeded = limit }
    }

    mutating func closeBlock() {
        transcript.close(event.blockIndex)
        tools.finish(index: event.blockIndex)
    }

    mutating func completeAnswer() {
        tools.finishAll()
        answer.isComplete = true
    }

    // MARK: Failures that the service reports inside a stream

    private static func unmodelled(_ message: EventMessage, _ frame: Span<UInt8>) -> ServiceError {
        var error = ServiceError()
        error.code = ErrorParser.sanitized(frame.extracting(message.type))
        if let text = message.errorMessage {
            error.message = Bytes(copying: frame.extracting(text).cutAtCharacter(Limits.errorTextLength))
        }
        return error
    }

    private static func isException(_ type: Span<UInt8>) -> Bool {
        let suffix: StaticString = "Exception"
        guard type.count > suffix.utf8CodeUnitCount else { return false }
        return type.extracting((type.count &- suffix.utf8CodeUnitCount)..<type.count).isEqual(to: suffix)
    }
}
