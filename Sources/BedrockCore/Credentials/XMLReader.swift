/// A pull parser for the XML of services: one element with elements and texts in it. Prefixes of names and attributes
/// are stepped over; a document type is refused, and with it every entity but the five that XML itself has.
struct XMLReader: ~Escapable {
    enum Token: Equatable {
        /// Of the element `name`.
        case start, end
        /// A part of an element's text, for `append`; there may be several.
        case text
        case finished
        case malformed
    }

    private let input: Span<UInt8>
    private var position = 0
    /// Names of open elements with their prefixes, the innermost last.
    private var open: [Range<Int>] = []
    private var hasRoot = false
    /// The start tag that was read last is the end tag, too.
    private var isEmptyElement = false
    /// The text that was read last, and whether it is as it is written.
    private var text = 0..<0
    private var isVerbatim = false

    @_lifetime(copy input)
    init(_ input: Span<UInt8>) {
        self.input = input
    }

    mutating func next() -> Token {
        if isEmptyElement {
            isEmptyElement = false
            return leave()
        }
        while position < input.count {
            if input[position] != UInt8(ascii: "<") {
                let token = readText()
                if token != .finished { return token }
            } else if starts("<!--") {
                guard skip(4, to: "-->") else { return .malformed }
            } else if starts("<?") {
                guard skip(2, to: "?>") else { return .malformed }
            } else {
                return readTag()
            }
        }
        return hasRoot && open.isEmpty ? .finished : .malformed
    }

    /// The local name of the innermost open element, or of one that many levels further out; empty where there is none.
    @_lifetime(copy self)
    func name(_ outwards: Int = 0) -> Span<UInt8> {
        guard outwards < open.count else { return input.extracting(0..<0) }
        let name = input.extracting(open[open.count &- 1 &- outwards])
        let prefix = name.firstIndex(of: UInt8(ascii: ":")).map { $0 &+ 1 } ?? 0
        return name.extracting(prefix..<name.count)
    }

    // MARK: Texts

    /// Appends what the text says. False where it has an entity that there is not.
    func append(to buffer: inout ByteBuffer) -> Bool {
        var at = text.lowerBound
        while !isVerbatim, let mark = input.extracting(0..<text.upperBound).firstIndex(of: UInt8(ascii: "&"), from: at)
        {
            buffer.append(input.extracting(at..<mark))
            // The longest is "&#x0010FFFF;", give or take zeros.
            let rest = input.extracting((mark &+ 1)..<min(mark &+ 16, text.upperBound))
            guard let end = rest.firstIndex(of: UInt8(ascii: ";")),
                let character = UTF8.encode(Self.character(rest.extracting(0..<end)) ?? "\0"), character.first != 0
            else { return false }
            for byte in character { buffer.append(byte) }
            at = mark &+ end &+ 2
        }
        buffer.append(input.extracting(at..<text.upperBound))
        return true
    }

    private static func character(_ entity: Span<UInt8>) -> Unicode.Scalar? {
        let named: [(StaticString, Unicode.Scalar)] = [
            ("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'"),
        ]
        for (name, character) in named where entity.isEqual(to: name) { return character }
        guard entity.count > 1, entity[0] == UInt8(ascii: "#") else { return nil }
        let isHex = entity[1] == UInt8(ascii: "x")
        var value: UInt32 = 0
        for at in (isHex ? 2 : 1)..<entity.count {
            guard let digit = entity[at].hexDigit, isHex || digit < 10, value <= 0x10FFFF else { return nil }
            value = value &* (isHex ? 16 : 10) &+ UInt32(digit)
        }
        return Unicode.Scalar(value)
    }

    /// `.finished` where it is nothing but blanks around the outermost element.
    private mutating func readText() -> Token {
        let end = input.firstIndex(of: UInt8(ascii: "<"), from: position) ?? input.count
        (text, isVerbatim, position) = (position..<end, false, end)
        if open.isEmpty { return input.extracting(text).trimmed().isEmpty ? .finished : .malformed }
        return .text
    }

    // MARK: Tags

    private mutating func readTag() -> Token {
        if starts("<![CDATA[") {
            let start = position &+ 9
            guard !open.isEmpty, skip(9, to: "]]>") else { return .malformed }
            (text, isVerbatim) = (start..<(position &- 3), true)
            return .text
        }
        if starts("</") { return readEndTag() }
        let start = position &+ 1
        position = endOfName(start)
        guard position > start, !hasRoot || !open.isEmpty, open.count < Limits.xmlDepth else { return .malformed }
        open.append(start..<position)
        hasRoot = true
        return skipAttributes() ? .start : .malformed
    }

    private mutating func readEndTag() -> Token {
        let start = position &+ 2
        let end = endOfName(start)
        guard let last = open.last, input.extracting(last).isEqual(to: input.extracting(start..<end)) else {
            return .malformed
        }
        position = end
        while position < input.count, input[position].isBlank { position &+= 1 }
        guard starts(">") else { return .malformed }
        position &+= 1
        return leave()
    }

    private mutating func leave() -> Token {
        open.removeLast()
        return .end
    }

    private func endOfName(_ start: Int) -> Int {
        var at = start
        while at < input.count, input[at].isXMLNameByte { at &+= 1 }
        return at
    }

    /// To behind the tag's end.
    private mutating func skipAttributes() -> Bool {
        while position < input.count {
            let byte = input[position]
            position &+= 1
            switch byte {
            case UInt8(ascii: ">"): return true
            case UInt8(ascii: "/"):
                isEmptyElement = starts(">")
                if !isEmptyElement { return false }
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                guard let quote = input.firstIndex(of: byte, from: position) else { return false }
                position = quote &+ 1
            case UInt8(ascii: "<"): return false
            default: break
            }
        }
        return false
    }

    // MARK: Places

    private func starts(_ mark: StaticString) -> Bool {
        input.extracting(position..<input.count).starts(with: mark)
    }

    /// To behind the next `mark` that begins so many bytes further on.
    private mutating func skip(_ length: Int, to mark: StaticString) -> Bool {
        position &+= length
        while position < input.count {
            if starts(mark) {
                position &+= mark.utf8CodeUnitCount
                return true
            }
            position &+= 1
        }
        return false
    }
}

extension UInt8 {
    /// Letters, digits, ".", "-", "_", ":" and whatever is not ASCII.
    fileprivate var isXMLNameByte: Bool { self != UInt8(ascii: "~") && isUnreserved || self == 0x3A || self >= 0x80 }
}
