/// The canonical form of a request, which is what Signature Version 4 digests (AWS, "Create a signed AWS API request",
/// step 1; where that text is silent, as botocore does it). `begin`, `addHeader` for each, `finish`.
///
/// One object serves many requests and keeps its memory between them.
struct CanonicalRequest: ~Copyable {
    /// Most text of one request head that is signed: no real one comes near.
    static let length = 8 * 1024 * 1024
    /// Most parameters of a query.
    static let parameterCount = 4096

    /// The canonical request, once `finish` has returned.
    private(set) var text = ByteBuffer(limit: length, isSecret: true)
    /// Where in `text` the list of signed headers stands.
    private(set) var signedHeaders = 0..<0
    /// Path, query and headers on their way into `text`.
    private var scratch = ByteBuffer(limit: length, isSecret: true)
    private var pairs: [Pair] = []

    /// A parameter or a header; the ranges are into `scratch`.
    private struct Pair {
        var name: Range<Int>
        var value: Range<Int>
    }

    /// Begins with the method, the path and the query of `request`.
    mutating func begin(_ request: SigningRequest, options: SigningOptions) throws(SigningError) {
        try Self.check(request)
        text.removeAll()
        for byte in request.method { text.append(byte.asciiUppercased) }
        text.append(UInt8(ascii: "\n"))
        try writePath(request.path.span, options: options)
        text.append(UInt8(ascii: "\n"))
        try writeQuery(request.query.span)
        text.append(UInt8(ascii: "\n"))
        forgetPairs()
    }

    private static func check(_ request: SigningRequest) throws(SigningError) {
        guard request.method.span.isHeaderName else { throw SigningError("the method is empty or malformed") }
        guard !request.host.span.hasControlCharacter else {
            throw SigningError("the host holds a control character")
        }
        guard request.path.isEmpty || request.path.first == UInt8(ascii: "/") else {
            throw SigningError("the path does not begin with a slash")
        }
        guard !request.path.span.hasControlCharacter, !request.query.span.hasControlCharacter else {
            throw SigningError("the path or the query holds a control character")
        }
    }

    /// Takes a header into the signature: its name in lower case, its value trimmed, every run of blanks made one.
    mutating func add(_ header: HTTPHeader) throws(SigningError) {
        let name = header.name.span
        guard pairs.count < Limits.headerCount else { throw SigningError("the request has too many headers") }
        guard name.isHeaderName else { throw SigningError("the name of a header is empty or malformed") }
        let start = scratch.count
        for at in 0..<name.count { scratch.append(name[unchecked: at].asciiLowercased) }
        let middle = scratch.count
        let isWhole =
            Self.append(collapsed: header.value.span, to: &scratch)
            && (header.secret.map { Self.append(collapsed: $0.span, to: &scratch) } ?? true)
        guard isWhole else {
            throw SigningError("the value of header '\(name)' holds a control character")
        }
        insert(Pair(name: start..<middle, value: middle..<scratch.count), byValue: false)
    }

    /// Ends with the headers, their names and the digest of the body.
    mutating func finish(payloadHash: Span<UInt8>) throws(SigningError) {
        writeHeaders()
        text.append(UInt8(ascii: "\n"))
        let start = text.count
        for at in 0..<pairs.count where isFirstOfItsName(at) {
            if text.count > start { text.append(UInt8(ascii: ";")) }
            text.append(pairs[at].name, of: scratch)
        }
        signedHeaders = start..<text.count
        text.append(UInt8(ascii: "\n"))
        text.append(payloadHash)
        let isExhausted = text.isExhausted || scratch.isExhausted
        forgetPairs()
        if isExhausted { throw SigningError.outOfMemory }
    }

    /// Overwrites what was signed, which may hold a token.
    mutating func wipe() {
        text.wipe()
        scratch.wipe()
    }

    private mutating func forgetPairs() {
        scratch.removeAll()
        pairs.removeAll(keepingCapacity: true)
    }

    /// Keeps `pairs` in order; those that compare equal stay as they came.
    private mutating func insert(_ pair: Pair, byValue: Bool) {
        var at = pairs.count
        while at > 0, precedes(pair, pairs[at &- 1], byValue: byValue) { at &-= 1 }
        pairs.insert(pair, at: at)
    }

    private func precedes(_ pair: Pair, _ other: Pair, byValue: Bool) -> Bool {
        let name = scratch.span(pair.name)
        let otherName = scratch.span(other.name)
        if name.precedes(otherName) { return true }
        guard byValue, name.isEqual(to: otherName) else { return false }
        return scratch.span(pair.value).precedes(scratch.span(other.value))
    }
}

// MARK: - Path and query

extension CanonicalRequest {
    private mutating func writePath(_ path: Span<UInt8>, options: SigningOptions) throws(SigningError) {
        scratch.removeAll()
        if options.normalizesPath {
            appendNormalized(path)
        } else {
            scratch.append(path)
            if path.isEmpty { scratch.append(UInt8(ascii: "/")) }
        }
        if options.doubleEncodesPath {
            text.appendEncodedPath(scratch)
        } else {
            text.append(0..<scratch.count, of: scratch)
        }
        if scratch.isExhausted { throw SigningError.outOfMemory }
        scratch.removeAll()
    }

    /// Takes out "." and "..", and empty segments as AWS services want it; a slash at the end stays.
    private mutating func appendNormalized(_ path: Span<UInt8>) {
        var start = 0
        while start <= path.count {
            let end = path.firstIndex(of: UInt8(ascii: "/"), from: start) ?? path.count
            let segment = path.extracting(start..<end)
            if segment.isEqual(to: "..") {
                dropLastSegment()
            } else if !segment.isEmpty && !segment.isEqual(to: ".") {
                scratch.append(UInt8(ascii: "/"))
                scratch.append(segment)
            }
            start = end &+ 1
        }
        let endsWithSlash = path.count > 0 && path[path.count &- 1] == UInt8(ascii: "/")
        if scratch.isEmpty || endsWithSlash { scratch.append(UInt8(ascii: "/")) }
    }

    private mutating func dropLastSegment() {
        var end = scratch.count
        while end > 0 {
            end &-= 1
            if scratch.span[unchecked: end] == UInt8(ascii: "/") { break }
        }
        scratch.truncate(to: end)
    }

    /// Names and values are taken as encoded already, and put in order by name, then value. Bytes that no query may
    /// hold (RFC 3986, 3.4) are encoded, as a client must do before it sends them.
    private mutating func writeQuery(_ query: Span<UInt8>) throws(SigningError) {
        var start = 0
        while !query.isEmpty, start <= query.count {
            let end = query.firstIndex(of: UInt8(ascii: "&"), from: start) ?? query.count
            guard pairs.count < Self.parameterCount else { throw SigningError("the query has too many parameters") }
            addParameter(query.extracting(start..<end))
            start = end &+ 1
        }
        for at in 0..<pairs.count {
            if at > 0 { text.append(UInt8(ascii: "&")) }
            text.append(pairs[at].name, of: scratch)
            text.append(UInt8(ascii: "="))
            text.append(pairs[at].value, of: scratch)
        }
        if scratch.isExhausted { throw SigningError.outOfMemory }
    }

    private mutating func addParameter(_ parameter: Span<UInt8>) {
        let equals = parameter.firstIndex(of: UInt8(ascii: "=")) ?? parameter.count
        let start = scratch.count
        appendEncodingForbidden(parameter.extracting(0..<equals))
        let middle = scratch.count
        appendEncodingForbidden(parameter.extracting(min(equals &+ 1, parameter.count)..<parameter.count))
        insert(Pair(name: start..<middle, value: middle..<scratch.count), byValue: true)
    }

    private mutating func appendEncodingForbidden(_ text: Span<UInt8>) {
        for at in 0..<text.count {
            let byte = text[unchecked: at]
            if byte.isAllowedInQuery {
                scratch.append(byte)
            } else {
                PercentEncoding.append(encoded: byte, to: &scratch)
            }
        }
    }
}

extension ByteBuffer {
    // Two buffers of one object: handing over the other's span would hold on to the whole object.
    mutating func append(_ range: Range<Int>, of other: borrowing ByteBuffer) {
        append(other.span(range))
    }

    fileprivate mutating func appendEncodedPath(_ other: borrowing ByteBuffer) {
        PercentEncoding.path(other.span, into: &self)
    }
}

extension UInt8 {
    fileprivate var isAllowedInQuery: Bool {
        switch self {
        case 0x00...0x20, 0x22, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B...0x7D, 0x7F...0xFF: false
        default: true
        }
    }
}

// MARK: - Headers

extension CanonicalRequest {
    /// Headers of one name become one line, their values joined in the order they were sent.
    private mutating func writeHeaders() {
        for at in 0..<pairs.count {
            if isFirstOfItsName(at) {
                if at > 0 { text.append(UInt8(ascii: "\n")) }
                text.append(pairs[at].name, of: scratch)
                text.append(UInt8(ascii: ":"))
            } else {
                text.append(UInt8(ascii: ","))
            }
            text.append(pairs[at].value, of: scratch)
        }
        text.append(UInt8(ascii: "\n"))
    }

    private func isFirstOfItsName(_ at: Int) -> Bool {
        at == 0 || !scratch.span(pairs[at].name).isEqual(to: scratch.span(pairs[at &- 1].name))
    }

    /// Returns false where the value holds a control character. A line end is accepted only where it folds the value,
    /// before a blank (RFC 9112, 5.2): any other would begin a new header.
    @_optimize(speed)
    private static func append(collapsed value: Span<UInt8>, to buffer: inout ByteBuffer) -> Bool {
        let start = buffer.count
        var previous: UInt8 = 0x20
        for at in 0..<value.count {
            let byte = value[unchecked: at]
            switch byte {
            case 0x20, 0x09:
                if previous == 0x0D { return false }
            case 0x0A:
                if previous == 0x0A { return false }
            case 0x0D:
                if previous == 0x0A || previous == 0x0D { return false }
            default:
                if byte.isControl || previous == 0x0A || previous == 0x0D { return false }
                if previous.isBlank && buffer.count > start { buffer.append(UInt8(ascii: " ")) }
                buffer.append(byte)
            }
            previous = byte
        }
        return previous != 0x0A && previous != 0x0D
    }
}
