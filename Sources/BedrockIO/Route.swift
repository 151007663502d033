import BedrockCore
import CSystem.Curl

// The way to a server, by a client's settings: for its calls of the service, and for those that find out who asks.
extension EasyHandle {
    /// A connection as the calls of the service use it. Of two handles that are set up alike, one takes up the other's.
    ///
    /// libcurl itself leaves a dead one that it took from the pool for another, and tells of it by a second call of
    /// its prereq function.
    func setUpConnection(_ settings: Settings, proxy: Bytes, isFresh: Bool) -> Bool {
        let rules = settings.connection
        let keepAlive = rules.keepAliveSeconds
        let usesHTTP2 = settings.usesHTTP2(isShared: sys_curl_shares_connections() != 0)
        let version = usesHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
        return setUpConnectLimit(settings.limits.connect) && set(CURLOPT_HTTP_VERSION, version)
            // Who comes while a connection is made waits whether it can be shared.
            && (!usesHTTP2 || set(CURLOPT_PIPEWAIT, 1)) && setUpRoute(settings, proxy: proxy)
            && set(CURLOPT_MAXAGE_CONN, rules.maxIdleSeconds == 0 ? Int(Int32.max) : rules.maxIdleSeconds)
            && set(CURLOPT_MAXLIFETIME_CONN, rules.maxAgeSeconds) && set(CURLOPT_TCP_KEEPALIVE, keepAlive > 0 ? 1 : 0)
            && (keepAlive == 0 || set(CURLOPT_TCP_KEEPIDLE, keepAlive) && set(CURLOPT_TCP_KEEPINTVL, keepAlive))
            && set(CURLOPT_FRESH_CONNECT, isFresh ? 1 : 0)
            && sys_setopt_socket(easy, rules.unacknowledgedMs) == CURLE_OK
    }

    /// The connect limit is the exchange's business; libcurl's own of five minutes must not come first, where it could.
    /// Elsewhere it is left unset: each transfer that has one costs a timer.
    private func setUpConnectLimit(_ limit: Int64) -> Bool {
        let isBelowLibcurls = 1..<300_000_000_000 ~= limit
        return isBelowLibcurls || set(CURLOPT_CONNECTTIMEOUT_MS, Int(Int32.max))
    }

    /// What is said of proxies, TLS, and which addresses connections go to and come from; false without memory. `proxy`
    /// is the one to go through, empty for none.
    func setUpRoute(_ settings: Settings, proxy: Bytes) -> Bool {
        setUpProxy(settings, proxy) && setUpTLS(settings) && connect(to: settings.connectTo)
            && set(CURLOPT_INTERFACE, optional: settings.interface)
    }

    /// What the URL says of name and password counts where nothing else does.
    private func setUpProxy(_ settings: Settings, _ proxy: Bytes) -> Bool {
        set(CURLOPT_PROXY, proxy) && set(CURLOPT_NOPROXY, settings.proxyBypass)
            && set(CURLOPT_PROXYUSERNAME, optional: settings.proxyUser)
            && set(CURLOPT_PROXYPASSWORD, optional: settings.proxyPassword)
    }

    private func setUpTLS(_ settings: Settings) -> Bool {
        let version = Int(settings.needsTLS13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2)
        if let bundle = settings.caBundle {
            guard trustOnly(bundle) else { return false }
        }
        return set(CURLOPT_SSLVERSION, version) && set(CURLOPT_PROXY_SSLVERSION, version)
            && set(CURLOPT_SSLCERT, optional: settings.clientCertificate)
            && set(CURLOPT_SSLKEY, optional: settings.clientKey)
            && set(CURLOPT_KEYPASSWD, optional: settings.clientKeyPassword)
    }

    /// Instead of the system's authorities, which libcurl finds by a file and by a directory.
    private func trustOnly(_ bundle: Bytes) -> Bool {
        set(CURLOPT_CAINFO, bundle) && set(CURLOPT_CAPATH, nil) && set(CURLOPT_PROXY_CAINFO, bundle)
            && set(CURLOPT_PROXY_CAPATH, nil)
    }

    private func set(_ option: CURLoption, optional text: Bytes?) -> Bool {
        text.map { set(option, $0) } ?? true
    }
}

extension Settings {
    /// HTTP/2 is asked for, and streams share connections where the server speaks it.
    var sharesConnections: Bool { sys_curl_shares_connections() != 0 && usesHTTP2(isShared: true) }
}
