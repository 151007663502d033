// What is to be known of each key, as one constant: name, type, default, environment variables, property of a
// profile, meaning; of integers also the least and the greatest. A NUL ends each part, as C wants it.

extension ConfigKey {
    /// The way there.
    var transportText: StaticString {
        switch self {
        case .httpVersion:
            """
            http.version\0one of: auto, 1.1, 2\01.1\0\0\0\
            HTTP version to speak. 2 is spoken where TLS agrees on it; streams share connections then where libcurl is \
            8.5 or newer, and each has one of its own with an older libcurl, for which auto means 1.1.
            """
        case .http2Streams:
            """
            http2.streams\0integer\0100\0\0\0\
            Most streams that share a connection at a time, where the server takes as many.\01\01000
            """
        case .httpHeaders:
            """
            http.headers\0text\0\0\0\0\
            Headers to send beside the library's own, as a JSON object of texts. They are signed, but for those that \
            proxies change.
            """
        case .userAgentSuffix:
            """
            http.user_agent_suffix\0text\0\0AWS_SDK_UA_APP_ID\0sdk_ua_app_id\0\
            What stands behind the library's name in the User-Agent header; from the environment or a profile, app/ \
            and that.
            """
        case .proxyURL:
            """
            proxy.url\0url\0\0https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY\0\0\
            Proxy to go through; "none" for none. For http endpoints http_proxy is read, not https_proxy.
            """
        case .proxyUser:
            "proxy.user\0text\0\0\0\0Name that the proxy is told, in place of one in its URL."
        case .proxyPassword:
            "proxy.password\0secret\0\0\0\0Password that goes with proxy.user."
        case .proxyBypass:
            """
            proxy.bypass\0text\0\0no_proxy, NO_PROXY\0\0\
            Hosts that are reached without the proxy, separated by commas; * for all.
            """
        default: ""
        }
    }

    /// Connections.
    var connectionText: StaticString {
        switch self {
        case .caBundle:
            """
            tls.ca_bundle\0path\0\0AWS_CA_BUNDLE\0ca_bundle\0\
            PEM file of the certificate authorities to trust instead of the system's.
            """
        case .clientCertificate:
            """
            tls.client_certificate\0path\0\0\0\0\
            PEM file of the certificate that servers are shown, with those between it and its authority.
            """
        case .clientKey:
            """
            tls.client_key\0path\0\0\0\0\
            PEM file of that certificate's private key, where the certificate's file does not hold it.
            """
        case .clientKeyPassword:
            "tls.client_key_password\0secret\0\0\0\0Password of that key."
        case .minTLSVersion:
            "tls.min_version\0one of: 1.2, 1.3\01.2\0\0\0Oldest version of TLS to speak."
        case .connectTo:
            """
            connect_to\0text\0\0\0\0\
            Where to connect instead of the host in a URL: HOST:PORT:TO_HOST:TO_PORT, separated by commas. An empty \
            HOST or PORT stands for any, an empty TO_HOST or TO_PORT for the same.
            """
        case .interface:
            """
            interface\0text\0\0\0\0\
            Network interface, local address or local host name that connections are made from.
            """
        case .connectionMaxIdle:
            """
            connection.max_idle_s\0integer\060\0\0\0\
            Seconds after which an unused connection is closed; 0 for never.\00\086400
            """
        case .connectionMaxAge:
            """
            connection.max_age_s\0integer\01800\0\0\0\
            Seconds after which a connection takes no further request; 0 for no limit.\00\086400
            """
        case .connectionKeepAlive:
            // Linux takes at most 32,767 for TCP_KEEPIDLE.
            """
            connection.keepalive_s\0integer\060\0\0\0\
            Seconds of silence after which TCP asks whether the server is still there; 0 for never.\00\032767
            """
        case .connectionUnacknowledged:
            """
            connection.unacknowledged_ms\0integer\010000\0\0\0\
            Milliseconds that sent bytes may stay unacknowledged before the connection is given up; 0 for what the \
            system does.\00\086400000
            """
        default: ""
        }
    }
}
