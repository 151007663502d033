/// How far a stream had come; the numbers of `brs_phase`.
public enum Phase: Int32, CaseIterable, BitwiseCopyable, Sendable {
    case prepare = 1
    case connect = 2
    case request = 3
    case response = 4
    case stream = 5
    case tool = 6
}

/// Why a stream failed.
public struct Failure: Error {
    public var code: ErrorCode
    public var phase: Phase
    public var message: Message
    /// The answer's status, or for an exception inside a stream its modelled one; 0 for none.
    public var httpStatus = 0
    public var service = ServiceError()

    public init(_ code: ErrorCode, _ phase: Phase, _ message: Message) {
        self.code = code
        self.phase = phase
        self.message = message
    }
}

/// What the transport says when it gives a transfer up.
public struct TransportFailure {
    public enum Kind: Sendable {
        case resolve, connect, tls, memory, other
    }

    public var kind: Kind
    public var message: Message

    public init(_ kind: Kind, _ message: Message) {
        self.kind = kind
        self.message = message
    }
}
