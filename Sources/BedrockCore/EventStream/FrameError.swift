/// What is wrong with an event-stream message, and where.
///
/// Holds no text, so that reporting never allocates; `message` writes it when somebody asks.
public struct FrameError: Error, Equatable, Sendable {
    public enum Kind: Sendable {
        /// The stream ended inside a message.
        case incomplete
        /// The checksum of the two lengths is wrong: neither can be believed.
        case preludeChecksum
        /// The checksum of the whole message is wrong.
        case messageChecksum
        /// A total length under 16, or one that is not the number of bytes given.
        case length
        /// A header block longer than the message that holds it.
        case headersLength
        /// More than the message limit allows, or than the format allows when encoding.
        case tooLarge
        /// A header that reaches beyond the header block.
        case header
        /// A header without a name.
        case headerName
        /// A header of a type that does not exist.
        case headerType
        /// A name or string that is not UTF-8.
        case headerText
        /// A header's value is none that this header may have.
        case headerValue
        case tooManyHeaders
        case duplicateHeader
        case missingHeader
        case outOfMemory
    }

    public var kind: Kind
    /// In bytes: from the beginning of the stream where `FrameDecoder` threw it, else from the message's
    /// first byte.
    public var offset: Int
    /// What was there, and what should have been; what they count depends on `kind`.
    var found = 0
    var expected = 0
    var header: KnownHeader?

    init(_ kind: Kind, at offset: Int, found: Int = 0, expected: Int = 0, header: KnownHeader? = nil) {
        self.kind = kind
        self.offset = offset
        self.found = found
        self.expected = expected
        self.header = header
    }

    public var isIncomplete: Bool { kind == .incomplete }

    /// The same error counted from the stream's beginning, for a message that starts at `start`.
    public func inStream(at start: Int) -> FrameError {
        var moved = self
        moved.offset &+= start
        return moved
    }

    /// One line of English with the place and the numbers.
    public var message: Message {
        "event stream, byte \(offset): \(what)"
    }

    private var what: Message {
        let name = header?.name ?? "header"
        switch kind {
        case .incomplete: return "the message ended after \(found) of \(expected) bytes"
        case .preludeChecksum: return "the checksum of the message's prelude is wrong"
        case .messageChecksum: return "the checksum of the message is wrong"
        case .length: return "a message length of \(found), expected \(expected)"
        case .headersLength: return "\(found) bytes of headers in a message that has room for \(expected)"
        case .tooLarge: return "\(found) bytes where at most \(expected) are allowed"
        case .header: return "a header reaches beyond the header block"
        case .headerName: return "a header's name is empty or longer than 255 bytes"
        case .headerType: return "header type \(found) does not exist"
        case .headerText: return "a header's name or text is not UTF-8"
        case .headerValue: return "\(name) has a value it must not have"
        case .tooManyHeaders: return "more than \(expected) headers"
        case .duplicateHeader: return "a header's name appears a second time"
        case .missingHeader: return "\(name) is missing"
        case .outOfMemory: return "no memory for the message"
        }
    }
}
