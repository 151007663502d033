import BedrockCore

extension Port {
    /// Calls one after the other over one quota, each with the responses that are given.
    static func retrySimulate(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("given", "sequences")
        let given = try arguments.optionalObject("given")
        try given?.allow("max_attempts", "initial_retry_tokens", "max_backoff_time")
        var sequences: [[RetrySimulation.Response]] = []
        for sequence in try arguments.list("sequences") {
            var responses: [RetrySimulation.Response] = []
            for element in try arguments.list(of: sequence, "args.sequences[]") {
                responses.append(try response(element, arguments))
            }
            sequences.append(responses)
        }
        let simulation = try RetrySimulation(settings(given), quota(given))
        writer.beginObject()
        writer.key("results")
        writer.beginArray()
        for responses in sequences { try writer.outcomes(of: responses, simulation) }
        writer.endArray()
        writer.endObject()
    }

    private static func response(
        _ value: Value, _ arguments: Arguments
    ) throws(Refusal) -> RetrySimulation.Response {
        let members = try Arguments(value, in: arguments.text, path: "args.sequences[][]")
        try members.allow("status", "error_code", "headers")
        let status = try members.integer("status")
        guard 200...999 ~= status else { throw .malformed("args.sequences[][].status is no status of an answer") }
        var headers = try members.headers("headers")
        if let code = try members.optionalText("error_code") { headers.append(HTTPHeader("x-amzn-errortype", code)) }
        return RetrySimulation.Response(status: status, headers: headers)
    }

    private static func quota(_ given: Arguments?) throws(Refusal) -> RetryQuota {
        guard let given, given.value("initial_retry_tokens") != nil else { return RetryQuota() }
        let tokens = try given.integer("initial_retry_tokens")
        guard let capacity = Int(exactly: tokens), capacity >= 0 else {
            throw .malformed("args.given.initial_retry_tokens is below zero")
        }
        return RetryQuota(capacity: capacity)
    }

    /// What is given, as a caller of the library would set it.
    private static func settings(_ given: Arguments?) throws(Refusal) -> Settings {
        let config = Config()
        let place: [(ConfigKey, StaticString)] = [(.endpointURL, "http://127.0.0.1:1"), (.bearerToken, "token")]
        for (key, value) in place { try set(key, to: Bytes(value), in: config) }
        if let given, given.value("max_attempts") != nil {
            try set(.maxAttempts, to: Bytes(String(given.integer("max_attempts")).utf8), in: config)
        }
        if let given, let seconds = given.value("max_backoff_time") {
            guard case .number = seconds.content else { throw .malformed("args.given.max_backoff_time is no number") }
            let milliseconds = try milliseconds(Bytes(given.text[seconds.range]))
            try set(.maxBackoff, to: Bytes(String(milliseconds).utf8), in: config)
        }
        do throws(ConfigError) {
            return try Settings.make(config, Environment())
        } catch {
            throw .unsupported
        }
    }

    private static func set(_ key: ConfigKey, to value: Bytes, in config: Config) throws(Refusal) {
        do throws(ConfigError) {
            try config.set(key, to: value.span)
        } catch {
            throw .unsupported
        }
    }

    /// No backoff at all is not offered: to the configuration, 0 is no limit.
    private static func milliseconds(_ seconds: Bytes) throws(Refusal) -> Int64 {
        guard let number = Double(String(seconds)), number >= 0.001, number < 1e9 else { throw .unsupported }
        return Int64((number * 1000).rounded())
    }
}

extension JSONWriter {
    fileprivate mutating func outcomes(
        of responses: [RetrySimulation.Response], _ simulation: RetrySimulation
    ) throws(Refusal) {
        simulation.beginSequence()
        beginArray()
        for response in responses {
            let step = try simulation.answer(with: response)
            beginObject()
            member("outcome", Bytes(step.outcome))
            key("retry_quota")
            integer(Int64(step.quotaLeft))
            if let delay = step.delay {
                key("delay")
                seconds(delay)
            }
            endObject()
        }
        endArray()
    }

    /// Nanoseconds as seconds.
    private mutating func seconds(_ nanoseconds: Int64) {
        let digits = String(nanoseconds % 1_000_000_000)
        let fraction = String(repeating: "0", count: 9 - digits.count) + digits
        let text = Bytes((String(nanoseconds / 1_000_000_000) + "." + fraction).utf8)
        raw(text.span)
    }
}
