import BedrockCore
import Testing

/// The calls that look for something and step over the rest.
@Suite struct JSONWalkTests {
    @Test(arguments: [
        ("null", 0..<4), ("true", 0..<4), ("\"a\"", 0..<3), ("-1.5", 0..<4), ("[1,[2],{}]", 0..<10),
        ("{\"a\":{\"b\":[]}}", 0..<14),
        ("  [1]  ", 2..<5), ("\n\"]\"", 1..<4), ("{\"]\":\"}\"}", 0..<9),
    ])
    func skipTellsWhereTheValueStood(_ text: String, _ range: Range<Int>) throws {
        var reader = JSONReader(text.utf8.span)
        let found = try reader.skipValue()
        let offset = reader.offset
        let end = try reader.next()
        #expect(found == range)
        #expect(offset == range.upperBound)
        #expect(end == .end)
    }

    @Test func aValueThatWasNotReadIsSteppedOver() throws {
        #expect(try names(#"{"a":1,"b":{"x":[1,2]},"c":[{"y":1}],"d":"e","f":null}"#) == ["a", "b", "c", "d", "f"])
        #expect(try names("{}") == [])
        #expect(try names(#" { "a" : "b" , "a" : 2 } "#) == ["a", "a"])
    }

    @Test func elementsOneByOne() throws {
        #expect(try integers("[1,2,3]") == [1, 2, 3])
        #expect(try integers(" [ 1 , \"x\" , [9] , {\"a\":[7]} , 2 ] ") == [1, nil, nil, nil, 2])
        #expect(try integers("[]") == [])
        #expect(try integers("{\"a\":[1]}") == nil)
        #expect(try integers("1") == nil)
    }

    @Test func anElementThatWasNotReadIsSteppedOver() throws {
        let text = "[1,[2,3],{\"a\":4},\"5\"]"
        var reader = JSONReader(text.utf8.span)
        var count = 0
        if try reader.enterArray() {
            while try reader.nextElement() { count += 1 }
        }
        let end = try reader.next()
        #expect(count == 4)
        #expect(end == .end)
    }

    /// In an array a value may be asked for without `nextElement`.
    @Test func valuesOfAnArrayInARow() throws {
        let text = "[1, \"a\" ,[2],true , {} ]"
        var reader = JSONReader(text.utf8.span)
        var isArray = try reader.enterArray()
        let one = try reader.integerOrSkip()
        let letter = try reader.stringOrSkip()
        let skipped = try reader.skipValue()
        let yes = try reader.boolOrSkip()
        #expect(isArray)
        #expect(one == 1)
        #expect(letter == JSONText(start: 5, end: 6, hasEscapes: false))
        #expect(skipped == 9..<12)
        #expect(yes == true)
        isArray = try reader.enterArray()
        let hasMore = try reader.nextElement()
        #expect(!isArray)
        #expect(!hasMore)
    }

    @Test func otherShapesAreSteppedOver() throws {
        for text in ["null", "1", "\"x\"", "true", "[1,[2]]", "{\"a\":{}}", "[]", "{}"] {
            #expect(try kinds(text).filter { $0 }.count == (text == "null" ? 0 : 1), "\(text)")
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("1", 1), ("-1", -1), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1.0", nil), ("1e2", nil), ("1E2", nil),
            ("-0.0", nil),
            ("99999999999999999999999999", nil), ("18446744073709551616", nil), ("null", nil), ("\"1\"", nil),
            ("true", nil), ("[1]", nil),
        ] as [(String, Int64?)])
    func integers(_ text: String, _ expected: Int64?) throws {
        var reader = JSONReader(text.utf8.span)
        let found = try reader.integerOrSkip()
        let end = try reader.next()
        #expect(found == expected)
        #expect(end == .end)
    }

    @Test(arguments: ["nextKey", "nextElement", "skipValue", "enterObject"])
    func misuseIsAnError(_ call: String) throws {
        for text in ["1", "[", "[1]", "{", "{}", "[]"] {
            let kind = misuse(call, Bytes(text.utf8))
            #expect(
                kind == .notInObject || kind == .notInArray || kind == .expectedValue || kind == .incomplete, "\(text)")
        }
    }

    /// Behind an error nothing is read that the text does not hold: the same call fails again.
    @Test func anErrorStays() {
        for text in [
            "{\"a\":1,,\"b\":2}", "[1,,2]", "[1 2]", "{\"a\" 1}", "[01]", "nul", "\"\\x\"", "[1,]", "{\"a\":1,}", "1 1",
            "\u{FEFF}1",
        ] {
            var reader = JSONReader(text.utf8.span)
            let first = firstError(&reader)
            let second = firstError(&reader)
            #expect(first == second, "\(text)")
            #expect(first != nil)
        }
    }

    @Test(arguments: [
        (#""text""#, true), (#""\u0074ext""#, true), (#""t\u0065\u0078t""#, true), (#""Text""#, false),
        (#""tex""#, false),
        (#""texts""#, false), (#""tex\u0073""#, false), (#""""#, false), (#""te\\xt""#, false),
        (#""text\u0000""#, false),
        (#""\u0074\u0065\u0078\u0074\u0074""#, false), (#""\ud800""#, false), (#""tex\u00""#, false),
    ])
    func comparesWhatATextSays(_ text: String, _ expected: Bool) {
        let inner = Bytes(text.utf8).dropFirst().dropLast()
        let reader = JSONReader(text.utf8.span)
        let place = JSONText(start: 1, end: 1 + inner.count, hasEscapes: inner.contains(UInt8(ascii: "\\")))
        let found = reader.isEqual(place, to: "text")
        #expect(found == expected)
    }

    @Test func comparesEmptyAndLongTexts() {
        #expect(isEqual("", "") && isEqual("é", "é") && isEqual("\\u00e9", "é") && isEqual("\\ud83d\\ude00", "😀"))
        #expect(isEqual("contentBlockIndex", "contentBlockIndex") && !isEqual("contentBlockIndey", "contentBlockIndex"))
        #expect(
            !isEqual("xontentBlockIndex", "contentBlockIndex") && !isEqual("contentBlxckIndex", "contentBlockIndex"))
        #expect(!isEqual("\\u00e9", "\u{C3}") && !isEqual("\\ud83d", "\\ud83d") && isEqual("\\\\", "\\"))
    }

    /// Places that no reader gave out cannot reach beyond the input.
    @Test func placesAreHeldInsideTheInput() {
        let text = Bytes("\"a\\u00".utf8)
        let reader = JSONReader(text.span)
        for start in [Int.min, -1, 0, 2, 6, 7, Int.max] {
            for end in [Int.min, -1, 0, 2, 4, 6, 7, Int.max] {
                var buffer = ByteBuffer()
                reader.append(JSONText(start: start, end: end, hasEscapes: true), to: &buffer)
                reader.append(JSONText(start: start, end: end, hasEscapes: false), to: &buffer)
                let count = buffer.count
                #expect(count <= 2 * text.count + 3)
                if start <= end {
                    let length = reader.raw(start..<end).count
                    #expect(length <= text.count)
                    _ = reader.integer(start..<end)
                }
            }
        }
    }

    @Test func comparisonsStayInsideTheInput() {
        let bytes = Bytes("texttexttext".utf8)
        let reader = JSONReader(bytes.span.extracting(4..<8))
        for start in [-4, 4, Int.min, Int.max - 4] {
            let found = reader.isEqual(JSONText(start: start, end: start &+ 4, hasEscapes: false), to: "text")
            #expect(!found)
        }
        let inside = reader.isEqual(JSONText(start: 0, end: 4, hasEscapes: false), to: "text")
        #expect(inside)
    }

    private func names(_ text: String) throws -> [String] {
        var reader = JSONReader(text.utf8.span)
        var names: [String] = []
        guard try reader.next() == .beginObject else { return [] }
        while let key = try reader.nextKey() { names.append(String(reader.bytes(of: key))) }
        return try reader.next() == .end ? names : []
    }

    private func integers(_ text: String) throws -> [Int64?]? {
        var reader = JSONReader(text.utf8.span)
        guard try reader.enterArray() else { return nil }
        var found: [Int64?] = []
        while try reader.nextElement() { found.append(try reader.integerOrSkip()) }
        return try reader.next() == .end ? found : nil
    }

    /// Which of the five calls take the value; each must step over it.
    private func kinds(_ text: String) throws -> [Bool] {
        let wrapped = "[[\(text)],[\(text)],[\(text)],[\(text)],[\(text)]]"
        var reader = JSONReader(wrapped.utf8.span)
        var taken: [Bool] = []
        _ = try reader.enterArray()
        while try reader.nextElement(), try reader.enterArray() {
            _ = try reader.nextElement()
            let isTaken = try take(&reader, taken.count)
            taken.append(isTaken)
            if isTaken, taken.count == 1 { while try reader.nextKey() != nil {} }
            if isTaken, taken.count == 2 { while try reader.nextElement() {} }
            guard try !reader.nextElement() else { return [] }
        }
        return try reader.next() == .end ? taken : []
    }

    private func take(_ reader: inout JSONReader, _ kind: Int) throws -> Bool {
        switch kind {
        case 0: try reader.enterObject()
        case 1: try reader.enterArray()
        case 2: try reader.stringOrSkip() != nil
        case 3: try reader.integerOrSkip() != nil
        default: try reader.boolOrSkip() != nil
        }
    }

    /// The error of a call where the document offers nothing for it; at its end, after all tokens.
    private func misuse(_ call: String, _ text: Bytes) -> JSONError.Kind? {
        var reader = JSONReader(text.span)
        do {
            while try reader.next() != .end {}
        } catch { _ = error }
        do {
            switch call {
            case "nextKey": while try reader.nextKey() != nil {}
            case "nextElement": while try reader.nextElement() {}
            case "skipValue": _ = try reader.skipValue()
            default: _ = try reader.enterObject()
            }
            return nil
        } catch {
            return error.kind
        }
    }

    private func firstError(_ reader: inout JSONReader) -> JSONError? {
        do {
            while try reader.next() != .end {}
            return nil
        } catch {
            return error
        }
    }

    private func isEqual(_ raw: String, _ literal: StaticString) -> Bool {
        let hasEscapes = raw.utf8.contains(UInt8(ascii: "\\"))
        let reader = JSONReader(raw.utf8.span)
        return reader.isEqual(JSONText(start: 0, end: raw.utf8.count, hasEscapes: hasEscapes), to: literal)
    }
}
