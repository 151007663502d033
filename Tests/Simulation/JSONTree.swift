import BedrockCore

/// A JSON value as it is meant: the order of an object's members and the way in which texts are escaped do not count,
/// the digits of numbers do.
indirect enum JSONTree: Equatable {
    case null
    case bool(Bool)
    case number(Bytes)
    case string(Bytes)
    case list([JSONTree])
    case object([Bytes: JSONTree])

    static func string(_ text: String) -> JSONTree { .string(Bytes(text.utf8)) }

    static func object(_ members: KeyValuePairs<String, JSONTree>) -> JSONTree {
        var object: [Bytes: JSONTree] = [:]
        for (name, value) in members { object[Bytes(name.utf8)] = value }
        return .object(object)
    }

    /// Nil for what is no JSON.
    static func read(_ json: Bytes) -> JSONTree? {
        do throws(JSONError) {
            var reader = JSONReader(json.span)
            let first = try reader.next()
            let tree = try read(first, &reader)
            return try reader.next() == .end ? tree : nil
        } catch {
            return nil
        }
    }

    @_lifetime(reader: copy reader)
    private static func read(_ token: JSONToken, _ reader: inout JSONReader) throws(JSONError) -> JSONTree {
        switch token {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .number(let place): return .number(Bytes(copying: reader.raw(place)))
        case .string(let text): return .string(reader.bytes(of: text))
        case .beginArray:
            var items: [JSONTree] = []
            while true {
                let next = try reader.next()
                if next == .endArray { return .list(items) }
                items.append(try read(next, &reader))
            }
        case .beginObject:
            var members: [Bytes: JSONTree] = [:]
            while case .key(let key) = try reader.next() {
                let name = reader.bytes(of: key)
                let first = try reader.next()
                members[name] = try read(first, &reader)
            }
            return .object(members)
        case .key, .endArray, .endObject, .end: return .null
        }
    }

    subscript(_ name: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members[Bytes(name.utf8)]
    }

    var items: [JSONTree] {
        if case .list(let items) = self { items } else { [] }
    }

    var text: Bytes? {
        if case .string(let text) = self { text } else { nil }
    }
}

extension JSONTree {
    /// Members in the order of their names.
    var json: Bytes {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.buffer.array
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.bool(value)
        case .number(let digits): writer.raw(digits.span)
        case .string(let text): writer.string(text)
        case .list(let items):
            writer.beginArray()
            for item in items { item.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for (name, value) in members.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                writer.key(name.span)
                value.write(to: &writer)
            }
            writer.endObject()
        }
    }
}

extension JSONTree: CustomStringConvertible {
    var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let digits): String(digits)
        case .string(let text): "\"\(String(text))\""
        case .list(let items): "[" + items.map { "\($0)" }.joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { "\(String($0)):\($1)" }.sorted().joined(separator: ",") + "}"
        }
    }
}
