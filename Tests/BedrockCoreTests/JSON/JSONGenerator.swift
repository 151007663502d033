import BedrockCore

/// Makes trees, and writes them as JSON in one of the many ways that mean the same.
struct JSONGenerator {
    var random: SeededRandom

    mutating func tree(depth: Int = 5) -> JSONTree {
        switch random.below(depth > 0 ? 9 : 6) {
        case 0: .null
        case 1: .bool(random.isTrue(oneIn: 2))
        case 2: .number(number())
        case 3, 4, 5: .string(string())
        case 6: .array((0..<random.below(5)).map { _ in tree(depth: depth - 1) })
        default:
            .object((0..<random.below(5)).map { _ in .init(name: string(), value: tree(depth: depth - 1)) })
        }
    }

    private mutating func number() -> String {
        var text = random.isTrue(oneIn: 2) ? "-" : ""
        text += random.isTrue(oneIn: 3) ? "0" : String(random.next() >> UInt64(random.below(64)) | 1)
        if random.isTrue(oneIn: 3) { text += "." + digits() }
        if random.isTrue(oneIn: 3) { text += ["e", "E", "e+", "E-"][random.below(4)] + digits() }
        return text
    }

    private mutating func digits() -> String {
        String((0...random.below(20)).map { _ in "0123456789".randomElement(using: &random) ?? "0" })
    }

    private mutating func string() -> String.UnicodeScalarView {
        let hasOnlyASCII = random.isTrue(oneIn: 2)
        let length = random.isTrue(oneIn: 20) ? random.below(300) : random.below(24)
        var text = String.UnicodeScalarView()
        for _ in 0..<length {
            text.append(scalar(below: hasOnlyASCII ? 0x80 : [0x80, 0x800, 0x10000, 0x110000][random.below(4)]))
        }
        return text
    }

    private mutating func scalar(below bound: UInt32) -> Unicode.Scalar {
        Unicode.Scalar(UInt32.random(in: 0..<bound, using: &random)) ?? "\u{D7FF}"
    }

    mutating func text(of tree: JSONTree) -> String {
        blanks() + bare(tree) + blanks()
    }

    private mutating func bare(_ tree: JSONTree) -> String {
        switch tree {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .number(let digits): digits
        case .string(let text): quoted(text)
        case .array(let elements):
            "[" + (elements.isEmpty ? blanks() : elements.map { text(of: $0) }.joined(separator: ",")) + "]"
        case .object(let members):
            "{" + (members.isEmpty ? blanks() : members.map { member($0) }.joined(separator: ",")) + "}"
        }
    }

    private mutating func member(_ member: JSONTree.Member) -> String {
        blanks() + quoted(member.name) + blanks() + ":" + text(of: member.value)
    }

    private mutating func blanks() -> String {
        guard random.isTrue(oneIn: 3) else { return "" }
        return String((0..<random.below(12)).map { _ in [" ", "\t", "\n", "\r"][random.below(4)] as Character })
    }

    private mutating func quoted(_ text: String.UnicodeScalarView) -> String {
        let escapesMuch = random.isTrue(oneIn: 4)
        return "\"" + text.map { written($0, escapes: escapesMuch && random.isTrue(oneIn: 3)) }.joined() + "\""
    }

    private mutating func written(_ scalar: Unicode.Scalar, escapes: Bool) -> String {
        if scalar == "\"" || scalar == "\\" || escapes && scalar == "/" { return "\\" + String(scalar) }
        guard escapes || scalar.value < 0x20 else { return String(scalar) }
        return UTF16.encode(scalar).map { $0.map { unit in "\\u" + hex(unit) }.joined() } ?? ""
    }

    private mutating func hex(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16, uppercase: random.isTrue(oneIn: 2))
        return String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }
}
