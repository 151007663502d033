import Testing

@testable import BedrockCore

private func endpoint(_ url: String) throws -> Endpoint {
    try Endpoint(url: Bytes(url.utf8).span)
}

@Suite struct Endpoints {
    @Test(arguments: [
        ("https://h", "https", "h", "", 443), ("https://H.Example/", "https", "h.example", "", 443),
        ("HTTP://h:80", "http", "h", "", 80), ("https://h:443/", "https", "h", "", 443),
        ("http://h:443/a/b//", "http", "h:443", "/a/b", 443),
        ("https://[::1]:8443/x", "https", "[::1]:8443", "/x", 8443),
        ("https://[FE80::1]", "https", "[fe80::1]", "", 443), ("http://h:", "http", "h", "", 80),
        ("http://a_b.c-d", "http", "a_b.c-d", "", 80), ("http://h:00080/%20", "http", "h", "/%20", 80),
    ])
    func usable(_ url: String, _ scheme: String, _ host: String, _ basePath: String, _ port: Int) throws {
        let endpoint = try endpoint(url)
        #expect(String(endpoint.scheme) == scheme && String(endpoint.host) == host)
        #expect(String(endpoint.basePath) == basePath && endpoint.port == port)
        #expect(endpoint.isSecure == (scheme == "https"))
        let path = Bytes((basePath + "/model/a%3Ab/converse").utf8)
        #expect(String(endpoint.url(path: path.span)) == "\(scheme)://\(host)\(basePath)/model/a%3Ab/converse")
    }

    @Test(arguments: [
        "", "h", "//h", "ftp://h", "https:/h", "https://", "https:///a", "https://:443", "https://u@h", "https://u:p@h",
        "https://h:0", "https://h:65536", "https://h:-1", "https://h:+1", "https://h:a", "https://h:1:2",
        "https://h/?a",
        "https://h?a", "https://h/#a", "https://h#a", "https://h /", "https://h/a b", "https://h/a\n", "https://h\n",
        "https://ä", "https://h/ä", "https://[::1", "https://[]", "https://[::g]", "https://[::1]x", "https://[1]",
        "https://[::1%25lo]", "https://a%20b", "https://[:::::::::::::::::::::::::::::::::::::::::::::::::]",
    ])
    func unusable(_ url: String) {
        let error = #expect(throws: ArgumentError.self) { try endpoint(url) }
        #expect(error.map { String(describing: $0.argument) } == "endpoint_url")
    }

    @Test(arguments: [
        ("http://localhost", true), ("http://LOCALHOST:1", true), ("http://a.localhost", true),
        ("http://[::1]:1", true),
        ("http://127.0.0.1", true), ("http://127.255.0.9", true), ("http://notlocalhost", false),
        ("http://127.0.0.1.example", false), ("http://127.example", false), ("http://128.0.0.1", false),
        ("http://[::2]", false), ("http://127.0.0.0.1", false), ("http://localhost.example", false),
    ])
    func loopback(_ url: String, _ expected: Bool) throws {
        #expect(try endpoint(url).isLoopback == expected)
    }
}

@Suite struct RegionalEndpoints {
    @Test(arguments: [
        ("us-east-1", "amazonaws.com", "api.aws"), ("mx-central-1", "amazonaws.com", "api.aws"),
        ("us-gov-west-1", "amazonaws.com", "api.aws"), ("aws-global", "amazonaws.com", "api.aws"),
        ("cn-north-1", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        ("aws-cn-global", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        ("eusc-de-east-1", "amazonaws.eu", "api.amazonwebservices.eu"),
        ("us-iso-east-1", "c2s.ic.gov", "api.aws.ic.gov"), ("us-isob-east-1", "sc2s.sgov.gov", "api.aws.scloud"),
        ("eu-isoe-west-1", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
        ("us-isof-south-1", "csp.hci.ic.gov", "api.aws.hci.ic.gov"), ("unheard-of-9", "amazonaws.com", "api.aws"),
        ("cn-north-1a", "amazonaws.com", "api.aws"), ("cn-1", "amazonaws.com", "api.aws"),
        ("cn--1", "amazonaws.com", "api.aws"), ("us-iso--1", "amazonaws.com", "api.aws"),
    ])
    func partition(_ region: String, _ suffix: String, _ dualStack: String) throws {
        let name = Bytes(region.utf8)
        #expect(try String(Endpoint.regional(name.span).host) == "bedrock-runtime.\(region).\(suffix)")
        let both = try Endpoint.regional(name.span, usesFIPS: true, usesDualStack: true)
        #expect(String(both.host) == "bedrock-runtime-fips.\(region).\(dualStack)")
        #expect(both.isSecure && !both.isLoopback && both.port == 443)
    }

    @Test(arguments: ["", "-a", "a-", "a.b", "a/b", "a@b", "a b", "123", "ä", "a\n", String(repeating: "a", count: 64)])
    func notARegion(_ region: String) {
        let error = #expect(throws: ArgumentError.self) { try Endpoint.regional(Bytes(region.utf8).span) }
        #expect(error.map { String(describing: $0.argument) } == "region")
    }
}
