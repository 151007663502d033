import BedrockCore

extension JSONWriter {
    /// Begins an answer's object with its id, null for none.
    mutating func begin(id: Bytes?) {
        beginObject()
        key("id")
        if let id {
            raw(id.span)
        } else {
            null()
        }
    }

    mutating func member(_ name: StaticString, _ text: Bytes) {
        key(name)
        string(text)
    }

    /// Writes nothing for nil.
    mutating func member(_ name: StaticString, optional text: Bytes?) {
        if let text { member(name, text) }
    }

    mutating func member(_ name: StaticString, base64 bytes: Span<UInt8>) {
        key(name)
        base64(bytes)
    }

    mutating func base64(_ bytes: Span<UInt8>) {
        var digits = ByteBuffer()
        Base64.encode(bytes, into: &digits)
        string(digits.span)
    }

    /// An object of headers with their names in lower case.
    mutating func member(_ name: StaticString, _ headers: [HTTPHeader]) {
        key(name)
        beginObject()
        for header in headers {
            let name = header.name.map { $0.asciiLowercased }
            key(name.span)
            string(header.wholeValue)
        }
        endObject()
    }
}
