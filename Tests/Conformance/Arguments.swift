import BedrockCore

/// A JSON object of a request. What is null counts as absent, of members with the same name the last counts.
struct Arguments {
    /// The request's line.
    let text: Bytes
    /// Where the object stands in the request, for messages.
    let path: String
    private let members: [(name: Bytes, value: Value)]

    init(_ value: Value, in text: Bytes, path: String) throws(Refusal) {
        guard case .object(let members) = value.content else { throw .malformed("\(path) is no object") }
        let reader = JSONReader(text.span)
        self.text = text
        self.path = path
        self.members = members.map { (reader.bytes(of: $0.name), $0.value) }
    }

    /// Nil where the member is absent.
    func value(_ name: StaticString) -> Value? {
        guard let value = members.last(where: { $0.name == name })?.value else { return nil }
        if case .null = value.content { return nil }
        return value
    }

    /// To be called first: what is asked for beyond these names is nothing that the library offers. False asks for
    /// nothing.
    func allow(_ names: StaticString...) throws(Refusal) {
        for member in members where !names.contains(where: { member.name == $0 }) {
            switch member.value.content {
            case .null, .bool(false): continue
            default: throw .unsupported
            }
        }
    }

    func required(_ name: StaticString) throws(Refusal) -> Value {
        guard let value = value(name) else { throw .malformed("\(path).\(name) is missing") }
        return value
    }

    // MARK: Typed members

    func text(_ name: StaticString) throws(Refusal) -> Bytes {
        try text(of: required(name), "\(path).\(name)")
    }

    func optionalText(_ name: StaticString) throws(Refusal) -> Bytes? {
        guard let value = value(name) else { return nil }
        return try text(of: value, "\(path).\(name)")
    }

    func bytes(_ name: StaticString) throws(Refusal) -> Bytes {
        try bytes(of: required(name), "\(path).\(name)")
    }

    func optionalBytes(_ name: StaticString) throws(Refusal) -> Bytes? {
        guard let value = value(name) else { return nil }
        return try bytes(of: value, "\(path).\(name)")
    }

    func integer(_ name: StaticString) throws(Refusal) -> Int64 {
        try integer(of: required(name), "\(path).\(name)")
    }

    func bool(_ name: StaticString, otherwise: Bool) throws(Refusal) -> Bool {
        guard let value = value(name) else { return otherwise }
        guard case .bool(let bool) = value.content else { throw .malformed("\(path).\(name) is no boolean") }
        return bool
    }

    func list(_ name: StaticString) throws(Refusal) -> [Value] {
        try list(of: required(name), "\(path).\(name)")
    }

    func object(_ name: StaticString) throws(Refusal) -> Arguments {
        try Arguments(required(name), in: text, path: "\(path).\(name)")
    }

    func optionalObject(_ name: StaticString) throws(Refusal) -> Arguments? {
        guard let value = value(name) else { return nil }
        return try Arguments(value, in: text, path: "\(path).\(name)")
    }

    /// An object of texts; absent is empty.
    func environment(_ name: StaticString) throws(Refusal) -> Environment {
        var environment = Environment()
        guard let given = try optionalObject(name) else { return environment }
        for member in given.members { environment.add(member.name, try text(of: member.value, "\(path).\(name)")) }
        return environment
    }

    /// All members, which must be strings.
    func texts() throws(Refusal) -> [(name: String, value: String)] {
        var texts: [(name: String, value: String)] = []
        for member in members {
            texts.append((String(member.name), String(try text(of: member.value, "\(path).\(String(member.name))"))))
        }
        return texts
    }

    /// [[name, value], ...]; absent is empty.
    func headers(_ name: StaticString) throws(Refusal) -> [HTTPHeader] {
        guard let value = value(name) else { return [] }
        let path = "\(path).\(name)"
        var headers: [HTTPHeader] = []
        for element in try list(of: value, path) {
            let pair = try list(of: element, path + "[]")
            guard pair.count == 2 else { throw .malformed("\(path)[] has not two elements") }
            headers.append(HTTPHeader(name: try text(of: pair[0], path), value: try text(of: pair[1], path)))
        }
        return headers
    }

    // MARK: Values

    func text(of value: Value, _ path: @autoclosure () -> String) throws(Refusal) -> Bytes {
        guard case .string(let text) = value.content else { throw .malformed("\(path()) is no string") }
        return JSONReader(self.text.span).bytes(of: text)
    }

    func bytes(of value: Value, _ path: @autoclosure () -> String) throws(Refusal) -> Bytes {
        let digits = try text(of: value, path())
        var buffer = ByteBuffer()
        guard Base64.decode(digits.span, into: &buffer) else { throw .malformed("\(path()) is no base64") }
        return buffer.array
    }

    func integer(of value: Value, _ path: @autoclosure () -> String) throws(Refusal) -> Int64 {
        guard case .number = value.content, let number = JSONReader(text.span).integer(value.range) else {
            throw .malformed("\(path()) is no integer of 64 bits")
        }
        return number
    }

    func list(of value: Value, _ path: @autoclosure () -> String) throws(Refusal) -> [Value] {
        guard case .array(let elements) = value.content else { throw .malformed("\(path()) is no array") }
        return elements
    }
}
