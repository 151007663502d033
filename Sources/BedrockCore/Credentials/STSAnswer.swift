/// What an answer of the AWS Security Token Service says, be it credentials or an error.
struct STSAnswer {
    enum Part: Int, CaseIterable {
        case accessKeyID, secretAccessKey, sessionToken, expiration, arn, code, message

        /// The element, and the one that it stands in.
        fileprivate var place: (name: StaticString, outer: StaticString) {
            switch self {
            case .accessKeyID: ("AccessKeyId", "Credentials")
            case .secretAccessKey: ("SecretAccessKey", "Credentials")
            case .sessionToken: ("SessionToken", "Credentials")
            case .expiration: ("Expiration", "Credentials")
            case .arn: ("Arn", "AssumedRoleUser")
            case .code: ("Code", "Error")
            case .message: ("Message", "Error")
            }
        }
    }

    /// It is a whole document. Of one that is not, what came before counts in an error.
    let isWhole: Bool
    private let parts: [Secret?]

    init(_ finding: Finding) {
        self = Self.read(finding.bytes)
    }

    init(_ xml: Span<UInt8>) {
        var parts = [Secret?](repeating: nil, count: Part.allCases.count)
        var reader = XMLReader(xml)
        var text = ByteBuffer(isSecret: true)
        var part: Part?
        var token = reader.next()
        while token != .finished, token != .malformed {
            switch token {
            case .start:
                part = Self.part(reader.name(), reader.name(1))
                text.wipe()
            case .text where part != nil:
                if !reader.append(to: &text) { part = nil }
            case .end:
                if let part, !text.isEmpty, !text.isExhausted { parts[part.rawValue] = Secret(text.span) }
                part = nil
            default: break
            }
            token = reader.next()
        }
        isWhole = token == .finished
        self.parts = parts
    }

    // Embedded Swift 6.3 lends no span of a class's property to a call.
    private static func read(_ xml: borrowing ByteBuffer) -> STSAnswer { STSAnswer(xml.span) }

    private static func part(_ name: Span<UInt8>, _ outer: Span<UInt8>) -> Part? {
        for part in Part.allCases where name.isEqual(to: part.place.name) && outer.isEqual(to: part.place.outer) {
            return part
        }
        return nil
    }

    subscript(_ part: Part) -> Secret? { parts[part.rawValue] }

    /// Of what is no secret; empty where it is not there.
    func text(_ part: Part) -> Bytes { self[part]?.copy ?? [] }

    /// The part, which must be there.
    func needed(_ source: Message, _ part: Part) throws(Halt) -> Secret {
        guard let secret = self[part] else { throw .missing(source, part.place.name) }
        return secret
    }

    /// Of the role that was assumed: "arn:aws:sts::123456789012:assumed-role/...".
    var accountID: Bytes {
        let parts = text(.arn).split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        return parts.count > 5 ? Bytes(parts[4]) : []
    }
}
