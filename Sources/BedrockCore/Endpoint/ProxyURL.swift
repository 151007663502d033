/// The URL of a proxy as libcurl takes it: "[scheme://][user[:password]@]host[:port]".
///
/// Checked before libcurl sees it, whose messages repeat a malformed one with the password in it.
enum ProxyURL {
    private static let schemes: [StaticString] = [
        "http://", "https://", "socks4://", "socks4a://", "socks5://", "socks5h://",
    ]

    static func check(_ url: Span<UInt8>) throws(ArgumentError) {
        let rest = try withoutScheme(url)
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.count
        guard slash &+ 1 >= rest.count else { throw error("has a path") }
        _ = try Authority(withoutUser(rest.extracting(0..<slash)))
    }

    /// The same without name and password.
    static func anonymous(_ url: Bytes) -> Bytes {
        guard let rest = try? withoutScheme(url.span) else { return url }
        let schemeLength = url.count &- rest.count
        return Bytes(url.prefix(schemeLength)) + Bytes(copying: withoutUser(rest))
    }

    @_lifetime(copy url)
    private static func withoutScheme(_ url: Span<UInt8>) throws(ArgumentError) -> Span<UInt8> {
        for scheme in schemes where url.startsIgnoringCase(with: scheme) {
            return url.extracting(scheme.utf8CodeUnitCount..<url.count)
        }
        if let colon = url.firstIndex(of: UInt8(ascii: ":")), url.extracting(colon..<url.count).starts(with: "://") {
            throw error("has a scheme that is none of http, https, socks4, socks4a, socks5 and socks5h")
        }
        return url
    }

    @_lifetime(copy authority)
    private static func withoutUser(_ authority: Span<UInt8>) -> Span<UInt8> {
        var start = authority.count
        while start > 0, authority[start &- 1] != UInt8(ascii: "@") { start &-= 1 }
        return authority.extracting(start..<authority.count)
    }

    private static func error(_ what: Message) -> ArgumentError {
        ArgumentError("proxy.url", "the URL " + what)
    }
}
