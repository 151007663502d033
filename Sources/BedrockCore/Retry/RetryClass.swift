/// Whether a failure passes by itself, as the AWS SDKs see it in their standard mode.
public enum RetryClass: Sendable, CaseIterable {
    /// The same request would fail again.
    case none
    case transient
    /// The service asks its callers to slow down.
    case throttling

    /// A wrong clock and expired credentials are no class: what they need is another signature.
    public init(for failure: Failure, _ rules: RetryRules) {
        switch failure.code {
        case .resolve, .connect, .transport, .incomplete, .timeoutConnect, .timeoutFirstByte, .timeoutBetweenBytes:
            self = .transient
        case .throttled: self = .throttling
        case .modelNotReady: self = .transient
        case .modelTimeout: self = rules.onModelTimeout == .error ? .none : .transient
        case .modelStream: self = rules.retriesModelStreamErrors ? .transient : .none
        case .validation, .accessDenied, .expiredToken, .signature, .notFound, .quotaExceeded, .modelError,
            .internalServer, .serviceUnavailable, .service:
            self = Self.ofService(failure)
        default: self = .none
        }
    }

    /// By the status, whatever the code: a front end that is overloaded may name anything. But 429 with an error of
    /// the API's own model is what the model says, and that is no throttling.
    private static func ofService(_ failure: Failure) -> RetryClass {
        let code = failure.service.code ?? []
        if ServiceCode.isTransient(code.span) { return .transient }
        switch failure.httpStatus {
        case 500, 502, 503, 504: return .transient
        case 429: return ServiceCode.isModelled(code.span) ? .none : .throttling
        default: return .none
        }
    }
}
