/// How failed attempts are repeated.
public enum RetryMode: Sendable, CaseIterable {
    /// As the AWS SDKs do in their standard mode, with the numbers of 2026.
    case standard
    /// As `standard`, and with a sending rate that throttling lowers.
    case adaptive
    case off
}

/// What a model's timeout leads to. The service counts the tokens asked for against the model's time: asking for
/// fewer is what may help.
public enum ModelTimeoutPolicy: Sendable, CaseIterable {
    case error, retry, halveMaxTokens
}

/// What a failure leads to once a part of the answer was delivered.
public enum Recovery: Sendable, CaseIterable {
    case none
    /// The answer anew, from its beginning.
    case restart
    /// The rest of the answer.
    case continuation
}

/// When an attempt is followed by another.
public struct RetryRules: Equatable, Sendable {
    public var mode = RetryMode.standard
    /// The first attempt included.
    public var maxAttempts: UInt32 = 3
    /// Nanoseconds; 0 for no limit.
    public var maxBackoff: Int64 = 20_000_000_000
    public var onModelTimeout = ModelTimeoutPolicy.error
    /// Where halving the tokens ends.
    public var minMaxTokens: Int64 = 256
    public var retriesModelStreamErrors = false
    /// How long a request may go unanswered before another is sent beside it, in nanoseconds; 0 for ever.
    public var hedgeAfter: Int64 = 0

    public init() {}
}
