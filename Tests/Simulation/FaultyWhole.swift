import BedrockCore

/// A batch operation's answer with a fault in it.
struct FaultyWhole {
    var response: Response
    private let operation: BedrockCore.Operation

    init(_ answer: Answer, _ operation: BedrockCore.Operation, _ fault: Fault, _ dice: inout Dice) {
        self.operation = operation
        let whole = WholeAnswer(answer, operation)
        response = .status(200, ["x-amzn-RequestId: r-1", "Content-Type: application/json"])
        response.answer = answer
        response.body = whole.body
        response.events = whole.events
        response.usage = [(whole.body.count, whole.usage)]
        apply(fault, &dice)
    }

    /// Faults of messages have nothing to be faults of here.
    private mutating func apply(_ fault: Fault, _ dice: inout Dice) {
        switch fault {
        case .cut: cut(dice.below(response.body.count + 1), .clean)
        case .emptyBody: cut(0, .clean)
        case .reset: cut(dice.below(response.body.count + 1), .failure(.other))
        case .startsAnew: cut(dice.below(response.body.count + 1), .startsAnew)
        case .stallBeforeHead: stall(-1, &dice)
        case .stallInBody: stall(dice.below(response.body.count + 1), &dice)
        case .drip: response.drips = true
        case .garbage, .wrongType: replace(Bytes("<html>no</html>"))
        case .torn: replace(response.body + Bytes("}"))
        case .noStop: replace(Bytes("{\"message\":\"no\"}"))
        default: break
        }
    }

    /// Nothing comes behind a byte.
    private mutating func cut(_ place: Int, _ ending: Response.Ending) {
        let isWhole = place == response.body.count
        response.body = Bytes(response.body[..<place])
        response.ending = ending
        response.keepsConnection = false
        switch ending {
        case .clean: if !isWhole { fail(.incomplete, .transient) }
        case .failure: fail(.incomplete, .transient)
        case .startsAnew:
            fail(.incomplete, .transient)
            response.codes.append(.transport)
        }
    }

    private mutating func stall(_ place: Int, _ dice: inout Dice) {
        response.silenceAt = place
        response.silence = dice.percent(50) ? dice.milliseconds(1...500_000) : dice.milliseconds(200...3000)
        guard dice.percent(50) else { return }
        response.ending = .failure(.other)
        fail(.incomplete, .transient)
    }

    /// Another body: no answer to Converse. InvokeModel takes any, though it has nothing to tell of it, but none that
    /// begins as JSON and is not.
    private mutating func replace(_ body: Bytes) {
        let looksLikeJSON = body.first == UInt8(ascii: "{")
        response.body = body
        if operation.isInvoke, !looksLikeJSON || JSONTree.read(body) != nil {
            response.answer = Answer(stopReason: .none)
            response.events = []
            response.usage = []
        } else {
            fail(.protocol, .none)
        }
    }

    private mutating func fail(_ code: ErrorCode, _ retry: RetryKind) {
        response.codes = [code]
        response.retry = retry
        response.events = []
        response.usage = []
    }
}
