import Recording
import Testing

@testable import BedrockCore

func environment(_ variables: [String: String]) -> Environment {
    var environment = Environment()
    for name in Environment.names {
        if let value = variables[String(name)] { environment.add(name, Bytes(value.utf8)) }
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
        let message =
            "Invalid Configuration: Missing Region: looked at the configuration key region, AWS_REGION, "
            + "AWS_DEFAULT_REGION and the profile's region"
        let nowhere = try settings()
        let error = failure { () throws(Failure) in _ = try nowhere.endpoint() }
        #expect(error?.code == .region && error?.phase == .prepare && error?.message.description == message)
        // An endpoint alone is a place to call, but not one to sign for.
        let elsewhere = try settings(["endpoint_url": "https://host"])
        #expect(failure { () throws(Failure) in _ = try elsewhere.endpoint() } == nil)
        #expect(elsewhere.needsRegion)
        #expect(try !settings(["endpoint_url": "https://host", "bearer_token": "t"]).needsRegion)
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

    @Test(
        "a name of its own is told to the proxy in place of the URL's",
        arguments: [
            ("http://me:a@b@p:1", "http://p:1"), ("me@p", "p"), ("http://p:1", "http://p:1"), ("none", ""),
            ("SOCKS5H://u:v@[::1]:1", "SOCKS5H://[::1]:1"), ("http://me@p/", "http://p/"),
        ])
    func proxyUser(_ url: String, _ expected: String) throws {
        let endpoint = try Endpoint(url: "https://h".utf8.span)
        let settings = try settings(["proxy.url": url, "proxy.user": "you"])
        #expect(try String(settings.proxy(for: endpoint)) == expected)
    }

    @Test("what all calls share is the client's, all else may be one call's")
    func overrides() throws {
        let client = try settings(["region": "us-east-1"])
        let own = [
            "profile", "config_file", "credentials_file", "credentials.timeout_ms", "credentials.source", "io.threads",
            "limit.streams", "limit.queued_streams", "limit.requests_per_minute", "limit.tokens_per_minute",
            "http2.streams",
        ]
        for key in ConfigKey.allCases {
            let name = String(key.name.bytes)
            let values = ["5", "on", "all", "ipv4", "http://h", "us-east-2", "1.1"]
            let config = Config()
            guard values.contains(where: { (try? config.set(name, $0)) != nil }) else { continue }
            let isOwn = own.contains(name) || name.hasPrefix("imds.") || name.hasPrefix("credentials.process")
            let error = isOwn ? #expect(throws: ConfigError.self) { try client.with(config) } : nil
            if isOwn { #expect(error?.message.description.hasPrefix(name + ": counts") == true) }
            if !isOwn { #expect(throws: Never.self) { try client.with(config) } }
        }
    }

    @Test func proxyBypass() throws {
        #expect(try settings().proxyBypass == [])
        #expect(String(try settings([:], ["no_proxy": "a,b", "NO_PROXY": "c"]).proxyBypass) == "a,b")
        #expect(String(try settings([:], ["NO_PROXY": "c"]).proxyBypass) == "c")
        #expect(String(try settings(["proxy.bypass": "*"], ["no_proxy": "a"]).proxyBypass) == "*")
    }
}

@Suite struct PreparedRequests {
    private func identity(_ settings: Settings) throws -> Identity {
        if let token = settings.authChoice.token { return .bearer(Secret(token)) }
        let variables = settings.environment
        return .credentials(
            Credentials(
                accessKeyID: try #require(variables.value("AWS_ACCESS_KEY_ID")),
                secretAccessKey: try #require(variables.value("AWS_SECRET_ACCESS_KEY")),
                sessionToken: variables.value("AWS_SESSION_TOKEN")))
    }

    private func prepare(_ settings: Settings, modelID: String = "m:0") throws -> PreparedRequest {
        var body = ByteBuffer()
        body.append("{}")
        let signer = try #require(RequestSigner())
        return try PreparedRequest(
            operation: .converseStream, modelID: Bytes(modelID.utf8), body: RequestBody(body), settings: settings,
            endpoint: settings.endpoint(), identity: identity(settings), signer: signer,
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
        #expect(request.headers.wholeValue(of: "authorization").map { String($0) } == "Bearer token-e")
        #expect(request.headers.firstValue(of: "host").map { String($0) } == "h:8443")
        #expect(request.headers.firstValue(of: "x-amz-date") == nil)
    }

    @Test(
        "what cannot be sent",
        arguments: [
            (["bearer_token": "t"], "m", ErrorCode.region),
            (["region": "us-east-1", "bearer_token": "t"], "", .argument),
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
