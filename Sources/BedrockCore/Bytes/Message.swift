/// What an error or a notice says: UTF-8, written piece by piece.
///
/// Stands in place of `String`, whose appends the compiler puts into every place that uses them: here a piece is one
/// call. Bytes from outside are repaired as they are appended, so that a message is always UTF-8.
public struct Message: Equatable, Sendable, ExpressibleByStringInterpolation {
    public private(set) var bytes: Bytes

    @inline(__always)
    init() { bytes = [] }

    public init(_ bytes: Bytes) { self.init(copying: bytes.span) }

    public init(copying span: Span<UInt8>) {
        bytes = []
        append(span)
    }

    public init(_ literal: StaticString) { self.init(stringLiteral: literal) }

    @inline(__always)
    public init(stringLiteral literal: StaticString) {
        self.init(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
    }

    @inline(__always)
    public init(stringInterpolation pieces: StringInterpolation) { self = pieces.message }

    @inline(never)
    init(start: UnsafePointer<UInt8>, count: Int) {
        bytes = Bytes(start: start, count: count)
    }

    public var isEmpty: Bool { bytes.isEmpty }

    /// With blanks for line ends and other control characters.
    public var singleLine: Message {
        var line = self
        line.blank(from: 0)
        return line
    }

    @inline(never)
    public static func + (first: Message, second: Message) -> Message {
        var sum = first
        sum += second
        return sum
    }

    @inline(never)
    public static func += (first: inout Message, second: Message) {
        first.bytes.append(contentsOf: second.bytes)
    }
}

// MARK: - Its pieces

extension Message {
    @inline(never)
    mutating func append(start: UnsafePointer<UInt8>?, count: Int) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
    }

    /// Appends a text from outside; invalid sequences become U+FFFD.
    @inline(never)
    public mutating func append(_ text: Span<UInt8>) {
        var at = 0
        while at < text.count {
            let start = at
            var length = 1
            while at < text.count, length > 0 {
                length = text.utf8SequenceLength(at: at)
                at &+= length
            }
            text.extracting(start..<at).withUnsafeBufferPointer { append(start: $0.baseAddress, count: $0.count) }
            guard at < text.count else { return }
            at &+= text.invalidUTF8Length(at: at)
            self += "\u{FFFD}"
        }
    }

    /// Appends a text from outside as one line, cut at a character behind so many bytes.
    @inline(never)
    public mutating func append(_ text: Span<UInt8>, upTo length: Int) {
        let start = bytes.count
        append(text.cutAtCharacter(length))
        blank(from: start)
    }

    @inline(never)
    public mutating func append(decimal number: Int64) {
        append(Decimal(number).digits)
    }

    private mutating func blank(from start: Int) {
        for at in start..<bytes.count where bytes[at] < 0x20 || bytes[at] == 0x7F { bytes[at] = 0x20 }
    }
}

extension Message {
    public struct StringInterpolation: StringInterpolationProtocol {
        var message = Message()

        @inline(__always)
        public init(literalCapacity: Int, interpolationCount: Int) {}

        @inline(__always)
        public mutating func appendLiteral(_ literal: StaticString) {
            message.append(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
        }

        @inline(__always)
        public mutating func appendInterpolation(_ text: StaticString) { appendLiteral(text) }

        @inline(__always)
        public mutating func appendInterpolation(_ text: Message) { message += text }

        @inline(__always)
        public mutating func appendInterpolation(_ text: Bytes) { message.append(text.span) }

        @inline(__always)
        public mutating func appendInterpolation(_ text: Span<UInt8>) { message.append(text) }

        /// One line of a text, cut at a character behind so many bytes.
        @inline(__always)
        public mutating func appendInterpolation(_ text: Bytes, upTo length: Int) {
            message.append(text.span, upTo: length)
        }

        @inline(__always)
        public mutating func appendInterpolation(_ text: Span<UInt8>, upTo length: Int) {
            message.append(text, upTo: length)
        }

        @inline(__always)
        public mutating func appendInterpolation(_ number: some FixedWidthInteger) {
            message.append(decimal: Int64(clamping: number))
        }
    }
}

#if !hasFeature(Embedded)
    extension Message: CustomStringConvertible {
        public init(text: String) { bytes = Bytes(text.utf8) }

        public var description: String { String(copying: bytes.span) }
    }
#endif
