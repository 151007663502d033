import BedrockCore

/// What goes wrong with one response.
enum Fault: CaseIterable {
    case none
    case httpError, throttled
    case exception, exceptionEvent, errorMessage
    case cut, reset, noStop
    case stallBeforeHead, stallInBody, drip
    case duplicate, torn, flipped, oversized, garbage
    case wrongType, startsAnew, emptyBody
}

/// How much goes wrong in a run.
struct Mood {
    /// Of responses, and of connections.
    var faultPercent: Int
    var connectionFaultPercent: Int
    /// The fault that half of all faults are.
    var favourite: Fault
    /// Callbacks take their time.
    var isSlow: Bool
    /// Most bytes that the network brings at once.
    var pieceLength: Int

    static func drawn(_ dice: inout Dice) -> Mood {
        Mood(
            faultPercent: dice.pick([0, 10, 30, 50, 70, 95]), connectionFaultPercent: dice.pick([0, 0, 5, 30]),
            favourite: dice.pick(Fault.allCases), isSlow: dice.percent(10),
            pieceLength: dice.pick([1, 7, 60, 200, 1000, 4096, 16384, 16384]))
    }

    func fault(_ dice: inout Dice) -> Fault {
        guard dice.percent(faultPercent) else { return .none }
        return dice.percent(50) ? favourite : dice.pick(Fault.allCases)
    }
}

/// A failure that the service reports, and what it amounts to.
struct Reported {
    let status: Int
    let name: StaticString
    let code: ErrorCode
    let retry: RetryKind

    init(_ status: Int, _ name: StaticString, _ code: ErrorCode, _ retry: RetryKind) {
        self.status = status
        self.name = name
        self.code = code
        self.retry = retry
    }

    static let throttling: [Reported] = [
        Reported(429, "ThrottlingException", .throttled, .throttling), Reported(429, "", .throttled, .throttling),
        Reported(400, "TooManyRequestsException", .throttled, .throttling),
    ]

    static let answers: [Reported] = [
        Reported(503, "ServiceUnavailableException", .serviceUnavailable, .transient),
        Reported(500, "InternalServerException", .internalServer, .transient),
        Reported(502, "", .serviceUnavailable, .transient), Reported(504, "", .serviceUnavailable, .transient),
        Reported(429, "ModelNotReadyException", .modelNotReady, .transient),
        Reported(408, "ModelTimeoutException", .modelTimeout, .modelTimeout),
        Reported(424, "ModelErrorException", .modelError, .none),
        Reported(424, "ModelStreamErrorException", .modelStream, .modelStream),
        Reported(400, "ValidationException", .validation, .none),
        Reported(400, "ServiceQuotaExceededException", .quotaExceeded, .none),
        Reported(403, "AccessDeniedException", .accessDenied, .none),
        Reported(404, "ResourceNotFoundException", .notFound, .none),
        Reported(400, "RequestTimeout", .service, .transient), Reported(418, "", .service, .none),
    ]

    /// Inside a stream; the names are those of the union's members.
    static let exceptions: [Reported] = [
        Reported(429, "throttlingException", .throttled, .throttling),
        Reported(500, "internalServerException", .internalServer, .transient),
        Reported(503, "serviceUnavailableException", .serviceUnavailable, .transient),
        Reported(408, "modelTimeoutException", .modelTimeout, .modelTimeout),
        Reported(424, "modelStreamErrorException", .modelStream, .modelStream),
        Reported(400, "validationException", .validation, .none), Reported(0, "brandNewException", .service, .none),
    ]

    static let messages: [Reported] = [
        Reported(500, "InternalFailure", .internalServer, .transient),
        Reported(429, "SlowDown", .throttled, .throttling),
        Reported(0, "Unheard", .service, .none),
    ]
}

/// Whether a failure may be followed by another attempt.
enum RetryKind {
    case none, transient, throttling
    /// As the settings say.
    case modelTimeout, modelStream
    /// Once, where the environment has other credentials.
    case expired
    /// Where the time of the signature was wrong.
    case skew
    /// By asking in another way.
    case refusedContinuation
}
