import BedrockCore

// A message in JSON: {headers [[name, type, value]], payload_b64}.

extension JSONWriter {
    mutating func message(_ headers: [FrameHeader], payload: Span<UInt8>) {
        beginObject()
        key("headers")
        beginArray()
        for header in headers {
            beginArray()
            string(header.name)
            string(header.value.typeName)
            value(header.value)
            endArray()
        }
        endArray()
        member("payload_b64", base64: payload)
        endObject()
    }

    private mutating func value(_ value: HeaderValue) {
        switch value {
        case .bool(let flag): bool(flag)
        case .byte(let number): integer(Int64(number))
        case .short(let number): integer(Int64(number))
        case .integer(let number): integer(Int64(number))
        case .long(let number), .timestamp(let number): integer(number)
        case .string(let text): string(text)
        case .byteArray(let bytes), .uuid(let bytes): base64(bytes.span)
        }
    }
}

extension HeaderValue {
    fileprivate var typeName: StaticString {
        switch self {
        case .bool(let flag): flag ? "true" : "false"
        case .byte: "byte"
        case .short: "short"
        case .integer: "integer"
        case .long: "long"
        case .byteArray: "byte_array"
        case .string: "string"
        case .timestamp: "timestamp"
        case .uuid: "uuid"
        }
    }
}

extension Arguments {
    func frameHeaders(_ name: StaticString) throws(Refusal) -> [FrameHeader] {
        var headers: [FrameHeader] = []
        for element in try list(name) {
            let path = "\(self.path).\(name)[\(headers.count)]"
            let parts = try list(of: element, path)
            guard parts.count == 3 else { throw .malformed("\(path) has not three elements") }
            let type = try text(of: parts[1], path)
            headers.append(
                FrameHeader(name: try text(of: parts[0], path), value: try headerValue(type, parts[2], path)))
        }
        return headers
    }

    private func headerValue(_ type: Bytes, _ value: Value, _ path: String) throws(Refusal) -> HeaderValue {
        switch String(type) {
        case "true": return .bool(try flag(true, value, path))
        case "false": return .bool(try flag(false, value, path))
        case "byte": return .byte(try number(value, path))
        case "short": return .short(try number(value, path))
        case "integer": return .integer(try number(value, path))
        case "long": return .long(try number(value, path))
        case "timestamp": return .timestamp(try number(value, path))
        case "byte_array": return .byteArray(try bytes(of: value, path))
        case "string": return .string(try text(of: value, path))
        case "uuid": return .uuid(try bytes(of: value, path))
        default: throw .failed(kind: "encode", message: "\(path): there is no header type '\(String(type))'")
        }
    }

    private func flag(_ wanted: Bool, _ value: Value, _ path: String) throws(Refusal) -> Bool {
        guard case .bool(let flag) = value.content else { throw .malformed("\(path) holds no boolean") }
        guard flag == wanted else { throw .failed(kind: "encode", message: "\(path): the type is not the value's") }
        return flag
    }

    /// A number of more bits than the type has cannot be encoded.
    private func number<Number: FixedWidthInteger>(_ value: Value, _ path: String) throws(Refusal) -> Number {
        guard case .number = value.content else { throw .malformed("\(path) holds no number") }
        guard let wide = JSONReader(text.span).integer(value.range), let number = Number(exactly: wide) else {
            throw .failed(kind: "encode", message: "\(path): not an integer of \(Number.bitWidth) bits")
        }
        return number
    }
}
