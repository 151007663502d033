/// Headers that a caller sends beside the library's own.
enum ExtraHeaders {
    /// Reads an object of texts. The message of an error names the header.
    static func list(_ json: Span<UInt8>) throws(ArgumentError) -> [HTTPHeader] {
        var headers: [HTTPHeader] = []
        for member in try members(json) {
            try check(member.name, headers)
            guard let value = member.value, value.span.isHeaderValue else {
                throw error("\(shown(member.name)) is no text, or one with a control character")
            }
            headers.append(HTTPHeader(name: member.name, value: value))
        }
        return headers
    }

    /// No value where it is no text.
    private static func members(_ json: Span<UInt8>) throws(ArgumentError) -> [(name: Bytes, value: Bytes?)] {
        var members: [(name: Bytes, value: Bytes?)] = []
        do throws(JSONError) {
            var reader = JSONReader(json)
            if try reader.enterObject() {
                while let name = try reader.nextKey() {
                    let value = try reader.stringOrSkip()
                    members.append((reader.bytes(of: name), value.map { reader.bytes(of: $0) }))
                }
                while try reader.next() != .end {}
                return members
            }
        } catch {}
        throw error("not a JSON object")
    }

    private static func check(_ name: Bytes, _ headers: [HTTPHeader]) throws(ArgumentError) {
        guard headers.count < Limits.extraHeaderCount else {
            throw error("more than \(Limits.extraHeaderCount) headers")
        }
        guard name.span.isHeaderName else { throw error("\(shown(name)) is no name of a header") }
        guard !isOwn(name.span) else { throw error("\(shown(name)) is a header that the library sets") }
        for other in headers where other.name.span.isEqualIgnoringCase(name.span) {
            throw error("\(shown(name)) stands there twice")
        }
    }

    /// Headers of the connection, of signatures, and those that other keys or arguments set.
    private static func isOwn(_ name: Span<UInt8>) -> Bool {
        for own in own where name.isEqualIgnoringCase(own) { return true }
        for prefix in ownPrefixes where name.startsIgnoringCase(prefix) { return true }
        return false
    }

    private static let own: [StaticString] = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
        "content-type", "accept", "accept-encoding", "authorization", "proxy-authorization", "proxy-connection",
        "user-agent",
    ]
    private static let ownPrefixes: [StaticString] = ["x-amz-", "amz-sdk-", "x-amzn-bedrock-"]

    private static func shown(_ name: Bytes) -> Message { .shown(name) }

    private static func error(_ what: Message) -> ArgumentError { ArgumentError("http.headers", what) }
}
