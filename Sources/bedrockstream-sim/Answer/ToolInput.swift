/// An input for a tool, made from the JSON schema that the request gives for it: required properties get values that
/// the schema allows.
struct ToolInput {
    let userText: String
    /// Where "#/$defs/..." is looked up.
    let root: JSONValue
    private static let depthLimit = 8

    func value() -> JSONValue {
        let value = self.value(root, name: "", depth: 0)
        if case .object = value { return value }
        return .object([])
    }

    private func value(_ schema: JSONValue, name: String, depth: Int) -> JSONValue {
        guard depth < Self.depthLimit else { return .null }
        for word in ["const", "default"] {
            if let given = schema[word] { return given }
        }
        for word in ["enum", "examples"] {
            if let first = schema[word]?.array?.first { return first }
        }
        if let target = schema["$ref"]?.string.flatMap(resolve) { return value(target, name: name, depth: depth + 1) }
        for word in ["anyOf", "oneOf", "allOf"] {
            let choices = schema[word]?.array ?? []
            if let choice = choices.first(where: { $0["type"]?.string != "null" }) {
                return value(choice, name: name, depth: depth + 1)
            }
        }
        return value(ofType: type(of: schema), schema, name: name, depth: depth)
    }

    private func type(of schema: JSONValue) -> String {
        if let name = schema["type"]?.string { return name }
        let names = (schema["type"]?.array ?? []).compactMap { $0.string }
        return names.first { $0 != "null" } ?? (schema["properties"] == nil ? "string" : "object")
    }

    private func resolve(_ reference: String) -> JSONValue? {
        var place = root
        for part in reference.split(separator: "/").dropFirst() {
            guard let next = place[String(part)] else { return nil }
            place = next
        }
        return place
    }

    private func value(ofType type: String, _ schema: JSONValue, name: String, depth: Int) -> JSONValue {
        switch type {
        case "object": return object(schema, depth: depth)
        case "array":
            let count = min(max(schema["minItems"]?.integer ?? 1, 1), 64)
            let element = value(schema["items"] ?? .object([]), name: name, depth: depth + 1)
            return .array(Array(repeating: element, count: count))
        case "integer": return .integer(schema["minimum"]?.integer ?? schema["maximum"]?.integer ?? 7)
        case "number": return schema["minimum"] ?? schema["maximum"] ?? .number("3.5")
        case "boolean": return .bool(true)
        case "null": return .null
        default: return .string(text(schema, name: name.lowercased()))
        }
    }

    /// The required properties; all of them where none is called required.
    private func object(_ schema: JSONValue, depth: Int) -> JSONValue {
        let properties = schema["properties"]?.members ?? []
        let required = (schema["required"]?.array ?? []).compactMap { $0.string }
        let chosen = required.isEmpty ? properties : properties.filter { required.contains($0.0) }
        return .object(chosen.map { ($0.0, value($0.1, name: $0.0, depth: depth + 1)) })
    }

    private func text(_ schema: JSONValue, name: String) -> String {
        let byFormat = [
            "date": "2026-11-20", "date-time": "2026-11-20T12:00:00Z", "time": "12:00:00Z",
            "email": "user@example.com", "uri": "https://example.com/", "uuid": "123e4567-e89b-42d3-a456-426614174000",
        ]
        if let known = schema["format"]?.string.flatMap({ byFormat[$0] }) { return known }
        let byName = [
            ("city", "Paris"), ("location", "Paris"), ("place", "Paris"), ("country", "France"), ("unit", "celsius"),
            ("date", "2026-11-20"), ("time", "12:00"), ("url", "https://example.com/"), ("path", "/tmp/example.txt"),
            ("email", "user@example.com"), ("currency", "EUR"), ("sign", "WZPZ"),
        ]
        if let known = byName.first(where: { name.contains($0.0) })?.1 { return known }
        let said = String(userText.prefix(80))
        return said.isEmpty ? "example" : said
    }
}
