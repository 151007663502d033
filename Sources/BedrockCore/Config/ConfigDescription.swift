/// What a key is called and takes. All texts are constants that end with a NUL, as literals do.
public struct ConfigDescription: Sendable {
    public enum Kind: Sendable {
        case text, secret, url, path
        case integer(ClosedRange<Int64>)
        case choice(Choice)
    }

    public let name: StaticString
    public let kind: Kind
    public let defaultValue: StaticString
    public let environment: [StaticString]
    public let environmentText: StaticString
    /// The property of a profile that is read where neither code nor environment say anything; empty for none.
    public let configFileKey: StaticString
    public let meaning: StaticString

    init(
        _ name: StaticString, _ kind: Kind, _ meaning: StaticString, default defaultValue: StaticString = "",
        environment: [StaticString] = [], environmentText: StaticString = "",
        configFileKey: StaticString = ""
    ) {
        self.name = name
        self.kind = kind
        self.meaning = meaning
        self.defaultValue = defaultValue
        self.environment = environment
        self.environmentText = environmentText
        self.configFileKey = configFileKey
    }

    /// The kind in words.
    public var typeText: StaticString {
        switch kind {
        case .text: "text"
        case .secret: "secret"
        case .url: "url"
        case .path: "path"
        case .integer: "integer"
        case .choice(let choice): choice.text
        }
    }
}

/// The words that a key takes, as one constant, which is what the key's description shows: "one of: on, off".
public struct Choice: Sendable, ExpressibleByStringLiteral {
    private static let opening: StaticString = "one of: "

    public let text: StaticString

    public init(stringLiteral text: StaticString) {
        self.text = text
    }

    public func contains(_ word: Span<UInt8>) -> Bool {
        let list = Span(_unsafeStart: text.utf8Start, count: text.utf8CodeUnitCount)
        var start = Self.opening.utf8CodeUnitCount
        while start < list.count {
            let end = list.firstIndex(of: UInt8(ascii: ","), from: start) ?? list.count
            if word.isEqual(to: list.extracting(start..<end)) { return true }
            start = end &+ 2
        }
        return false
    }
}
