// What a string with escapes says.

/// One step through the text between the quotes: plain bytes, or one character that is written as an escape.
enum JSONPiece {
    case plain(Range<Int>)
    case character(Unicode.Scalar)
}

extension Span where Element == UInt8 {
    /// The piece that starts at `at`, which moves behind it; nil at the end. Text that no reader let pass does no harm.
    @_optimize(speed)
    func nextJSONPiece(_ at: inout Int) -> JSONPiece? {
        guard at < count else { return nil }
        guard self[unchecked: at] == UInt8(ascii: "\\") else {
            let start = at
            at = firstIndex(of: UInt8(ascii: "\\"), from: at) ?? count
            return .plain(start..<at)
        }
        guard at &+ 1 < count else {
            at = count
            return .character("\u{FFFD}")
        }
        let kind = self[unchecked: at &+ 1]
        if kind == UInt8(ascii: "u") { return .character(unicodeEscape(&at)) }
        at &+= 2
        return .character(Unicode.Scalar(simpleEscape(kind)))
    }

    /// The character of `\uXXXX`, or of two that are a surrogate pair. A surrogate alone is grammatical and means
    /// nothing: it becomes U+FFFD (RFC 8259, section 8.2, leaves it open).
    @_optimize(speed)
    private func unicodeEscape(_ at: inout Int) -> Unicode.Scalar {
        let unit = codeUnit(at: at)
        at = Swift.min(at &+ 6, count)
        guard let unit else { return "\u{FFFD}" }
        if unit & 0xFC00 != 0xD800 { return Unicode.Scalar(unit) ?? "\u{FFFD}" }
        guard let low = codeUnit(at: at), low & 0xFC00 == 0xDC00 else { return "\u{FFFD}" }
        at &+= 6
        return Unicode.Scalar(0x10000 &+ (unit & 0x3FF) &<< 10 &+ (low & 0x3FF)) ?? "\u{FFFD}"
    }

    /// The number of the `\uXXXX` at `at`; nil when none is there.
    private func codeUnit(at: Int) -> UInt32? {
        guard count &- at >= 6, self[unchecked: at] == UInt8(ascii: "\\"), self[unchecked: at &+ 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt32 = 0
        for digit in 2..<6 {
            guard let value = self[unchecked: at &+ digit].hexDigitValue else { return nil }
            unit = unit &<< 4 | UInt32(value)
        }
        return unit
    }

    private func simpleEscape(_ kind: UInt8) -> UInt8 {
        switch kind {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: kind
        }
    }

    /// Whether the text between the quotes says `literal`.
    func unescapedIsEqual(to literal: StaticString) -> Bool {
        let wanted = Span(start: literal)
        var at = 0
        var matched = 0
        while let piece = nextJSONPiece(&at) {
            switch piece {
            case .plain(let range):
                guard wanted.continues(at: matched, with: extracting(unchecked: range)) else { return false }
                matched &+= range.count
            case .character(let character):
                for byte in UTF8.encode(character) ?? UTF8.encodedReplacementCharacter {
                    guard matched < wanted.count, byte == wanted[unchecked: matched] else { return false }
                    matched &+= 1
                }
            }
        }
        return matched == wanted.count
    }

    private func continues(at start: Int, with part: Span<UInt8>) -> Bool {
        guard count &- start >= part.count else { return false }
        return extracting(unchecked: start..<(start &+ part.count)).isEqual(to: part)
    }

    @_lifetime(immortal)
    fileprivate init(start literal: StaticString) {
        let bytes = UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
        self = _overrideLifetime(Span(_unsafeElements: bytes), copying: ())
    }
}

extension ByteBuffer {
    @_optimize(speed)
    mutating func append(unescaping text: Span<UInt8>) {
        var at = 0
        while let piece = text.nextJSONPiece(&at) {
            switch piece {
            case .plain(let range):
                append(text.extracting(unchecked: range))
            case .character(let character) where character.isASCII:
                append(UInt8(truncatingIfNeeded: character.value))
            case .character(let character):
                for byte in UTF8.encode(character) ?? UTF8.encodedReplacementCharacter { append(byte) }
            }
        }
    }
}
