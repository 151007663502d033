// What is to be known of each key, as one constant: name, type, default, environment variables, property of a
// profile, meaning; of integers also the least and the greatest. A NUL ends each part, as C wants it.

extension ConfigKey {
    /// What a failure leads to.
    var retryText: StaticString {
        switch self {
        case .retryMode:
            """
            retry.mode\0one of: standard, adaptive, off\0standard\0AWS_RETRY_MODE\0retry_mode\0\
            How failed attempts are repeated: as the AWS SDKs do, with a limited sending rate as well, or never.
            """
        case .maxAttempts:
            """
            retry.max_attempts\0integer\03\0AWS_MAX_ATTEMPTS\0max_attempts\0\
            Most attempts at a call with one model, the first included.\01\0100
            """
        case .maxBackoff:
            """
            retry.max_backoff_ms\0integer\020000\0\0\0\
            Most milliseconds that exponential backoff grows to before an attempt; 0 for no limit.\00\03600000
            """
        case .onModelTimeout:
            """
            retry.on_model_timeout\0one of: error, retry, halve_max_tokens\0error\0\0\0\
            What a ModelTimeoutException leads to; halve_max_tokens asks for half as many tokens each time.
            """
        case .minMaxTokens:
            "retry.min_max_tokens\0integer\0256\0\0\0Fewest tokens that halve_max_tokens asks for.\01\01000000000"
        case .onModelStreamError:
            """
            retry.on_model_stream_error\0one of: error, retry\0error\0\0\0\
            What a ModelStreamErrorException leads to while nothing was delivered; many come again each time.
            """
        case .recovery:
            """
            recovery\0one of: none, restart, continue\0none\0\0\0\
            What a failure after the first delta leads to: the error, the answer anew, or the rest of it.
            """
        case .recoveryNudge:
            """
            recovery.nudge\0text\0\
            Your last message was cut off. Go on exactly where it stops, beginning with the very next characters: no \
            introduction, no remark, and nothing said twice.\0\0\0\
            What a model that takes no prefilled turn is asked so that it goes on with a broken answer.
            """
        case .fallback:
            """
            fallback\0text\0\0\0\0\
            Who is asked when throttling or an unavailable model exhausts the attempts: MODEL, MODEL@REGION or \
            @REGION, separated by commas.
            """
        case .hedgeAfter:
            """
            hedge.after_ms\0integer\00\0\0\0\
            Milliseconds without a byte of the answer after which a request is sent a second time: the first to be \
            answered goes on, the other is dropped, and costs what it costs; 0 for never.\00\03600000
            """
        default: ""
        }
    }
}
