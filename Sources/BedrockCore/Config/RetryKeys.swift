// What happens after a failure, and how long connections are kept.
extension ConfigKey {
    var retryDescription: ConfigDescription {
        switch self {
        case .retryMode:
            ConfigDescription(
                "retry.mode", .choice("one of: standard, adaptive, off"),
                "How failed attempts are repeated: as the AWS SDKs do, with a limited sending rate as well, or never.",
                default: "standard", environment: ["AWS_RETRY_MODE"], environmentText: "AWS_RETRY_MODE",
                configFileKey: "retry_mode")
        case .maxAttempts:
            ConfigDescription(
                "retry.max_attempts", .integer(1...100),
                "Most attempts at a call with one model, the first included.", default: "3",
                environment: ["AWS_MAX_ATTEMPTS"], environmentText: "AWS_MAX_ATTEMPTS", configFileKey: "max_attempts")
        case .maxBackoff:
            ConfigDescription(
                "retry.max_backoff_ms", .integer(0...3_600_000),
                "Most milliseconds that exponential backoff grows to before an attempt; 0 for no limit.",
                default: "20000")
        case .onModelTimeout:
            ConfigDescription(
                "retry.on_model_timeout", .choice("one of: error, retry, halve_max_tokens"),
                "What a ModelTimeoutException leads to; halve_max_tokens asks for half as many tokens each time.",
                default: "error")
        case .minMaxTokens:
            ConfigDescription(
                "retry.min_max_tokens", .integer(1...1_000_000_000),
                "Fewest tokens that halve_max_tokens asks for.", default: "256")
        default:
            ConfigDescription(
                "retry.on_model_stream_error", .choice("one of: error, retry"),
                "What a ModelStreamErrorException leads to while nothing was delivered; many come again each time.",
                default: "error")
        }
    }

    var recoveryDescription: ConfigDescription {
        switch self {
        case .recovery:
            ConfigDescription(
                "recovery", .choice("one of: none, restart, continue"),
                "What a failure after the first delta leads to: the error, the answer anew, or the rest of it.",
                default: "none")
        case .recoveryNudge:
            ConfigDescription(
                "recovery.nudge", .text,
                "What a model that takes no prefilled turn is asked so that it goes on with a broken answer.",
                default: """
                    Your last message was cut off. Go on exactly where it stops, beginning with the very next \
                    characters: no introduction, no remark, and nothing said twice.
                    """)
        default:
            ConfigDescription(
                "fallback", .text,
                """
                Who is asked when throttling or an unavailable model exhausts the attempts: MODEL, MODEL@REGION or \
                @REGION, separated by commas.
                """)
        }
    }

    var connectionDescription: ConfigDescription {
        switch self {
        case .connectionMaxIdle:
            ConfigDescription(
                "connection.max_idle_s", .integer(0...86_400),
                "Seconds after which an unused connection is not used again; 0 for no limit.", default: "60")
        case .connectionMaxAge:
            ConfigDescription(
                "connection.max_age_s", .integer(0...86_400),
                "Seconds after which a connection takes no further request; 0 for no limit.", default: "1800")
        case .connectionKeepAlive:
            // Linux takes at most 32,767 for TCP_KEEPIDLE.
            ConfigDescription(
                "connection.keepalive_s", .integer(0...32_767),
                "Seconds of silence after which TCP asks whether the server is still there; 0 for never.",
                default: "60")
        default:
            ConfigDescription(
                "connection.unacknowledged_ms", .integer(0...86_400_000),
                """
                Milliseconds that sent bytes may stay unacknowledged before the connection is given up; 0 for what \
                the system does.
                """, default: "10000")
        }
    }
}
