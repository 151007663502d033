/// Why a text is not JSON (RFC 8259), or not the JSON that was asked for.
public struct JSONError: Error, Equatable {
    public enum Kind: Sendable {
        /// The text ends before the document does.
        case incomplete
        case expectedValue
        case expectedKey
        case expectedKeyOrBrace
        case expectedColon
        case expectedCommaOrBrace
        case expectedCommaOrBracket
        /// Something follows the document.
        case expectedEnd
        case number
        case literal
        case escape
        case controlCharacter
        case invalidUTF8
        /// Nested deeper than the reader was told to follow.
        case depth
        /// `nextKey` outside an object, `nextElement` outside an array: a fault of the reader's user.
        case notInObject
        case notInArray
    }

    public var kind: Kind
    /// Where, in bytes from the start of the text.
    public var offset: Int

    public init(kind: Kind, offset: Int) {
        self.kind = kind
        self.offset = offset
    }

    public var message: Message {
        "\(kind.description) at byte \(offset)"
    }
}

extension JSONError.Kind {
    var description: StaticString {
        switch self {
        case .incomplete: "unexpected end of the JSON text"
        case .expectedValue: "expected a value"
        case .expectedKey: "expected a member name"
        case .expectedKeyOrBrace: "expected a member name or '}'"
        case .expectedColon: "expected ':'"
        case .expectedCommaOrBrace: "expected ',' or '}'"
        case .expectedCommaOrBracket: "expected ',' or ']'"
        case .expectedEnd: "expected the end of the JSON text"
        case .number: "malformed number"
        case .literal: "malformed literal"
        case .escape: "malformed escape sequence"
        case .controlCharacter: "unescaped control character in a string"
        case .invalidUTF8: "invalid UTF-8 in a string"
        case .depth: "nested too deeply"
        case .notInObject: "no object is open"
        case .notInArray: "no array is open"
        }
    }
}
