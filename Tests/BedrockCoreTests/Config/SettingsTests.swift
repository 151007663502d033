import Testing

@testable import BedrockCore

func environment(_ variables: [String: String]) -> Environment {
    var environment = Environment()
    for name in Environment.names {
        if let value = variables[String(Bytes(name))] { environment.add(name, Bytes(value.utf8)) }
    }
    return environment
}

func settings(_ code: [String: String] = [:], _ variables: [String: String] = [:]) throws -> Settings {
    let config = Config()
    for (name, value) in code { try config.set(name, value) }
    return try Settings.make(config, environment(variables))
}

private func failure(_ body: () throws(Failure) -> Void) -> Failure? {
    do throws(Failure) {
        try body()
        return nil
    } catch {
        return error
    }
}

private let keys = ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "sEcReT"]
private let bearer = ["AWS_BEARER_TOKEN_BEDROCK": "token-e"]

@Suite struct Places {
    @Test(
        "code over environment over default",
        arguments: [
            (["region": "eu-west-1"], ["AWS_REGION": "us-east-1"], "https://bedrock-runtime.eu-west-1.amazonaws.com"),
            (
                [:], ["AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "ap-east-1"],
                "https://bedrock-runtime.us-east-1.amazonaws.com"
            ),
            ([:], ["AWS_DEFAULT_REGION": "ap-east-1"], "https://bedrock-runtime.ap-east-1.amazonaws.com"),
            (
                [:], ["AWS_REGION": " \t", "AWS_DEFAULT_REGION": "ap-east-1"],
                "https://bedrock-runtime.ap-east-1.amazonaws.com"
            ),
            (
                [:], ["AWS_REGION": "", "AWS_DEFAULT_REGION": "ap-east-1"],
                "https://bedrock-runtime.ap-east-1.amazonaws.com"
            ),
            (["region": "cn-north-1"], [:], "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"),
            (
                ["endpoint_url": "http://localhost:8080/base/"],
                ["AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "https://e"], "http://localhost:8080"
            ),
            ([:], ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "https://a", "AWS_ENDPOINT_URL": "https://b"], "https://a"),
            (["region": "eu-west-1"], ["AWS_ENDPOINT_URL": "https://b"], "https://b"),
        ] as [([String: String], [String: String], String)])
    func endpoints(_ code: [String: String], _ variables: [String: String], _ url: String) throws {
        let endpoint = try settings(code, variables).endpoint()
        #expect(String(endpoint.scheme) + "://" + String(endpoint.host) == url)
    }

    @Test func noRegion() throws {
        let message = "no region: looked at the configuration key region and at AWS_REGION and AWS_DEFAULT_REGION"
        let nowhere = try settings()
        for error in [
            failure { () throws(Failure) in _ = try nowhere.endpoint() },
            failure { () throws(Failure) in _ = try nowhere.signingRegion() },
        ] {
            #expect(error?.code == .region && error?.phase == .prepare && error?.message.description == message)
        }
        // An endpoint alone is a place to call, but not one to sign for.
        let elsewhere = try settings(["endpoint_url": "https://host"])
        #expect(failure { () throws(Failure) in _ = try elsewhere.endpoint() } == nil)
        #expect(failure { () throws(Failure) in _ = try elsewhere.signingRegion() }?.code == .region)
    }

    @Test(arguments: [
        (["AWS_REGION": "a.b"], "region: "), (["AWS_ENDPOINT_URL": "ftp://x"], "endpoint_url: "),
        (["AWS_DEFAULT_REGION": "us-east-1\n"], "region: "),
        (["AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "host"], "endpoint_url: "),
    ])
    func environmentIsChecked(_ variables: [String: String], _ start: String) {
        let error = #expect(throws: ConfigError.self) { try settings([:], variables) }
        #expect(error?.message.description.hasPrefix(start) == true)
        #expect(error?.message.description.hasSuffix(" (from \(variables.keys.first ?? ""))") == true)
        // What is set in code is not looked for there.
        #expect(throws: Never.self) { try settings(["region": "us-east-1", "endpoint_url": "https://h"], variables) }
    }

    @Test(
        "the proxy for an endpoint",
        arguments: [
            ("https://h", [:], [:], ""),
            ("https://h", ["proxy.url": "http://p:1"], ["https_proxy": "http://q"], "http://p:1"),
            ("https://h", ["proxy.url": "none"], ["https_proxy": "http://q"], ""),
            (
                "https://h", [:], ["https_proxy": "http://q", "HTTPS_PROXY": "http://r", "all_proxy": "http://s"],
                "http://q"
            ),
            ("https://h", [:], ["HTTPS_PROXY": "http://r", "ALL_PROXY": "http://t"], "http://r"),
            ("https://h", [:], ["all_proxy": "http://s", "ALL_PROXY": "http://t"], "http://s"),
            ("https://h", [:], ["ALL_PROXY": "http://t"], "http://t"),
            ("https://h", [:], ["http_proxy": "http://q"], ""),
            ("http://h", [:], ["https_proxy": "http://q"], ""),
            ("http://h", [:], ["http_proxy": "http://q", "all_proxy": "http://s"], "http://q"),
            ("http://h", [:], ["all_proxy": "http://s"], "http://s"),
            ("http://h", [:], ["HTTP_PROXY": "http://cgi"], ""),
            ("http://h", ["proxy.url": "http://p"], [:], "http://p"),
            ("https://h", [:], ["https_proxy": " "], ""),
        ] as [(String, [String: String], [String: String], String)])
    func proxies(_ url: String, _ code: [String: String], _ variables: [String: String], _ proxy: String) throws {
        let settings = try settings(code, variables)
        let endpoint = try Endpoint(url: url.utf8.span)
        #expect(try String(settings.proxy(for: endpoint)) == proxy)
    }

    @Test(arguments: ["https://h", "http://h"])
    func proxyOfTheEnvironmentIsChecked(_ url: String) throws {
        let settings = try settings([:], ["all_proxy": "http://me:secret@host:99999"])
        let endpoint = try Endpoint(url: url.utf8.span)
        let failure = failure { () throws(Failure) in _ = try settings.proxy(for: endpoint) }
        #expect(failure?.code == .config && failure?.phase == .prepare)
        #expect(failure?.message == "the proxy from the environment: the URL has a port that is not in 1 to 65535")
    }

    @Test(arguments: [
        "host", "host:3128", "http://host", "https://host:1/", "socks4://h", "socks4a://h", "socks5://h:9",
        "socks5h://h",
        "HTTP://me:p%40ss@host:80", "me:b@d:word@host", "http://[::1]:80", "me@[::1]", "none",
    ])
    func proxiesThatAreTaken(_ url: String) {
        #expect(throws: Never.self) { try settings(["proxy.url": url]) }
    }

    @Test func proxyBypass() throws {
        #expect(try settings().proxyBypass == [])
        #expect(String(try settings([:], ["no_proxy": "a,b", "NO_PROXY": "c"]).proxyBypass) == "a,b")
        #expect(String(try settings([:], ["NO_PROXY": "c"]).proxyBypass) == "c")
        #expect(String(try settings(["proxy.bypass": "*"], ["no_proxy": "a"]).proxyBypass) == "*")
    }
}

@Suite struct Identities {
    private func identity(_ settings: Settings, _ url: String = "https://host") throws -> String {
        switch try settings.identity(for: Endpoint(url: url.utf8.span)) {
        case .bearer(let token): return "bearer " + String(token)
        case .credentials(let credentials):
            let token = credentials.sessionToken.map { "/" + String($0) } ?? ""
            return String(credentials.accessKeyID) + "/" + String(credentials.secretAccessKey) + token
        }
    }

    private static let codeKeys = ["credentials.access_key_id": "C", "credentials.secret_access_key": "S"]

    @Test(
        "a bearer token wins over credentials unless the scheme says otherwise",
        arguments: [
            ([:], keys, "AKID/sEcReT"), ([:], bearer, "bearer token-e"),
            ([:], keys.merging(bearer) { $1 }, "bearer token-e"),
            (["auth.scheme": "sigv4"], keys.merging(bearer) { $1 }, "AKID/sEcReT"),
            (["auth.scheme": "bearer"], keys.merging(bearer) { $1 }, "bearer token-e"),
            (["auth.scheme": "auto"], keys.merging(bearer) { $1 }, "bearer token-e"),
            (["bearer_token": "token-c"], keys.merging(bearer) { $1 }, "bearer token-c"),
            (codeKeys, bearer, "bearer token-e"),
            (codeKeys.merging(["auth.scheme": "sigv4"]) { $1 }, bearer, "C/S"),
            (codeKeys, keys, "C/S"),
        ] as [([String: String], [String: String], String)])
    func precedence(_ code: [String: String], _ variables: [String: String], _ expected: String) throws {
        #expect(try identity(settings(code, variables)) == expected)
    }

    @Test("a session token goes with the keys it came with")
    func sessionTokens() throws {
        let variables = keys.merging(["AWS_SESSION_TOKEN": "T"]) { $1 }
        #expect(try identity(settings([:], variables)) == "AKID/sEcReT/T")
        #expect(try identity(settings(Self.codeKeys, variables)) == "C/S")
        let code = Self.codeKeys.merging(["credentials.session_token": "U"]) { $1 }
        #expect(try identity(settings(code, variables)) == "C/S/U")
    }

    @Test(
        "what is missing is named",
        arguments: [
            (
                [:], [:], ErrorCode.credentials,
                "no credentials: looked at the configuration keys credentials.* and bearer_token, and at "
                    + "AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY and AWS_BEARER_TOKEN_BEDROCK"
            ),
            (
                ["auth.scheme": "bearer"], keys, .credentials,
                "no bearer token: looked at the configuration key bearer_token and at AWS_BEARER_TOKEN_BEDROCK"
            ),
            (
                ["credentials.access_key_id": "C"], keys, .credentials,
                "credentials.access_key_id and credentials.secret_access_key go together, one of them is not set"
            ),
            (
                ["credentials.secret_access_key": "S"], keys, .credentials,
                "credentials.access_key_id and credentials.secret_access_key go together, one of them is not set"
            ),
        ] as [([String: String], [String: String], ErrorCode, String)])
    func missing(_ code: [String: String], _ variables: [String: String], _ error: ErrorCode, _ message: String) throws
    {
        let settings = try settings(code, variables)
        let endpoint = try Endpoint(url: "https://host".utf8.span)
        let failure = failure { () throws(Failure) in _ = try settings.identity(for: endpoint) }
        #expect(failure?.code == error && failure?.phase == .prepare && failure?.message.description == message)
    }

    @Test(arguments: [
        ["AWS_ACCESS_KEY_ID": "AKID"], ["AWS_SECRET_ACCESS_KEY": "S"], ["AWS_SESSION_TOKEN": "T"],
        ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": " "],
    ])
    func halfOfTheKeysInTheEnvironment(_ variables: [String: String]) throws {
        let settings = try settings([:], variables)
        let endpoint = try Endpoint(url: "https://host".utf8.span)
        #expect(failure { () throws(Failure) in _ = try settings.identity(for: endpoint) }?.code == .credentials)
    }

    @Test(
        "a bearer token goes over TLS, or nowhere",
        arguments: [
            ("https://host", true), ("http://localhost:1", true), ("http://127.0.0.1", true), ("http://[::1]:1", true),
            ("http://host", false), ("http://127.0.0.1.example", false), ("http://localhost.example", false),
        ])
    func bearerOverPlainText(_ url: String, _ isSent: Bool) throws {
        let settings = try settings(["bearer_token": "t"])
        let endpoint = try Endpoint(url: url.utf8.span)
        let error = failure { () throws(Failure) in _ = try settings.identity(for: endpoint) }
        #expect((error == nil) == isSent && error?.code == (isSent ? nil : .endpoint))
        if let error {
            #expect(
                !error.message.description.contains("t\"") && error.message.description.contains(String(endpoint.host)))
        }
    }

    @Test func tokenWithAControlCharacter() throws {
        let settings = try settings([:], ["AWS_BEARER_TOKEN_BEDROCK": "a\r\nX-Evil: 1"])
        let endpoint = try Endpoint(url: "https://host".utf8.span)
        let error = failure { () throws(Failure) in _ = try settings.identity(for: endpoint) }
        #expect(error?.code == .credentials && error?.message.description.contains("Evil") == false)
    }
}

@Suite struct OtherSettings {
    @Test func defaults() throws {
        let settings = try settings()
        #expect(settings.queueLength == 262_144 && !settings.usesHTTP2 && settings.caBundle == nil)
        var options = InvokeOptions()
        options.contentType = Bytes("application/json")
        #expect(settings.invokeOptions == options && settings.region == nil)
    }

    @Test func values() throws {
        let settings = try settings([
            "delivery.queue_bytes": "4096", "http.version": "2", "tls.ca_bundle": "/etc/ca.pem",
            "timeout.connect_ms": "1", "timeout.first_byte_ms": "2", "timeout.between_bytes_ms": "3",
            "timeout.total_ms": "4", "invoke.content_type": "a", "invoke.accept": "b", "invoke.trace": "c",
            "invoke.guardrail_identifier": "d", "invoke.guardrail_version": "e", "invoke.performance_latency": "f",
            "invoke.service_tier": "g", "invoke.request_metadata": "h",
        ])
        #expect(settings.queueLength == 4096 && settings.usesHTTP2)
        #expect(settings.caBundle.map { String($0) } == "/etc/ca.pem")
        let limits = settings.limits
        #expect(
            [limits.connect, limits.firstByte, limits.betweenBytes, limits.total]
                == [1, 2, 3, 4].map { $0 * 1_000_000 })
        let values = (0..<8).map {
            settings.invokeOptions.member($0, of: .invokeModel)?.value.map { String($0) } ?? nil
        }
        #expect(values == ["a", "b", "c", "d", "e", "f", "g", "h"])
    }

    @Test func certificatesFromTheEnvironment() throws {
        #expect(try settings([:], ["AWS_CA_BUNDLE": "/e.pem"]).caBundle.map { String($0) } == "/e.pem")
        #expect(
            try settings(["tls.ca_bundle": "/c.pem"], ["AWS_CA_BUNDLE": "/e.pem"]).caBundle.map { String($0) }
                == "/c.pem")
    }

    @Test func everyNameOfTheEnvironmentIsRead() {
        let names = Environment.names.map { String(Bytes($0)) }
        #expect(Set(names).count == names.count)
        for name in ["AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "http_proxy", "NO_PROXY", "AWS_CA_BUNDLE"] {
            #expect(names.contains(name))
        }
        #expect(!names.contains("HTTP_PROXY"), "a CGI program would take a request's header for it")
    }
}

@Suite struct PreparedRequests {
    private func prepare(_ settings: Settings, modelID: String = "m:0") throws -> PreparedRequest {
        var body = ByteBuffer()
        body.append("{}")
        let signer = try #require(RequestSigner())
        return try PreparedRequest(
            operation: .converseStream, modelID: Bytes(modelID.utf8), body: RequestBody(body), settings: settings,
            endpoint: settings.endpoint(), signer: signer,
            epochSeconds: 1_440_938_160, attemptHeaders: [])
    }

    @Test func signed() throws {
        let variables = keys.merging(["AWS_REGION": "us-east-1", "AWS_SESSION_TOKEN": "T"]) { $1 }
        let request = try prepare(settings([:], variables))
        #expect(
            String(request.url)
                == "https://bedrock-runtime.us-east-1.amazonaws.com/model/m%3A0/converse-stream")
        let names = request.headers.map { String($0.name).lowercased() }
        #expect(Set(names).count == names.count)
        for name in ["host", "content-type", "authorization", "x-amz-date", "x-amz-security-token", "user-agent"] {
            #expect(names.contains(name), "\(name)")
        }
        let authorization = request.headers.firstValue(of: "authorization").map { String($0) } ?? ""
        #expect(
            authorization.hasPrefix("AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/bedrock/aws4_request, "))
        #expect(!authorization.contains("sEcReT"))
    }

    @Test func withAToken() throws {
        let request = try prepare(settings(["endpoint_url": "https://h:8443/base"], bearer))
        #expect(String(request.url) == "https://h:8443/base/model/m%3A0/converse-stream")
        #expect(request.headers.firstValue(of: "authorization").map { String($0) } == "Bearer token-e")
        #expect(request.headers.firstValue(of: "host").map { String($0) } == "h:8443")
        #expect(request.headers.firstValue(of: "x-amz-date") == nil)
    }

    @Test(
        "what cannot be sent",
        arguments: [
            ([:], "m", ErrorCode.region), (["region": "us-east-1"], "m", .credentials),
            (["region": "us-east-1", "bearer_token": "t"], "", .argument),
            (
                ["endpoint_url": "https://h", "credentials.access_key_id": "C", "credentials.secret_access_key": "S"],
                "m", .region
            ),
            (["endpoint_url": "http://h", "bearer_token": "t"], "m", .endpoint),
        ] as [([String: String], String, ErrorCode)])
    func refused(_ code: [String: String], _ modelID: String, _ expected: ErrorCode) throws {
        let settings = try settings(code)
        let error = #expect(throws: Failure.self) { try prepare(settings, modelID: modelID) }
        #expect(error?.code == expected && error?.phase == .prepare && error?.message.isEmpty == false)
    }

    @Test(
        "no control character of the environment reaches a header",
        arguments: [
            "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        ])
    func environmentWithLineEnds(_ name: String) throws {
        var variables = keys.merging(["AWS_REGION": "us-east-1", "AWS_SESSION_TOKEN": "T"]) { $1 }
        variables[name] = "a\r\nX-Evil: 1"
        let settings = try settings([:], variables)
        do {
            let request = try prepare(settings)
            #expect(request.headers.allSatisfy { $0.value.span.isHeaderValue ? true : false })
        } catch let error as Failure {
            #expect([.signing, .credentials].contains(error.code) && !error.message.description.contains("Evil"))
        }
    }
}
