/// The ten types that a header's value can have; the raw values are the wire's.
public enum HeaderType: UInt8, Sendable {
    case `true`, `false`, byte, short, integer, long, byteArray, string, timestamp, uuid

    /// Nil: two bytes of length come before the value.
    @inline(__always)
    var length: Int? {
        switch self {
        case .true, .false: 0
        case .byte: 1
        case .short: 2
        case .integer: 4
        case .long, .timestamp: 8
        case .uuid: 16
        case .byteArray, .string: nil
        }
    }
}

/// One header, as ranges of the message's bytes.
public struct HeaderField: Sendable {
    public var name: Range<Int>
    public var type: HeaderType
    /// Without the length that stands before text and byte arrays.
    public var value: Range<Int>
}

/// Walks over the headers of one message. Every range it gives lies inside the header block, names and texts are
/// UTF-8. That names differ from each other is looked at by `HeaderNames`.
public struct HeaderReader: ~Escapable {
    private let frame: Span<UInt8>
    private var position = FrameLayout.prelude
    private let end: Int
    private var count = 0

    /// Takes a whole message, prelude to checksum; checksums are not looked at.
    @_lifetime(copy frame)
    public init(_ frame: Span<UInt8>) throws(FrameError) {
        let lengths = try FrameLayout(prelude: frame)
        guard lengths.total == frame.count else {
            throw FrameError(.length, at: 0, found: frame.count, expected: lengths.total)
        }
        self.frame = frame
        end = FrameLayout.prelude &+ lengths.headers
    }

    /// Where the payload lies.
    public var payload: Range<Int> {
        Range(uncheckedBounds: (end, frame.count &- FrameLayout.checksum))
    }

    /// Nil: no header is left.
    @inline(__always)
    public mutating func next() throws(FrameError) -> HeaderField? {
        guard position < end else { return nil }
        count &+= 1
        guard count <= Limits.headerCount else { throw fault(.tooManyHeaders, expected: Limits.headerCount) }
        let name = try nextName()
        guard let type = HeaderType(rawValue: frame[unchecked: name.upperBound]) else {
            throw fault(.headerType, found: Int(frame[unchecked: name.upperBound]))
        }
        let value = try nextValue(of: type, after: name.upperBound &+ 1)
        guard type != .string || frame.isText(at: value) else { throw fault(.headerText) }
        position = value.upperBound
        return HeaderField(name: name, type: type, value: value)
    }

    /// The name, and proof that at least the type's byte follows it.
    @inline(__always)
    private func nextName() throws(FrameError) -> Range<Int> {
        let start = position &+ 1
        let nameEnd = start &+ Int(frame[unchecked: position])
        guard nameEnd > start else { throw fault(.headerName) }
        guard nameEnd < end else { throw fault(.header) }
        let name = Range(uncheckedBounds: (start, nameEnd))
        guard frame.isText(at: name) else { throw fault(.headerText) }
        return name
    }

    @inline(__always)
    private func nextValue(of type: HeaderType, after start: Int) throws(FrameError) -> Range<Int> {
        if let length = type.length {
            guard length <= end &- start else { throw fault(.header) }
            return Range(uncheckedBounds: (start, start &+ length))
        }
        guard end &- start >= 2 else { throw fault(.header) }
        let length = Int(frame.bigEndian16(at: start))
        guard length <= end &- start &- 2 else { throw fault(.header) }
        return Range(uncheckedBounds: (start &+ 2, start &+ 2 &+ length))
    }

    /// An error about the header at `position`.
    @inline(never)
    private func fault(_ kind: FrameError.Kind, found: Int = 0, expected: Int = 0) -> FrameError {
        FrameError(kind, at: position, found: found, expected: expected)
    }
}
