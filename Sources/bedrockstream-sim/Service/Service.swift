import BedrockCore
import CSystem.Sim

/// Answers requests: who asks, what is asked for, what is to go wrong, what is said.
final class Service {
    let stats = Stats()
    private let authenticator: Authenticator
    private let script: Script
    /// Where it is set, it gives every answer.
    private let recording: Recording?
    private let log: Log
    private var faults = FaultCounter()
    private var record = RequestRecord()

    init(options: Options, script: Script, recording: Recording?, log: Log) {
        authenticator = Authenticator(options: options)
        self.script = script
        self.recording = recording
        self.log = log
    }

    func reply(to request: Request, now: Int64) -> Reply {
        let reply: Reply
        switch Route(request) {
        case .health: return plain(.object([("status", .string("ok"))]))
        case .stats: return plain(stats.json)
        case .requests: return plain(record.json)
        case .reset:
            reset()
            return plain(.object([]))
        case .unknown where recording == nil:
            let message = "No operation at \(request.method) \(request.path)"
            reply = Refusal(name: "UnknownOperationException", status: 404, message: message).reply
        case let route:
            do throws(Refusal) {
                reply = try answer(request, route, now: now)
            } catch {
                reply = error.reply
            }
        }
        return finish(reply, request)
    }

    private func answer(_ request: Request, _ route: Route, now: Int64) throws(Refusal) -> Reply {
        if let refusal = authenticator.refusal(of: request) { throw refusal }
        if let recording {
            if let reply = recording.reply(to: request, now: now) { return reply }
            throw .notFound("Nothing was recorded for \(request.path)")
        }
        guard case .model(let id, let operation) = route else { throw .notFound("No model at \(request.path)") }
        return try answer(request, model: id, operation, now: now)
    }

    /// An answer to what is no request.
    func refuse(status: Int, message: String) -> Reply {
        let name = status == 413 ? "RequestEntityTooLargeException" : "MalformedHttpRequestException"
        stats.answered(status, isStream: false)
        return withID(Refusal(name: name, status: status, message: message).reply)
    }

    /// The last byte has left, or never will.
    func finished(_ transfer: Transfer, _ request: Request?, took: Int64, outcome: Outcome) {
        if transfer.isStream { stats.streamEnded(outcome) }
        guard log.isOn else { return }
        log.write(
            "\(WallClock.logTime(sim_wall_s())) \(request?.method ?? "-") \(request?.path ?? "-") \(transfer.status) "
                + "\(outcome.rawValue) bytes=\(transfer.bodySent) ms=\(took / 1_000_000)")
    }

    private func reset() {
        stats.reset()
        faults.reset()
        recording?.reset()
        record.removeAll()
    }

    private func plain(_ value: JSONValue) -> Reply {
        Reply(headers: [Header(name: "Content-Type", value: "application/json")], body: .bytes(value.bytes))
    }

    private func finish(_ reply: Reply, _ request: Request) -> Reply {
        var isStream = false
        if case .source = reply.body { isStream = true }
        stats.answered(reply.status, isStream: isStream)
        record.add(request, status: reply.status)
        return withID(reply)
    }

    private func withID(_ reply: Reply) -> Reply {
        if reply.headers.contains(where: { $0.name.lowercased() == "x-amzn-requestid" }) { return reply }
        var reply = reply
        reply.headers.insert(Header(name: "x-amzn-RequestId", value: .uuid()), at: 0)
        return reply
    }
}

// MARK: - The four routes

extension Service {
    private func answer(
        _ request: Request, model: String, _ operation: Route.Operation, now: Int64
    ) throws(Refusal) -> Reply {
        let (format, prompt) = try read(request, operation, model: model)
        let knobs = try knobs(request, model: model, userText: prompt.userText)
        try check(prompt, knobs)
        if var odd = ErrorAnswer.reply(knobs) ?? knobs.odd.map(odd) {
            odd.delivery = knobs.delivery
            return odd
        }
        return try GoodAnswer(
            request: request, operation: operation, model: model, format: adapted(format, knobs), knobs: knobs, now: now
        ).reply(prompt)
    }

    private func adapted(_ format: any AnswerFormat, _ knobs: Knobs) -> any AnswerFormat {
        guard var chat = format as? ChatFormat else { return format }
        chat.isOneChunk = knobs.isOneChunk
        return chat
    }

    private func knobs(_ request: Request, model: String, userText: String) throws(Refusal) -> Knobs {
        var knobs: Knobs
        switch ModelID.parse(model) {
        case .knobs(let asked): knobs = asked
        case .refused(let problem): throw .validation("bedrockstream-sim: \(problem) (--list-knobs lists them)")
        case .unknownModel: throw .notFound("The provided model identifier is invalid: \(model)")
        }
        script.apply(model: model, userText: userText, to: &knobs)
        for setting in (request.header("x-sim") ?? "").split(separator: ",") {
            let parts = setting.trimmed.split(separator: "=", maxSplits: 1).map(String.init)
            let problem = KnobTable.set(parts.first ?? "", parts.count > 1 ? parts[1] : "true", in: &knobs)
            if let problem { throw .validation("bedrockstream-sim: x-sim: \(problem)") }
        }
        return faults.take(knobs, model: model)
    }

    private func read(
        _ request: Request, _ operation: Route.Operation, model: String
    ) throws(Refusal) -> (any AnswerFormat, Prompt) {
        let body: JSONValue
        do throws(JSONError) {
            body = try JSONValue.parse(request.body)
        } catch {
            if operation.isInvoke { throw InvokeRequest.malformed(error.message.description) }
            throw Refusal(name: "SerializationException", status: 400, message: error.message.description)
        }
        if operation.isInvoke { return try InvokeRequest.read(body, model: model) }
        return (ConverseFormat(), try ConverseRequest.prompt(body))
    }

    /// What models refuse in a conversation that ends with the assistant's turn.
    private func check(_ prompt: Prompt, _ knobs: Knobs) throws(Refusal) {
        guard prompt.endsWithAssistant else { return }
        if knobs.noPrefill {
            throw .validation(
                "This model does not support assistant message prefill. The conversation must end with a user message.")
        }
        if prompt.spoken?.last?.isWhitespace == true {
            throw .validation("messages: final assistant content cannot end with trailing whitespace")
        }
    }

    private func odd(_ body: Knobs.OddBody) -> Reply {
        switch body {
        case .json: return plain(.object([("output", .string("not a stream"))]))
        case .empty: return Reply()
        case .html:
            let page = "<!doctype html><title>Sign in</title><p>This network needs you to sign in.</p>\n"
            return Reply(headers: [Header(name: "Content-Type", value: "text/html")], body: .bytes(Array(page.utf8)))
        }
    }
}
