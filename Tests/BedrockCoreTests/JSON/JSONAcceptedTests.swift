import BedrockCore
import Testing

/// Texts that RFC 8259 allows. Each must be read to its end, by tokens as by one `skipValue`, and gives the tree that
/// the reference reader gives.
@Suite struct JSONAcceptedTests {
    @Test(
        arguments: [
            "[]", "{}", " [] ", "[[]]", "[[],[]]", "[[[]], {}]", "[\"\"]", "[\"a\"]", "[null]", "[false]", "[true]",
            "[null, 1, \"1\", {}]", "[1\n]", " [1]", "[1,null,null,null,2]", "[2] ", "[]\n", "\t\r\n []",
            "[\n1\r,\t2 ]",
            "{\"a\":{\"b\":{\"c\":[{}]}}}", "[{},{},{}]", "[[1],[2,[3,[4]]]]", "{\"a\":[]}", "{\"a\":[\n]}",
        ])
    func structure(_ text: String) throws { try check(text) }

    @Test(
        arguments: [
            "0", "-0", "1", "-1", "10", "123456789012345678901234567890", "[123e65]", "[0e+1]", "[0e1]", "[ 4]",
            "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000000001]", "[20e1]", "[-0]",
            "[-123]", "[-1]", "[1E22]", "[1E-2]", "[1E+2]", "[123e45]", "[123.456e78]", "[1e-2]", "[1e+2]", "[123]",
            "[123.456789]", "0.0", "-0.0", "0.5e0", "1.0E00", "[1e0001]", "9223372036854775807", "-9223372036854775808",
            "1e999", "-1e999", "1e-999", "[0.4e00669999999999999999999999999999999]", "[100000000000000000000]",
        ])
    func numbers(_ text: String) throws { try check(text) }

    @Test(
        arguments: [
            #"{"asd":"sdf", "dfg":"fgh"}"#, #"{"asd":"sdf"}"#, #"{"a":"b","a":"c"}"#, #"{"a":"b","a":"b"}"#,
            #"{"":0}"#, #"{"foo\u0000bar": 42}"#, #"{ "min": -1.0e+28, "max": 1.0e+28 }"#, #"{"x":[{"id": "xxx"}]}"#,
            #"{"a":[]}"#, "{\n\"a\": \"b\"\n}", #"{"title":"\u041f\u043e\u043b"}"#, #"{"a" :1}"#, "{\"a\"\t:\r1}",
            #"{"\"":"\\"}"#, #"{"é":1,"日本":2}"#,
        ])
    func objects(_ text: String) throws { try check(text) }

    @Test(
        arguments: [
            #"["\u0060\u012a\u12AB"]"#, #"["\uD801\udc37"]"#, #"["\ud83d\ude39\ud83d\udc8d"]"#,
            #"["\"\\\/\b\f\n\r\t"]"#, #"["\\u0000"]"#, #"["\""]"#, "[\"a/*b*/c/*d//e\"]", #"["\\a"]"#, #"["\\n"]"#,
            #"["\u0012"]"#, #"["\uFFFF"]"#, "[\"asd\"]", "[ \"asd\"]", #"["\uDBFF\uDFFF"]"#, #"["new\u00A0line"]"#,
            "[\"\u{10FFFF}\"]", "[\"\u{FFFF}\"]", #"["\u0000"]"#, #"["\u002c"]"#, "[\"π\"]", "[\"asd \"]", "\" \"",
            #"["\uD834\uDd1e"]"#, #"["\u0821"]"#, #"["\u0123"]"#, "[\"\u{2028}\"]", "[\"\u{2029}\"]", "\"\"",
            #"["\u0061\u30af\u30EA\u30b9"]"#, "[\"new\u{A0}line\"]", "[\"\u{7F}\"]", #"["\uA66D"]"#,
            #"["\u005C"]"#, "[\"⍂㈴⍂\"]", #"["\u200B"]"#, #"["\u2064"]"#, #"["\uFDD0"]"#, #"["\uFFFE"]"#,
            #"["\u0022"]"#, "[\"€𝄞\"]", "[\"a\u{7F}a\"]", "\"\u{FEFF}\"", "\"日本語のテキスト\"", "\"👩‍👩‍👧\"",
            "\"0123456\"", "\"01234567\"", "\"012345678\"", "\"0123456789abcde\"", "\"0123456789abcdef\"",
            "\"0123456789abcdefg\"",
        ])
    func strings(_ text: String) throws { try check(text) }

    /// What the grammar allows and the standard warns of: a lone surrogate means nothing and becomes U+FFFD.
    @Test(arguments: [
        (#""\uD800""#, "\u{FFFD}"), (#""\uDC00""#, "\u{FFFD}"), (#""\uD800abc""#, "\u{FFFD}abc"),
        (#""\uD800\n""#, "\u{FFFD}\n"), (#""\uD800\u0041""#, "\u{FFFD}A"), (#""\uD800\uD800""#, "\u{FFFD}\u{FFFD}"),
        (#""\uD800\uD83D\uDE00""#, "\u{FFFD}😀"), (#""\uDE00\uD83D""#, "\u{FFFD}\u{FFFD}"),
        (#""\uDd1e\uD834""#, "\u{FFFD}\u{FFFD}"), (#""\uD888\u1234""#, "\u{FFFD}\u{1234}"), (#""\uDFAA""#, "\u{FFFD}"),
        (#""a\uDBFF""#, "a\u{FFFD}"), (#""\uD83D\\uDE00""#, "\u{FFFD}\\uDE00"), (#""\uD83Dé""#, "\u{FFFD}é"),
    ])
    func loneSurrogates(_ text: String, _ meaning: String) throws {
        #expect(try tokens(of: text) == ["string " + meaning, "end", "end"])
    }

    private func check(_ text: String) throws {
        let bytes = Bytes(text.utf8)
        #expect(try JSONTree(reading: bytes) == ReferenceJSON.tree(of: bytes))
        var reader = JSONReader(bytes.span)
        let range = try reader.skipValue()
        let end = try reader.next()
        #expect(end == .end)
        let trimmed = Bytes(copying: bytes.span.trimmed())
        #expect(Bytes(bytes[range]) == trimmed)
    }
}
