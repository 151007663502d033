import BedrockCore
import Foundation
import Testing

@Suite struct Base64Tests {
    @Test func everyLengthAgreesWithFoundation() {
        for length in 0..<70 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
            let encoded = encode(bytes)
            #expect(encoded == Bytes(Data(bytes).base64EncodedString().utf8))
            #expect(decode(encoded) == bytes)
        }
    }

    @Test(arguments: [
        "A", "AA", "AAA", "A===", "====", "AA=A", "A=AA", "=AAA", "AAAA=", "AA==AAAA", "AA A", "AAA\n", "AA-_", "é==",
    ])
    func malformedIsRefused(_ text: String) {
        #expect(decode(Bytes(text.utf8)) == nil)
    }

    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func vectors(_ text: String, _ digits: String) {
        #expect(String(encode(Bytes(text.utf8))) == digits)
        #expect(decode(Bytes(digits.utf8)) == Bytes(text.utf8))
    }

    @Test func bitsBehindTheEndMayBeAnything() {
        #expect(decode(Bytes("Zh==".utf8)) == Bytes("f".utf8))
        #expect(decode(Bytes("Zm9=".utf8)) == Bytes("fo".utf8))
    }

    /// Each of all bytes at each place of texts of several lengths: a digit, or the whole is refused.
    @Test func everyByteAtEveryPlace() {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for length in [4, 8, 12, 16, 20, 32, 36, 64, 68] {
            for at in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var digits = Bytes(repeating: UInt8(ascii: "A"), count: length)
                    digits[at] = byte
                    let isPadding = byte == UInt8(ascii: "=") && at == length - 1
                    if (decode(digits) != nil) != (alphabet.contains(byte) || isPadding) {
                        Issue.record("byte \(byte) at \(at) of \(length)")
                    }
                }
            }
        }
    }

    @Test func randomBytesAgreeWithFoundation() {
        var random = SeededRandom(for: "randomBytesAgreeWithFoundation")
        for _ in 0..<300 {
            let bytes = random.bytes(random.below(400))
            let encoded = encode(bytes)
            #expect(encoded == Bytes(Data(bytes).base64EncodedString().utf8))
            #expect(decode(encoded) == bytes)
        }
    }

    private func encode(_ bytes: Bytes) -> Bytes {
        var encoded = ByteBuffer()
        Base64.encode(bytes.span, into: &encoded)
        return encoded.array
    }

    /// Nil when the digits are refused; nothing may have been appended then.
    private func decode(_ digits: Bytes) -> Bytes? {
        var decoded = ByteBuffer()
        decoded.append("before" as StaticString)
        let isRight = Base64.decode(digits.span, into: &decoded)
        if !isRight, decoded.count != 6 { return Bytes("not dropped" as StaticString) }
        return isRight ? Bytes(decoded.array.dropFirst(6)) : nil
    }
}
