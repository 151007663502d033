import BedrockCore

/// What a simulated server answers to one request: the bytes, when they come, and what they are to amount to.
struct Response {
    enum Ending {
        /// As the framing says: a connection that is closed may look so at any byte.
        case clean
        case failure(TransportFailure.Kind)
        /// A second request is begun in the middle of the answer.
        case startsAnew
    }

    var head: [Bytes] = []
    var body: Bytes = []
    var ending = Ending.clean
    /// Silence before this byte of the body, -1 for the head; nil for none.
    var silenceAt: Int?
    var silence: Int64 = 0
    /// Single bytes with long pauses.
    var drips = false
    var keepsConnection = true

    /// Events that follow from it, in their order.
    var events: [ExpectedEvent] = []
    /// How an attempt that takes all of it fails; empty for success.
    var codes: [ErrorCode] = []
    var retry = RetryKind.none
    /// The service's own wish for the delay, in nanoseconds.
    var hint: Int64?
    var answer: Answer?
    /// Token counts, and behind which byte they are known.
    var usage: [(place: Int, usage: ReportedUsage)] = []
    /// Its server's clock is in its head.
    var hasDate = true

    var isSound: Bool { codes.isEmpty }
    var isEventStream: Bool { answer != nil }
}

extension Response {
    static func status(_ status: Int, _ lines: [String] = []) -> Response {
        var response = Response()
        response.head = ["HTTP/1.1 \(status) X\r\n"].map { Bytes($0.utf8) } + lines.map { Bytes("\($0)\r\n".utf8) }
        return response
    }

    mutating func endHead() {
        head.append(Bytes("\r\n"))
    }

    // MARK: Error answers

    static func failure(_ reported: Reported, _ dice: inout Dice, hint: Int64? = nil) -> Response {
        var response = status(reported.status, ["x-amzn-RequestId: r-1"])
        response.codes = [reported.code]
        response.retry = reported.retry
        let name = String(decoding: Bytes(reported.name), as: UTF8.self)
        if let hint {
            response.hint = hint * 1_000_000
            response.head.append(Bytes("x-amz-retry-after: \(hint)\r\n".utf8))
        }
        if name.isEmpty {
            response.body = Bytes(dice.percent(50) ? "<html>no</html>" : "")
        } else if dice.percent(50) {
            response.head.append(Bytes("x-amzn-ErrorType: \(name):http://internal/\r\n".utf8))
            response.body = Bytes("{\"message\":\"no\"}")
        } else {
            response.body = Bytes("{\"__type\":\"com.amazon#\(name)\",\"message\":\"no\"}".utf8)
        }
        return response
    }

    // MARK: Streams

    static func stream(_ answer: Answer, _ messages: [Message], type: String) -> Response {
        var response = status(200, ["x-amzn-RequestId: r-1", "Content-Type: \(type)"])
        response.answer = answer
        response.take(messages)
        return response
    }

    /// The messages, and the events that follow from them.
    mutating func take(_ messages: [Message]) {
        body = []
        events = []
        usage = []
        for message in messages {
            body += message.bytes
            events += message.events
            if let reported = message.usage { usage.append((body.count, reported)) }
        }
        codes = messages.contains { $0.isStop } ? [] : [.incomplete]
        retry = isSound ? .none : .transient
    }
}

/// A stream's messages with a fault in them.
struct FaultyStream {
    var response: Response
    let messages: [Message]

    init(_ answer: Answer, _ messages: [Message], _ fault: Fault, _ dice: inout Dice) {
        self.messages = messages
        let isWrong = fault == .wrongType
        response = .stream(answer, messages, type: isWrong ? "text/html" : "application/vnd.amazon.eventstream")
        apply(fault, &dice)
    }

    private mutating func apply(_ fault: Fault, _ dice: inout Dice) {
        switch fault {
        case .none, .httpError, .throttled: break
        case .exception, .exceptionEvent, .errorMessage: report(fault, &dice)
        case .cut: cut(&dice, .clean)
        case .reset: cut(&dice, .failure(.other))
        case .startsAnew: cut(&dice, .startsAnew)
        case .noStop: response.take(messages.filter { !$0.isStop })
        case .stallBeforeHead, .stallInBody: stall(fault == .stallBeforeHead ? -1 : nil, &dice)
        case .drip: response.drips = true
        case .duplicate: duplicate(&dice)
        case .torn, .flipped, .oversized, .garbage: damage(fault, &dice)
        case .wrongType: refuse()
        case .emptyBody: empty()
        }
    }

    private mutating func refuse() {
        response.events = []
        response.usage = []
        response.codes = [.protocol]
        response.retry = .none
    }

    private mutating func empty() {
        response.take([])
    }

    private mutating func report(_ fault: Fault, _ dice: inout Dice) {
        let reported = dice.pick(fault == .errorMessage ? Reported.messages : Reported.exceptions)
        let kept = Array(messages.prefix(dice.percent(40) ? dice.below(3) : dice.below(messages.count + 1)))
        let name = Bytes(reported.name)
        let payload = Bytes("{\"message\":\"no\"}")
        response.take(kept)
        switch fault {
        case .exception: response.body += Frames.exception(name, payload.span)
        case .exceptionEvent: response.body += Frames.event(name, payload.span)
        default: response.body += Frames.error(name, Bytes("no"))
        }
        // What follows an exception is read for nobody.
        if dice.percent(30) { response.body += (0..<dice.below(100_000)).map { UInt8(truncatingIfNeeded: $0) } }
        response.codes = [reported.code]
        response.retry = reported.retry
    }

    /// Nothing comes behind a byte.
    private mutating func cut(_ dice: inout Dice, _ ending: Response.Ending) {
        let borders = self.borders
        let place = dice.percent(30) ? dice.pick(borders) : dice.below(response.body.count + 1)
        let count = borders.lastIndex { $0 <= place } ?? 0
        let body = Bytes(response.body[..<place])
        response.take(Array(messages.prefix(count)))
        response.body = body
        response.ending = ending
        response.keepsConnection = false
        var isClean = false
        if case .clean = ending { isClean = true }
        if !isClean || borders[count] != place {
            response.codes = [.incomplete]
            response.retry = .transient
        }
        if case .startsAnew = ending { response.codes = [.incomplete, .transport] }
    }

    /// Where messages begin or end.
    private var borders: [Int] {
        var borders = [0]
        for message in messages { borders.append((borders.last ?? 0) + message.bytes.count) }
        return borders
    }

    private mutating func stall(_ place: Int?, _ dice: inout Dice) {
        response.silenceAt = place ?? dice.below(response.body.count + 1)
        response.silence = dice.percent(50) ? dice.milliseconds(1...500_000) : dice.milliseconds(200...3000)
        // A server that is silent for so long was mostly gone.
        if dice.percent(50) {
            response.ending = .failure(.other)
            response.codes = [.incomplete]
            response.retry = .transient
        }
    }

    private mutating func duplicate(_ dice: inout Dice) {
        var twice = messages
        let at = dice.below(twice.count)
        // A tool call that is announced or fed twice is another one than was meant.
        guard !response.events.contains(where: { $0.kind == .tool }) else { return }
        twice.insert(twice[at], at: at)
        response.take(twice)
        response.answer = answer(of: twice)
    }

    /// What is said when a part is said twice.
    private func answer(of messages: [Message]) -> Answer? {
        var answer = response.answer
        let text = messages.flatMap(\.events).filter { $0.delta == .text }.map(\.text)
        answer?.blocks = [Answer.Block(kind: .text, index: 0, pieces: text)]
        return answer
    }

    private mutating func damage(_ fault: Fault, _ dice: inout Dice) {
        let at = dice.below(messages.count)
        let rest = Array(messages[at...].flatMap(\.bytes))
        let message = messages[at].bytes
        response.take(Array(messages.prefix(at)))
        response.codes = [.protocol]
        response.retry = .none
        switch fault {
        case .torn:
            let start = dice.below(message.count)
            let count = min(dice.within(1...20), message.count - start)
            let torn = rest[..<start] + rest[(start + count)...]
            // What follows may begin as what is missing ended.
            let isWhole = torn.starts(with: message)
            response.take(Array(messages.prefix(isWhole ? at + 1 : at)))
            response.body += torn.dropFirst(isWhole ? message.count : 0)
            response.codes = [.protocol, .incomplete, .limit]
            response.retry = .transient
        case .flipped:
            let place = response.body.count + dice.below(message.count)
            response.body += rest
            response.body[place] ^= 1 << UInt8(dice.below(8))
        case .oversized:
            response.body += Frames.oversizedPrelude() + rest
            response.codes = [.limit]
        default:
            response.body += (0..<dice.within(16...200)).map { _ in UInt8(0x41) } + rest
        }
    }
}
