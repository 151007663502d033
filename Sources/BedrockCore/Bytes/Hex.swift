/// Hexadecimal digits, lower case as the AWS signature wants them.
public enum Hex {
    @_optimize(speed)
    public static func encode(_ bytes: Span<UInt8>, into buffer: inout ByteBuffer) {
        guard bytes.count <= Int.max / 2 else { return }
        buffer.append(upTo: bytes.count &* 2) { room in
            for at in 0..<bytes.count {
                let byte = bytes[unchecked: at]
                room[unchecked: at &* 2] = digit(byte &>> 4)
                room[unchecked: at &* 2 &+ 1] = digit(byte & 15)
            }
            return bytes.count &* 2
        }
    }

    public static func bytes(_ bytes: Span<UInt8>) -> Bytes {
        var digits = Bytes()
        for at in 0..<bytes.count {
            digits.append(digit(bytes[unchecked: at] &>> 4))
            digits.append(digit(bytes[unchecked: at] & 15))
        }
        return digits
    }

    /// The digit of a number below 16.
    @inline(__always)
    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &- 10 &+ value
    }
}

extension UInt8 {
    /// The number that a hexadecimal digit of either case stands for.
    @inline(__always)
    public var hexDigitValue: UInt8? {
        if self &- 48 < 10 { return self &- 48 }
        let letter = (self | 0x20) &- 97
        return letter < 6 ? letter &+ 10 : nil
    }
}
