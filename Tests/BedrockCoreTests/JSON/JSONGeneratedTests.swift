import BedrockCore
import Testing

/// Made documents against the tree they were made from, and damaged ones against the reference reader.
@Suite struct JSONGeneratedTests {
    @Test func readsWhatWasMeant() throws {
        var generator = JSONGenerator(random: SeededRandom(for: "readsWhatWasMeant"))
        for _ in 0..<600 {
            let tree = generator.tree()
            let text = generator.text(of: tree)
            #expect(try JSONTree(reading: Bytes(text.utf8)) == tree, "\(text)")
        }
    }

    @Test func writesWhatItReads() throws {
        var generator = JSONGenerator(random: SeededRandom(for: "writesWhatItReads"))
        for _ in 0..<600 {
            let tree = generator.tree()
            let text = written(tree)
            #expect(try JSONTree(reading: text) == tree)
            #expect(try ReferenceJSON.tree(of: text) == tree)
        }
    }

    /// Every cut of every document is an error that says so, but for a number, which may end early and still be one. Of
    /// a long document a part of the cuts: each reads all before it.
    @Test func everyCutIsFound() throws {
        var generator = JSONGenerator(random: SeededRandom(for: "everyCutIsFound"))
        for _ in 0..<60 {
            let tree = generator.tree(depth: 4)
            let text = Bytes(generator.text(of: tree).utf8)
            let step = max(text.count / 300, 1)
            let first = generator.random.below(step)
            for cut in stride(from: first, to: text.count, by: step) { checkCut(Bytes(text[..<cut])) }
        }
    }

    @Test func everyCutOfAnEventIsFound() {
        let event = Bytes(#"{"contentBlockIndex":0,"delta":{"text":" h\u00e9é😀\ud83d\ude00"},"p":[true,-1.5e+3]}"#.utf8)
        for cut in 0..<event.count { checkCut(Bytes(event[..<cut])) }
    }

    @Test func damagedDocumentsAreRefusedAsTheReferenceDoes() throws {
        var generator = JSONGenerator(random: SeededRandom(for: "damagedDocuments"))
        for _ in 0..<1500 {
            let tree = generator.tree(depth: 3)
            var text = Bytes(generator.text(of: tree).utf8)
            for _ in 0...generator.random.below(3) { damage(&text, &generator.random) }
            compare(text)
        }
    }

    /// All documents of one and of two bytes, and all of one byte in the places where grammar turns.
    @Test(arguments: [
        "", "[", "{", "\"", "[1", "{\"a\"", "{\"a\":1", "-", "1.", "1e", "\"\\", "\"\\u00", "t", "\"1234567",
    ])
    func everyByteAfter(_ start: String) {
        for byte in UInt8.min...UInt8.max {
            compare(Bytes(start.utf8) + [byte])
            compare(Bytes(start.utf8) + [byte] + Bytes("0\"".utf8))
            compare(Bytes(start.utf8) + [byte] + Bytes("]".utf8))
            compare(Bytes(start.utf8) + [byte] + Bytes("1\":1}".utf8))
        }
    }

    /// Sequences of up to four bytes from both sides of each border in RFC 3629's table, at different distances from
    /// the string's start and the text's end.
    @Test(arguments: 0..<10)
    func everyKindOfUTF8(_ before: Int) {
        let borders: Bytes = [
            0x22, 0x5C, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
            0xF0, 0xF1,
            0xF3, 0xF4, 0xF5, 0xFF,
        ]
        let continuations: Bytes = [0x22, 0x7F, 0x80, 0xBF, 0xC2]
        let start = Bytes(repeating: UInt8(ascii: "x"), count: before)
        for first in borders {
            for second in borders {
                for third in continuations {
                    for fourth in continuations {
                        let content = [first, second, third, fourth]
                        let isValid = String(validating: content, as: UTF8.self) != nil
                        #expect(content.span.isValidUTF8 == isValid)
                        guard !content.contains(0x22), !content.contains(0x5C) else { continue }
                        let text = [0x22] + start + content + [0x22]
                        #expect((fault(of: text) == nil) == isValid)
                    }
                }
            }
        }
    }

    private func damage(_ text: inout Bytes, _ random: inout SeededRandom) {
        let likely = Bytes(#"{}[]",:\u0eE+-.tfn "#.utf8)
        let byte =
            random.isTrue(oneIn: 3) ? UInt8(truncatingIfNeeded: random.next()) : likely[random.below(likely.count)]
        let at = random.below(text.count + 1)
        switch random.below(3) {
        case 0: text.insert(byte, at: at)
        case 1 where at < text.count: text[at] = byte
        default: if at < text.count { text.remove(at: at) }
        }
    }

    private func compare(_ text: Bytes) {
        let expected = try? ReferenceJSON.tree(of: text)
        let found = try? JSONTree(reading: text)
        #expect(found == expected, "\(text)")
        #expect((fault(of: text) == nil) == (expected != nil), "\(text)")
    }

    private func checkCut(_ text: Bytes) {
        let isWhole = (try? ReferenceJSON.tree(of: text)) != nil
        #expect(fault(of: text) == (isWhole ? nil : JSONError(kind: .incomplete, offset: text.count)), "\(text)")
        #expect(skips(text) == isWhole, "\(text)")
    }

    private func skips(_ text: Bytes) -> Bool {
        var reader = JSONReader(text.span)
        do {
            _ = try reader.skipValue()
            return try reader.next() == .end
        } catch {
            return false
        }
    }

    private func written(_ tree: JSONTree) -> Bytes {
        var writer = JSONWriter()
        write(tree, &writer)
        return writer.buffer.array
    }

    private func write(_ tree: JSONTree, _ writer: inout JSONWriter) {
        switch tree {
        case .null: writer.null()
        case .bool(let bool): writer.bool(bool)
        case .number(let digits): write(digits, &writer)
        case .string(let text): writer.string(Bytes(String(text).utf8))
        case .array(let elements):
            writer.beginArray()
            for element in elements { write(element, &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.key(String(member.name).utf8.span)
                write(member.value, &writer)
            }
            writer.endObject()
        }
    }

    private func write(_ digits: String, _ writer: inout JSONWriter) {
        if digits != "-0", let number = Int64(digits) { return writer.integer(number) }
        writer.raw(digits.utf8.span)
    }
}
