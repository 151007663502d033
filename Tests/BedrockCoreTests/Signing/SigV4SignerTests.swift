import Recording
import Testing

@testable import BedrockCore

private let key = Bytes("AKIDEXAMPLE")
private let secret = Bytes("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
private let token = Bytes(
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGd"
)
private let plain = Credentials(accessKeyID: key, secretAccessKey: secret)
private let temporary = Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: token)
private let summer2015: Int64 = 1_440_938_160  // 20150830T123600Z

private func request(
    _ method: StaticString = "GET",
    _ url: (scheme: StaticString, host: StaticString, path: StaticString) = (
        "https", "example.amazonaws.com", "/"
    ), query: StaticString = "", headers: [(StaticString, StaticString)] = []
) -> SigningRequest {
    SigningRequest(
        method: Bytes(method), scheme: Bytes(url.scheme), host: Bytes(url.host), path: Bytes(url.path),
        query: Bytes(query), headers: headers.map { HTTPHeader($0.0, Bytes($0.1)) })
}

private struct NoSigner: Error {}

private func makeSigner() throws -> SigV4Signer {
    guard let signer = SigV4Signer() else { throw NoSigner() }
    return signer
}

private func sign(
    _ request: SigningRequest, body: StaticString = "", credentials: Credentials = plain,
    region: StaticString = "us-east-1", service: StaticString = "service", at time: Int64 = summer2015,
    options: SigningOptions = .init()
) throws -> SignedRequest {
    var signer = try makeSigner()
    var options = options
    options.record = .whole
    return try signer.sign(
        request, body: Bytes(body).span, credentials: credentials, region: Bytes(region), service: Bytes(service),
        epochSeconds: time, options: options)
}

private func text(_ signed: SignedRequest, _ name: StaticString) -> String? {
    signed.headers.wholeValue(of: name).map { String($0) }
}

private func lines(_ signed: SignedRequest) -> [String] {
    signed.headers.map { String($0.name) + ": " + String($0.wholeValue) }
}

private func canonical(_ request: SigningRequest, options: SigningOptions = .init()) throws -> [Substring] {
    String(try sign(request, options: options).canonicalRequest).split(
        separator: "\n", omittingEmptySubsequences: false)
}

/// Signatures that botocore 1.44.5 made of the same requests.
@Suite struct SignaturesOfBotocore {
    @Test func converseStreamWithSessionToken() throws {
        let signed = try sign(
            request(
                "POST",
                (
                    "https", "bedrock-runtime.us-east-1.amazonaws.com",
                    "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse-stream"
                ), headers: [("Content-Type", "application/json")]),
            body: #"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#, credentials: temporary,
            service: "bedrock")
        #expect(
            text(signed, "authorization")
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request, "
                + "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "
                + "Signature=be16963dc3776e53b2968fd5c45fcd75be7428b383dbec393379038288089b18")
        #expect(text(signed, "x-amz-date") == "20150830T123600Z")
        #expect(text(signed, "x-amz-security-token") == String(token))
        #expect(text(signed, "host") == "bedrock-runtime.us-east-1.amazonaws.com")
        #expect(text(signed, "x-amz-content-sha256") == nil)
    }

    @Test func profileARNBehindABasePath() throws {
        let signed = try sign(
            request(
                "POST",
                (
                    "https", "bedrock-runtime.eu-west-1.amazonaws.com",
                    "/base/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.x-v1%3A0/invoke"
                ),
                headers: [
                    ("Content-Type", "application/json"), ("User-Agent", "x"), ("X-Amzn-Bedrock-Trace", "ENABLED"),
                ]), body: "{}", region: "eu-west-1", service: "bedrock", at: 1_709_251_199)
        #expect(
            text(signed, "authorization")
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240229/eu-west-1/bedrock/aws4_request, "
                + "SignedHeaders=content-type;host;x-amz-date;x-amzn-bedrock-trace, "
                + "Signature=2195b7e47e9db43899d1eca84d0a66679340264cf0dfcee92a508acf5306c659")
    }

    @Test func unorderedQuery() throws {
        let signed = try sign(request(query: "b=2&a=1&a=0&c"))
        #expect(
            text(signed, "authorization")?.hasSuffix(
                "Signature=6a43bb039df3ce08c5916bfe3f8d26a00e907d48af1a9557dc88e19d0523d720") == true)
    }

    @Test func pathToNormalizeAndHeadersToJoin() throws {
        let signed = try sign(
            request(
                "GET", ("http", "127.0.0.1:8080", "/a/./b//../c%20d/"), query: "x=%2F",
                headers: [("My-Header", #"  a   b  "c   d" "#), ("my-header", "second"), ("Connection", "close")]))
        #expect(
            text(signed, "authorization")
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=host;my-header;x-amz-date, "
                + "Signature=20e593e7649f775676a4cb69795b3490550ee3b38aff958fe5fd4f8bb734df4b")
    }
}

@Suite struct CanonicalRequests {
    @Test(arguments: [
        ("", "/"), ("/", "/"), ("/.", "/"), ("/..", "/"), ("/a/..", "/"), ("/a/../", "/"), ("/a/", "/a/"),
        ("//a//b", "/a/b"), ("/a/./b/../c", "/a/c"), ("/../../a", "/a"), ("/a/.", "/a"), ("/a/b/..", "/a"),
        ("/a/b/../", "/a/"), ("/%2E%2E/a", "/%252E%252E/a"), ("/a b", "/a%20b"), ("/~a-b._", "/~a-b._"),
        ("/...", "/..."), ("/a:b", "/a%3Ab"), ("/a%3Ab", "/a%253Ab"),
    ])
    func path(_ sent: String, _ expected: String) throws {
        var request = request()
        request.path = Bytes(sent.utf8)
        #expect(try canonical(request)[1] == expected)
    }

    @Test func pathAsItIs() throws {
        let options = SigningOptions(normalizesPath: false, doubleEncodesPath: false)
        #expect(try canonical(request("GET", ("https", "h", "/a/./%3A//")), options: options)[1] == "/a/./%3A//")
    }

    @Test(arguments: [
        ("", ""), ("a", "a="), ("a=", "a="), ("=a", "=a"), ("&", "=&="), ("b&a", "a=&b="), ("a=2&a=1", "a=1&a=2"),
        ("a=b=c", "a=b=c"), ("a%20b=1&a=2", "a=2&a%20b=1"), ("x=a b", "x=a%20b"), ("B=1&a=1", "B=1&a=1"),
        ("ab=1&a=2", "a=2&ab=1"),
    ])
    func query(_ sent: String, _ expected: String) throws {
        var request = request()
        request.query = Bytes(sent.utf8)
        #expect(try canonical(request)[2] == expected)
    }

    @Test func headersInOrderOfTheirNames() throws {
        let lines = try canonical(
            request(headers: [("X-B", "2"), ("X-A", "\t 1  2\t3 "), ("x-b", "1"), ("X-Empty", " ")]))
        #expect(
            lines[3...8].map { String($0) } == [
                "host:example.amazonaws.com", "x-a:1 2 3", "x-amz-date:20150830T123600Z", "x-b:2,1", "x-empty:", "",
            ])
        #expect(lines[9] == "host;x-a;x-amz-date;x-b;x-empty")
    }

    @Test func foldedHeader() throws {
        #expect(try canonical(request(headers: [("A", "one\r\n  two\n\tthree")]))[3] == "a:one two three")
    }

    @Test(arguments: [
        "authorization", "Baggage", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "TE", "traceparent", "tracestate", "trailer", "transfer-encoding", "upgrade", "User-Agent", "X-Amzn-Trace-Id",
    ])
    func headerThatIsNotSigned(_ name: String) throws {
        var request = request()
        request.headers = [HTTPHeader(name: Bytes(name.utf8), value: Bytes("1"))]
        #expect(try canonical(request)[5] == "" && canonical(request)[6] == "host;x-amz-date")
    }

    @Test(arguments: [
        ("https", "Example.COM", "example.com"), ("https", "h:443", "h"), ("http", "h:443", "h:443"),
        ("http", "h:80", "h"), ("https", "[::1]:8443", "[::1]:8443"), ("HTTPS", "[::1]:443", "[::1]"),
        ("https", "user@h", "h"),
    ])
    func host(_ scheme: String, _ host: String, _ expected: String) throws {
        var request = request()
        request.scheme = Bytes(scheme.utf8)
        request.host = Bytes(host.utf8)
        #expect(text(try sign(request), "host") == expected)
    }

    @Test func ownHostIsKept() throws {
        let signed = try sign(request(headers: [("Host", "other")]))
        #expect(text(signed, "host") == nil)
        #expect(String(signed.canonicalRequest).contains("\nhost:other\n"))
    }
}

@Suite struct SigningRules {
    @Test func ownSignatureIsReplaced() throws {
        let fresh = try sign(request(), credentials: temporary)
        let again = try sign(
            request(headers: [("X-Amz-Date", "old"), ("Authorization", "old"), ("X-Amz-Security-Token", "old")]),
            credentials: temporary)
        #expect(lines(again) == lines(fresh))
    }

    @Test func tokenOutsideOfTheSignature() throws {
        let signed = try sign(
            request(), credentials: temporary, options: SigningOptions(omitsSessionToken: true))
        #expect(text(signed, "x-amz-security-token") == String(token))
        #expect(text(signed, "authorization") == text(try sign(request()), "authorization"))
    }

    @Test func emptyTokenIsNone() throws {
        let empty = Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: [])
        #expect(try lines(sign(request(), credentials: empty)) == lines(sign(request())))
    }

    @Test func bodyDigestAsHeader() throws {
        let signed = try sign(request(), body: "abc", options: SigningOptions(addsContentSHA256: true))
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(text(signed, "x-amz-content-sha256") == digest)
        #expect(text(signed, "authorization")?.contains("host;x-amz-content-sha256;x-amz-date") == true)
        #expect(String(signed.canonicalRequest).hasSuffix(digest))
    }

    @Test func ownBodyDigestCounts() throws {
        let signed = try sign(request(headers: [("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")]), body: "abc")
        #expect(String(signed.canonicalRequest).hasSuffix("\nUNSIGNED-PAYLOAD"))
    }

    @Test func keptKeyGivesTheSameSignature() throws {
        var signer = try makeSigner()
        let request = request()
        let other = Credentials(accessKeyID: key, secretAccessKey: Bytes("other"))
        for credentials in [plain, plain, other, plain] {
            for (region, time) in [("a", summer2015), ("b", summer2015), ("b", summer2015 + 86_400)] {
                for service in ["bedrock", "sts", "bedrock"] {
                    let kept = try signer.sign(
                        request, body: Bytes("x").span, credentials: credentials, region: Bytes(region.utf8),
                        service: Bytes(service.utf8), epochSeconds: time)
                    var fresh = try makeSigner()
                    let anew = try fresh.sign(
                        request, body: Bytes("x").span, credentials: credentials, region: Bytes(region.utf8),
                        service: Bytes(service.utf8), epochSeconds: time)
                    #expect(lines(kept) == lines(anew))
                }
            }
        }
    }

    @Test func verifierComesToTheSameSignature() throws {
        let sent = request(
            "POST", ("https", "h", "/model/a%3Ab/converse"), headers: [("Content-Type", "x"), ("Ignored", "1")])
        var bare = sent
        bare.headers.removeLast()
        let signed = try sign(bare, body: "{}", credentials: temporary, service: "bedrock")
        var received = sent
        received.headers += signed.headers
        let (canonical, stringToSign, signature) = try recompute(
            received, body: Bytes("{}"), signedHeaders: Bytes("content-type;host;x-amz-date;x-amz-security-token"))
        #expect(canonical == signed.canonicalRequest)
        #expect(stringToSign == signed.stringToSign)
        #expect(text(signed, "authorization")?.hasSuffix(String(signature)) == true)
    }
}

/// What a verifier does with a received request.
private func recompute(
    _ request: SigningRequest, body: Bytes, signedHeaders: Bytes
) throws -> (canonicalRequest: Bytes, stringToSign: Bytes, signature: Bytes) {
    let time = Bytes("20150830T123600Z")
    let date = Bytes("20150830")
    let region = Bytes("us-east-1")
    let service = Bytes("bedrock")
    var verifier = try makeSigner()
    let hash = try verifier.payloadHash(of: body.span)
    let canonical = try verifier.canonicalRequest(request, signedHeaders: signedHeaders.span, payloadHash: hash.span)
    let stringToSign = try verifier.stringToSign(
        canonicalRequest: canonical.span, time: time.span, region: region.span, service: service.span)
    let signature = try verifier.signature(
        of: stringToSign.span, secretAccessKey: secret.span, date: date.span, region: region.span,
        service: service.span)
    return (canonical, stringToSign, signature)
}

@Suite struct RequestsThatCannotBeSigned {
    @Test(arguments: ["a\nb", "a\r\nb", "a\r", "\n", "a\u{0}b", "a\u{7F}", "a\r b", "a\n\n b", "\u{B}"])
    func headerValue(_ value: String) throws {
        var request = request()
        request.headers = [HTTPHeader(name: Bytes("X-A"), value: Bytes(value.utf8))]
        #expect(throws: SigningError.self) { try sign(request) }
    }

    @Test(arguments: ["", "a b", "a:b", "a\n", "ä"])
    func headerName(_ name: String) throws {
        var request = request()
        request.headers = [HTTPHeader(name: Bytes(name.utf8), value: Bytes("1"))]
        #expect(throws: SigningError.self) { try sign(request) }
    }

    @Test(arguments: ["", "a\nb", "G ET"])
    func method(_ method: String) throws {
        var request = request()
        request.method = Bytes(method.utf8)
        #expect(throws: SigningError.self) { try sign(request) }
    }

    @Test func pathQueryAndHost() throws {
        #expect(throws: SigningError.self) { try sign(request("GET", ("https", "h", "a"))) }
        #expect(throws: SigningError.self) { try sign(request("GET", ("https", "h", "/a\nb"))) }
        #expect(throws: SigningError.self) { try sign(request("GET", ("https", "h\n", "/"))) }
        #expect(throws: SigningError.self) { try sign(request(query: "a=\n")) }
    }

    @Test func scope() throws {
        for region: StaticString in ["", "a/b", "a\nb"] {
            #expect(throws: SigningError.self) { try sign(request(), region: region) }
            #expect(throws: SigningError.self) { try sign(request(), service: region) }
        }
    }

    @Test func credentials() throws {
        for bad in [
            Credentials(accessKeyID: [], secretAccessKey: secret), Credentials(accessKeyID: key, secretAccessKey: []),
            Credentials(accessKeyID: Bytes("a\nb"), secretAccessKey: secret),
            Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: Bytes("a\r\nb")),
        ] {
            #expect(throws: SigningError.self) { try sign(request(), credentials: bad) }
        }
    }

    @Test func tooManyHeadersOrParameters() throws {
        var request = request()
        request.headers = (0...Limits.headerCount).map { HTTPHeader(name: Bytes("x-\($0)".utf8), value: []) }
        #expect(throws: SigningError.self) { try sign(request) }
        request.headers = []
        request.query = Bytes(repeating: UInt8(ascii: "&"), count: CanonicalRequest.parameterCount)
        #expect(throws: SigningError.self) { try sign(request) }
        request.query.removeLast()
        #expect(throws: Never.self) { try sign(request) }
    }

    @Test func tooLong() throws {
        var request = request()
        request.path = Bytes(repeating: UInt8(ascii: "/"), count: 1) + Bytes(repeating: 0x20, count: 9 << 20)
        #expect(throws: SigningError.self) { try sign(request) }
        request.path = Bytes("/")
        #expect(throws: Never.self) { try sign(request) }
    }

    /// Whatever the bytes, the answer is a signature or an error.
    @Test(arguments: [UInt64(1), 2, 3, 4])
    func arbitraryBytes(seed: UInt64) throws {
        var random = seed
        func bytes(_ most: Int) -> Bytes {
            (0..<Int(next() % UInt64(most + 1))).map { _ in UInt8(truncatingIfNeeded: next() >> 7) }
        }
        func next() -> UInt64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return random >> 17
        }
        var signer = try makeSigner()
        for _ in 0..<2000 {
            let request = SigningRequest(
                method: Bytes("POST"), scheme: bytes(6), host: bytes(20).filter { $0 > 31 && $0 != 127 },
                path: Bytes("/") + bytes(40).filter { $0 > 31 && $0 != 127 }, query: bytes(30).filter { $0 > 60 },
                headers: [HTTPHeader(name: Bytes("x-a"), value: bytes(10)), HTTPHeader(name: Bytes("X-A"), value: [])])
            let signed = try? signer.sign(
                request, body: bytes(100).span, credentials: plain, region: Bytes("r"), service: Bytes("s"),
                epochSeconds: Int64(bitPattern: next() << 9), options: SigningOptions(record: .whole))
            guard let signed else { continue }
            #expect(signed.canonicalRequest.count > 100, "seed \(seed)")
        }
    }
}
