import Testing

@testable import BedrockCore

private func profile(_ properties: String = "") -> String {
    """
    [default]
    role_arn = arn:aws:iam::123456789012:role/r
    source_profile = default
    aws_access_key_id = AKID
    aws_secret_access_key = SECRET
    \(properties)
    """
}

/// The setting that errors name, and who answered.
private let place = #"role_arn of the profile "default" in "/h/.aws/config", line 2"#
private let answered = "\(place): STS at sts.us-east-1.amazonaws.com: "

private func failure(_ answers: InquiryDriver.Answer...) throws -> String? {
    let driver = InquiryDriver.withSTS(profile())
    driver.http[sts] = answers
    #expect(try driver.run(ProfileSource.credentials) == nil)
    return driver.failure
}

@Suite struct RequestsForRoles {
    @Test("a form in the service's order, signed for it")
    func form() throws {
        let driver = InquiryDriver.withSTS(profile(), assumed())
        #expect(try driver.run(ProfileSource.credentials)?.shown == "ASIA1 s&1 t1 123456789012")
        #expect(
            driver.form(0) == [
                "Action=AssumeRole", "Version=2011-06-15", "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr",
                "RoleSessionName=bedrockstream-1767323045",
            ])
        #expect(driver.header("content-type", 0) == "application/x-www-form-urlencoded")
        #expect(driver.header("x-amz-date", 0) == "20260102T030405Z")
        let scope = "Credential=AKID/20260102/us-east-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date, "
        #expect(driver.header("authorization", 0)?.contains(scope) == true)
        #expect(driver.header("host", 0) == nil, "the transport adds it")
    }

    @Test("what the profile says of the session")
    func session() throws {
        let properties = "role_session_name = me & you\nexternal_id = x=1\nduration_seconds = 900"
        let driver = InquiryDriver.withSTS(profile(properties), assumed())
        #expect(try driver.run(ProfileSource.credentials) != nil)
        #expect(
            driver.form(0).suffix(3) == ["RoleSessionName=me%20%26%20you", "ExternalId=x%3D1", "DurationSeconds=900"])
    }

    @Test(
        "a duration that STS does not give",
        arguments: ["899", "43201", "an hour", "-900", "900.5", "9223372036854775808"])
    func duration(_ duration: String) throws {
        let driver = InquiryDriver.withSTS(profile("duration_seconds = \(duration)"))
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.asked == [])
        let place = #"duration_seconds of the profile "default" in "/h/.aws/config", line 6"#
        #expect(driver.failure == "\(place): not a whole number from 900 to 43200")
    }

    @Test(
        "in the region of the client, else of the profile",
        arguments: [
            (["region": "eu-west-1"], [:], "sts.eu-west-1.amazonaws.com"),
            (["region": "cn-north-1"], [:], "sts.cn-north-1.amazonaws.com.cn"),
            ([:], ["AWS_REGION": "us-gov-west-1"], "sts.us-gov-west-1.amazonaws.com"),
            ([:], [:], "sts.ap-south-1.amazonaws.com"),
        ] as [([String: String], [String: String], String)])
    func region(_ code: [String: String], _ variables: [String: String], _ host: String) throws {
        let driver = InquiryDriver.withSTS(profile("region = ap-south-1"))
        driver.code = code
        driver.environment.merge(variables) { $1 }
        driver.http = ["POST https://\(host)/": [assumed()]]
        #expect(try driver.run(ProfileSource.credentials) != nil, "\(driver.failure ?? "")")
    }

    @Test(
        "where endpoints are configured, with FIPS and IPv6",
        arguments: [
            (["AWS_ENDPOINT_URL_STS": "http://localhost:4566/sts/"], "http://localhost:4566/sts/"),
            (["AWS_ENDPOINT_URL": "https://stack", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "https://b"], "https://stack/"),
            (["AWS_USE_FIPS_ENDPOINT": "true"], "https://sts-fips.us-east-1.amazonaws.com/"),
            (["AWS_USE_DUALSTACK_ENDPOINT": "true"], "https://sts.us-east-1.api.aws/"),
        ])
    func endpoints(_ variables: [String: String], _ url: String) throws {
        let driver = InquiryDriver.withSTS(profile())
        driver.environment.merge(variables) { $1 }
        driver.http = ["POST \(url)": [assumed()]]
        #expect(try driver.run(ProfileSource.credentials) != nil, "\(driver.failure ?? "")")
        #expect(driver.header("authorization", 0)?.contains("/us-east-1/sts/") == true)
    }

    @Test("the global endpoint signs for its home")
    func global() throws {
        let driver = InquiryDriver.withSTS(profile())
        driver.code = ["region": "aws-global"]
        driver.http = ["POST https://sts.amazonaws.com/": [assumed()]]
        #expect(try driver.run(ProfileSource.credentials) != nil, "\(driver.failure ?? "")")
        #expect(driver.header("authorization", 0)?.contains("/us-east-1/sts/") == true)
    }

    @Test("endpoints that cannot be")
    func noEndpoint() throws {
        let driver = InquiryDriver.withSTS(profile())
        driver.environment.merge(["AWS_ENDPOINT_URL_STS": "http://h", "AWS_USE_FIPS_ENDPOINT": "true"]) { $1 }
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.asked == [])
        let wrong = "Invalid Configuration: FIPS and custom endpoint are not supported"
        #expect(driver.failure == "\(place): \(wrong)")
        driver.code = [:]
        driver.environment["AWS_USE_FIPS_ENDPOINT"] = nil
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.asked == [])
        #expect(driver.failure?.hasPrefix("\(place): there is no region") == true, "requests are signed for one")
    }

    @Test("without a region there is nowhere to go")
    func nowhere() throws {
        let driver = InquiryDriver.withSTS(profile())
        driver.code = [:]
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.asked == [])
        let wrong = "there is no region to assume the role in: set region, AWS_REGION or the profile's"
        #expect(driver.failure == "\(place): \(wrong)")
    }

    @Test("keys that cannot sign")
    func keys() throws {
        let driver = InquiryDriver.withSTS("[default]\nrole_arn = r\ncredential_source = Environment")
        driver.environment["AWS_ACCESS_KEY_ID"] = "A\u{1}B"
        driver.environment["AWS_SECRET_ACCESS_KEY"] = "S"
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.asked == [])
        #expect(driver.failure == "\(place): the access key id is empty or malformed")
    }
}

@Suite struct CodesOfDevices {
    private static let device = "mfa_serial = arn:aws:iam::1:mfa/me"
    private static let place = #"mfa_serial of the profile "default" in "/h/.aws/config", line 6"#

    @Test("asked for once, and sent")
    func code() throws {
        let driver = InquiryDriver.withSTS(profile(Self.device), .refused, assumed())
        (driver.asksForCodes, driver.mfaCode) = (true, " 123456\n")
        #expect(try driver.run(ProfileSource.credentials) != nil)
        #expect(driver.form(0).suffix(2) == ["SerialNumber=arn%3Aaws%3Aiam%3A%3A1%3Amfa%2Fme", "TokenCode=123456"])
        #expect(driver.steps.map { $0.prefix(4) } == ["code", "POST", "wait", "POST"])
    }

    @Test("without a callback for them the error says so")
    func noCallback() throws {
        let driver = InquiryDriver.withSTS(profile(Self.device))
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.asked == [])
        let wrong = "the device's code is needed, and there is no callback that is asked for it"
        #expect(driver.failure == "\(Self.place): \(wrong)")
    }

    @Test("a callback that gives none", arguments: [(nil, "has none"), (" ", "the callback gave no code")])
    func none(_ code: String?, _ wrong: String) throws {
        let driver = InquiryDriver.withSTS(profile(Self.device))
        (driver.asksForCodes, driver.mfaCode) = (true, code)
        #expect(try driver.run(ProfileSource.credentials) == nil)
        #expect(driver.failure == "\(Self.place): \(wrong)")
    }
}

@Suite struct TriesOfSTS {
    @Test(
        "three for what may pass by itself",
        arguments: [
            .refused, .timeout, .http(500, ""), refused(503, "ServiceUnavailable"), refused(400, "Throttling"),
            refused(400, "IDPCommunicationError"), refused(408, "RequestTimeout"), .http(429, "slow down"),
        ] as [InquiryDriver.Answer])
    func transient(_ answer: InquiryDriver.Answer) throws {
        let driver = InquiryDriver.withSTS(profile(), answer, answer, assumed())
        #expect(try driver.run(ProfileSource.credentials) != nil)
        #expect(driver.steps.map { $0.prefix(4) } == ["POST", "wait", "POST", "wait", "POST"])
        driver.http[sts] = [answer]
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.requests.count == 3)
    }

    @Test(
        "one for what would not",
        arguments: ["AccessDenied", "ExpiredToken", "InvalidClientTokenId", "ValidationError"])
    func final(_ code: String) throws {
        let driver = InquiryDriver.withSTS(profile(), refused(403, code))
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.asked.count == 1)
        #expect(driver.failure == "\(answered)\(code): why")
    }

    @Test("a clock that is wrong is learned of, once and without a wait")
    func clock() throws {
        let driver = InquiryDriver.withSTS(profile(), refused(403, "SignatureDoesNotMatch"), assumed())
        driver.serverSeconds = driver.wall + 7200
        #expect(try driver.run(ProfileSource.credentials) != nil && driver.steps == [sts, sts])
        #expect(driver.header("x-amz-date", 0) == "20260102T030405Z")
        #expect(driver.header("x-amz-date", 1) == "20260102T050405Z")

        driver.http[sts] = [refused(403, "SignatureDoesNotMatch")]
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.steps == [sts, sts])
        #expect(driver.failure == "\(answered)SignatureDoesNotMatch: why")
    }

    @Test("a signature that is wrong at the right time is just wrong", arguments: [0, 239, -239])
    func signature(_ offset: Int64) throws {
        let driver = InquiryDriver.withSTS(profile(), refused(403, "SignatureDoesNotMatch"))
        driver.serverSeconds = driver.wall + offset
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.asked.count == 1)
    }

    @Test("no clock makes it trap", arguments: [Int64.min, -1, 0, .max])
    func hostileClock(_ seconds: Int64) throws {
        let driver = InquiryDriver.withSTS(profile(), refused(403, "RequestExpired"))
        driver.serverSeconds = seconds
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.asked.count == 2)
    }
}

@Suite struct AnswersOfSTS {
    @Test("what is missing, malformed or of another kind is named, and nothing else is shown")
    func incomplete() throws {
        guard case .http(_, let whole) = assumed() else { return }
        for name in ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"] {
            let without = whole.replacing("<\(name)>", with: "<X>").replacing("</\(name)>", with: "</X>")
            #expect(try failure(.http(200, without)) == "\(answered)has no \(name)")
            let nested = whole.replacing("<\(name)>", with: "<\(name)><b/>")
            #expect(try failure(.http(200, nested)) == "\(answered)has no \(name)")
        }
        #expect(
            try failure(assumed(expiration: "tomorrow"))
                == "\(answered)an Expiration that is not written as in RFC 3339")
        let elsewhere = whole.replacing("Credentials>", with: "Other>")
        #expect(try failure(.http(200, elsewhere)) == "\(answered)has no AccessKeyId")
    }

    @Test("cut anywhere it is no answer")
    func cut() throws {
        guard case .http(_, let whole) = assumed() else { return }
        for length in 0..<whole.utf8.count {
            let failed = try failure(.http(200, String(whole.prefix(length))))
            #expect(failed == "\(answered)an answer that is no whole XML document")
        }
    }

    @Test(
        "pages and other formats are no answer",
        arguments: [
            "{}", "<html><br></html>", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "\u{0}",
            String(repeating: "<a>", count: 40),
        ])
    func other(_ body: String) throws {
        #expect(try failure(.http(200, body)) == "\(answered)an answer that is no whole XML document")
        #expect(try failure(.http(404, body)) == "\(answered)status 404")
    }

    @Test("an error's message is one bounded line, whatever the server puts there")
    func messages() throws {
        let failed = try failure(refused(400, "A\nB", String(repeating: "x\n", count: 5000)))
        #expect(failed?.hasPrefix("\(answered)A B: x x x") == true && failed?.utf8.count ?? 9999 < 2300)
        #expect(failed?.contains("\n") == false)
        #expect(try failure(.http(400, "<ErrorResponse><Error><Code>Cut</Code>")) == "\(answered)Cut: ")
        #expect(try failure(.failure("the answer is too long")) == "\(answered)the answer is too long")
    }

    @Test(
        "accounts are read of whole ARNs",
        arguments: [("arn:aws:sts::1:a", "1"), ("arn:aws:sts::1", ""), ("", ""), (":::::", "")])
    func accounts(_ arn: String, _ account: String) {
        let answer = STSAnswer(Bytes("<a><AssumedRoleUser><Arn>\(arn)</Arn></AssumedRoleUser></a>".utf8).span)
        #expect(answer.isWhole && String(answer.accountID) == account)
    }
}
