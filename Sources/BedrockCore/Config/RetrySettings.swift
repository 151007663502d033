// What the keys of `RetryKeys.swift` say, as values. Texts are checked where they are set.
extension Settings {
    static func retry(_ config: Config, _ ambient: Config) -> RetryRules {
        var rules = RetryRules()
        rules.mode = retryMode(config[.retryMode] ?? text(.retryMode, ambient))
        let attempts = config[.maxAttempts] ?? text(.maxAttempts, ambient)
        rules.maxAttempts = UInt32(truncatingIfNeeded: min(max(attempts.span.decimal() ?? 1, 1), 100))
        rules.maxBackoff = integer(.maxBackoff, config) &* 1_000_000
        rules.onModelTimeout = modelTimeoutPolicy(text(.onModelTimeout, config))
        rules.minMaxTokens = integer(.minMaxTokens, config)
        rules.retriesModelStreamErrors = text(.onModelStreamError, config) == "retry"
        rules.hedgeAfter = integer(.hedgeAfter, config) &* 1_000_000
        return rules
    }

    private static func retryMode(_ word: Bytes) -> RetryMode {
        if word == "adaptive" { return .adaptive }
        return word == "off" ? .off : .standard
    }

    private static func modelTimeoutPolicy(_ word: Bytes) -> ModelTimeoutPolicy {
        if word == "halve_max_tokens" { return .halveMaxTokens }
        return word == "retry" ? .retry : .error
    }

    static func recovery(_ config: Config) -> Recovery {
        let word = text(.recovery, config)
        if word == "restart" { return .restart }
        return word == "continue" ? .continuation : .none
    }

    static func fallbacks(_ config: Config) -> [FallbackTarget] {
        guard let list = config[.fallback] else { return [] }
        do throws(ArgumentError) {
            return try FallbackTarget.list(list.span)
        } catch {
            return []
        }
    }

    static func connection(_ config: Config) -> ConnectionRules {
        var rules = ConnectionRules()
        rules.maxIdleSeconds = Int(integer(.connectionMaxIdle, config))
        rules.maxAgeSeconds = Int(integer(.connectionMaxAge, config))
        rules.keepAliveSeconds = Int(integer(.connectionKeepAlive, config))
        rules.unacknowledgedMs = Int(integer(.connectionUnacknowledged, config))
        return rules
    }

    private static func text(_ key: ConfigKey, _ config: Config) -> Bytes { config[key] ?? key.defaultValue.bytes }
}
