import BedrockCore

/// The simulated service: it looks at each request, and answers by what it says and by what is to go wrong.
final class Server {
    unowned(unsafe) var world: World!
    /// The oldest credentials that are still good.
    var validGeneration = 0
    /// Models that refuse a turn of the assistant at the end.
    private let refusesPrefill: Bool
    private let signer: RequestSigner
    private static let tolerance: Int64 = 300

    init(_ dice: inout Dice) {
        refusesPrefill = dice.percent(40)
        guard let signer = RequestSigner() else { fatalError("no memory") }
        self.signer = signer
    }

    func answer(_ request: PreparedRequest, _ call: Call, _ lane: Lane) -> Response {
        var response = respond(request, call, lane)
        if response.hasDate, world.dice.percent(95) {
            response.head.append(Bytes("Date: \(Self.httpDate(world.serverSeconds))\r\n".utf8))
        } else {
            response.hasDate = false
            if response.retry == .skew { response.retry = .none }
        }
        if world.dice.percent(5) {
            response.head = [Bytes("HTTP/1.1 100 Continue\r\n"), Bytes("\r\n")] + response.head
        }
        response.endHead()
        world.note("call \(call.number): the server answers \(response.words)")
        return response
    }

    private func respond(_ request: PreparedRequest, _ call: Call, _ lane: Lane) -> Response {
        if let refusal = refusal(request) { return refusal }
        let asked = AskedFor(request.body.bytes.array, behind: call.watch.turns.messages.count)
        call.watch.asked(asked, request, lane)
        if asked.endsInAssistant, refusesPrefill || world.dice.percent(10) {
            var refusal = Response.failure(Reported(400, "ValidationException", .validation, .none), &world.dice)
            refusal.retry = .refusedContinuation
            return refusal
        }
        var fault = world.mood.fault(&world.dice)
        // What is said twice there cannot be told from what the model repeats.
        if fault == .duplicate, call.watch.continuation.isRunning { fault = .none }
        call.manner.toolPercent = call.watch.turns.number < 4 ? call.toolPercent : min(call.toolPercent, 10)
        switch fault {
        case .httpError: return .failure(world.dice.pick(Reported.answers), &world.dice, hint: hint)
        case .throttled: return .failure(world.dice.pick(Reported.throttling), &world.dice, hint: hint)
        default: return stream(asked, call, lane, fault)
        }
    }

    private var hint: Int64? {
        guard world.dice.percent(20) else { return nil }
        return Int64(world.dice.pick([0, 1, 100, 3000, 7000, 100_000]))
    }

    private func stream(_ asked: AskedFor, _ call: Call, _ lane: Lane, _ fault: Fault) -> Response {
        let isInvoke = call.operation.isInvoke
        let answer = nextAnswer(asked, call, lane)
        if !call.operation.isStreaming { return FaultyWhole(answer, call.operation, fault, &world.dice).response }
        let messages = isInvoke ? AnthropicMessages(answer).messages : ConverseMessages(answer).messages
        return FaultyStream(answer, messages, fault, &world.dice).response
    }

    private func nextAnswer(_ asked: AskedFor, _ call: Call, _ lane: Lane) -> Answer {
        guard call.watch.continuation.isRunning, call.watch.isWaitedFor(lane) else {
            return Answer.drawn(&world.dice, &call.manner)
        }
        return call.watch.rest(asked, lane, &world.dice)
    }

    // MARK: Who asks, and when

    private func refusal(_ request: PreparedRequest) -> Response? {
        guard let authorization = request.headers.firstValue(of: "authorization"),
            authorization.span.starts(with: "AWS4-HMAC-SHA256 "),
            let date = request.headers.firstValue(of: "x-amz-date"), let signed = CivilTime.parseBasic(date.span)
        else { return nil }
        let text = String(authorization)
        let generation = text.contains(Keys(generation: 0).id + "/") ? 0 : 1
        if world.dice.percent(10) { checkSignature(request, authorization, signed, generation) }
        if generation < validGeneration {
            var refusal = Response.failure(Reported(403, "ExpiredTokenException", .expiredToken, .expired), &world.dice)
            refusal.retry = .expired
            return refusal
        }
        let error = signed - world.serverSeconds
        guard abs(error) > Self.tolerance else { return nil }
        return .failure(skewed(error), &world.dice)
    }

    private func skewed(_ error: Int64) -> Reported {
        let names: [StaticString] = [
            "RequestTimeTooSkewed", "RequestInTheFuture", "InvalidSignatureException", "SignatureDoesNotMatch",
        ]
        return Reported(403, world.dice.pick(names), .signature, .skew)
    }

    /// The signature is that of this body at this time.
    private func checkSignature(_ request: PreparedRequest, _ found: Bytes, _ signed: Int64, _ generation: Int) {
        let unsigned = ["authorization", "x-amz-date", "amz-sdk-invocation-id", "amz-sdk-request", "user-agent"]
        let headers = request.headers.filter { !unsigned.contains(String($0.name).lowercased()) }
        let url = String(request.url)
        let host = String(request.headers.firstValue(of: "host") ?? [])
        let path = Bytes(url.utf8.dropFirst("https://".utf8.count + host.utf8.count))
        let region = Bytes(host.split(separator: ".")[1].utf8)
        let signing = SigningRequest(
            method: Bytes("POST"), scheme: Bytes("https"), host: Bytes(host.utf8), path: path, query: [],
            headers: headers)
        do {
            let anew = try signer.sign(
                signing, body: request.body.bytes.array.span, credentials: Keys(generation: generation).credentials,
                region: region, service: Bytes("bedrock"), epochSeconds: signed)
            world.ledger.require(
                anew.headers.firstValue(of: "authorization") == found, "each attempt is signed",
                "the signature is wrong")
        } catch {
            world.ledger.fail("each attempt is signed", error.message.description)
        }
    }

    /// The day's name need not be the right one.
    private static func httpDate(_ seconds: Int64) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let time = CivilTime(epochSeconds: seconds)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "Mon, \(two(time.day)) \(months[time.month - 1]) \(time.year) "
            + "\(two(time.hour)):\(two(time.minute)):\(two(time.second)) GMT"
    }
}

extension Response {
    var words: String {
        let status = String(
            head.first(where: { $0.span.starts(with: "HTTP/") && !$0.span.starts(with: "HTTP/1.1 100") }) ?? [])
        let end = codes.isEmpty ? "soundly" : codes.map { "\($0)" }.joined(separator: " or ")
        return "\(status.dropLast(2)), \(body.count) bytes, \(events.count) events, ends \(end)"
    }
}
