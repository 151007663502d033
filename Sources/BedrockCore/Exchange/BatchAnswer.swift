/// Why the whole answer of a batch operation is none.
enum BatchError: Error {
    /// It ends in the middle.
    case cut(JSONError)
    case malformed(JSONError)
    /// It is JSON, but not an answer.
    case foreign(Message)

    init(_ error: JSONError) {
        self = error.kind == .incomplete ? .cut(error) : .malformed(error)
    }

    var failure: Failure {
        switch self {
        case .cut(let error): Failure(.incomplete, .stream, "the response ended early: " + error.message)
        case .malformed(let error): Failure(.protocol, .stream, "the answer is no JSON: " + error.message)
        case .foreign(let text): Failure(.protocol, .stream, text)
        }
    }
}

/// The answer of a batch operation: kept until it is whole, then handed over event by event.
struct BatchAnswer: ~Copyable {
    private enum Stage {
        case body, script, end
    }

    /// All of it has come.
    var isWhole = false
    private var body = ByteBuffer(limit: Limits.answerBodyLength)
    private var stage = Stage.body
    private var script = BatchScript()

    /// Keeps what the input holds from `position` on. Why it cannot, if it cannot.
    mutating func take(_ input: Span<UInt8>, _ position: inout Int) -> Failure? {
        let rest = input.extracting(min(position, input.count)..<input.count)
        position = input.count
        let isOver = rest.count > Limits.answerBodyLength &- body.count
        body.append(rest)
        guard body.isExhausted else { return nil }
        return isOver
            ? Failure(.limit, .stream, "the answer has more than \(Limits.answerBodyLength) bytes")
            : Failure(.memory, .stream, "out of memory")
    }

    /// What comes next; nil when the answer is over. What the decoder has pending comes before it.
    mutating func next(_ events: inout EventDecoder) throws(BatchError) -> EventDecoder.Outcome? {
        switch stage {
        case .body:
            stage = .script
            script = try BatchScript.make(body.span, operation: events.operation)
            return events.decodeWhole(body.span)
        case .script:
            do throws(JSONError) {
                if let outcome = try script.next(&events) { return outcome }
            } catch {
                throw BatchError(error)
            }
            stage = .end
            events.completeAnswer()
            return .nothing
        case .end: return nil
        }
    }
}

extension EventDecoder {
    /// The body as it came, under the operation's name.
    fileprivate mutating func decodeWhole(_ body: Span<UInt8>) -> Outcome {
        scratch.removeAll()
        event = StreamEvent()
        return finish(Bytes(operation.name).span, body)
    }
}
