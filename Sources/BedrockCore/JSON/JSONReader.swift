/// A pull parser over bytes: strict RFC 8259, no allocation, no recursion.
///
/// It hands out places in the input and never a copy. The names of an object may repeat. Two ways to read, which mix:
/// `next` gives every token, the walking calls (`nextKey`, `enterObject`, …) give what is looked for and step over the
/// rest.
public struct JSONReader: ~Escapable {
    /// What may come next.
    enum State {
        case value
        /// Behind "{": a member or the end.
        case objectStart
        /// Behind "[": an element or the end.
        case arrayStart
        /// Behind a value: what the container around it asks for, or the end of the text.
        case afterValue
    }

    let input: Span<UInt8>
    var position = 0
    var state = State.value
    /// The innermost container is an object; false outside all.
    var isInObject = false
    var depth = 0
    private let maxDepth: Int
    /// One bit for each container around the innermost one: an object, or not. 4 x 64 bits hold `Limits.jsonDepth`.
    private var outerIsObject: InlineArray<4, UInt64> = .init(repeating: 0)

    @_lifetime(copy input)
    public init(_ input: Span<UInt8>, maxDepth: Int = Limits.jsonDepth) {
        self.input = input
        self.maxDepth = min(maxDepth, 256)
    }

    /// How far the input was read.
    public var offset: Int { position }

    /// The next token; `.end` when the document is complete, as often as asked.
    @_optimize(speed)
    public mutating func next() throws(JSONError) -> JSONToken {
        var at = position
        let byte = nextByte(&at)
        switch state {
        case .value:
            return try readValue(byte, at)
        case .objectStart:
            if byte == UInt8(ascii: "}") { return leave(at, .endObject) }
            return .key(try readKey(byte, at, otherwise: .expectedKeyOrBrace))
        case .arrayStart:
            if byte == UInt8(ascii: "]") { return leave(at, .endArray) }
            return try readValue(byte, at)
        case .afterValue:
            return try readAfterValue(byte, at)
        }
    }

    /// What `byte`, which stands at `at` behind a value, begins or ends.
    @_optimize(speed)
    private mutating func readAfterValue(_ byte: UInt8, _ at: Int) throws(JSONError) -> JSONToken {
        if depth == 0 {
            if at == input.count { return .end }
            throw JSONError(kind: .expectedEnd, offset: at)
        }
        if byte == UInt8(ascii: ",") {
            var next = at &+ 1
            let byte = nextByte(&next)
            return isInObject ? .key(try readKey(byte, next)) : try readValue(byte, next)
        }
        if isInObject {
            guard byte == UInt8(ascii: "}") else { throw fault(.expectedCommaOrBrace, at) }
            return leave(at, .endObject)
        }
        guard byte == UInt8(ascii: "]") else { throw fault(.expectedCommaOrBracket, at) }
        return leave(at, .endArray)
    }

    /// The value that begins with `byte` at `at`.
    @_optimize(speed)
    private mutating func readValue(_ byte: UInt8, _ at: Int) throws(JSONError) -> JSONToken {
        switch byte {
        case UInt8(ascii: "\""):
            return .string(try readString(at))
        case UInt8(ascii: "{"):
            try enter(at, object: true)
            return .beginObject
        case UInt8(ascii: "["):
            try enter(at, object: false)
            return .beginArray
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .number(try readNumber(at))
        case UInt8(ascii: "t"):
            try readLiteral(at, "true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try readLiteral(at, "false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try readLiteral(at, "null")
            return .null
        default:
            throw fault(.expectedValue, at)
        }
    }

    // Reading one thing. Each leaves the reader as it was when it throws.

    /// The member name that begins with `byte` at `at`, and the colon behind it.
    @inline(__always)
    mutating func readKey(
        _ byte: UInt8, _ at: Int, otherwise kind: JSONError.Kind = .expectedKey
    ) throws(JSONError) -> JSONText {
        guard byte == UInt8(ascii: "\"") else { throw fault(kind, at) }
        let text = try input.scanJSONString(from: at &+ 1)
        var colon = text.end &+ 1
        guard nextByte(&colon) == UInt8(ascii: ":") else { throw fault(.expectedColon, colon) }
        position = colon &+ 1
        state = .value
        return text
    }

    /// The string whose opening quote is at `at`.
    @inline(__always)
    mutating func readString(_ at: Int) throws(JSONError) -> JSONText {
        let text = try input.scanJSONString(from: at &+ 1)
        finishValue(text.end &+ 1)
        return text
    }

    mutating func readNumber(_ at: Int) throws(JSONError) -> Range<Int> {
        let end = try input.scanJSONNumber(from: at)
        finishValue(end)
        return at..<end
    }

    mutating func readLiteral(_ at: Int, _ literal: StaticString) throws(JSONError) {
        for index in 0..<literal.utf8CodeUnitCount {
            guard byte(at &+ index) == literal.utf8Start[index] else { throw fault(.literal, at &+ index) }
        }
        finishValue(at &+ literal.utf8CodeUnitCount)
    }

    @inline(__always)
    mutating func finishValue(_ end: Int) {
        position = end
        state = .afterValue
    }

    /// Steps into the container whose bracket is at `at`.
    @inline(__always)
    mutating func enter(_ at: Int, object: Bool) throws(JSONError) {
        guard depth < maxDepth else { throw JSONError(kind: .depth, offset: at) }
        let place = UInt64(truncatingIfNeeded: depth & 63)
        let isObject: UInt64 = isInObject ? 1 : 0
        // depth < maxDepth <= 256, so the word's number is below 4.
        let word = outerIsObject[depth &>> 6]
        outerIsObject[depth &>> 6] = word & ~(1 &<< place) | isObject &<< place
        depth &+= 1
        isInObject = object
        position = at &+ 1
        state = object ? .objectStart : .arrayStart
    }

    /// Steps out of the innermost container, whose closing bracket is at `at`. There is one: depth > 0.
    @inline(__always)
    @discardableResult
    mutating func leave(_ at: Int, _ token: JSONToken) -> JSONToken {
        depth &-= 1
        isInObject = outerIsObject[depth &>> 6] &>> UInt64(truncatingIfNeeded: depth & 63) & 1 == 1
        finishValue(at &+ 1)
        return token
    }

    // What runs out of line is the input's business: a call that takes the reader would copy it.

    @inline(__always)
    func byte(_ at: Int) -> UInt8 { input.byteOrNUL(at) }

    /// The first byte at or behind `at` that is no blank; `at` moves to it. 0 at the end.
    @inline(__always)
    func nextByte(_ at: inout Int) -> UInt8 {
        if at < input.count, input[unchecked: at] > 0x20 { return input[unchecked: at] }
        at = input.skipBlanks(from: at)
        return byte(at)
    }

    @inline(__always)
    func fault(_ kind: JSONError.Kind, _ at: Int) -> JSONError { input.fault(kind, at) }
}

extension Span where Element == UInt8 {
    /// The byte at `at`, which is not negative; 0, which no rule of the grammar takes, behind the end.
    @inline(__always)
    func byteOrNUL(_ at: Int) -> UInt8 {
        at < count ? self[unchecked: at] : 0
    }

    @inline(never)
    fileprivate func skipBlanks(from start: Int) -> Int {
        var at = start
        while at < count, self[unchecked: at].isBlank { at &+= 1 }
        return at
    }

    @inline(never)
    fileprivate func fault(_ kind: JSONError.Kind, _ at: Int) -> JSONError {
        JSONError(kind: at < count ? kind : .incomplete, offset: Swift.min(at, count))
    }
}
