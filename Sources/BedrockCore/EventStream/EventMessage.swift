/// What one message is: the headers that every client must understand, as ranges of the message's bytes.
public struct EventMessage: Sendable {
    public enum Kind: Sendable { case event, exception, error }

    public var kind: Kind
    /// The text of `:event-type`, `:exception-type` or `:error-code`, as `kind` says.
    public var type: Range<Int>
    /// The text of `:error-message`.
    public var errorMessage: Range<Int>?
    /// The text of `:content-type`.
    public var contentType: Range<Int>?
    public var payload: Range<Int>

    /// Takes a whole message whose checksums hold. All headers must be well formed and named differently; what is not
    /// known is passed over. Offsets of errors count from the message's first byte.
    public init(_ frame: Span<UInt8>) throws(FrameError) {
        var reader = try HeaderReader(frame)
        var known = KnownHeaders()
        var unknown = 0
        while let field = try reader.next() {
            if let header = KnownHeader.named(field.name, in: frame) {
                try known.set(header, field)
            } else {
                unknown &+= 1
            }
        }
        if unknown > 1 { try HeaderNames.check(frame) }
        kind = try Self.kind(frame, known)
        type = try known.requiredText(kind.typeHeader)
        errorMessage = known.text(.errorMessage)
        contentType = known.text(.contentType)
        payload = reader.payload
    }

    @inline(__always)
    private static func kind(_ frame: Span<UInt8>, _ known: borrowing KnownHeaders) throws(FrameError) -> Kind {
        let range = try known.requiredText(.messageType)
        let text = frame.extracting(unchecked: range)
        if text.isEqual(to: "event") { return .event }
        if text.isEqual(to: "exception") { return .exception }
        if text.isEqual(to: "error") { return .error }
        throw FrameError(.headerValue, at: range.lowerBound, header: .messageType)
    }
}

extension EventMessage.Kind {
    @inline(__always)
    fileprivate var typeHeader: KnownHeader {
        switch self {
        case .event: .eventType
        case .exception: .exceptionType
        case .error: .errorCode
        }
    }
}

/// Where the values of the known headers of one message lie.
private struct KnownHeaders: ~Copyable {
    /// Empty ranges at 0 (where no header can be) for what has not come.
    private var values = InlineArray<6, Range<Int>>(repeating: 0..<0)
    /// One bit for each that is there but holds no text.
    private var others: UInt8 = 0

    @inline(__always)
    mutating func set(_ header: KnownHeader, _ field: HeaderField) throws(FrameError) {
        let at = Int(header.rawValue)
        guard values[at].lowerBound == 0 else {
            throw FrameError(.duplicateHeader, at: field.name.lowerBound &- 1)
        }
        values[at] = field.value
        if field.type != .string { others |= 1 << header.rawValue }
    }

    @inline(__always)
    borrowing func text(_ header: KnownHeader) -> Range<Int>? {
        let range = values[Int(header.rawValue)]
        return range.lowerBound > 0 && others & 1 << header.rawValue == 0 ? range : nil
    }

    @inline(__always)
    borrowing func requiredText(_ header: KnownHeader) throws(FrameError) -> Range<Int> {
        if let range = text(header) { return range }
        let start = values[Int(header.rawValue)].lowerBound
        throw FrameError(start > 0 ? .headerValue : .missingHeader, at: start, header: header)
    }
}
