extension RequestBuilder {
    /// Takes apart a JSON object with the members of an operation's request as the API reference lists them: the model
    /// id, what travels in headers, and the rest, which becomes the body in place of what `body` held.
    public static func splitParameters(
        _ params: Span<UInt8>, operation: Operation, into body: inout ByteBuffer
    ) throws(ArgumentError) -> (modelID: Bytes, options: InvokeOptions) {
        // A blob grows by a third in base64; twice its bound leaves room for escapes and the other members.
        guard params.count <= 2 * Limits.requestBodyLength else {
            throw ArgumentError("params", "the parameters are too long")
        }
        let members = try members(of: params)
        body.removeAll()
        let (modelID, options) =
            operation.isInvoke
            ? try splitInvoke(params, members, operation, into: &body) : try splitConverse(params, members, into: &body)
        guard let modelID else { throw ArgumentError("model_id", "the parameters have no modelId") }
        guard !body.isExhausted, body.count <= Limits.requestBodyLength else { throw bodyTooLong }
        return (modelID, options)
    }

    /// A member of the outermost object.
    private struct Member {
        var key: JSONText
        var value: Range<Int>
    }

    /// The API has some twenty members; what has more than this is no request.
    private static let memberCount = 1024

    /// Without those that are null, which stands for a member that is not there (Smithy, restJson1).
    private static func members(of params: Span<UInt8>) throws(ArgumentError) -> [Member] {
        var members: [Member] = []
        var isObject = false
        do throws(JSONError) {
            var reader = JSONReader(params)
            isObject = try reader.enterObject()
            while isObject, members.count <= memberCount, let key = try reader.nextKey() {
                let value = try reader.skipValue()
                if !reader.raw(value).isEqual(to: "null") { members.append(Member(key: key, value: value)) }
            }
            if members.count <= memberCount { while try reader.next() != .end {} }
        } catch {
            throw ArgumentError("params", error.message)
        }
        guard isObject else { throw ArgumentError("params", "the parameters are no JSON object") }
        guard members.count <= memberCount else {
            throw ArgumentError("params", "the parameters have too many members")
        }
        return members
    }

    /// The body is the object without the model id, otherwise as it was written.
    private static func splitConverse(
        _ params: Span<UInt8>, _ members: [Member], into body: inout ByteBuffer
    ) throws(ArgumentError) -> (Bytes?, InvokeOptions) {
        let reader = JSONReader(params)
        var modelID: Bytes?
        body.append(UInt8(ascii: "{"))
        var isFirst = true
        for member in members {
            if reader.isEqual(member.key, to: "modelId") {
                modelID = try string(params, member, "model_id")
                continue
            }
            if !isFirst { body.append(UInt8(ascii: ",")) }
            isFirst = false
            body.append(reader.raw((member.key.start &- 1)..<(member.key.end &+ 1)))
            body.append(UInt8(ascii: ":"))
            body.append(reader.raw(member.value))
        }
        body.append(UInt8(ascii: "}"))
        return (modelID, InvokeOptions())
    }

    /// The body is the member of that name; all else travels in headers.
    private static func splitInvoke(
        _ params: Span<UInt8>, _ members: [Member], _ operation: Operation, into body: inout ByteBuffer
    ) throws(ArgumentError) -> (Bytes?, InvokeOptions) {
        let reader = JSONReader(params)
        var modelID: Bytes?
        var options = InvokeOptions()
        for member in members {
            if reader.isEqual(member.key, to: "modelId") {
                modelID = try string(params, member, "model_id")
            } else if reader.isEqual(member.key, to: "body") {
                try decodeBody(params, member, into: &body)
            } else {
                try set(params, member, operation, in: &options)
            }
        }
        return (modelID, options)
    }

    private static func set(
        _ params: Span<UInt8>, _ member: Member, _ operation: Operation, in options: inout InvokeOptions
    ) throws(ArgumentError) {
        let reader = JSONReader(params)
        var index = 0
        while let option = options.member(index, of: operation) {
            if reader.isEqual(member.key, to: option.name) {
                options.set(index, to: try string(params, member, option.argument))
                return
            }
            index &+= 1
        }
        throw ArgumentError("params", "the operation has no member " + name(reader.bytes(of: member.key)))
    }

    private static func name(_ key: Bytes) -> Message {
        "'\(key, upTo: 100)'"
    }

    private static func decodeBody(
        _ params: Span<UInt8>, _ member: Member, into body: inout ByteBuffer
    ) throws(ArgumentError) {
        guard let text = text(params, member) else { throw ArgumentError("body", "the member body is no string") }
        let reader = JSONReader(params)
        body.removeAll()
        var isBase64 = false
        if text.hasEscapes {
            var digits = ByteBuffer()
            reader.append(text, to: &digits)
            isBase64 = Base64.decode(digits.span, into: &body)
        } else {
            isBase64 = Base64.decode(reader.raw(text), into: &body)
        }
        if body.isExhausted { throw bodyTooLong }
        if !isBase64 { throw ArgumentError("body", "the member body is no base64") }
    }

    private static func string(
        _ params: Span<UInt8>, _ member: Member, _ argument: StaticString
    ) throws(ArgumentError) -> Bytes {
        guard let text = text(params, member) else { throw ArgumentError(argument, "the value is no string") }
        return JSONReader(params).bytes(of: text)
    }

    private static func text(_ params: Span<UInt8>, _ member: Member) -> JSONText? {
        let value = params.extracting(member.value)
        guard value.count >= 2, value[0] == UInt8(ascii: "\"") else { return nil }
        return JSONText(
            start: member.value.lowerBound &+ 1, end: member.value.upperBound &- 1,
            hasEscapes: value.firstIndex(of: UInt8(ascii: "\\")) != nil)
    }
}
