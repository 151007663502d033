/// What the service says of a failure, whatever it could be made out.
public struct ServiceError: Equatable, Sendable {
    /// As "ThrottlingException".
    public var code: Bytes?
    public var message: Bytes?
    /// The status that the model's own host gave (ModelErrorException, ModelStreamErrorException).
    public var originalStatus: Int?
    public var originalMessage: Bytes?
    public var resourceName: Bytes?

    public init(code: Bytes? = nil, message: Bytes? = nil) {
        self.code = code
        self.message = message
    }

    /// Without what a service shows of the request's secrets.
    func redacted(_ token: Secret?) -> ServiceError {
        var error = self
        Redaction.redact(&error.code, token)
        Redaction.redact(&error.message, token)
        Redaction.redact(&error.originalMessage, token)
        Redaction.redact(&error.resourceName, token)
        return error
    }
}

/// Reads error answers by the rules of AWS restJson1, where anything may be missing or of another type.
public enum ErrorParser {
    /// The code is looked for in the header, then in the body. Of a body that is neither JSON nor markup, as proxies
    /// answer it, the text is the message.
    public static func parse(status: Int, headers: [HTTPHeader], body: Span<UInt8>) -> ServiceError {
        let fields = ErrorFields(body)
        var error = fields.error
        if let header = headers.firstValue(of: "x-amzn-errortype"), let code = sanitized(header.span) {
            error.code = code
        }
        if error.message == nil, !fields.isObject { error.message = plainText(body) }
        return error
    }

    /// An exception inside an event stream: its type is the name of a union's member, "throttlingException", the code
    /// is the name of the shape, "ThrottlingException".
    public static func parseException(type: Span<UInt8>, payload: Span<UInt8>) -> ServiceError {
        let fields = ErrorFields(payload)
        var error = fields.error
        if var code = sanitized(type) {
            code[0] = code[0].asciiUppercased
            error.code = code
        }
        return error
    }

    /// What stands before the first ":" and behind the last "#" of that: services put a namespace before the code and
    /// a URL behind it.
    static func sanitized(_ text: Span<UInt8>) -> Bytes? {
        var start = 0
        let end = text.firstIndex(of: UInt8(ascii: ":")) ?? text.count
        while let hash = text.extracting(0..<end).firstIndex(of: UInt8(ascii: "#"), from: start) { start = hash &+ 1 }
        let code = text.extracting(start..<end).trimmed()
        guard !code.isEmpty, !code.hasControlCharacter, code.isValidUTF8 else { return nil }
        return Bytes(copying: code.cutAtCharacter(Limits.errorTextLength))
    }

    private static func plainText(_ body: Span<UInt8>) -> Bytes? {
        let text = body.trimmed().cutAtCharacter(Limits.errorTextLength)
        guard !text.isEmpty, text[0] != UInt8(ascii: "<"), text.isValidUTF8, text.firstIndex(of: 0) == nil else {
            return nil
        }
        return Bytes(copying: text)
    }
}

/// The members of an error's JSON that mean something, the outermost object's alone.
private struct ErrorFields {
    var isObject = false
    private var code: Bytes?
    private var capitalCode: Bytes?
    private var type: Bytes?
    private var message: Bytes?
    private var capitalMessage: Bytes?
    private var original = ServiceError()

    /// Of a body that is cut off or turns out malformed, what came before stays.
    init(_ body: Span<UInt8>) {
        var reader = JSONReader(body)
        do throws(JSONError) {
            isObject = try reader.enterObject()
            while isObject, let key = try reader.nextKey() { try read(key, &reader) }
        } catch {}
    }

    private mutating func read(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        if reader.isEqual(key, to: "message") {
            message = try text(&reader)
        } else if reader.isEqual(key, to: "Message") {
            capitalMessage = try text(&reader)
        } else if reader.isEqual(key, to: "code") {
            code = try text(&reader)
        } else if reader.isEqual(key, to: "Code") {
            capitalCode = try text(&reader)
        } else if reader.isEqual(key, to: "__type") {
            type = try text(&reader)
        } else if reader.isEqual(key, to: "originalStatusCode") {
            original.originalStatus = try status(&reader)
        } else if reader.isEqual(key, to: "originalMessage") {
            original.originalMessage = try text(&reader)
        } else if reader.isEqual(key, to: "resourceName") {
            original.resourceName = try text(&reader)
        }
    }

    private func text(_ reader: inout JSONReader) throws(JSONError) -> Bytes? {
        guard let text = try reader.stringOrSkip() else { return nil }
        var buffer = ByteBuffer()
        reader.append(text, to: &buffer)
        return Bytes(copying: buffer.span.cutAtCharacter(Limits.errorTextLength))
    }

    private func status(_ reader: inout JSONReader) throws(JSONError) -> Int? {
        guard let status = try reader.integerOrSkip(), 100...599 ~= status else { return nil }
        return Int(truncatingIfNeeded: status)
    }

    var error: ServiceError {
        var error = original
        error.message = message ?? capitalMessage
        for candidate in [code, capitalCode, type] {
            guard error.code == nil, let candidate else { continue }
            error.code = ErrorParser.sanitized(candidate.span)
        }
        return error
    }
}

extension Span where Element == UInt8 {
    /// The first `length` bytes, or fewer where a UTF-8 sequence would be cut.
    @_lifetime(copy self)
    func cutAtCharacter(_ length: Int) -> Span<UInt8> {
        guard count > length else { return self }
        var end = Swift.max(length, 0)
        var steps = 0
        while end > 0, steps < 3, self[end] & 0xC0 == 0x80 {
            end &-= 1
            steps &+= 1
        }
        return extracting(0..<end)
    }
}
