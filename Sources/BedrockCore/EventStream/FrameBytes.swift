/// Reading at places that were checked to lie inside.
extension Span where Element == UInt8 {
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    }

    @inline(__always)
    func bigEndian16(at offset: Int) -> UInt16 {
        UInt16(bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self))
    }

    @inline(__always)
    func bigEndian32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self))
    }

    @inline(__always)
    func bigEndian64(at offset: Int) -> UInt64 {
        UInt64(bigEndian: word(at: offset))
    }

    /// Whether `literal`, of 8 to 16 bytes, lies at `range`: two words that overlap, compared with constants.
    @inline(__always)
    func hasText(_ literal: StaticString, at range: Range<Int>) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard range.count == count, count >= 8, count <= 16 else { return false }
        let text = UnsafeRawPointer(literal.utf8Start)
        return word(at: range.lowerBound) == text.loadUnaligned(as: UInt64.self)
            && word(at: range.upperBound &- 8) == text.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    }

    /// The last 8 bytes of what lies at `range`; where it is shorter, all of it. At least 8 others must precede it.
    @inline(__always)
    func lastWord(of range: Range<Int>) -> UInt64 {
        let count = range.upperBound &- range.lowerBound
        guard count > 0 else { return 0 }
        return word(at: range.upperBound &- 8) >> UInt64(truncatingIfNeeded: 8 &* max(8 &- count, 0))
    }

    /// Whether the bytes at `range`, which at least 8 others precede, are UTF-8. The usual text is ASCII and is seen
    /// a word at a time.
    @inline(__always)
    func isText(at range: Range<Int>) -> Bool {
        var seen = lastWord(of: range)
        var at = range.lowerBound
        while range.upperBound &- at > 8 {
            seen |= word(at: at)
            at &+= 8
        }
        return seen & 0x8080_8080_8080_8080 == 0 || isUTF8(at: range)
    }

    @inline(never)
    private func isUTF8(at range: Range<Int>) -> Bool {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: extracting(unchecked: range))
            return true
        } catch {
            return false
        }
    }
}
