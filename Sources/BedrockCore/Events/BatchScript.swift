/// A whole answer (Converse, InvokeModel) as the payloads of the events that would have streamed it, in their order.
///
/// The decoder reads them as it reads those of a stream. What the script does not translate is lost to nobody: the body
/// itself is an event as well.
///
/// - Converse, and Amazon Nova on the invoke route: the events of ConverseStream; a content member that has no form in
///   the stream becomes a delta with that member as it is.
/// - Anthropic Messages: each block as a `content_block_start` that holds all of it.
/// - Any other body: that body as the one and last chunk.
struct BatchScript: ~Copyable {
    struct Step {
        /// Which event of Converse; `.other` for a chunk of an invoke route, which tells by itself.
        let kind: EventKind
        let payload: Range<Int>
    }

    /// Most steps of one script: an empty block or citation of the body costs more here than there.
    static let stepCount = 16 * Limits.blockCount

    private var payloads = ByteBuffer(limit: 2 * Limits.answerLength)
    private var steps: [Step] = []
    private var position = 0
    private(set) var hasTooManySteps = false
    /// Converse events stand as the one member of an object, as Nova's chunks have them.
    private(set) var isWrapped = false

    init(isWrapped: Bool = false) {
        self.isWrapped = isWrapped
    }

    /// Translates a body. One of Converse must hold an answer. One of InvokeModel may be anything: what is no JSON
    /// object, and does not look like one that was cut, gives a script without steps.
    static func make(_ body: Span<UInt8>, operation: Operation) throws(BatchError) -> BatchScript {
        let script: BatchScript?
        do throws(JSONError) {
            script = operation.isInvoke ? try makeInvoke(body) : try makeConverse(body)
        } catch {
            throw BatchError(error)
        }
        if let script { return script }
        throw .foreign("the answer has no output.message, or no stopReason")
    }

    private static func makeConverse(_ body: Span<UInt8>) throws(JSONError) -> BatchScript? {
        try JSONReader.validate(body)
        let answer = try ConverseBody(body)
        guard let message = answer.message, let stopReason = answer.stopReason else { return nil }
        var script = BatchScript()
        try script.add(converse: answer, message: message, stopReason: stopReason, of: body)
        return script
    }

    private static func makeInvoke(_ body: Span<UInt8>) throws(JSONError) -> BatchScript {
        let first = body.trimmed().byteOrNUL(0)
        // Some models answer with an image.
        if first != 0, first != UInt8(ascii: "{"), first != UInt8(ascii: "[") { return BatchScript() }
        try JSONReader.validate(body)
        var script = BatchScript()
        if let answer = try AnthropicBody(body) {
            try script.add(anthropic: answer, of: body)
            return script
        }
        let answer = try ConverseBody(body)
        if let message = answer.message, let stopReason = answer.stopReason {
            script.isWrapped = true
            try script.add(converse: answer, message: message, stopReason: stopReason, of: body)
        } else if first == UInt8(ascii: "{") {
            script.append(body)
            script.close(.other, from: 0)
        }
        return script
    }

    /// Why the script does not hold all of the body.
    var exceeded: AnswerLimit? {
        if hasTooManySteps { return .blockCount }
        return payloads.isExhausted ? .event : nil
    }

    // MARK: Reading

    /// Has the decoder read the next step; nil behind the last. Its event has the name and the payload that it would
    /// have had in a stream. What more the step gave is the decoder's to hand over (`nextPending`).
    ///
    /// A script that does not hold all of its body tells at once.
    mutating func next(_ events: inout EventDecoder) throws(JSONError) -> EventDecoder.Outcome? {
        if let exceeded { return .overLimit(exceeded) }
        guard position < steps.count else { return nil }
        let step = steps[position]
        position &+= 1
        return try events.decodeStep(step.kind, payloads.span(step.payload))
    }

    /// The steps with their payloads.
    var list: [(EventKind, Bytes)] { steps.map { ($0.kind, Bytes(copying: payloads.span($0.payload))) } }

    // MARK: Writing

    mutating func append(_ literal: StaticString) { payloads.append(literal) }
    mutating func append(_ json: Span<UInt8>) { payloads.append(json) }
    mutating func append(_ place: Range<Int>?, of body: Span<UInt8>, otherwise literal: StaticString = "null") {
        if let place { payloads.append(body.extracting(place)) } else { payloads.append(literal) }
    }

    mutating func append(decimal number: Int) { payloads.append(decimal: Int64(number)) }

    /// The JSON text as the content of a string, quotes around it.
    mutating func append(quoting json: Span<UInt8>) {
        payloads.append(UInt8(ascii: "\""))
        payloads.append(escaping: json)
        payloads.append(UInt8(ascii: "\""))
    }

    var count: Int { payloads.count }

    mutating func refuseBlocks() { hasTooManySteps = true }

    /// What was appended since `start` is a step.
    mutating func close(_ kind: EventKind, from start: Int) {
        guard steps.count < Self.stepCount, !payloads.isExhausted else {
            hasTooManySteps = !payloads.isExhausted
            payloads.truncate(to: start)
            return
        }
        steps.append(Step(kind: kind, payload: start..<payloads.count))
    }
}

extension EventDecoder {
    /// Reads a step of a script as the message that it stands for.
    fileprivate mutating func decodeStep(_ kind: EventKind, _ payload: Span<UInt8>) throws(JSONError) -> Outcome {
        begin()
        if operation.isInvoke {
            if let failure = try readChunk(payload) { return .exception(failure) }
            return finish(Bytes("chunk").span, payload)
        }
        try readConverse(kind, payload)
        return finish(Bytes(kind.converseName).span, payload)
    }
}
