import BedrockCore

/// A JSON value as the library's reader delivers it, with its place in the text.
struct Value {
    enum Content {
        case null
        case bool(Bool)
        case number
        case string(JSONText)
        case array([Value])
        case object([(name: JSONText, value: Value)])
    }

    let content: Content
    /// Of a text its quotes are part, of a container its brackets.
    let range: Range<Int>

    /// The one value of a whole document.
    static func read(document: Span<UInt8>) throws(JSONError) -> Value {
        var reader = JSONReader(document)
        let value = try read(&reader, reader.next())
        _ = try reader.next()
        return value
    }

    /// The value that begins with `token`, which was read last. As deep as the reader allows to nest.
    @_lifetime(reader: copy reader)
    private static func read(_ reader: inout JSONReader, _ token: JSONToken) throws(JSONError) -> Value {
        let end = reader.offset
        switch token {
        case .bool(let bool): return Value(content: .bool(bool), range: (end - (bool ? 4 : 5))..<end)
        case .number(let range): return Value(content: .number, range: range)
        case .string(let text): return Value(content: .string(text), range: (text.start - 1)..<(text.end + 1))
        case .beginArray: return try readArray(&reader, from: end - 1)
        case .beginObject: return try readObject(&reader, from: end - 1)
        default: return Value(content: .null, range: (end - 4)..<end)
        }
    }

    @_lifetime(reader: copy reader)
    private static func readArray(_ reader: inout JSONReader, from start: Int) throws(JSONError) -> Value {
        var elements: [Value] = []
        while true {
            let token = try reader.next()
            if token == .endArray { return Value(content: .array(elements), range: start..<reader.offset) }
            elements.append(try read(&reader, token))
        }
    }

    @_lifetime(reader: copy reader)
    private static func readObject(_ reader: inout JSONReader, from start: Int) throws(JSONError) -> Value {
        var members: [(name: JSONText, value: Value)] = []
        while case .key(let name) = try reader.next() {
            members.append((name, try read(&reader, reader.next())))
        }
        return Value(content: .object(members), range: start..<reader.offset)
    }
}

extension JSONWriter {
    /// Writes a value of `text` anew: texts with their escapes resolved, integers as numbers, of members with the same
    /// name the last.
    mutating func write(_ value: Value, of text: Span<UInt8>) {
        let reader = JSONReader(text)
        switch value.content {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .string(let string): self.string(reader.bytes(of: string))
        case .number:
            if let number = reader.integer(value.range) {
                integer(number)
            } else {
                raw(reader.raw(value.range))
            }
        case .array(let elements):
            beginArray()
            for element in elements { write(element, of: text) }
            endArray()
        case .object(let members): write(members, of: text)
        }
    }

    private mutating func write(_ members: [(name: JSONText, value: Value)], of text: Span<UInt8>) {
        let reader = JSONReader(text)
        let names = members.map { reader.bytes(of: $0.name) }
        var last: [Bytes: Int] = [:]
        for (at, name) in names.enumerated() { last[name] = at }
        beginObject()
        for (at, name) in names.enumerated() where last[name] == at {
            key(name.span)
            write(members[at].value, of: text)
        }
        endObject()
    }
}
