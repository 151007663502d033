import Testing

@testable import BedrockCore

@Suite struct RetrySettings {
    @Test func defaults() throws {
        let settings = try settings()
        #expect(settings.retry == RetryRules())
        #expect(settings.retry.mode == .standard && settings.retry.maxAttempts == 3)
        #expect(settings.retry.maxBackoff == 20_000_000_000 && settings.retry.onModelTimeout == .error)
        #expect(settings.retry.minMaxTokens == 256 && !settings.retry.retriesModelStreamErrors)
        #expect(settings.recovery == .none && settings.fallbacks.isEmpty)
        #expect(String(settings.recoveryNudge).hasSuffix("."))
        let connection = settings.connection
        #expect(
            [
                connection.maxIdleSeconds, connection.maxAgeSeconds, connection.keepAliveSeconds,
                connection.unacknowledgedMs,
            ] == [60, 1800, 60, 10_000])
    }

    @Test func values() throws {
        let settings = try settings([
            "retry.mode": "adaptive", "retry.max_attempts": "7", "retry.max_backoff_ms": "11",
            "retry.on_model_timeout": "halve_max_tokens", "retry.min_max_tokens": "5",
            "retry.on_model_stream_error": "retry", "recovery": "continue", "recovery.nudge": "Go on.",
            "connection.max_idle_s": "1", "connection.max_age_s": "2", "connection.keepalive_s": "3",
            "connection.unacknowledged_ms": "4",
        ])
        var rules = RetryRules()
        rules.mode = .adaptive
        rules.maxAttempts = 7
        rules.maxBackoff = 11_000_000
        rules.onModelTimeout = .halveMaxTokens
        rules.minMaxTokens = 5
        rules.retriesModelStreamErrors = true
        #expect(settings.retry == rules)
        #expect(settings.recovery == .continuation && String(settings.recoveryNudge) == "Go on.")
        var connection = ConnectionRules()
        (connection.maxIdleSeconds, connection.maxAgeSeconds) = (1, 2)
        (connection.keepAliveSeconds, connection.unacknowledgedMs) = (3, 4)
        #expect(settings.connection == connection)
    }

    @Test(
        "code over environment over default; legacy is what standard came after",
        arguments: [
            ([:], [:], .standard), ([:], ["AWS_RETRY_MODE": "adaptive"], .adaptive),
            ([:], ["AWS_RETRY_MODE": "off"], .off), ([:], ["AWS_RETRY_MODE": "legacy"], .standard),
            ([:], ["AWS_RETRY_MODE": "standard"], .standard), ([:], ["AWS_RETRY_MODE": " "], .standard),
            (["retry.mode": "off"], ["AWS_RETRY_MODE": "adaptive"], .off),
            (["retry.mode": "off"], ["AWS_RETRY_MODE": "nonsense"], .off),
        ] as [([String: String], [String: String], RetryMode)])
    func modes(_ code: [String: String], _ variables: [String: String], _ mode: RetryMode) throws {
        #expect(try settings(code, variables).retry.mode == mode)
    }

    @Test(
        arguments: [
            ([:], ["AWS_MAX_ATTEMPTS": "5"], 5), ([:], ["AWS_MAX_ATTEMPTS": ""], 3),
            (["retry.max_attempts": "1"], ["AWS_MAX_ATTEMPTS": "5"], 1),
            (["retry.max_attempts": "100"], ["AWS_MAX_ATTEMPTS": "0"], 100),
        ] as [([String: String], [String: String], UInt32)])
    func attempts(_ code: [String: String], _ variables: [String: String], _ attempts: UInt32) throws {
        #expect(try settings(code, variables).retry.maxAttempts == attempts)
    }

    @Test(
        "an error names the key and the variable",
        arguments: [
            ("AWS_RETRY_MODE", "Adaptive", "retry.mode: not one of: standard, adaptive, off (from AWS_RETRY_MODE)"),
            ("AWS_RETRY_MODE", "legacy ", "retry.mode: not one of: standard, adaptive, off (from AWS_RETRY_MODE)"),
            (
                "AWS_MAX_ATTEMPTS", "0",
                "retry.max_attempts: not a whole number from 1 to 100 (from AWS_MAX_ATTEMPTS)"
            ),
            (
                "AWS_MAX_ATTEMPTS", "many",
                "retry.max_attempts: not a whole number from 1 to 100 (from AWS_MAX_ATTEMPTS)"
            ),
        ])
    func environmentIsChecked(_ name: String, _ value: String, _ message: String) {
        let error = #expect(throws: ConfigError.self) { try settings([:], [name: value]) }
        #expect(error?.message.description == message)
    }
}

@Suite struct Fallbacks {
    private func fallbacks(_ list: String) throws -> [String] {
        try settings(["fallback": list]).fallbacks.map { String($0.modelID) + "|" + String($0.region) }
    }

    @Test(arguments: [
        ("m", ["m|"]), ("m@eu-west-1", ["m|eu-west-1"]), ("@us-west-2", ["|us-west-2"]),
        (" a , b@us-west-2 ,@eu-west-1", ["a|", "b|us-west-2", "|eu-west-1"]),
        (
            "anthropic.claude-v2:1,arn:aws:bedrock:us-east-1:1:inference-profile/x@us-east-1",
            ["anthropic.claude-v2:1|", "arn:aws:bedrock:us-east-1:1:inference-profile/x|us-east-1"]
        ),
        ("a@b@us-east-1", ["a@b|us-east-1"]),
    ])
    func lists(_ list: String, _ expected: [String]) throws {
        #expect(try fallbacks(list) == expected)
    }

    @Test(
        "an error says which entry",
        arguments: [
            (" ", "entry 1 is empty"), (",", "entry 1 is empty"), ("a,", "entry 2 is empty"),
            ("a,,b", "entry 2 is empty"), ("a, ,b", "entry 2 is empty"), (",a", "entry 1 is empty"),
            ("a@", "entry 1 has no region behind the @"), ("a,@", "entry 2 has no region behind the @"),
            (
                "a,b@no.region",
                "entry 2 is not usable: the region is no name of letters, digits and hyphens"
            ),
            ("a@b c", "entry 1 is not usable: the region is no name of letters, digits and hyphens"),
            (
                String(repeating: "m", count: 2049),
                "entry 1 is not usable: the model id is longer than 2048 bytes"
            ),
            (String(repeating: "m,", count: 32) + "m", "more than 32 entries"),
        ])
    func refused(_ list: String, _ message: String) {
        #expect(configError("fallback", list) == "fallback: " + message)
    }

    @Test func mostEntries() throws {
        #expect(try fallbacks(String(repeating: "m,", count: 31) + "m").count == 32)
    }
}
