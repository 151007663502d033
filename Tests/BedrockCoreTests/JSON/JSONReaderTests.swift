import BedrockCore
import Testing

/// Reading token by token, and the walking calls.
@Suite struct JSONReaderTests {
    @Test func tokensOfADocument() throws {
        let tokens = try tokens(of: #" {"a" : [1, true ,null], "b":{} , "c":[ ], "d":"x\n"} "#)
        #expect(
            tokens == [
                "{", "key a", "[", "1", "true", "null", "]", "key b", "{", "}", "key c", "[", "]", "key d",
                "string x\n",
                "}", "end", "end",
            ])
    }

    @Test(arguments: ["1", "-0.5e+3", "true", "null", "\"\"", "[]", "{}"])
    func anyValueIsADocument(_ text: String) throws {
        try validate(text)
    }

    @Test func walkingFindsWhatItLooksFor() throws {
        let text = #"{"contentBlockIndex":7,"delta":{"other":[{"text":1}],"text":" h\u00e9"},"p":"abc"}"#
        let found = try walk(Bytes(text.utf8))
        #expect(found.index == 7)
        #expect(found.text == " hé")
    }

    /// The way the library reads a delta.
    private func walk(_ event: Bytes) throws -> (index: Int64?, text: String) {
        var reader = JSONReader(event.span)
        var index: Int64?
        var delta = ByteBuffer()
        guard try reader.enterObject() else { return (nil, "") }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "contentBlockIndex") {
                index = try reader.integerOrSkip()
            } else if reader.isEqual(key, to: "delta"), try reader.enterObject() {
                while let key = try reader.nextKey() {
                    guard reader.isEqual(key, to: "text"), let text = try reader.stringOrSkip() else { continue }
                    reader.append(text, to: &delta)
                }
            }
        }
        guard try reader.next() == .end else { return (nil, "") }
        return (index, String(delta.array))
    }

    private func validate(_ text: String) throws { try JSONReader.validate(text.utf8.span) }
}

/// What a reader says about a text, one word or two for each token.
func tokens(of text: String) throws -> [String] {
    var reader = JSONReader(text.utf8.span)
    var found: [String] = []
    while found.suffix(2) != ["end", "end"] {
        switch try reader.next() {
        case .beginObject: found.append("{")
        case .endObject: found.append("}")
        case .beginArray: found.append("[")
        case .endArray: found.append("]")
        case .key(let text): found.append("key " + String(reader.bytes(of: text)))
        case .string(let text): found.append("string " + String(reader.bytes(of: text)))
        case .number(let range): found.append(String(copying: reader.raw(range)))
        case .bool(let bool): found.append("\(bool)")
        case .null: found.append("null")
        case .end: found.append("end")
        }
    }
    return found
}
