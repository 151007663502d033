/// Percent-encoding of RFC 3986 as AWS wants it: all but the unreserved characters, upper-case hexadecimal digits.
public enum PercentEncoding {
    /// Encodes one path segment: "/" becomes "%2F" and ":" "%3A" (Smithy's HTTP labels, not greedy).
    public static func label(_ text: Span<UInt8>, into buffer: inout ByteBuffer) {
        encode(text, keepingSlash: false, into: &buffer)
    }

    /// Encodes a path: as `label`, but "/" stays.
    public static func path(_ text: Span<UInt8>, into buffer: inout ByteBuffer) {
        encode(text, keepingSlash: true, into: &buffer)
    }

    /// Replaces "%XX" by the byte it stands for. Returns false where a "%" is not followed by two hexadecimal digits;
    /// what was appended up to there stays.
    public static func decode(_ text: Span<UInt8>, into buffer: inout ByteBuffer) -> Bool {
        var at = 0
        while at < text.count {
            let byte = text[unchecked: at]
            at &+= 1
            guard byte == UInt8(ascii: "%") else {
                buffer.append(byte)
                continue
            }
            guard text.count &- at >= 2, let high = text[unchecked: at].hexDigit,
                let low = text[unchecked: at &+ 1].hexDigit
            else { return false }
            buffer.append(high << 4 | low)
            at &+= 2
        }
        return true
    }

    static func append(encoded byte: UInt8, to buffer: inout ByteBuffer) {
        buffer.append(UInt8(ascii: "%"))
        buffer.append(upperHexDigit(byte >> 4))
        buffer.append(upperHexDigit(byte & 15))
    }

    /// Runs of kept bytes are copied at once: paths and queries are made of little else.
    @_optimize(speed)
    private static func encode(_ text: Span<UInt8>, keepingSlash: Bool, into buffer: inout ByteBuffer) {
        var run = 0
        for at in 0..<text.count {
            let byte = text[unchecked: at]
            if byte.isUnreserved || (keepingSlash && byte == UInt8(ascii: "/")) { continue }
            buffer.append(text.extracting(run..<at))
            append(encoded: byte, to: &buffer)
            run = at &+ 1
        }
        buffer.append(text.extracting(run..<text.count))
    }

    private static func upperHexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? value &+ UInt8(ascii: "0") : value &+ (UInt8(ascii: "A") &- 10)
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit of either case.
    var hexDigit: UInt8? {
        if self &- 48 < 10 { return self &- 48 }
        let letter = (self | 0x20) &- 97
        return letter < 6 ? letter &+ 10 : nil
    }
}
