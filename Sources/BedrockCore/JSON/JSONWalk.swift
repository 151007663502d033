// Walking a document with tolerance: what has another shape than the reader's user looks for is stepped over, as
// services add members at any time. Malformed JSON is an error all the same.

extension JSONReader {
    /// Steps over the value that comes next, in an array also over the comma before it, and tells where it stood.
    @inline(never)
    @_optimize(speed)
    public mutating func skipValue() throws(JSONError) -> Range<Int> {
        var start = 0
        let byte = try valueStart(&start)
        if byte == UInt8(ascii: "\"") {
            _ = try readString(start)
        } else {
            try skipValue(in: depth)
        }
        return start..<max(start, position)
    }

    @inline(never)
    @_optimize(speed)
    private mutating func skipValue(in outer: Int) throws(JSONError) {
        _ = try next()
        while depth > outer { _ = try next() }
    }

    /// The name of the object's next member; nil at its end, which is consumed. A value that was not read is stepped
    /// over.
    @inline(never)
    @_optimize(speed)
    public mutating func nextKey() throws(JSONError) -> JSONText? {
        guard isInObject else { throw JSONError(kind: .notInObject, offset: position) }
        if state == .value { _ = try skipValue() }
        var at = position
        var byte = nextByte(&at)
        if byte == UInt8(ascii: "}") {
            leave(at, .endObject)
            return nil
        }
        var wanted = JSONError.Kind.expectedKeyOrBrace
        if state == .afterValue {
            guard byte == UInt8(ascii: ",") else { throw fault(.expectedCommaOrBrace, at) }
            at &+= 1
            byte = nextByte(&at)
            wanted = .expectedKey
        }
        return try readKey(byte, at, otherwise: wanted)
    }

    /// In an array: true when another element follows, false at its end, which is consumed. An element that was
    /// announced and not read is stepped over.
    @inline(never)
    public mutating func nextElement() throws(JSONError) -> Bool {
        guard depth > 0, !isInObject else { throw JSONError(kind: .notInArray, offset: position) }
        if state == .value { _ = try skipValue() }
        var at = position
        let byte = nextByte(&at)
        if byte == UInt8(ascii: "]") {
            leave(at, .endArray)
            return false
        }
        try announceElement(byte, at)
        return true
    }

    /// Takes the comma, if one must be there: `byte` stands at `at`. An element comes next then.
    private mutating func announceElement(_ byte: UInt8, _ at: Int) throws(JSONError) {
        let isFirst = state == .arrayStart
        guard isFirst || byte == UInt8(ascii: ",") else { throw fault(.expectedCommaOrBracket, at) }
        position = isFirst ? at : at &+ 1
        state = .value
    }

    /// Steps into the object that comes next; false when the value is none, and was stepped over.
    @inline(never)
    public mutating func enterObject() throws(JSONError) -> Bool {
        try enter(UInt8(ascii: "{"))
    }

    /// Steps into the array that comes next; false when the value is none, and was stepped over.
    @inline(never)
    public mutating func enterArray() throws(JSONError) -> Bool {
        try enter(UInt8(ascii: "["))
    }

    @inline(__always)
    private mutating func enter(_ bracket: UInt8) throws(JSONError) -> Bool {
        var at = 0
        if try valueStart(&at) == bracket {
            try enter(at, object: bracket == UInt8(ascii: "{"))
            return true
        }
        try skipValue(in: depth)
        return false
    }

    /// The string that comes next; nil when the value is none, and was stepped over.
    @inline(never)
    public mutating func stringOrSkip() throws(JSONError) -> JSONText? {
        var at = 0
        if try valueStart(&at) == UInt8(ascii: "\"") { return try readString(at) }
        try skipValue(in: depth)
        return nil
    }

    /// The integer that comes next; nil when the value is none or beyond Int64, and was stepped over.
    @inline(never)
    public mutating func integerOrSkip() throws(JSONError) -> Int64? {
        var at = 0
        let first = try valueStart(&at) &- UInt8(ascii: "0")
        // An index or a small count is one digit.
        let follower = byte(at &+ 1)
        if first < 10, follower == UInt8(ascii: ",") || follower == UInt8(ascii: "}") {
            finishValue(at &+ 1)
            return Int64(first)
        }
        guard case .number(let range) = try tokenOrSkip() else { return nil }
        return integer(range)
    }

    /// The boolean that comes next; nil when the value is none, and was stepped over.
    @inline(never)
    public mutating func boolOrSkip() throws(JSONError) -> Bool? {
        var at = 0
        _ = try valueStart(&at)
        guard case .bool(let bool) = try tokenOrSkip() else { return nil }
        return bool
    }

    /// The token of the value that comes next; of a container the first, and the whole is stepped over.
    private mutating func tokenOrSkip() throws(JSONError) -> JSONToken {
        let outer = depth
        let token = try next()
        while depth > outer { _ = try next() }
        return token
    }

    /// The first byte of the value that comes next; `at` becomes its place. In an array this takes the comma before it.
    @inline(__always)
    private mutating func valueStart(_ at: inout Int) throws(JSONError) -> UInt8 {
        if state != .value { try announceValue() }
        at = position
        return nextByte(&at)
    }

    @inline(never)
    private mutating func announceValue() throws(JSONError) {
        var at = position
        let byte = nextByte(&at)
        guard depth > 0, !isInObject, byte != UInt8(ascii: "]") else {
            throw JSONError(kind: .expectedValue, offset: at)
        }
        try announceElement(byte, at)
    }

    /// Checks one whole document.
    @_optimize(speed)
    public static func validate(_ input: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(input)
        while try reader.next() != .end {}
    }
}
