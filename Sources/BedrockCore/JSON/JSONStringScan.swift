// Finding the end of a string, sixteen bytes at a time.

extension Span where Element == UInt8 {
    /// The string whose opening quote stands just before `start`, which is at most `count`.
    @_optimize(speed)
    func scanJSONString(from start: Int) throws(JSONError) -> JSONText {
        let stop = firstJSONStringStop(from: start)
        if stop < count, self[unchecked: stop] == UInt8(ascii: "\"") {
            return JSONText(start: start, end: stop, hasEscapes: false)
        }
        return try scanJSONString(from: start, stoppedAt: stop)
    }

    /// The same for a string that is more than plain ASCII; nothing else stops the scan before `stop`.
    @inline(never)
    @_optimize(speed)
    private func scanJSONString(from start: Int, stoppedAt stop: Int) throws(JSONError) -> JSONText {
        var at = stop
        var hasEscapes = false
        while at < count {
            let byte = self[unchecked: at]
            if byte == UInt8(ascii: "\"") { return JSONText(start: start, end: at, hasEscapes: hasEscapes) }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                at = try scanJSONEscape(at: at)
            } else {
                at = try scanNonASCII(at: at)
            }
            at = firstJSONStringStop(from: at)
        }
        throw JSONError(kind: .incomplete, offset: count)
    }

    /// The first byte at or after `start` that is no plain ASCII of a string: quote, backslash, control or non-ASCII.
    /// `count` when there is none. `start` is at most `count`.
    @inline(__always)
    func firstJSONStringStop(from start: Int) -> Int {
        var at = start
        while count &- at >= 16 {
            // Sixteen bytes from `at` on lie inside the span.
            let stops = jsonStringStops(bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: SIMD16<Int8>.self))
            if stops[0] != 0 { return at &+ UInt64(littleEndian: stops[0]).trailingZeroBitCount &>> 3 }
            if stops[1] != 0 { return at &+ 8 &+ UInt64(littleEndian: stops[1]).trailingZeroBitCount &>> 3 }
            at &+= 16
        }
        return lastJSONStringStop(from: at)
    }

    /// The same among the last fifteen bytes.
    @inline(__always)
    private func lastJSONStringStop(from start: Int) -> Int {
        var at = start
        if count &- at >= 8 {
            // Eight bytes from `at` on lie inside the span.
            let stops = jsonStringStops(littleEndianWord(at))
            if stops != 0 { return at &+ stops.trailingZeroBitCount &>> 3 }
            at &+= 8
        }
        if at == count { return at }
        if count >= 8 {
            // One to seven bytes are left: the last eight without those before `at`. Zeros come in behind the end,
            // where they stop the scan as controls do.
            let passed = UInt64(truncatingIfNeeded: at &- (count &- 8)) &* 8
            return at &+ jsonStringStops(littleEndianWord(count &- 8) &>> passed).trailingZeroBitCount &>> 3
        }
        while at < count, !self[unchecked: at].isJSONStringStop { at &+= 1 }
        return at
    }

    /// Eight bytes, the first in the lowest place. They lie inside the span.
    @inline(__always)
    private func littleEndianWord(_ at: Int) -> UInt64 {
        UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt64.self))
    }

    /// Steps over the non-ASCII characters at `at`; a control character stands there otherwise.
    @_optimize(speed)
    private func scanNonASCII(at: Int) throws(JSONError) -> Int {
        var at = at
        if self[unchecked: at] < 0x80 { throw JSONError(kind: .controlCharacter, offset: at) }
        while at < count, self[unchecked: at] >= 0x80 {
            let length = utf8SequenceLength(at: at)
            if length == 0 { throw utf8Error(at: at) }
            at &+= length
        }
        return at
    }

    /// Steps over the escape sequence whose backslash is at `at` (RFC 8259, section 7).
    @_optimize(speed)
    private func scanJSONEscape(at: Int) throws(JSONError) -> Int {
        guard at &+ 1 < count else { throw JSONError(kind: .incomplete, offset: count) }
        switch self[unchecked: at &+ 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return at &+ 2
        case UInt8(ascii: "u"):
            return try scanJSONHexDigits(from: at &+ 2)
        default:
            throw JSONError(kind: .escape, offset: at)
        }
    }

    private func scanJSONHexDigits(from start: Int) throws(JSONError) -> Int {
        for digit in 0..<4 {
            guard start &+ digit < count else { throw JSONError(kind: .incomplete, offset: count) }
            guard self[unchecked: start &+ digit].hexDigitValue != nil else {
                throw JSONError(kind: .escape, offset: start &- 2)
            }
        }
        return start &+ 4
    }

    private func utf8Error(at: Int) -> JSONError {
        isCutOffUTF8(at: at)
            ? JSONError(kind: .incomplete, offset: count) : JSONError(kind: .invalidUTF8, offset: at)
    }
}

extension UInt8 {
    @inline(__always)
    fileprivate var isJSONStringStop: Bool {
        self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\") || self < 0x20 || self >= 0x80
    }
}

/// Has a bit set in each byte at which a string's plain part stops.
@inline(__always)
private func jsonStringStops(_ block: SIMD16<Int8>) -> SIMD2<UInt64> {
    // As signed numbers controls and non-ASCII are one range.
    let quotes = block .== SIMD16<Int8>(repeating: 0x22)
    let backslashes = block .== SIMD16<Int8>(repeating: 0x5C)
    let others = block .< SIMD16<Int8>(repeating: 0x20)
    // Vector and mask are sixteen bytes each.
    return withUnsafeBytes(of: quotes .| backslashes .| others) { $0.loadUnaligned(as: SIMD2<UInt64>.self) }
}

/// Marks the bytes of a word at which a string's plain part stops. A mark may be false only above a true one (a borrow
/// went on), so the lowest mark is right.
@inline(__always)
private func jsonStringStops(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = word ^ (ones &* 0x22)
    let backslashes = word ^ (ones &* 0x5C)
    let found =
        (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | (word &- ones &* 0x20) & ~word | word
    return found & (ones &* 0x80)
}
