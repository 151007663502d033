/// Base64 (RFC 4648, section 4).
public enum Base64 {
    @_optimize(speed)
    public static func encode(_ bytes: Span<UInt8>, into buffer: inout ByteBuffer) {
        guard bytes.count <= Int.max / 2 else { return }
        let whole = bytes.count / 3
        let rest = bytes.count &- whole &* 3
        buffer.append(upTo: (whole &+ 1) &* 4) { room in
            for group in 0..<whole {
                let at = group &* 3
                let high = UInt32(bytes[unchecked: at]) &<< 16 | UInt32(bytes[unchecked: at &+ 1]) &<< 8
                put(high | UInt32(bytes[unchecked: at &+ 2]), &room, group &* 4)
            }
            guard rest > 0 else { return whole &* 4 }
            encodeLast(bytes, whole, rest, &room)
            return (whole &+ 1) &* 4
        }
    }

    /// The last group, of one or two bytes, and its padding.
    private static func encodeLast(_ bytes: Span<UInt8>, _ whole: Int, _ rest: Int, _ room: inout MutableSpan<UInt8>) {
        let second = rest == 2 ? UInt32(bytes[unchecked: whole &* 3 &+ 1]) : 0
        put(UInt32(bytes[unchecked: whole &* 3]) &<< 16 | second &<< 8, &room, whole &* 4)
        room[unchecked: whole &* 4 &+ 3] = UInt8(ascii: "=")
        if rest == 1 { room[unchecked: whole &* 4 &+ 2] = UInt8(ascii: "=") }
    }

    /// Three bytes as four digits.
    @inline(__always)
    private static func put(_ bits: UInt32, _ room: inout MutableSpan<UInt8>, _ at: Int) {
        room[unchecked: at] = digit(bits &>> 18)
        room[unchecked: at &+ 1] = digit(bits &>> 12)
        room[unchecked: at &+ 2] = digit(bits &>> 6)
        room[unchecked: at &+ 3] = digit(bits)
    }

    /// The digit of the lowest six bits.
    @inline(__always)
    private static func digit(_ bits: UInt32) -> UInt8 {
        let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        return alphabet.utf8Start[Int(bits & 63)]
    }

    /// Appends what the digits stand for; false, and nothing appended, when they are malformed: another alphabet,
    /// blanks, missing padding. Bits behind the last byte may be anything, as botocore takes them. Where the buffer has
    /// no room the digits are not looked at; its `isExhausted` says so.
    public static func decode(_ digits: Span<UInt8>, into buffer: inout ByteBuffer) -> Bool {
        guard digits.count & 3 == 0 else { return false }
        guard digits.count > 0 else { return true }
        let padding = paddingLength(digits)
        let whole = digits.count / 4 &- (padding > 0 ? 1 : 0)
        let before = buffer.count
        var bits: UInt32 = 0
        buffer.append(upTo: digits.count / 4 &* 3) { room in
            bits = decodeGroups(digits, whole, &room)
            guard padding > 0 else { return whole &* 3 }
            bits |= decodeLast(digits, whole, padding, &room)
            return whole &* 3 &+ 3 &- padding
        }
        if bits &>> 24 != 0 { buffer.truncate(to: before) }
        return bits &>> 24 == 0
    }

    /// The count is a positive multiple of four.
    private static func paddingLength(_ digits: Span<UInt8>) -> Int {
        guard digits[unchecked: digits.count &- 1] == UInt8(ascii: "=") else { return 0 }
        return digits[unchecked: digits.count &- 2] == UInt8(ascii: "=") ? 2 : 1
    }

    /// Four digits to three bytes each. What no digit is sets bits above the lowest 24 of the result, wherever in its
    /// group it stands. `digits` holds `4 * groups`, `room` at least `3 * groups` bytes.
    @_optimize(speed)
    private static func decodeGroups(_ digits: Span<UInt8>, _ groups: Int, _ room: inout MutableSpan<UInt8>) -> UInt32 {
        var all: UInt32 = 0
        for group in 0..<groups {
            let at = group &* 4
            let high = value(digits[unchecked: at]) &<< 18 | value(digits[unchecked: at &+ 1]) &<< 12
            let bits = high | value(digits[unchecked: at &+ 2]) &<< 6 | value(digits[unchecked: at &+ 3])
            let to = group &* 3
            room[unchecked: to] = UInt8(truncatingIfNeeded: bits &>> 16)
            room[unchecked: to &+ 1] = UInt8(truncatingIfNeeded: bits &>> 8)
            room[unchecked: to &+ 2] = UInt8(truncatingIfNeeded: bits)
            all |= bits
        }
        return all
    }

    /// The last group, of which one or two digits are padding; the result is as above.
    private static func decodeLast(
        _ digits: Span<UInt8>, _ whole: Int, _ padding: Int, _ room: inout MutableSpan<UInt8>
    ) -> UInt32 {
        let at = whole &* 4
        let third = padding == 1 ? value(digits[unchecked: at &+ 2]) &<< 6 : 0
        let bits = value(digits[unchecked: at]) &<< 18 | value(digits[unchecked: at &+ 1]) &<< 12 | third
        room[unchecked: whole &* 3] = UInt8(truncatingIfNeeded: bits &>> 16)
        if padding == 1 { room[unchecked: whole &* 3 &+ 1] = UInt8(truncatingIfNeeded: bits &>> 8) }
        return bits
    }

    /// What a digit stands for; all bits set for what is none.
    @inline(__always)
    private static func value(_ digit: UInt8) -> UInt32 {
        UInt32(truncatingIfNeeded: values[unchecked: Int(digit)])
    }

    /// One for each byte.
    private static let values: InlineArray<256, Int8> = [
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, -1, -1, 63,
        52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1,
        -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
        15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, -1,
        -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
        41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    ]
}
