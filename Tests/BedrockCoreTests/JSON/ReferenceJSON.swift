import BedrockCore

/// A document as a tree; numbers as they are written.
enum JSONTree: Equatable {
    case object([Member])
    case array([JSONTree])
    case string(String.UnicodeScalarView)
    case number(String)
    case bool(Bool)
    case null

    struct Member: Equatable {
        var name: String.UnicodeScalarView
        var value: JSONTree
        static func == (one: Member, other: Member) -> Bool {
            one.name.elementsEqual(other.name) && one.value == other.value
        }
    }

    static func == (one: JSONTree, other: JSONTree) -> Bool {
        switch (one, other) {
        case (.object(let one), .object(let other)): one == other
        case (.array(let one), .array(let other)): one == other
        case (.string(let one), .string(let other)): one.elementsEqual(other)
        case (.number(let one), .number(let other)): one == other
        case (.bool(let one), .bool(let other)): one == other
        case (.null, .null): true
        default: false
        }
    }

    /// The tree that the reader under test gives, of the whole text.
    init(reading bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes.span)
        self = try JSONTree(&reader, try reader.next())
        guard try reader.next() == .end else { throw JSONError(kind: .expectedEnd, offset: -1) }
    }

    private init(_ reader: inout JSONReader, _ token: JSONToken) throws(JSONError) {
        switch token {
        case .beginObject: self = .object(try JSONTree.members(&reader))
        case .beginArray: self = .array(try JSONTree.elements(&reader))
        case .string(let text): self = .string(String(reader.bytes(of: text)).unicodeScalars)
        case .number(let range): self = .number(String(copying: reader.raw(range)))
        case .bool(let bool): self = .bool(bool)
        case .null: self = .null
        case .endObject, .endArray, .key, .end: throw JSONError(kind: .expectedValue, offset: -1)
        }
    }

    private static func members(_ reader: inout JSONReader) throws(JSONError) -> [Member] {
        var members: [Member] = []
        while case .key(let text) = try reader.next() {
            let name = String(reader.bytes(of: text)).unicodeScalars
            members.append(Member(name: name, value: try JSONTree(&reader, try reader.next())))
        }
        return members
    }

    private static func elements(_ reader: inout JSONReader) throws(JSONError) -> [JSONTree] {
        var elements: [JSONTree] = []
        while true {
            let token = try reader.next()
            if token == .endArray { return elements }
            elements.append(try JSONTree(&reader, token))
        }
    }
}

/// RFC 8259 once more, as slow and plain as can be: recursive, over characters that the standard library has decoded.
/// Shares nothing with the reader under test.
struct ReferenceJSON {
    struct Refused: Error {}
    private static let meanings: [Unicode.Scalar: UInt16] = [
        "\"": 34, "\\": 92, "/": 47, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9,
    ]
    private var rest: ArraySlice<Unicode.Scalar>

    static func tree(of bytes: Bytes) throws -> JSONTree {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Refused() }
        var reader = ReferenceJSON(rest: Array(text.unicodeScalars)[...])
        let tree = try reader.element(depth: 0)
        guard reader.rest.isEmpty else { throw Refused() }
        return tree
    }

    private mutating func element(depth: Int) throws -> JSONTree {
        blanks()
        let value = try self.value(depth: depth)
        blanks()
        return value
    }

    private mutating func value(depth: Int) throws -> JSONTree {
        switch rest.first {
        case "{": .object(try members(depth: depth + 1))
        case "[": .array(try elements(depth: depth + 1))
        case "\"": .string(try string())
        case "t": try word("true", .bool(true))
        case "f": try word("false", .bool(false))
        case "n": try word("null", .null)
        default: .number(try number())
        }
    }

    private mutating func members(depth: Int) throws -> [JSONTree.Member] {
        try take("{", depth)
        blanks()
        if accept("}") { return [] }
        var members: [JSONTree.Member] = []
        repeat {
            blanks()
            let name = try string()
            blanks()
            try take(":")
            members.append(.init(name: name, value: try element(depth: depth)))
        } while accept(",")
        try take("}")
        return members
    }

    private mutating func elements(depth: Int) throws -> [JSONTree] {
        try take("[", depth)
        blanks()
        if accept("]") { return [] }
        var elements: [JSONTree] = []
        repeat { elements.append(try element(depth: depth)) } while accept(",")
        try take("]")
        return elements
    }

    private mutating func string() throws -> String.UnicodeScalarView {
        try take("\"")
        var units: [UInt16] = []
        while let next = rest.popFirst() {
            if next == "\"" { return String(decoding: units, as: UTF16.self).unicodeScalars }
            if next.value < 0x20 { throw Refused() }
            if next == "\\" {
                units.append(try escape())
            } else {
                units += Array(UTF16.encode(next).map(Array.init) ?? [])
            }
        }
        throw Refused()
    }

    private mutating func escape() throws -> UInt16 {
        guard let kind = rest.popFirst() else { throw Refused() }
        if let meaning = ReferenceJSON.meanings[kind] { return meaning }
        let digits = String(String.UnicodeScalarView(rest.prefix(4)))
        guard kind == "u", digits.utf8.count == 4, !digits.hasPrefix("+"), !digits.hasPrefix("-"),
            let unit = UInt16(digits, radix: 16)
        else { throw Refused() }
        rest = rest.dropFirst(4)
        return unit
    }

    private mutating func number() throws -> String {
        var text = ""
        if accept("-") { text += "-" }
        let whole = digits()
        if whole.isEmpty || whole.utf8.count > 1 && whole.hasPrefix("0") { throw Refused() }
        text += whole
        if accept(".") { text += "." + (try someDigits()) }
        if let mark = rest.first, mark == "e" || mark == "E" {
            rest = rest.dropFirst()
            text.unicodeScalars.append(mark)
            if accept("+") { text += "+" } else if accept("-") { text += "-" }
            text += try someDigits()
        }
        return text
    }

    private mutating func digits() -> String {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        return String(String.UnicodeScalarView(digits))
    }

    private mutating func someDigits() throws -> String {
        let digits = digits()
        if digits.isEmpty { throw Refused() }
        return digits
    }

    private mutating func word(_ word: String, _ tree: JSONTree) throws -> JSONTree {
        for scalar in word.unicodeScalars { try take(scalar) }
        return tree
    }

    private mutating func blanks() {
        rest = rest.drop { [" ", "\t", "\n", "\r"].contains($0) }
    }

    private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func take(_ scalar: Unicode.Scalar, _ depth: Int = 0) throws {
        guard depth <= Limits.jsonDepth, accept(scalar) else { throw Refused() }
    }
}
