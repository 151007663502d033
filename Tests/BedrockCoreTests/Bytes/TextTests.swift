import BedrockCore
import Testing

@Suite struct TextTests {
    @Test func equality() {
        #expect(Bytes("abc" as StaticString) == "abc" && Bytes("" as StaticString) == "")
        #expect(Bytes("abc" as StaticString) != "abd" && Bytes("abc" as StaticString) != "ab")
        #expect(Bytes("ab" as StaticString) != "abc" && !(Bytes("abc" as StaticString) != "abc"))
        for length in 0..<40 {
            let bytes = Bytes(repeating: 0x61, count: length)
            #expect(bytes.span.isEqual(to: bytes.span) == true)
            for at in 0..<length {
                var other = bytes
                other[at] = 0x62
                #expect(bytes.span.isEqual(to: other.span) == false)
            }
        }
    }

    @Test(arguments: [
        ("Content-Type", true), ("content-type", true), ("CONTENT-TYPE", true), ("content-typ", false),
        ("content_type", false),
        ("content-typf", false), ("", false), ("content\u{0D}type", false), ("content-types", false),
    ])
    func equalityWithoutCase(_ text: String, _ expected: Bool) {
        #expect(text.utf8.span.isEqualIgnoringCase("Content-Type") == expected)
    }

    /// Only letters differ by case: "@" and "`", "[" and "{" are 32 apart too.
    @Test func caseIsOnlyForLetters() {
        for byte in UInt8.min...UInt8.max {
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            #expect(byte.asciiLowercased == (isUpper ? byte + 32 : byte))
        }
    }

    @Test func unreservedAndBlank() {
        let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(byte.isUnreserved == unreserved.contains(byte))
            #expect(byte.isBlank == " \t\r\n".utf8.contains(byte))
        }
    }

    @Test(arguments: [("", true), ("a", true), ("ab", true), ("abc", false), ("b", false)] as [(StaticString, Bool)])
    func starts(_ start: StaticString, _ expected: Bool) {
        #expect("ab".utf8.span.starts(with: start) == expected)
    }

    @Test(arguments: [(0, 1), (1, 1), (2, 4), (5, nil), (99, nil), (-3, 1)] as [(Int, Int?)])
    func firstIndex(_ start: Int, _ expected: Int?) {
        #expect("a,bc,".utf8.span.firstIndex(of: UInt8(ascii: ","), from: start) == expected)
        #expect("".utf8.span.firstIndex(of: 0) == nil)
    }

    @Test(arguments: [("", ""), (" ", ""), (" a ", "a"), ("\t a b\r\n", "a b"), ("a", "a"), ("\u{0B}a", "\u{0B}a")])
    func trimmed(_ text: String, _ expected: String) {
        #expect(String(copying: text.utf8.span.trimmed()) == expected)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("007", 7), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("", nil), ("-", nil), ("+1", nil),
            ("1 ", nil), (" 1", nil),
            ("1a", nil), ("--1", nil), ("99999999999999999999", nil), ("000000000000000000001", nil), ("1.", nil),
            ("٣", nil),
        ] as [(String, Int64?)])
    func decimal(_ text: String, _ expected: Int64?) {
        #expect(text.utf8.span.decimal() == expected)
    }

    @Test func stringsRepairUTF8() {
        #expect(String([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
        #expect(Bytes(copying: "é".utf8.span) == [0xC3, 0xA9])
    }
}
