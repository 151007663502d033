import BedrockCore
import CSystem.Curl

// The way to a server, by a client's settings: for its calls of the service, and for those that find out who asks.
extension EasyHandle {
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
