import BedrockCore
import Testing

/// Texts that are no JSON: which fault is found, and where.
@Suite struct JSONRefusedTests {
    typealias Fault = (text: String, kind: JSONError.Kind, offset: Int)

    @Test(
        arguments: [
            ("[1 true]", .expectedCommaOrBracket, 3), ("[\"\": 1]", .expectedCommaOrBracket, 3),
            ("[\"\"],", .expectedEnd, 4), ("[,1]", .expectedValue, 1), ("[1,,2]", .expectedValue, 3),
            ("[\"x\"]]", .expectedEnd, 5), ("[\"x\",]", .expectedValue, 5), ("[\"x\",,]", .expectedValue, 5),
            ("[\"x\"", .incomplete, 4), ("[x", .expectedValue, 1), ("[3[4]]", .expectedCommaOrBracket, 2),
            ("[1:2]", .expectedCommaOrBracket, 2), ("[,]", .expectedValue, 1), ("[-]", .number, 2),
            ("[   , \"\"]", .expectedValue, 4), ("[1,]", .expectedValue, 3), ("[*]", .expectedValue, 1),
            ("[1,\n1\n,1", .incomplete, 8), ("[{}", .incomplete, 3), ("[\"a\",\n4\n,1,", .incomplete, 11),
            ("[", .incomplete, 1), ("[1}", .expectedCommaOrBracket, 2), ("[}", .expectedValue, 1),
            ("]", .expectedValue, 0),
            ("}", .expectedValue, 0), ("[[]", .incomplete, 3), ("[]]", .expectedEnd, 2), ("[](", .expectedEnd, 2),
            ("[1]x", .expectedEnd, 3), ("[] []", .expectedEnd, 3), ("{}{}", .expectedEnd, 2), ("1 2", .expectedEnd, 2),
            ("", .incomplete, 0), (" ", .incomplete, 1), ("\n", .incomplete, 1), (",", .expectedValue, 0),
            (":", .expectedValue, 0), ("*", .expectedValue, 0), ("<.>", .expectedValue, 0),
            ("[<null>]", .expectedValue, 1),
            ("/**/1", .expectedValue, 0), ("1//", .expectedEnd, 1), ("[1]#", .expectedEnd, 3),
            ("\u{0C}[]", .expectedValue, 0),
            ("[\u{0C}]", .expectedValue, 1), ("[\u{2060}]", .expectedValue, 1), ("\u{FEFF}{}", .expectedValue, 0),
            ("[\u{A0}]", .expectedValue, 1), ("[\u{0B}1]", .expectedValue, 1), ("[\u{1}]", .expectedValue, 1),
            ("\u{0}", .expectedValue, 0), ("1\u{0}", .expectedEnd, 1), ("[1\u{0}]", .expectedCommaOrBracket, 2),
            ("[a\n\u{e5}]", .expectedValue, 1), ("\u{e5}", .expectedValue, 0), ("é", .expectedValue, 0),
        ] as [Fault])
    func structure(_ fault: Fault) { check(fault) }

    @Test(
        arguments: [
            ("[nul]", .literal, 4), ("[nulL]", .literal, 4), ("[tru]", .literal, 4), ("[True]", .expectedValue, 1),
            ("[TRUE]", .expectedValue, 1), ("[fals]", .literal, 5), ("[falsE]", .literal, 5),
            ("[NULL]", .expectedValue, 1),
            ("nulll", .expectedEnd, 4), ("truefalse", .expectedEnd, 4), ("t", .incomplete, 1), ("fals", .incomplete, 4),
            ("[nan]", .literal, 2), ("[NaN]", .expectedValue, 1), ("[Infinity]", .expectedValue, 1),
            ("[-Infinity]", .number, 2), ("[-NaN]", .number, 2), ("undefined", .expectedValue, 0),
            ("n\u{0}ll", .literal, 1), ("[true\u{0}]", .expectedCommaOrBracket, 5),
        ] as [Fault])
    func literals(_ fault: Fault) { check(fault) }

    @Test(
        arguments: [
            ("[++1234]", .expectedValue, 1), ("[+1]", .expectedValue, 1), ("[+Inf]", .expectedValue, 1),
            ("[-01]", .expectedCommaOrBracket, 3), ("[-1.0.]", .expectedCommaOrBracket, 5), ("[-2.]", .number, 4),
            ("[.-1]", .expectedValue, 1), ("[.2e-3]", .expectedValue, 1), ("[0.1.2]", .expectedCommaOrBracket, 4),
            ("[0.3e+]", .number, 6), ("[0.3e]", .number, 5), ("[0.e1]", .number, 3), ("[0E]", .number, 3),
            ("[0E+]", .number, 4), ("[0e]", .number, 3), ("[0e+]", .number, 4), ("[1.0e+]", .number, 6),
            ("[1.0e-]", .number, 6), ("[1.0e]", .number, 5), ("[1 000.0]", .expectedCommaOrBracket, 3),
            ("[1eE2]", .number, 3), ("[2.e+3]", .number, 3), ("[2.e-3]", .number, 3), ("[2.e3]", .number, 3),
            ("[9.e+]", .number, 3), ("[1+2]", .expectedCommaOrBracket, 2), ("[0x1]", .expectedCommaOrBracket, 2),
            ("[0x42]", .expectedCommaOrBracket, 2), ("[0e+-1]", .number, 4),
            ("[-123.123foo]", .expectedCommaOrBracket, 9),
            ("[- 1]", .number, 2), ("[-012]", .expectedCommaOrBracket, 3), ("[-.123]", .number, 2),
            ("[-1x]", .expectedCommaOrBracket, 3), ("[1ea]", .number, 3), ("[1.]", .number, 3),
            ("[.123]", .expectedValue, 1),
            ("[1.2a-3]", .expectedCommaOrBracket, 4), ("[1.8011670033376514H-308]", .expectedCommaOrBracket, 19),
            ("[012]", .expectedCommaOrBracket, 2), ("[00]", .expectedCommaOrBracket, 2), ("-", .incomplete, 1),
            ("1.", .incomplete, 2), ("1e", .incomplete, 2), ("1e+", .incomplete, 3), ("-x", .number, 1),
            ("--1", .number, 1),
            ("[1_000]", .expectedCommaOrBracket, 2), ("[１]", .expectedValue, 1),
            ("[1e1.5]", .expectedCommaOrBracket, 4),
            ("[\u{2212}1]", .expectedValue, 1), ("01", .expectedEnd, 1), ("1e+-1", .number, 3), ("-a", .number, 1),
        ] as [Fault])
    func numbers(_ fault: Fault) { check(fault) }

    @Test(
        arguments: [
            ("[\"x\", truth]", .literal, 9), ("{[: \"x\"}", .expectedKeyOrBrace, 1),
            ("{\"x\", null}", .expectedColon, 4),
            ("{\"x\"::\"b\"}", .expectedValue, 5), ("{🇨🇭}", .expectedKeyOrBrace, 1),
            ("{\"a\":\"a\" 123}", .expectedCommaOrBrace, 9),
            ("{key: 'value'}", .expectedKeyOrBrace, 1), ("{\"a\" b}", .expectedColon, 5),
            ("{:\"b\"}", .expectedKeyOrBrace, 1),
            ("{\"a\" \"b\"}", .expectedColon, 5), ("{\"a\":", .incomplete, 5), ("{\"a\"", .incomplete, 4),
            ("{1:1}", .expectedKeyOrBrace, 1), ("{9999E9999:1}", .expectedKeyOrBrace, 1),
            ("{null:null}", .expectedKeyOrBrace, 1),
            ("{\"id\":0,,,,,}", .expectedKey, 8), ("{'a':0}", .expectedKeyOrBrace, 1), ("{\"id\":0,}", .expectedKey, 8),
            ("{\"a\":\"b\"}/**/", .expectedEnd, 9), ("{\"a\":\"b\"}#", .expectedEnd, 9),
            ("{\"a\":\"b\",,\"c\":\"d\"}", .expectedKey, 9),
            ("{a: \"b\"}", .expectedKeyOrBrace, 1), ("{\"a\":\"a", .incomplete, 7),
            ("{ \"foo\" : \"bar\", \"a\" }", .expectedColon, 21),
            ("{\"a\":\"b\"}#{}", .expectedEnd, 9), ("{\"a\": true} \"x\"", .expectedEnd, 12), ("{", .incomplete, 1),
            ("{,}", .expectedKeyOrBrace, 1), ("{]", .expectedKeyOrBrace, 1), ("{\"a\":1]", .expectedCommaOrBrace, 6),
            ("{\"a\"}", .expectedColon, 4), ("{\"a\":}", .expectedValue, 5), ("{\"a\":,}", .expectedValue, 5),
            ("{\"a\":1 \"b\":2}", .expectedCommaOrBrace, 7), ("{\"a\":1;\"b\":2}", .expectedCommaOrBrace, 6),
            ("{\"a\"=1}", .expectedColon, 4), ("{true:1}", .expectedKeyOrBrace, 1), ("{{}:1}", .expectedKeyOrBrace, 1),
            ("{\"a\":1,2}", .expectedKey, 7), ("{\"\n\":1}", .controlCharacter, 2), ("{\"\\x\":1}", .escape, 2),
        ] as [Fault])
    func objects(_ fault: Fault) { check(fault) }

    @Test(
        arguments: [
            (#"["\uD800\"]"#, .incomplete, 11), (#"["\uD800\u"]"#, .escape, 8), (#"["\uD800\u1"]"#, .escape, 8),
            (#"["\uD800\u1x"]"#, .escape, 8), ("[é]", .expectedValue, 1), ("[\"\\\u{0}\"]", .escape, 2),
            (#"["\x00"]"#, .escape, 2), (#"["\\\"]"#, .incomplete, 7), ("[\"\\\t\"]", .escape, 2),
            ("[\"\\🌀\"]", .escape, 2),
            (#"["\"]"#, .incomplete, 5), (#"["\u00A"]"#, .escape, 2), (#"["\uD834\uDd"]"#, .escape, 8),
            (#"["\uD800\uD800\x"]"#, .escape, 14), (#"["\a"]"#, .escape, 2), (#"["\uqqqq"]"#, .escape, 2),
            ("[\\u0020\"asd\"]", .expectedValue, 1), ("[\\n]", .expectedValue, 1), ("\"", .incomplete, 1),
            ("['single']", .expectedValue, 1),
            ("abc", .expectedValue, 0), (#"["\"#, .incomplete, 3), ("[\"a\u{0}a\"]", .controlCharacter, 3),
            ("[\"new\nline\"]", .controlCharacter, 5),
            ("[\"\t\"]", .controlCharacter, 2), ("\"\u{1F}\"", .controlCharacter, 1), (#""\UA66D""#, .escape, 1),
            (#"""x"#, .expectedEnd, 2),
            ("\"x", .incomplete, 2), (#""\u"#, .incomplete, 3), (#""\u1"#, .incomplete, 4),
            (#""\u123"#, .incomplete, 6),
            (#""\u 123""#, .escape, 1), (#""\u+123""#, .escape, 1), (#""\u-123""#, .escape, 1),
            (#""\u12G4""#, .escape, 1),
            (#""\v""#, .escape, 1), (#""\0""#, .escape, 1), (#""\'""#, .escape, 1), ("\"\\\n\"", .escape, 1),
            (#""\N""#, .escape, 1),
            ("\"12345678\u{1f}\"", .controlCharacter, 9), ("\"1234567\u{00}\"", .controlCharacter, 8),
            ("\"123456\r\"", .controlCharacter, 7),
        ] as [Fault])
    func strings(_ fault: Fault) { check(fault) }

    @Test(
        arguments: [
            ([0xFF], .invalidUTF8, 0), ([0x80], .invalidUTF8, 0), ([0xBF, 0xBF], .invalidUTF8, 0),
            ([0xC0, 0xAF], .invalidUTF8, 0),
            ([0xC1, 0xBF], .invalidUTF8, 0), ([0xE0, 0x80, 0xAF], .invalidUTF8, 0),
            ([0xE0, 0x9F, 0xBF], .invalidUTF8, 0),
            ([0xF0, 0x80, 0x80, 0xAF], .invalidUTF8, 0), ([0xF0, 0x8F, 0xBF, 0xBF], .invalidUTF8, 0),
            ([0xED, 0xA0, 0x80], .invalidUTF8, 0),
            ([0xED, 0xBF, 0xBF], .invalidUTF8, 0), ([0xF4, 0x90, 0x80, 0x80], .invalidUTF8, 0),
            ([0xF5, 0x80, 0x80, 0x80], .invalidUTF8, 0),
            ([0xFC, 0x80, 0x80, 0x80, 0x80, 0xAF], .invalidUTF8, 0), ([0xC3], .invalidUTF8, 0),
            ([0xE2, 0x82], .invalidUTF8, 0),
            ([0xF0, 0x9F, 0x98], .invalidUTF8, 0), ([0x61, 0xC3, 0xA9, 0xC3], .invalidUTF8, 3),
            ([0xE5], .invalidUTF8, 0),
            ([0xC3, 0x28], .invalidUTF8, 0), ([0xE2, 0x28, 0xA1], .invalidUTF8, 0),
            ([0xE2, 0x82, 0x28], .invalidUTF8, 0),
            ([0xF0, 0x28, 0x8C, 0xBC], .invalidUTF8, 0), ([0xF0, 0x90, 0x28, 0xBC], .invalidUTF8, 0),
            ([0xF0, 0x28, 0x8C, 0x28], .invalidUTF8, 0),
            ([0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0xFE], .invalidUTF8, 9),
            ([0x5C, 0xE5], .escape, 0),
            ([0x5C, 0x75, 0xE5], .escape, 0), ([0xED, 0xA0, 0x81, 0xED, 0xB0, 0x80], .invalidUTF8, 0),
            ([0xEF, 0xBF], .invalidUTF8, 0),
        ] as [(Bytes, JSONError.Kind, Int)])
    func bytesInAString(_ content: Bytes, _ kind: JSONError.Kind, _ offset: Int) {
        let quote = UInt8(ascii: "\"")
        #expect(fault(of: [quote] + content + [quote]) == JSONError(kind: kind, offset: offset + 1))
        #expect(fault(of: [UInt8(ascii: "{"), quote] + content + [quote]) == JSONError(kind: kind, offset: offset + 2))
    }

    @Test func utf16IsRefused() {
        #expect(fault(of: [0xFE, 0xFF, 0, 0x5B, 0, 0x5D]) == JSONError(kind: .expectedValue, offset: 0))
        #expect(fault(of: [0x5B, 0, 0x5D, 0]) == JSONError(kind: .expectedValue, offset: 1))
    }

    @Test func nestingHasALimit() {
        let deepest = nested("[", "]", Limits.jsonDepth)
        #expect(fault(of: Bytes(deepest.utf8)) == nil)
        #expect(fault(of: Bytes(nested("{\"a\":", "1}", 1).utf8)) == nil)
        let tooDeep = JSONError(kind: .depth, offset: Limits.jsonDepth)
        #expect(fault(of: Bytes(nested("[", "]", Limits.jsonDepth + 1).utf8)) == tooDeep)
        #expect(fault(of: Bytes(repeating: UInt8(ascii: "["), count: 100_000)) == tooDeep)
        let objects = Bytes(String(repeating: "{\"\":", count: 100_000).utf8)
        #expect(fault(of: objects) == JSONError(kind: .depth, offset: 4 * Limits.jsonDepth))
    }

    @Test(arguments: [0, 1, 63, 64, 65, 128, 255, 1000, -1])
    func nestingLimitIsTheCallers(_ limit: Int) {
        let allowed = max(0, min(limit, Limits.jsonDepth))
        let text = Bytes(nested("[", "]", allowed + 1).utf8)
        var reader = JSONReader(text.span, maxDepth: limit)
        var entered = 0
        do {
            while try reader.next() == .beginArray { entered += 1 }
            Issue.record("read beyond the limit")
        } catch {
            #expect(error == JSONError(kind: .depth, offset: allowed))
        }
        #expect(entered == allowed)
    }

    @Test func messageSaysWhatAndWhere() {
        #expect(fault(of: Bytes("{\"a\":1;".utf8))?.message == "expected ',' or '}' at byte 6")
        #expect(fault(of: Bytes("[1,".utf8))?.message == "unexpected end of the JSON text at byte 3")
    }

    private func nested(_ open: String, _ close: String, _ depth: Int) -> String {
        String(repeating: open, count: depth) + String(repeating: close, count: depth)
    }

    /// By tokens, by one `skipValue`, and by the reference.
    private func check(_ expected: Fault) {
        let bytes = Bytes(expected.text.utf8)
        #expect(fault(of: bytes) == JSONError(kind: expected.kind, offset: expected.offset))
        #expect(throws: ReferenceJSON.Refused.self) { try ReferenceJSON.tree(of: bytes) }
    }
}

/// How a text is refused; nil when it is not.
func fault(of bytes: Bytes) -> JSONError? {
    do {
        try JSONReader.validate(bytes.span)
        return nil
    } catch {
        return error
    }
}
