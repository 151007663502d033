// From places in the input to what stands there. These calls are thin: one that runs out of line would copy the reader.

extension JSONReader {
    /// Whether the text says `literal`, however it is written: "\u0074ext" is "text".
    @inline(__always)
    public func isEqual(_ text: JSONText, to literal: StaticString) -> Bool {
        if text.hasEscapes { return input.unescapedIsEqual(text, literal) }
        // Most names differ in length.
        guard text.end &- text.start == literal.utf8CodeUnitCount else { return false }
        return input.holds(literal.utf8Start, literal.utf8CodeUnitCount, at: text.start)
    }

    /// Appends what the text says, as UTF-8. A lone surrogate becomes U+FFFD.
    @inline(__always)
    public func append(_ text: JSONText, to buffer: inout ByteBuffer) {
        buffer.append(text, of: input)
    }

    /// A copy of what the text says; for small texts only.
    @inline(__always)
    public func bytes(of text: JSONText) -> Bytes {
        input.bytes(of: text)
    }

    /// The number as an integer; nil when it has a fraction or an exponent, or is beyond Int64.
    @inline(__always)
    public func integer(_ number: Range<Int>) -> Int64? {
        input.place(number.lowerBound, number.upperBound).decimal()
    }

    /// The bytes at a place, as far as they exist.
    @_lifetime(copy self)
    @inline(__always)
    public func raw(_ range: Range<Int>) -> Span<UInt8> {
        input.place(range.lowerBound, range.upperBound)
    }

    /// The bytes between the quotes, as they were written.
    @_lifetime(copy self)
    @inline(__always)
    public func raw(_ text: JSONText) -> Span<UInt8> {
        input.place(text.start, text.end)
    }
}

extension Span where Element == UInt8 {
    /// The bytes from `start` to `end`, as far as they exist.
    @_lifetime(copy self)
    @inline(__always)
    fileprivate func place(_ start: Int, _ end: Int) -> Span<UInt8> {
        // 0 <= lower <= upper <= count
        let lower = Swift.min(Swift.max(start, 0), count)
        let upper = Swift.min(Swift.max(end, lower), count)
        return extracting(unchecked: Range(uncheckedBounds: (lower, upper)))
    }

    @inline(never)
    fileprivate func unescapedIsEqual(_ text: JSONText, _ literal: StaticString) -> Bool {
        place(text.start, text.end).unescapedIsEqual(to: literal)
    }

    /// Whether the literal stands at `start`. Takes its bytes and their number: a `StaticString` has more to look at.
    @inline(never)
    fileprivate func holds(_ literal: UnsafePointer<UInt8>, _ length: Int, at start: Int) -> Bool {
        guard start >= 0, start <= count &- length else { return false }
        let end = start &+ length
        let wanted = Span(_unsafeStart: literal, count: length)
        return extracting(unchecked: Range(uncheckedBounds: (start, end))).isEqual(to: wanted)
    }

    fileprivate func bytes(of text: JSONText) -> Bytes {
        guard text.hasEscapes else { return Bytes(copying: place(text.start, text.end)) }
        var buffer = ByteBuffer()
        buffer.append(unescaping: place(text.start, text.end))
        return buffer.array
    }
}

extension ByteBuffer {
    @_optimize(speed)
    mutating func append(_ text: JSONText, of input: Span<UInt8>) {
        if text.hasEscapes {
            append(unescaping: input.place(text.start, text.end))
        } else {
            append(input.place(text.start, text.end))
        }
    }
}
