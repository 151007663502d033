import BedrockCore
import Testing

@Suite struct JSONWriterTests {
    @Test func commas() {
        let written = write { writer in
            writer.beginObject()
            writer.key("a")
            writer.beginArray()
            writer.integer(-1)
            writer.bool(true)
            writer.bool(false)
            writer.null()
            writer.beginObject()
            writer.endObject()
            writer.beginArray()
            writer.endArray()
            writer.endArray()
            writer.key("q\"".utf8.span)
            writer.string("s")
            writer.key("r")
            writer.raw("[1, 2]".utf8.span)
            writer.key("")
            writer.string(Bytes())
            writer.endObject()
        }
        #expect(written == #"{"a":[-1,true,false,null,{},[]],"q\"":"s","r":[1, 2],"":""}"#)
    }

    @Test(arguments: [
        ("", ""), ("a/b", "a/b"), ("\"", "\\\""), ("\\", "\\\\"), ("\u{8}\u{C}\n\r\t", #"\b\f\n\r\t"#),
        ("\u{0}", #"\u0000"#),
        ("\u{1F}\u{7F}", "\\u001f\u{7F}"), ("é日😀", "é日😀"), ("\u{2028}", "\u{2028}"), ("12345678\"", "12345678\\\""),
        ("1234567\n1234567\n12345678é", #"1234567\n1234567\n12345678é"#),
    ])
    func escapes(_ text: String, _ expected: String) {
        #expect(write { $0.string(text.utf8.span) } == "\"" + expected + "\"")
    }

    /// Each of all bytes, alone and among others, comes out as JSON that says the same.
    @Test func everyByte() throws {
        for byte in UInt8.min...UInt8.max {
            for text in [[byte], [0x61, byte], [byte, 0x61], Bytes(repeating: 0x61, count: 9) + [byte]] {
                let written = write { $0.string(text) }
                #expect(try JSONTree(reading: Bytes(written.utf8)) == .string(String(text).unicodeScalars))
            }
        }
    }

    /// Invalid UTF-8 is repaired as the standard library repairs it.
    @Test func repairsUTF8() throws {
        var random = SeededRandom(for: "repairsUTF8")
        let likely: Bytes = [0x22, 0x41, 0x80, 0x9F, 0xA0, 0xBF, 0xC0, 0xC3, 0xE0, 0xE2, 0xED, 0xF0, 0xF4, 0xF5]
        for _ in 0..<3000 {
            let text = (0..<random.below(10)).map { _ in likely[random.below(likely.count)] }
            let written = write { $0.string(text) }
            #expect(try JSONTree(reading: Bytes(written.utf8)) == .string(String(text).unicodeScalars), "\(text)")
        }
    }

    @Test func beyondTheLimitIsNoticed() {
        var writer = JSONWriter(limit: 8)
        writer.string("123456")
        let fits = !writer.buffer.isExhausted
        writer.null()
        let isExhausted = writer.buffer.isExhausted
        #expect(fits && isExhausted)
    }

    private func write(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(writer.buffer.array)
    }
}
