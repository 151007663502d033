import BedrockCore

/// A JSON document as a tree, members in the order they came.
indirect enum JSONValue {
    case object([(String, JSONValue)])
    case array([JSONValue])
    case string(String)
    /// As it was written.
    case number(String)
    case bool(Bool)
    case null

    static func integer(_ number: Int) -> JSONValue { .number("\(number)") }

    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.0 == name }?.1
    }

    var string: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    var array: [JSONValue]? {
        if case .array(let elements) = self { return elements }
        return nil
    }

    var members: [(String, JSONValue)]? {
        if case .object(let members) = self { return members }
        return nil
    }

    var integer: Int? {
        if case .number(let text) = self { return Int(text) }
        return nil
    }

    var bool: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    var isNull: Bool {
        if case .null = self { return true }
        return false
    }
}

// MARK: - Reading

extension JSONValue {
    static func parse(_ text: [UInt8]) throws(JSONError) -> JSONValue {
        var reader = JSONReader(text.span)
        let value = try read(&reader, try reader.next())
        _ = try reader.next()
        return value
    }

    private static func read(_ reader: inout JSONReader, _ token: JSONToken) throws(JSONError) -> JSONValue {
        switch token {
        case .beginObject: return try readObject(&reader)
        case .beginArray: return try readArray(&reader)
        case .string(let text): return .string(String(reader.bytes(of: text)))
        case .number(let range): return .number(String(copying: reader.raw(range)))
        case .bool(let value): return .bool(value)
        case .null, .endObject, .endArray, .key, .end: return .null
        }
    }

    private static func readObject(_ reader: inout JSONReader) throws(JSONError) -> JSONValue {
        var members: [(String, JSONValue)] = []
        while case .key(let name) = try reader.next() {
            members.append((String(reader.bytes(of: name)), try read(&reader, try reader.next())))
        }
        return .object(members)
    }

    private static func readArray(_ reader: inout JSONReader) throws(JSONError) -> JSONValue {
        var elements: [JSONValue] = []
        while true {
            let token = try reader.next()
            if case .endArray = token { return .array(elements) }
            elements.append(try read(&reader, token))
        }
    }
}

// MARK: - Writing

extension JSONValue {
    var bytes: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.buffer.array
    }

    var text: String { String(bytes) }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .object(let members):
            writer.beginObject()
            for (name, value) in members {
                writer.key(Array(name.utf8).span)
                value.write(to: &writer)
            }
            writer.endObject()
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .string(let text): writer.string(Array(text.utf8))
        case .number(let text): writer.raw(Array(text.utf8).span)
        case .bool(let value): writer.bool(value)
        case .null: writer.null()
        }
    }
}

// MARK: - Literals

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral text: String) { self = .string(text) }

    init(integerLiteral number: Int) { self = .integer(number) }

    init(booleanLiteral value: Bool) { self = .bool(value) }

    init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    init(dictionaryLiteral members: (String, JSONValue)...) { self = .object(members) }
}

extension JSONValue {
    /// The bytes as a string: what is no UTF-8 in them is replaced.
    static func string(_ bytes: [UInt8]) -> JSONValue { .string(String(decoding: bytes, as: UTF8.self)) }

    static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    /// An object with these members behind its own; anything else as it is.
    func with(_ more: [(String, JSONValue)]) -> JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(members + more)
    }

    func with(_ name: String, _ value: JSONValue?) -> JSONValue {
        value.map { with([(name, $0)]) } ?? self
    }

    /// Without the members of these names, at any depth.
    func without(_ names: Set<String>) -> JSONValue {
        switch self {
        case .object(let members):
            .object(members.filter { !names.contains($0.0) }.map { ($0.0, $0.1.without(names)) })
        case .array(let elements): .array(elements.map { $0.without(names) })
        default: self
        }
    }
}
