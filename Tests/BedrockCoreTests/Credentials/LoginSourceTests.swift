import Testing

@testable import BedrockCore

private let arn = "arn:aws:sts::123456789012:assumed-role/Admin/alice"
private let name = "68afef069a49e0c940bc8515a36649850d686bdd2e3c07927360d151553fc4d3.json"
private let path = "/h/.aws/login/cache/" + name
private let url = "https://eu-west-1.signin.aws.amazon.com/v1/token"
private let source = "the login session in \"\(path)\""
private let pem = """
    -----BEGIN EC PRIVATE KEY-----\\n\
    MHcCAQEEIBUxkNKNxSUhcd53FijgjGfjvCyyIxwahtwRPq8zruT9oAoGCCqGSM49\\n\
    AwEHoUQDQgAEHRvCl1/UYcqoob1+Zrx0zl0PmJiUPERRUZVIBmUc4iiBhmmSm3gr\\n\
    InS/VTHh0lp30Divesaqd897bf69CBMJrw==\\n\
    -----END EC PRIVATE KEY-----\\n
    """
private let answer = """
    {"accessToken":{"accessKeyId":"NEW","secretAccessKey":"n-s3cr3t","sessionToken":"n-t0ken"},"tokenType":"aws_sigv4",\
    "expiresIn":900,"refreshToken":"n3xt"}
    """

private func cache(_ expiresAt: String = "2026-01-02T03:09:06Z") -> String {
    """
    {"accessToken":{"accessKeyId":"AKID","secretAccessKey":"s3cr3t","sessionToken":"t0ken","accountId":"123456789012",\
    "expiresAt":"\(expiresAt)","more":1},"tokenType":"aws_sigv4","refreshToken":"r3fresh","idToken":"1d",\
    "clientId":"arn:aws:signin:::devtools/same-device","dpopKey":"\(pem)","signInRegion":"eu-west-1"}
    """
}

private func person(_ expiresAt: String = "2026-01-02T03:00:00Z") -> InquiryDriver {
    let driver = InquiryDriver()
    driver.config = "[default]\nlogin_session = \(arn)\n"
    driver.files[path] = cache(expiresAt)
    driver.http["POST " + url] = [.http(200, answer)]
    return driver
}

private func credentials(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
    try LoginSource.credentials(inquiry, profile: Bytes("default"))
}

@Suite struct LoginSessions {
    @Test("what the file has, while it is good for five minutes")
    func fresh() throws {
        let driver = person("2026-01-02T03:09:06Z")
        let identity = try #require(try driver.run(credentials))
        #expect(driver.asked == ["file \(path)"])
        #expect(identity.keyID == "AKID" && identity.secretKey == "s3cr3t" && identity.sessionToken == "t0ken")
        #expect(String(identity.accountID) == "123456789012" && identity.expiry == 1_767_323_346)
        #expect("\(identity.source)" == source)
    }

    @Test("not without a session")
    func none() throws {
        let driver = InquiryDriver()
        #expect(try driver.run(credentials) == nil && driver.failure == nil && driver.asked == [])
    }

    @Test("in the folder that the environment names")
    func folder() throws {
        for folder in ["/cache", "~/cache"] {
            let driver = person()
            driver.environment["AWS_LOGIN_CACHE_DIRECTORY"] = folder
            driver.files = [folder.replacing("~", with: "/h") + "/" + name: cache()]
            #expect(try driver.run(credentials) != nil)
        }
    }

    @Test("renewed otherwise, and what the file holds besides is kept")
    func renewed() throws {
        let driver = person("2026-01-02T03:09:05Z")
        let identity = try #require(try driver.run(credentials))
        #expect(identity.keyID == "NEW" && identity.secretKey == "n-s3cr3t" && identity.sessionToken == "n-t0ken")
        #expect(identity.expiry == driver.wall + 900 && String(identity.accountID) == "123456789012")
        #expect(driver.asked.count == 3 && driver.asked.last == "write \(path)")
        let body = """
            {"grantType":"refresh_token","clientId":"arn:aws:signin:::devtools/same-device","refreshToken":"r3fresh"}
            """
        #expect(driver.asked[1].hasPrefix("POST \(url) {content-type: application/json} {dpop: ey"))
        #expect(driver.asked[1].hasSuffix("} " + body))
        #expect(
            driver.written[path] == """
                {"accessToken":{"accessKeyId":"NEW","secretAccessKey":"n-s3cr3t","sessionToken":"n-t0ken",\
                "accountId":"123456789012","expiresAt":"2026-01-02T03:19:05Z","more":1},"tokenType":"aws_sigv4",\
                "refreshToken":"n3xt","idToken":"1d","clientId":"arn:aws:signin:::devtools/same-device",\
                "dpopKey":"\(pem)","signInRegion":"eu-west-1"}
                """)
        #expect(try driver.run(credentials)?.keyID == "NEW" && driver.asked.count == 1)
    }

    @Test("in the client's region where the session names none")
    func region() throws {
        let driver = person()
        driver.files[path] = cache("2026-01-02T03:00:00Z").replacing("signInRegion", with: "x")
        driver.code["region"] = "us-east-1"
        driver.http["POST " + url.replacing("eu-west-1", with: "us-east-1")] = [.http(200, answer)]
        #expect(try driver.run(credentials)?.keyID == "NEW")
        driver.code = [:]
        #expect(try driver.run(credentials)?.keyID == "NEW", "written back")
        let without = person()
        without.files[path] = driver.files[path]
        #expect(try without.run(credentials) == nil)
        #expect(without.failure == "the endpoint of signin: Invalid Configuration: Missing Region")
    }
}

@Suite struct ProofsOfPossession {
    private func decoded(_ part: Substring) throws -> String {
        let plain = part.replacing("-", with: "+").replacing("_", with: "/")
        var text = ByteBuffer()
        let padded = plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        #expect(!part.contains("=") && Base64.decode(Bytes(padded.utf8).span, into: &text))
        return String(decoding: text.array, as: UTF8.self)
    }

    @Test("have a head with the public key, the claims, and a signature of 64 bytes")
    func parts() throws {
        let driver = person()
        try driver.run(credentials)
        let proof = try #require(driver.requests.first?.headers.firstValue(of: "dpop"))
        let parts = String(proof).split(separator: ".", omittingEmptySubsequences: false)
        #expect(parts.count == 3)
        #expect(
            try decoded(parts[0]) == """
                {"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256",\
                "x":"HRvCl1_UYcqoob1-Zrx0zl0PmJiUPERRUZVIBmUc4ig","y":"gYZpkpt4KyJ0v1Ux4dJad9A4r3rGqnfPe23-vQgTCa8"}}
                """)
        let claims = try decoded(parts[1])
        #expect(claims.hasPrefix(#"{"htm":"POST","htu":"\#(url)","iat":\#(driver.wall),"jti":""#))
        let id = claims.split(separator: "\"").dropLast().last ?? ""
        #expect(id.count == 36)
        #expect(parts[2].utf8.count == 86)
    }

    @Test("by keys in each of their forms")
    func forms() throws {
        let whole = """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFTGQ0o3FJSFx3ncW
            KOCMZ+O8LLIjHBqG3BE+rzOu5P2hRANCAAQdG8KXX9RhyqihvX5mvHTOXQ+YmJQ8
            RFFRlUgGZRziKIGGaZKbeCsidL9VMeHSWnfQOK96xqp3z3tt/r0IEwmv
            -----END PRIVATE KEY-----
            """
        let short = """
            -----BEGIN EC PRIVATE KEY-----
            MDECAQEEIBUxkNKNxSUhcd53FijgjGfjvCyyIxwahtwRPq8zruT9oAoGCCqGSM49
            AwEH
            -----END EC PRIVATE KEY-----

            """
        let usual = try #require(proof(pem.replacing("\\n", with: "\n")))
        for text in [whole, short] { #expect(proof(text)?.prefix(200) == usual.prefix(200)) }
    }

    @Test(
        "not by other keys, nor by one that a passphrase protects: nobody is asked for it",
        arguments: [
            "", "s3cr3t", "-----BEGIN EC PRIVATE KEY-----\nMDECAQEE\n-----END EC PRIVATE KEY-----\n",
            """
            -----BEGIN EC PRIVATE KEY-----
            MIGkAgEBBDDqYOIR2iPrhqoD3C8OCE4hKmfV6GalnU8cA619Tpk5os+UlVp813pP
            blff+e+dZqugBwYFK4EEACKhZANiAAQx+4pZ780noDk0MrX2Fg7JbELgfPUlIA06
            QWvVBXhQ4+UUhnlvFep7WT4jQH0Kdm43gf1K8+buasNgomIk3RFdfWUC2yF+az6r
            2psVZvsFMmDqX9RbQTxwAAwFOHrhiyY=
            -----END EC PRIVATE KEY-----
            """,
            """
            -----BEGIN EC PRIVATE KEY-----
            MHQCAQEEIB6yYE0RVQ4/NM0Cw5ZpKATI9lJFA4jq+vi8nYF/1FG1oAcGBSuBBAAK
            oUQDQgAEuTdLhbnj/D01m+/f89TvNLvbJztgicTIjPEw5CkV9lG2vWXIJScCId2G
            d9B4CNT8OM4RLgpRndnybPykoJp67A==
            -----END EC PRIVATE KEY-----
            """,
            """
            -----BEGIN EC PRIVATE KEY-----
            Proc-Type: 4,ENCRYPTED
            DEK-Info: AES-128-CBC,77664735D70F9F42453F328644D0CBD3

            XqXvBtVc/7IgEDl9XJbgYSv4Uefzt+Vz5vM2K7G3/iCNEJkv4r8VM0yLNin0wm7g
            2VksAse0o1SK9hKmsPcr97oAEFDF3V7QkKY2QD/s4Z5DHpZbGnqYNlSKRUcnRECk
            kWKUxUQQrfqMEpKbowr3BteYC+6X88ikKAmf1RKv+7c=
            -----END EC PRIVATE KEY-----
            """,
        ])
    func others(text: String) throws {
        #expect(proof(text) == nil)
        let driver = person()
        driver.files[path] = cache("2026-01-02T03:00:00Z")
            .replacing(pem, with: text.isEmpty ? "x" : text.replacing("\n", with: "\\n"))
        #expect(try driver.run(credentials) == nil && driver.requests.isEmpty)
        #expect(driver.failure == source + ": has a dpopKey that is no private key on P-256 in PEM")
    }

    private func proof(_ pem: String) -> String? {
        PossessionProof.make(Secret(Bytes(pem.utf8)), url: Bytes("https://x/"), seconds: 1, id: Bytes("i"))
            .map { String($0) }
    }
}

@Suite struct LoginSessionsThatAreNotRight {
    private func failure(_ change: (InquiryDriver) -> Void) throws -> String? {
        let driver = person()
        change(driver)
        #expect(try driver.run(credentials) == nil)
        return driver.failure.map { $0.replacing(source + ": ", with: "") }
    }

    @Test("files are said, and what they hold is not")
    func files() throws {
        #expect(try failure { $0.files = [:] } == "does not exist: run \"aws login\"")
        #expect(try failure { $0.files[path] = "s3cr3t" } == "is no JSON object")
        for member in ["refreshToken", "clientId", "dpopKey"] {
            let text = cache().replacing("\"\(member)\"", with: "\"x\"")
            #expect(try failure { $0.files[path] = text } == "has no \(member)")
        }
        #expect(try failure { $0.files[path] = cache().replacing("expiresAt", with: "x") } == "has no expiresAt")
        #expect(try failure { $0.files[path] = cache().replacing("accessToken", with: "x") } == "has no expiresAt")
        #expect(
            try failure { $0.files[path] = cache().replacing("secretAccessKey", with: "x") } == "has no SecretAccessKey"
        )
        #expect(
            try failure { $0.files[path] = cache().replacing(":{", with: ":[{").replacing("},", with: "}],") }
                == "has no expiresAt")
    }

    @Test("refusals say what helps")
    func refusals() throws {
        for (code, advice) in [
            ("TOKEN_EXPIRED", "; run \"aws login\""), ("USER_CREDENTIALS_CHANGED", "; run \"aws login\""),
            ("INSUFFICIENT_PERMISSIONS", ""),
        ] {
            let body = #"{"error":"\#(code)","message":"why"}"#
            let said = try failure { $0.http["POST " + url] = [.http(403, body)] }
            #expect(said == "status 403, \(code): why\(advice)")
        }
        #expect(try failure { $0.http["POST " + url] = [.refused] } == "could not connect: refused")
        #expect(
            try failure { $0.http["POST " + url] = [.http(200, "{}")] }
                == "what renews \(source): has no expiresIn"
                .replacing(source + ": ", with: ""))
    }

    @Test("answers that miss something are not written")
    func answers() throws {
        for member in ["accessKeyId", "secretAccessKey", "sessionToken"] {
            let driver = person()
            driver.http["POST " + url] = [.http(200, answer.replacing(member, with: "x"))]
            #expect(try driver.run(credentials) == nil && driver.written == [:])
            #expect(driver.failure == "what renews the login session: has no \(member)")
        }
    }

    @Test("what there is, is used as long as it can be")
    func stillGood() throws {
        for answer: InquiryDriver.Answer in [.refused, .timeout, .http(500, ""), .http(200, "x")] {
            let driver = person("2026-01-02T03:06:00Z")
            driver.http["POST " + url] = [answer]
            #expect(try driver.run(credentials)?.keyID == "AKID")
        }
    }

    @Test("what another process has renewed meanwhile is taken")
    func faster() throws {
        let driver = person()
        driver.http["POST " + url] = [.http(403, #"{"error":"TOKEN_EXPIRED","message":"m"}"#)]
        driver.onHTTP = { [unowned driver] in
            driver.files[path] = cache("2026-01-02T03:19:00Z").replacing("AKID", with: "THEIRS")
        }
        #expect(try driver.run(credentials)?.keyID == "THEIRS")
    }
}
