// White space as services take it when they refuse a text that ends in it: Unicode's, and the four separators of ASCII.

extension Span where Element == UInt8 {
    /// Where the white space begins that the text ends in; `count` where it ends in none.
    func trailingWhiteSpaceStart() -> Int {
        var end = count
        while end > 0 {
            let start = characterStart(before: end)
            guard isWhiteSpace(start, end) else { return end }
            end = start
        }
        return 0
    }

    /// How many bytes of white space the text begins with.
    func leadingWhiteSpaceLength() -> Int {
        var at = 0
        while at < count {
            let end = characterEnd(from: at)
            guard isWhiteSpace(at, end) else { return at }
            at = end
        }
        return at
    }

    var isBlankText: Bool { leadingWhiteSpaceLength() == count }

    /// How many bytes both begin with, in whole characters.
    func agreedLength(with other: Span<UInt8>) -> Int {
        var at = 0
        while at < count, at < other.count {
            let end = characterEnd(from: at)
            guard end <= other.count, extracting(at..<end).isEqual(to: other.extracting(at..<end)) else { return at }
            at = end
        }
        return at
    }

    /// The first byte at or behind `start` that begins a character, or the end.
    func characterBorder(from start: Int) -> Int {
        var at = Swift.min(Swift.max(start, 0), count)
        while at < count, self[unchecked: at] & 0xC0 == 0x80 { at &+= 1 }
        return at
    }

    /// Behind the character at `at`, which lies inside.
    private func characterEnd(from at: Int) -> Int { characterBorder(from: at &+ 1) }

    /// Where the character begins that ends before `end`, which is positive and at most `count`.
    private func characterStart(before end: Int) -> Int {
        var at = end &- 1
        while at > 0, end &- at < 4, self[unchecked: at] & 0xC0 == 0x80 { at &-= 1 }
        return at
    }

    /// Whether the character from `start` up to `end`, both inside, is white space.
    private func isWhiteSpace(_ start: Int, _ end: Int) -> Bool {
        let first = byteOrNUL(start)
        switch end &- start {
        case 1: return 0x09...0x0D ~= first || 0x1C...0x20 ~= first
        case 2: return first == 0xC2 && (byteOrNUL(start &+ 1) == 0x85 || byteOrNUL(start &+ 1) == 0xA0)
        case 3: return Self.isWhiteSpace(first, byteOrNUL(start &+ 1), byteOrNUL(start &+ 2))
        default: return false
        }
    }

    /// U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000.
    private static func isWhiteSpace(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
        switch (first, second) {
        case (0xE1, 0x9A), (0xE3, 0x80): third == 0x80
        case (0xE2, 0x80): third <= 0x8A || third == 0xA8 || third == 0xA9 || third == 0xAF
        case (0xE2, 0x81): third == 0x9F
        default: false
        }
    }
}
