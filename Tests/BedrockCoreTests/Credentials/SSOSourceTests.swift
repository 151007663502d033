import Testing

@testable import BedrockCore

private let path = "/h/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
private let legacyPath = "/h/.aws/sso/cache/e8be5486177c5b5392bd9aa76563515b29358e6e.json"
private let portal = """
    https://portal.sso.eu-central-1.amazonaws.com/federation/credentials?role_name=Reader&account_id=123456789012
    """
private let oidc = "https://oidc.eu-central-1.amazonaws.com/token"
private let keys = """
    {"roleCredentials":{"accessKeyId":"AKID","secretAccessKey":"s3cr3t","sessionToken":"t0ken","expiration":1767344645000}}
    """
private let session = """
    [sso-session corp]
    sso_region = eu-central-1
    sso_start_url = https://example.awsapps.com/start

    """
private let role = """
    [default]
    sso_session = corp
    sso_account_id = 123456789012
    sso_role_name = Reader

    """

private func cache(_ expiresAt: String = "2026-01-02T11:00:00Z", _ more: String = "") -> String {
    """
    {"startUrl":"https://example.awsapps.com/start","accessToken":"0ld","expiresAt":"\(expiresAt)","clientId":"cl\\"ient",\
    "clientSecret":"c-s3cr3t","registrationExpiresAt":"2026-02-02T03:04:05Z","refreshToken":"r3fresh"\(more)}
    """
}

private func person(_ config: String = role + session) -> InquiryDriver {
    let driver = InquiryDriver()
    driver.config = config
    driver.files[path] = cache()
    driver.http["GET " + portal] = [.http(200, keys)]
    driver.http["POST " + oidc] = [
        .http(200, #"{"accessToken":"n3w","expiresIn":28800,"refreshToken":"n3xt","tokenType":"Bearer"}"#)
    ]
    return driver
}

private func credentials(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
    try SSOSource.credentials(inquiry, profile: Bytes("default"))
}

private let ask = "GET \(portal) {x-amz-sso_bearer_token: 0ld}"
private let token = #"the SSO token of "corp" in "\#(path)""#

@Suite struct SSOCredentials {
    @Test("tokens are not sent in the clear to another machine, nor through a proxy")
    func clear() throws {
        let driver = person()
        driver.environment["AWS_ENDPOINT_URL_SSO"] = "http://portal.example"
        #expect(try driver.run(credentials) == nil && driver.requests.isEmpty)
        #expect(driver.failure?.contains("in the clear") == true)
        driver.environment["AWS_ENDPOINT_URL_SSO"] = "http://localhost:1"
        _ = try driver.run(credentials)
        #expect(driver.requests.first?.usesProxy == false)
    }

    @Test("the role's keys for the session's token")
    func fresh() throws {
        let driver = person()
        let identity = try #require(try driver.run(credentials))
        #expect(driver.asked == ["file \(path)", ask])
        #expect(identity.keyID == "AKID" && identity.secretKey == "s3cr3t" && identity.sessionToken == "t0ken")
        #expect(identity.expiry == 1_767_344_645 && String(identity.accountID) == "123456789012")
        #expect("\(identity.source)" == "the SSO portal for the role Reader by \(token)")
        #expect(driver.requests.first?.usesProxy == true)
    }

    @Test("for a token of old, by the URL where one signs in; it is never renewed")
    func legacy() throws {
        let driver = person(
            """
            [default]
            sso_start_url = https://example.awsapps.com/start
            sso_region = eu-central-1
            sso_account_id = 123456789012
            sso_role_name = Reader
            """)
        driver.files = [legacyPath: cache("2026-01-02T03:10:00UTC")]
        #expect(try driver.run(credentials) != nil && driver.asked == ["file \(legacyPath)", ask])
        driver.files = [legacyPath: cache("2026-01-02T03:04:05Z")]
        #expect(try driver.run(credentials) == nil && driver.asked == ["file \(legacyPath)"])
        #expect(driver.failure?.hasSuffix("\": has ended: run \"aws sso login\"") == true)
    }

    @Test("what stands in the URL is encoded")
    func encoded() throws {
        let driver = person(role.replacing("Reader", with: "a&b=c d/é") + session)
        let url = portal.replacing("Reader", with: "a%26b%3Dc%20d%2F%C3%A9")
        driver.http["GET " + url] = [.http(200, keys)]
        #expect(try driver.run(credentials) != nil)
    }

    @Test("not without an account and a role")
    func tokenOnly() throws {
        let driver = person("[default]\nsso_session = corp\n" + session)
        #expect(try driver.run(credentials) == nil && driver.failure == nil && driver.asked == [])
    }
}

@Suite struct SSOProfilesThatAreNotRight {
    private func failure(_ config: String) throws -> String? {
        let driver = person(config)
        #expect(try driver.run(credentials) == nil && driver.asked == [])
        return driver.failure
    }

    @Test("each is said, with its place")
    func faults() throws {
        let file = #""/h/.aws/config", line"#
        #expect(
            try failure(role.replacing("sso_role_name = Reader", with: "") + session) == """
                sso_account_id of the profile "default" in \(file) 3: sso_account_id and sso_role_name go together, \
                and only one of them is there
                """)
        #expect(
            try failure("[default]\nsso_account_id = 1\nsso_role_name = r\nsso_region = x\n") == """
                sso_account_id of the profile "default" in \(file) 2: goes with sso_session, or with sso_start_url and \
                sso_region, which are not there
                """)
        #expect(
            try failure(role) == """
                sso_session of the profile "default" in \(file) 2: there is no sso-session "corp"
                """)
        #expect(
            try failure(role + session.replacing("sso_region", with: "x")) == """
                sso_session of the profile "default" in \(file) 2: the sso-session "corp" has no sso_region
                """)
        #expect(
            try failure(role + "sso_region = eu-west-1\n" + session) == """
                sso_region of the profile "default" in \(file) 5: is another than sso_region of the sso-session "corp" \
                in \(file) 7
                """)
        let driver = person(role + session.replacing("eu-central-1", with: "a.b/c"))
        #expect(try driver.run(credentials) == nil && driver.requests.isEmpty)
        #expect(driver.failure == "the endpoint of sso: the region is no name of letters, digits and hyphens")
    }

    @Test("the same value twice is no conflict")
    func same() throws {
        #expect(try person(role + "sso_region = eu-central-1\n" + session).run(credentials) != nil)
    }
}

@Suite struct SSOTokens {
    @Test("are renewed a quarter of an hour before they end, and what the file holds besides is kept")
    func renewed() throws {
        let driver = person()
        driver.files[path] = cache("2026-01-02T03:19:05Z", #","x":{"y":[1,2]},"n\u0041me":null"#)
        #expect(try driver.run(credentials) != nil)
        #expect(
            driver.asked == [
                "file \(path)",
                """
                POST \(oidc) {content-type: application/json} {"grantType":"refresh_token","clientId":"cl\\"ient",\
                "clientSecret":"c-s3cr3t","refreshToken":"r3fresh"}
                """,
                "write \(path)", ask.replacing("0ld", with: "n3w"),
            ])
        #expect(
            driver.written[path] == """
                {"startUrl":"https://example.awsapps.com/start","accessToken":"n3w","expiresAt":"2026-01-02T11:04:05Z",\
                "clientId":"cl\\"ient","clientSecret":"c-s3cr3t","registrationExpiresAt":"2026-02-02T03:04:05Z",\
                "refreshToken":"n3xt","x":{"y":[1,2]},"nAme":null}
                """)
        #expect(try driver.run(credentials) != nil && driver.asked.count == 2)
    }

    @Test("not earlier")
    func early() throws {
        let driver = person()
        driver.files[path] = cache("2026-01-02T03:19:06Z")
        #expect(try driver.run(credentials) != nil && driver.asked == ["file \(path)", ask])
    }

    @Test("an answer without another refresh token leaves the one there is")
    func notRotated() throws {
        let driver = person()
        driver.files[path] = cache("2026-01-01T00:00:00Z")
        driver.http["POST " + oidc] = [.http(200, #"{"accessToken":"n3w","expiresIn":60}"#)]
        #expect(try driver.run(credentials) != nil)
        #expect(driver.written[path]?.contains(#""refreshToken":"r3fresh""#) == true)
        #expect(driver.written[path]?.contains(#""expiresAt":"2026-01-02T03:05:05Z""#) == true)
    }

    @Test(
        "cannot be renewed without what that takes",
        arguments: ["refreshToken", "clientId", "clientSecret", "registration"])
    func notRenewable(member: String) throws {
        for (expiry, isGood) in [("2026-01-02T03:04:06Z", true), ("2026-01-02T03:04:05Z", false)] {
            let driver = person()
            let text = cache(expiry)
            driver.files[path] =
                member == "registration"
                ? text.replacing("2026-02-02", with: "2026-01-01") : text.replacing("\"\(member)\"", with: "\"x\"")
            let identity = try driver.run(credentials)
            #expect((identity != nil) == isGood && !driver.asked.contains { $0.hasPrefix("POST") })
            #expect(driver.failure == (isGood ? nil : token + ": has ended: run \"aws sso login\""))
        }
    }

    @Test("that are not renewed are used as long as they can be")
    func stillGood() throws {
        let driver = person()
        driver.files[path] = cache("2026-01-02T03:10:00Z")
        for answer: InquiryDriver.Answer in [.refused, .http(500, ""), .http(200, "{}"), .http(200, "[")] {
            driver.http["POST " + oidc] = [answer]
            #expect(try driver.run(credentials) != nil && driver.asked.last == ask && driver.written == [:])
        }
    }

    @Test("that have ended say why they were not renewed")
    func ended() throws {
        let driver = person()
        driver.files[path] = cache("2026-01-02T03:00:00Z")
        let grant = #"{"error":"invalid_grant","error_description":"Invalid refresh token provided"}"#
        for (answer, why) in [
            (.refused, "could not connect: refused"), (.http(500, ""), "status 500"),
            (.http(400, grant), "status 400, invalid_grant: Invalid refresh token provided; run \"aws sso login\""),
            (.http(401, ""), "status 401; run \"aws sso login\""),
        ] as [(InquiryDriver.Answer, String)] {
            driver.http["POST " + oidc] = [answer]
            #expect(try driver.run(credentials) == nil && driver.failure == "\(token): \(why)")
        }
        driver.http["POST " + oidc] = [.http(200, #"{"expiresIn":1}"#)]
        #expect(try driver.run(credentials) == nil && driver.failure == "what renews the SSO token: has no accessToken")
        driver.http["POST " + oidc] = [.http(200, #"{"accessToken":"n3w"}"#)]
        #expect(
            try driver.run(credentials) == nil && driver.failure == "what renews \(token): has no expiresIn")
    }

    @Test("that another process has renewed meanwhile are taken")
    func faster() throws {
        let driver = person()
        driver.files[path] = cache("2026-01-02T03:00:00Z")
        driver.http["POST " + oidc] = [.http(400, #"{"error":"invalid_grant"}"#)]
        driver.onHTTP = { [unowned driver] in
            driver.files[path] = cache("2026-01-02T11:00:00Z").replacing("0ld", with: "theirs")
        }
        #expect(try driver.run(credentials) != nil)
        #expect(driver.asked.last == ask.replacing("0ld", with: "theirs"))
    }

    @Test("that cannot be written back are used all the same")
    func unwritable() throws {
        let driver = person()
        driver.files[path] = cache("2026-01-02T03:00:00Z")
        driver.brokenFiles["write " + path] = "cannot be written: Read-only file system"
        let identity = try #require(try driver.run(credentials))
        #expect(driver.asked.last == ask.replacing("0ld", with: "n3w"))
        #expect("\(identity.source)".hasSuffix(path + "\", renewed, which cannot be written: Read-only file system"))
    }
}

@Suite struct SSOFiles {
    private func failure(_ text: String?) throws -> String? {
        let driver = person()
        driver.files[path] = text
        #expect(try driver.run(credentials) == nil)
        return driver.failure.map { $0.replacing(token + ": ", with: "") }
    }

    @Test("that are not right are said, and what they hold is not")
    func faults() throws {
        #expect(try failure(nil) == "does not exist: run \"aws sso login\"")
        #expect(try failure("s3cr3t") == "is no JSON object")
        #expect(try failure("[\"s3cr3t\"]") == "is no JSON object")
        #expect(try failure(cache() + "s3cr3t") == "is no JSON object")
        #expect(try failure(#"{"expiresAt":"2030-01-01T00:00:00Z"}"#) == "has no accessToken")
        #expect(try failure(#"{"accessToken":"s3cr3t"}"#) == "has no expiresAt")
        #expect(try failure(#"{"accessToken":7,"expiresAt":"2030-01-01T00:00:00Z"}"#) == "has no accessToken")
        #expect(
            try failure(cache("s3cr3t")) == "has a time in expiresAt that is not written as in RFC 3339")
        #expect(try failure(cache().replacing("0ld", with: "a\\u000ab")) == "has a control character in accessToken")
        let driver = person()
        driver.brokenFiles[path] = "cannot be read: Permission denied"
        #expect(try driver.run(credentials) == nil && driver.failure == token + ": cannot be read: Permission denied")
        driver.environment = [:]
        #expect(try driver.run(credentials) == nil)
        #expect(driver.failure == "the SSO token of \"corp\": there is no home folder to look for it in")
    }

    @Test("cut anywhere are none")
    func cut() throws {
        let whole = cache()
        for length in 0..<whole.utf8.count {
            #expect(try failure(String(whole.prefix(length))) == "is no JSON object")
        }
    }
}

@Suite struct PortalAnswers {
    private func run(_ answers: InquiryDriver.Answer...) throws -> InquiryDriver {
        let driver = person()
        driver.http["GET " + portal] = answers
        try driver.run(credentials)
        return driver
    }

    @Test("a token that the portal does not take")
    func unauthorized() throws {
        let driver = try run(
            .http(401, #"{"message":"Session token not found or invalid","__type":"x#UnauthorizedException"}"#))
        #expect(
            driver.failure == """
                the SSO portal for the role Reader by \(token): status 401, x#UnauthorizedException: Session \
                token not found or invalid; run "aws sso login"
                """)
    }

    @Test("what is refused, and what does not work")
    func others() throws {
        let refused = "the SSO portal for the role Reader by \(token): status 403: No access"
        #expect(try run(.http(403, #"{"message":"No access"}"#)).failure == refused)
        #expect(try run(.http(500, ""), .timeout, .http(200, keys)).failure == nil)
        #expect(try run(.http(503, "")).requests.count == 3)
        let source = "the SSO portal for the role Reader by \(token): "
        #expect(try run(.http(200, #"{"roleCredentials":[]}"#)).failure == source + "has no AccessKeyId")
        #expect(try run(.http(200, "<html>")).failure == source + "is no JSON object")
        #expect(
            try run(.http(200, keys.replacing("1767344645000", with: "\"soon\""))).failure
                == source + "has a time in expiration that is not written as in RFC 3339")
        #expect(
            try run(.http(200, keys.replacing("1767344645000", with: "null"))).failure == source + "has no expiration")
    }
}

@Suite struct SSOBearerTokens {
    private func driver(_ config: String) -> InquiryDriver {
        let driver = person(config)
        driver.goal = .token
        return driver
    }

    @Test("are those of the profile's session")
    func session_() throws {
        let identity = try #require(try driver("[default]\nsso_session = corp\n" + session).run(SSOSource.token))
        #expect(identity.tokenText == "0ld" && identity.expiry == 1_767_351_600 && "\(identity.source)" == token)
    }

    @Test("renewed as for credentials")
    func renewed() throws {
        let driver = driver(role + session)
        driver.files[path] = cache("2026-01-02T03:19:05Z")
        let identity = try #require(try driver.run(SSOSource.token))
        #expect(identity.tokenText == "n3w" && identity.expiry == 1_767_351_845)
    }

    @Test("not without a session")
    func none() throws {
        for config in ["", "[default]\nsso_start_url = x\nsso_region = y\n"] {
            let driver = driver(config)
            #expect(try driver.run(SSOSource.token) == nil && driver.failure == nil && driver.asked == [])
            #expect(driver.skipped == #"profile ("default" has no sso_session)"#)
        }
    }
}
