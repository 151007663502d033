/// Where requests go: "scheme://host[:port]" and what stands before the operation's path.
public struct Endpoint: Equatable, Sendable {
    /// "https" or "http".
    public let scheme: Bytes
    /// As the Host header carries it: in lower case, with the port where it is not the scheme's default, an IPv6
    /// address in brackets.
    public let host: Bytes
    /// Empty, or begins with a slash and does not end with one.
    public let basePath: Bytes
    public let port: Int
    /// Traffic does not leave the machine.
    public let isLoopback: Bool

    public var isSecure: Bool { scheme == "https" }

    /// Refuses to send there what is as good for who hears it.
    func checkPrivacy() throws(ArgumentError) {
        if !isSecure, !isLoopback { throw Self.error("begins with http://, where tokens would be sent in the clear") }
    }

    /// The URL of a path as it stands on the request line, `basePath` included.
    public func url(path: Span<UInt8>) -> Bytes {
        var url = Bytes()
        url.reserveCapacity(scheme.count &+ 3 &+ host.count &+ path.count)
        url += scheme
        for _ in 0..<3 { url.append(UInt8(ascii: url.count == scheme.count ? ":" : "/")) }
        url += host
        path.withUnsafeBufferPointer { url.append(contentsOf: $0) }
        return url
    }

    /// Takes "http" and "https" URLs without user information, query and fragment.
    public init(url: Span<UInt8>) throws(ArgumentError) {
        guard url.count <= Self.urlLength else { throw Self.error("is too long") }
        let secure = url.startsIgnoringCase(with: "https://")
        guard secure || url.startsIgnoringCase(with: "http://") else {
            throw Self.error("does not begin with https:// or http://")
        }
        let rest = url.extracting((secure ? 8 : 7)..<url.count)
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.count
        try self.init(
            secure: secure, authority: rest.extracting(0..<slash), path: rest.extracting(slash..<rest.count))
    }

    private init(secure: Bool, authority: Span<UInt8>, path: Span<UInt8>) throws(ArgumentError) {
        guard authority.firstIndex(of: UInt8(ascii: "@")) == nil else { throw Self.error("holds user information") }
        let parts = try Authority(authority)
        let name = authority.extracting(0..<parts.nameEnd)
        let defaultPort = secure ? 443 : 80
        port = parts.port ?? defaultPort
        var host = Bytes(copying: name).map { $0.asciiLowercased }
        isLoopback = Self.isLoopback(host.span)
        if port != defaultPort { host += Self.portSuffix(port) }
        self.host = host
        scheme = secure ? Bytes("https") : Bytes("http")
        basePath = try Self.basePath(path)
    }

    private static let urlLength = 4096

    private static func error(_ what: Message) -> ArgumentError {
        ArgumentError("endpoint_url", "the URL " + what)
    }

    private static func portSuffix(_ port: Int) -> Bytes {
        var suffix = ByteBuffer()
        suffix.append(UInt8(ascii: ":"))
        suffix.append(decimal: Int64(port))
        return suffix.array
    }

    private static func basePath(_ path: Span<UInt8>) throws(ArgumentError) -> Bytes {
        var end = path.count
        while end > 0, path[end &- 1] == UInt8(ascii: "/") { end &-= 1 }
        for at in 0..<path.count {
            switch path[at] {
            case UInt8(ascii: "?"): throw error("has a query")
            case UInt8(ascii: "#"): throw error("has a fragment")
            case 0x21...0x7E: continue
            default: throw error("holds a character that must be percent-encoded")
            }
        }
        return Bytes(copying: path.extracting(0..<end))
    }

    /// "localhost", names below it (RFC 6761, 6.3), 127.0.0.0/8 and ::1.
    private static func isLoopback(_ name: Span<UInt8>) -> Bool {
        if name.isEqual(to: "localhost") || name.ends(with: ".localhost") || name.isEqual(to: "[::1]") { return true }
        guard name.starts(with: "127.") else { return false }
        var dots = 0
        for at in 0..<name.count {
            if name[at] == UInt8(ascii: ".") { dots &+= 1 } else if name[at] &- 48 > 9 { return false }
        }
        return dots == 3
    }
}

/// The part of a URL between "//" and the path, without a user's name.
struct Authority {
    let nameEnd: Int
    let port: Int?

    init(_ text: Span<UInt8>) throws(ArgumentError) {
        if text.first == UInt8(ascii: "[") {
            nameEnd = try Self.endOfAddress(text)
        } else {
            nameEnd = try Self.endOfName(text)
        }
        port = try Self.port(text.extracting(nameEnd..<text.count))
    }

    private static func endOfName(_ text: Span<UInt8>) throws(ArgumentError) -> Int {
        let end = text.firstIndex(of: UInt8(ascii: ":")) ?? text.count
        guard 1...255 ~= end else { throw error("has no host, or one that is too long") }
        for at in 0..<end where !text[at].isHostCharacter {
            throw error("has a host with a character that none may hold")
        }
        return end
    }

    private static func endOfAddress(_ text: Span<UInt8>) throws(ArgumentError) -> Int {
        guard let bracket = text.firstIndex(of: UInt8(ascii: "]")), 4...47 ~= bracket &+ 1 else {
            throw error("has an incomplete IPv6 address")
        }
        var colons = 0
        for at in 1..<bracket {
            let byte = text[at]
            if byte == UInt8(ascii: ":") { colons &+= 1 }
            guard byte.hexDigit != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") else {
                throw error("has a malformed IPv6 address")
            }
        }
        guard colons >= 2 else { throw error("has a malformed IPv6 address") }
        return bracket &+ 1
    }

    /// nil where there is none, or only a colon (RFC 3986, 3.2.3).
    private static func port(_ text: Span<UInt8>) throws(ArgumentError) -> Int? {
        guard text.count > 0 else { return nil }
        guard text[0] == UInt8(ascii: ":") else { throw error("has a malformed host") }
        guard text.count > 1 else { return nil }
        guard text.count <= 6, text[1] != UInt8(ascii: "-"), let port = text.extracting(1..<text.count).decimal(),
            1...65535 ~= port
        else { throw error("has a port that is not in 1 to 65535") }
        return Int(truncatingIfNeeded: port)
    }

    private static func error(_ what: Message) -> ArgumentError {
        ArgumentError("endpoint_url", "the URL " + what)
    }
}

extension UInt8 {
    /// Letters, digits, and what host names are seen with; names in other scripts come as punycode.
    fileprivate var isHostCharacter: Bool {
        (self | 0x20) &- 97 < 26 || self &- 48 < 10 || self == UInt8(ascii: "-") || self == UInt8(ascii: ".")
            || self == UInt8(ascii: "_")
    }
}

extension Span where Element == UInt8 {
    fileprivate var first: UInt8? { isEmpty ? nil : self[0] }

    func startsIgnoringCase(with literal: StaticString) -> Bool {
        count >= literal.utf8CodeUnitCount && extracting(0..<literal.utf8CodeUnitCount).isEqualIgnoringCase(literal)
    }
}
