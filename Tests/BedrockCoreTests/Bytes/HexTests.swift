import BedrockCore
import Testing

@Suite struct HexTests {
    @Test func everyByte() {
        let all = (UInt8.min...UInt8.max).map { $0 }
        let expected = all.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(String(Hex.bytes(all.span)) == expected)
        let none = Bytes()
        var buffer = ByteBuffer()
        buffer.append("x" as StaticString)
        Hex.encode(all.span, into: &buffer)
        Hex.encode(none.span, into: &buffer)
        let found = String(buffer.array)
        #expect(found == "x" + expected)
        #expect(Hex.bytes(none.span).isEmpty)
    }

    @Test func everyDigit() {
        for byte in UInt8.min...UInt8.max {
            #expect(
                byte.hexDigitValue.map(Int.init) == (byte < 0x80 ? Character(Unicode.Scalar(byte)).hexDigitValue : nil))
        }
    }
}
