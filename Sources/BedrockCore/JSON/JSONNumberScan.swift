extension Span where Element == UInt8 {
    /// The end of the number at `start` (RFC 8259, section 6). What follows is not looked at.
    @_optimize(speed)
    func scanJSONNumber(from start: Int) throws(JSONError) -> Int {
        var at = start
        if byteOrNUL(at) == UInt8(ascii: "-") { at &+= 1 }
        if byteOrNUL(at) == UInt8(ascii: "0") {
            at &+= 1
        } else {
            at = try scanDigits(from: at)
        }
        if byteOrNUL(at) == UInt8(ascii: ".") { at = try scanDigits(from: at &+ 1) }
        if byteOrNUL(at) | 0x20 == UInt8(ascii: "e") {
            at &+= 1
            if byteOrNUL(at) == UInt8(ascii: "+") || byteOrNUL(at) == UInt8(ascii: "-") { at &+= 1 }
            at = try scanDigits(from: at)
        }
        return at
    }

    /// One digit or more.
    @inline(__always)
    @_optimize(speed)
    private func scanDigits(from start: Int) throws(JSONError) -> Int {
        var at = start
        while byteOrNUL(at) &- 48 < 10 { at &+= 1 }
        guard at > start else {
            throw JSONError(kind: at < count ? .number : .incomplete, offset: Swift.min(at, count))
        }
        return at
    }
}
