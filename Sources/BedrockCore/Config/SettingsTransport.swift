// The way to an endpoint.
extension Settings {
    /// The proxy for an endpoint; empty for none.
    public func proxy(for endpoint: Endpoint) throws(Failure) -> Bytes { try proxy(isSecure: endpoint.isSecure) }

    /// The proxy for a URL.
    public func proxy(forURL url: Span<UInt8>) throws(Failure) -> Bytes {
        try proxy(isSecure: url.startsIgnoringCase(with: "https:"))
    }

    private func proxy(isSecure: Bool) throws(Failure) -> Bytes {
        let url = try proxyURL(isSecure: isSecure)
        // libcurl would take the URL's.
        return proxyUser == nil ? url : ProxyURL.anonymous(url)
    }

    private func proxyURL(isSecure: Bool) throws(Failure) -> Bytes {
        if let url = config[.proxyURL] { return url == "none" ? [] : url }
        let found =
            isSecure
            ? environment.first(of: .proxyURL)?.value : environment.first(of: ["http_proxy", "all_proxy", "ALL_PROXY"])
        guard let url = found else { return [] }
        do throws(ArgumentError) {
            try ProxyURL.check(url.span)
        } catch {
            throw Failure(.config, .prepare, "the proxy from the environment: \(error.message)")
        }
        return url
    }

    /// Hosts that are reached without the proxy.
    public var proxyBypass: Bytes { value(.proxyBypass) ?? [] }
    public var proxyUser: Bytes? { config[.proxyUser] }
    public var proxyPassword: Bytes? { config[.proxyPassword] }

    public var caBundle: Bytes? { value(.caBundle) }
    public var clientCertificate: Bytes? { config[.clientCertificate] }
    public var clientKey: Bytes? { config[.clientKey] }
    public var clientKeyPassword: Bytes? { config[.clientKeyPassword] }
    public var needsTLS13: Bool { config[.minTLSVersion].map { $0 == "1.3" } ?? false }

    public var interface: Bytes? { config[.interface] }

    /// `isShared` says whether streams can share a connection then: with nothing to gain it is not chosen by itself.
    public func usesHTTP2(isShared: Bool) -> Bool {
        config[.httpVersion].map { $0 == "2" || isShared && $0 == "auto" } ?? false
    }

    /// Most streams of one connection.
    public var http2Streams: Int { Int(truncatingIfNeeded: integer(.http2Streams)) }

    public var userAgent: Bytes {
        let name = Bytes("libbedrockstream/0.1.0")
        guard let suffix = value(.userAgentSuffix) else { return name }
        return name + [UInt8(ascii: " ")] + suffix
    }

    /// Where to connect instead of other places, as libcurl takes it.
    static func connectTo(_ config: Config) -> [Bytes] {
        guard let list = config[.connectTo] else { return [] }
        return (try? ConnectTo.list(list.span)) ?? []
    }

    static func extraHeaders(_ config: Config) -> [HTTPHeader] {
        guard let json = config[.httpHeaders] else { return [] }
        return (try? ExtraHeaders.list(json.span)) ?? []
    }
}
