import CSystem.Memory

/// Small texts (names, ids, header values) are arrays of UTF-8 bytes: comparing them needs no Unicode tables.
public typealias Bytes = [UInt8]

extension Array where Element == UInt8 {
    public init(_ literal: StaticString) {
        self.init(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
    }

    public init(copying span: Span<UInt8>) {
        self = span.withUnsafeBufferPointer { [UInt8](start: $0.baseAddress, count: $0.count) }
    }

    /// In one place: the standard library's way is a loop wherever it is used. Of no bytes it would write the length
    /// into the empty array that all threads share.
    @inline(never)
    init(start: UnsafePointer<UInt8>?, count: Int) {
        guard let start, count > 0 else {
            self = []
            return
        }
        self.init(unsafeUninitializedCapacity: count) { room, length in
            if let room = room.baseAddress { memcpy(room, start, count) }
            length = count
        }
    }

    public static func == (bytes: [UInt8], literal: StaticString) -> Bool {
        bytes.span.isEqual(to: literal)
    }

    public static func != (bytes: [UInt8], literal: StaticString) -> Bool {
        !bytes.span.isEqual(to: literal)
    }
}

#if !hasFeature(Embedded)
    /// For the simulator and the tests: the shipped library makes no `String`.
    extension String {
        /// The text of UTF-8 bytes; invalid sequences become U+FFFD.
        public init(_ bytes: [UInt8]) {
            self = String(decoding: bytes, as: UTF8.self)
        }

        public init(copying span: Span<UInt8>) {
            self = span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
    }
#endif

extension Span where Element == UInt8 {
    @inline(__always)
    public func isEqual(to literal: StaticString) -> Bool {
        isEqual(to: Span(_unsafeStart: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    @inline(__always)
    public func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        if count < 8 { return isEqualShort(to: other) }
        // All words compared lie inside both; the last may overlap the one before it.
        var at = 0
        while at &+ 8 < count {
            guard isEqual(to: other, at, as: UInt64.self) else { return false }
            at &+= 8
        }
        return isEqual(to: other, count &- 8, as: UInt64.self)
    }

    /// Compares less than eight bytes; both have the same number.
    @inline(__always)
    private func isEqualShort(to other: Span<UInt8>) -> Bool {
        if count >= 4 {
            return isEqual(to: other, 0, as: UInt32.self) && isEqual(to: other, count &- 4, as: UInt32.self)
        }
        for at in 0..<count where self[unchecked: at] != other[unchecked: at] { return false }
        return true
    }

    /// Compares as many bytes as the word has, from `at` on; they lie inside both.
    @inline(__always)
    private func isEqual<Word: FixedWidthInteger & BitwiseCopyable>(
        to other: Span<UInt8>, _ at: Int, as word: Word.Type
    ) -> Bool {
        bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: word)
            == other.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: word)
    }

    /// Compares as ASCII without regard to case, as HTTP does with header names.
    public func isEqualIgnoringCase(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        for at in 0..<count where self[unchecked: at].asciiLowercased != literal.utf8Start[at].asciiLowercased {
            return false
        }
        return true
    }

    public func startsIgnoringCase(_ literal: StaticString) -> Bool {
        count >= literal.utf8CodeUnitCount
            && extracting(0..<literal.utf8CodeUnitCount).isEqualIgnoringCase(literal)
    }

    @_optimize(speed)
    public func starts(with literal: StaticString) -> Bool {
        guard count >= literal.utf8CodeUnitCount else { return false }
        return extracting(0..<literal.utf8CodeUnitCount).isEqual(to: literal)
    }

    @_optimize(speed)
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        var at = max(start, 0)
        let pattern = 0x0101_0101_0101_0101 &* UInt64(byte)
        while count &- at >= 8 {
            // Eight bytes from `at` on lie inside the span. Where one is wanted, the lowest mark is right.
            let rest = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt64.self).littleEndian ^ pattern
            let found = (rest &- 0x0101_0101_0101_0101) & ~rest & 0x8080_8080_8080_8080
            if found != 0 { return at &+ found.trailingZeroBitCount &>> 3 }
            at &+= 8
        }
        while at < count {
            if self[unchecked: at] == byte { return at }
            at &+= 1
        }
        return nil
    }

    /// Without blanks, tabs and line ends at both sides.
    @_lifetime(copy self)
    public func trimmed() -> Span<UInt8> {
        var lower = 0
        var upper = count
        while lower < upper, self[unchecked: lower].isBlank { lower &+= 1 }
        while upper > lower, self[unchecked: upper &- 1].isBlank { upper &-= 1 }
        return extracting(lower..<upper)
    }

    /// The number in decimal digits that these bytes are; nil for anything else, or when it does not fit.
    public func decimal() -> Int64? {
        let isNegative = count > 0 && self[unchecked: 0] == UInt8(ascii: "-")
        var at = isNegative ? 1 : 0
        guard at < count, count <= 20 else { return nil }
        var value: Int64 = 0
        while at < count {
            let digit = self[unchecked: at] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (shifted, tooBig) = value.multipliedReportingOverflow(by: 10)
            let (next, over) = shifted.subtractingReportingOverflow(Int64(digit))
            guard !tooBig, !over else { return nil }
            value = next
            at &+= 1
        }
        if isNegative { return value }
        return value == .min ? nil : 0 &- value
    }
}

extension UInt8 {
    @inline(__always) public var asciiLowercased: UInt8 { self &- 65 < 26 ? self | 0x20 : self }
    @inline(__always) public var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
    /// RFC 3986 "unreserved".
    @inline(__always) public var isUnreserved: Bool {
        (self | 0x20) &- 97 < 26 || self &- 48 < 10 || self == 45 || self == 46 || self == 95 || self == 126
    }
}
