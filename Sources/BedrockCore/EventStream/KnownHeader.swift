/// The headers that say what a message is (Smithy, `aws.protocols` event stream specification).
enum KnownHeader: UInt8, CaseIterable, Sendable {
    case messageType
    case eventType
    case exceptionType
    case errorCode
    case errorMessage
    case contentType

    var name: StaticString {
        switch self {
        case .messageType: ":message-type"
        case .eventType: ":event-type"
        case .exceptionType: ":exception-type"
        case .errorCode: ":error-code"
        case .errorMessage: ":error-message"
        case .contentType: ":content-type"
        }
    }

    /// The known header with the name that lies at `name`, which is a range inside `frame`.
    @inline(__always)
    static func named(_ name: Range<Int>, in frame: Span<UInt8>) -> KnownHeader? {
        switch name.count {
        case 11:
            if frame.hasText(":event-type", at: name) { return .eventType }
            return frame.hasText(":error-code", at: name) ? .errorCode : nil
        case 13:
            if frame.hasText(":message-type", at: name) { return .messageType }
            return frame.hasText(":content-type", at: name) ? .contentType : nil
        case 14: return frame.hasText(":error-message", at: name) ? .errorMessage : nil
        case 15: return frame.hasText(":exception-type", at: name) ? .exceptionType : nil
        default: return nil
        }
    }
}
