/// What went wrong, or nothing: the numbers of `brs_code` in the C interface.
public enum ErrorCode: Int32, CaseIterable, BitwiseCopyable, Sendable {
    case ok = 0

    case argument = 1
    case config = 2
    case state = 3
    case memory = 4
    case forked = 5
    case closed = 6
    case timeout = 7
    case end = 8
    case unknownToolCall = 9
    case toolAnswered = 10

    case region = 20
    case credentials = 21
    case endpoint = 22
    case signing = 23

    case resolve = 40
    case connect = 41
    case tls = 42
    case transport = 43
    case timeoutConnect = 44
    case timeoutFirstByte = 45
    case timeoutBetweenBytes = 46
    case timeoutTotal = 47
    case timeoutTool = 48
    case timeoutQueue = 49

    case incomplete = 60
    case `protocol` = 61
    case limit = 62
    case toolRounds = 63

    case cancelled = 70
    case queueFull = 71

    case validation = 80
    case accessDenied = 81
    case expiredToken = 82
    case signature = 83
    case notFound = 84
    case quotaExceeded = 85
    case modelTimeout = 86
    case modelError = 87
    case modelStream = 88
    case throttled = 89
    case modelNotReady = 90
    case internalServer = 91
    case serviceUnavailable = 92
    case service = 99
}

extension ErrorCode {
    /// The name in the C interface.
    public var name: StaticString {
        switch self {
        case .ok: "BRS_OK"
        case .argument: "BRS_E_ARGUMENT"
        case .config: "BRS_E_CONFIG"
        case .state: "BRS_E_STATE"
        case .memory: "BRS_E_MEMORY"
        case .forked: "BRS_E_FORKED"
        case .closed: "BRS_E_CLOSED"
        case .timeout: "BRS_E_TIMEOUT"
        case .end: "BRS_E_END"
        case .unknownToolCall: "BRS_E_UNKNOWN_TOOL_CALL"
        case .toolAnswered: "BRS_E_TOOL_ANSWERED"
        case .region: "BRS_E_REGION"
        case .credentials: "BRS_E_CREDENTIALS"
        case .endpoint: "BRS_E_ENDPOINT"
        case .signing: "BRS_E_SIGNING"
        case .resolve: "BRS_E_RESOLVE"
        case .connect: "BRS_E_CONNECT"
        case .tls: "BRS_E_TLS"
        case .transport: "BRS_E_TRANSPORT"
        case .timeoutConnect: "BRS_E_TIMEOUT_CONNECT"
        case .timeoutFirstByte: "BRS_E_TIMEOUT_FIRST_BYTE"
        case .timeoutBetweenBytes: "BRS_E_TIMEOUT_BETWEEN_BYTES"
        case .timeoutTotal: "BRS_E_TIMEOUT_TOTAL"
        case .timeoutTool: "BRS_E_TIMEOUT_TOOL"
        case .timeoutQueue: "BRS_E_TIMEOUT_QUEUE"
        case .incomplete: "BRS_E_INCOMPLETE"
        case .protocol: "BRS_E_PROTOCOL"
        case .limit: "BRS_E_LIMIT"
        case .toolRounds: "BRS_E_TOOL_ROUNDS"
        case .cancelled: "BRS_E_CANCELLED"
        case .queueFull: "BRS_E_QUEUE_FULL"
        default: serviceName
        }
    }

    private var serviceName: StaticString {
        switch self {
        case .validation: "BRS_E_VALIDATION"
        case .accessDenied: "BRS_E_ACCESS_DENIED"
        case .expiredToken: "BRS_E_EXPIRED_TOKEN"
        case .signature: "BRS_E_SIGNATURE"
        case .notFound: "BRS_E_NOT_FOUND"
        case .quotaExceeded: "BRS_E_QUOTA_EXCEEDED"
        case .modelTimeout: "BRS_E_MODEL_TIMEOUT"
        case .modelError: "BRS_E_MODEL_ERROR"
        case .modelStream: "BRS_E_MODEL_STREAM"
        case .throttled: "BRS_E_THROTTLED"
        case .modelNotReady: "BRS_E_MODEL_NOT_READY"
        case .internalServer: "BRS_E_INTERNAL_SERVER"
        case .serviceUnavailable: "BRS_E_SERVICE_UNAVAILABLE"
        default: "BRS_E_SERVICE"
        }
    }

    /// The HTTP status that the Bedrock API model gives the error, for errors that come inside a stream, after a 200;
    /// 0 for what the service did not say.
    public var modelledStatus: Int {
        switch self {
        case .validation, .quotaExceeded: 400
        case .accessDenied, .expiredToken, .signature: 403
        case .notFound: 404
        case .modelTimeout: 408
        case .modelError, .modelStream: 424
        case .throttled, .modelNotReady: 429
        case .internalServer: 500
        case .serviceUnavailable: 503
        default: 0
        }
    }

    /// Whether the same request may well succeed when it is sent again. Of what the service says, this is what AWS
    /// SDKs retry in their standard mode. A failed TLS handshake and a stream error of the model mostly repeat
    /// themselves; expired credentials do unless new ones are fetched.
    public var isRetryable: Bool {
        switch self {
        case .throttled, .modelNotReady, .internalServer, .serviceUnavailable: true
        case .resolve, .connect, .transport, .incomplete: true
        case .timeoutConnect, .timeoutFirstByte, .timeoutBetweenBytes: true
        default: false
        }
    }

    /// Whether the service asks its caller to slow down.
    public var isThrottling: Bool { self == .throttled }
}

// MARK: - From the service's words

extension ErrorCode {
    /// The code of an answer that is no success: by the service's own code where it is known, else by the status.
    public static func forService(code: Span<UInt8>?, status: Int) -> ErrorCode {
        if let code, let known = forServiceCode(code) { return known }
        return switch status {
        case 401, 403: .accessDenied
        case 404: .notFound
        case 429: .throttled
        case 500: .internalServer
        case 502, 503, 504: .serviceUnavailable
        default: .service
        }
    }

    /// nil for codes that are not known here.
    private static func forServiceCode(_ code: Span<UInt8>) -> ErrorCode? {
        if ServiceCode.isThrottling(code) { return .throttled }
        if let known = ServiceCode.known(code) { return known }
        return code.starts(with: "AccessDenied") ? .accessDenied : nil
    }
}

/// The error codes of AWS services that mean something to a client.
public enum ServiceCode {
    struct Entry: Sendable {
        let name: StaticString
        let code: ErrorCode

        init(_ name: StaticString, _ code: ErrorCode) {
            self.name = name
            self.code = code
        }
    }

    /// Exceptions of the Bedrock runtime.
    private static let modelled: [Entry] = [
        Entry("ValidationException", .validation),
        Entry("AccessDeniedException", .accessDenied),
        Entry("ResourceNotFoundException", .notFound),
        Entry("ServiceQuotaExceededException", .quotaExceeded),
        Entry("ModelTimeoutException", .modelTimeout),
        Entry("ModelErrorException", .modelError),
        Entry("ModelStreamErrorException", .modelStream),
        Entry("ModelNotReadyException", .modelNotReady),
        Entry("InternalServerException", .internalServer),
        Entry("ServiceUnavailableException", .serviceUnavailable),
        Entry("ThrottlingException", .throttled),
    ]

    /// What the front door of every AWS service answers.
    private static let frontDoor: [Entry] = [
        Entry("InvalidSignatureException", .signature),
        Entry("SignatureDoesNotMatch", .signature),
        Entry("IncompleteSignature", .signature),
        Entry("IncompleteSignatureException", .signature),
        Entry("RequestTimeTooSkewed", .signature),
        Entry("RequestInTheFuture", .signature),
        Entry("RequestExpired", .signature),
        Entry("ExpiredTokenException", .expiredToken),
        Entry("ExpiredToken", .expiredToken),
        Entry("MissingAuthenticationToken", .accessDenied),
        Entry("MissingAuthenticationTokenException", .accessDenied),
        Entry("UnrecognizedClientException", .accessDenied),
        Entry("InvalidClientTokenId", .accessDenied),
        Entry("InvalidAccessKeyId", .accessDenied),
        Entry("AuthFailure", .accessDenied),
        Entry("NotAuthorized", .accessDenied),
        Entry("OptInRequired", .accessDenied),
        Entry("UnauthorizedException", .accessDenied),
        Entry("SerializationException", .validation),
        Entry("ValidationError", .validation),
        Entry("UnknownOperationException", .notFound),
        Entry("InternalFailure", .internalServer),
        Entry("InternalServerError", .internalServer),
        Entry("InternalError", .internalServer),
        Entry("ServiceUnavailable", .serviceUnavailable),
    ]

    static func known(_ code: Span<UInt8>) -> ErrorCode? { find(code, in: modelled) ?? find(code, in: frontDoor) }

    /// Errors that the API's own model has.
    static func isModelled(_ code: Span<UInt8>) -> Bool { find(code, in: modelled) != nil }

    private static func find(_ code: Span<UInt8>, in table: [Entry]) -> ErrorCode? {
        for entry in table where code.isEqual(to: entry.name) { return entry.code }
        return nil
    }

    /// Codes that ask to slow down, as AWS SDKs list them.
    public static func isThrottling(_ code: Span<UInt8>) -> Bool {
        isAny(
            of: [
                "ThrottlingException", "Throttling", "ThrottledException", "RequestThrottledException",
                "TooManyRequestsException", "ProvisionedThroughputExceededException",
                "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
                "LimitExceededException", "RequestThrottled", "SlowDown", "PriorRequestNotComplete",
                "EC2ThrottledException",
            ], code)
    }

    /// Codes of failures that pass by themselves whatever the status, as AWS SDKs list them.
    public static func isTransient(_ code: Span<UInt8>) -> Bool {
        isAny(of: ["RequestTimeout", "RequestTimeoutException"], code)
    }

    /// Codes that name the client's clock as the fault.
    public static func isClockSkew(_ code: Span<UInt8>) -> Bool {
        isAny(of: ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"], code)
    }

    /// Codes that a wrong clock may have caused: so it was when the server's time is minutes off ours.
    public static func isPossibleClockSkew(_ code: Span<UInt8>) -> Bool {
        isAny(of: ["InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"], code)
    }

    private static func isAny(of names: [StaticString], _ code: Span<UInt8>) -> Bool {
        for name in names where code.isEqual(to: name) { return true }
        return false
    }
}
