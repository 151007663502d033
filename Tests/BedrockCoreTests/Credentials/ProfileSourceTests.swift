import Testing

@testable import BedrockCore

private let keys = """
    aws_access_key_id = AKID
    aws_secret_access_key = SECRET

    """

private func role(_ rest: String) -> String { "role_arn = arn:aws:iam::123456789012:role/r\n\(rest)\n" }

@Suite struct KeysOfProfiles {
    @Test("with all that goes with them, from both files")
    func all() throws {
        let driver = InquiryDriver()
        driver.config = "[default]\naws_account_id = 123456789012\naws_session_token = TOKEN"
        driver.credentials = "[default]\n\(keys)"
        let found = try driver.run(ProfileSource.credentials)
        #expect(found?.shown == "AKID SECRET TOKEN 123456789012" && found?.expiry == nil)
        #expect(
            found?.sourceText == #"aws_access_key_id of the profile "default" in "/h/.aws/credentials", line 2"#)
    }

    @Test("those of the profile that is named")
    func named() throws {
        let driver = InquiryDriver()
        driver.config = "[default]\n\(keys)[profile b]\naws_access_key_id = B\naws_secret_access_key = S"
        driver.environment["AWS_PROFILE"] = "b"
        #expect(try driver.run(ProfileSource.credentials)?.shown == "B S - ")
    }

    @Test("half a pair is an error", arguments: ["aws_access_key_id", "aws_secret_access_key"])
    func half(_ name: String) throws {
        let driver = InquiryDriver()
        driver.config = "[default]\nregion = eu-west-1\n\(name) = ONE"
        #expect(try driver.run(ProfileSource.credentials) == nil)
        let pair = "aws_access_key_id and aws_secret_access_key go together, and only one of them is there"
        #expect(driver.failure == "\(name) of the profile \"default\" in \"/h/.aws/config\", line 3: \(pair)")
    }

    @Test("none at all is no error, and is told with the files", arguments: ["", "[default]\nregion = eu-west-1"])
    func none(_ config: String) throws {
        let driver = InquiryDriver()
        driver.config = config
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.failure == nil)
        let files = #""/h/.aws/config" and "/h/.aws/credentials""#
        #expect(driver.skipped == "profile (\"default\" has none in \(files))")
    }
}

@Suite struct WaysOfAProfile {
    /// Which of several ways in one profile counts.
    @Test(
        "the first counts",
        arguments: [
            ("role_arn = r\nsource_profile = b\n\(keys)credential_process = p", "POST https://sts"),
            ("role_arn = r\nweb_identity_token_file = /t\nsource_profile = b\n\(keys)", "file /t"),
            ("credential_process = p\n\(keys)", "run p"),
            (keys, "AKID"),
        ])
    func order(_ properties: String, _ way: String) throws {
        let driver = InquiryDriver.withSTS("[default]\n\(properties)\n[profile b]\n\(keys)", .refused)
        let found = try driver.run(ProfileSource.credentials)
        let first = driver.asked.first ?? found?.shown ?? ""
        #expect(first.hasPrefix(way))
    }

    @Test("of a source profile keys count before all others", arguments: ["role_arn = r", "credential_process = p"])
    func keysOfSources(_ other: String) throws {
        let driver = InquiryDriver.withSTS(
            "[default]\n\(role("source_profile = b"))[profile b]\n\(keys)\(other)", assumed())
        #expect(try driver.run(ProfileSource.credentials)?.shown == "ASIA1 s&1 t1 123456789012")
        #expect(driver.requests.count == 1 && driver.header("authorization", 0)?.contains("=AKID/") == true)
    }
}

@Suite struct ChainsOfProfiles {
    @Test("each role is assumed with the credentials of the one before")
    func chain() throws {
        let config = """
            [default]
            role_arn = arn:a
            source_profile = b
            [profile b]
            role_arn = arn:b
            source_profile = c
            [profile c]
            \(keys)
            """
        let driver = InquiryDriver.withSTS(
            config, assumed(), assumed("AssumeRole", "ASIA2", expiration: "2026-01-02T05:00:00Z"))
        let found = try driver.run(ProfileSource.credentials)
        #expect(found?.shown == "ASIA2 s&1 t1 123456789012" && found?.expiry == 1_767_330_000)
        #expect(found?.sourceText == #"role_arn of the profile "default" in "/h/.aws/config", line 2"#)
        #expect(driver.form(0).contains("RoleArn=arn%3Ab") && driver.form(1).contains("RoleArn=arn%3Aa"))
        #expect(driver.header("authorization", 0)?.contains("Credential=AKID/") == true)
        #expect(driver.header("authorization", 1)?.contains("Credential=ASIA1/") == true)
        #expect(driver.header("x-amz-security-token", 0) == nil && driver.header("x-amz-security-token", 1) == "t1")
    }

    @Test("a profile may name itself for its own keys")
    func itself() throws {
        let driver = InquiryDriver.withSTS("[default]\n\(role("source_profile = default"))\(keys)", assumed())
        #expect(try driver.run(ProfileSource.credentials)?.shown.hasPrefix("ASIA1 ") == true)
        #expect(driver.requests.count == 1 && driver.header("authorization", 0)?.contains("=AKID/") == true)
    }

    @Test("a program, and a token for a role, may be at the end of it")
    func ends() throws {
        let driver = InquiryDriver.withSTS(
            "[default]\n\(role("source_profile = b"))[profile b]\ncredential_process = p", assumed())
        driver.programs[["p"]] = (0, #"{"Version": 1, "AccessKeyId": "P", "SecretAccessKey": "S"}"#)
        #expect(try driver.run(ProfileSource.credentials)?.shown.hasPrefix("ASIA1 ") == true)
        #expect(driver.header("authorization", 0)?.contains("Credential=P/") == true)

        driver.config =
            "[default]\n\(role("source_profile = b"))[profile b]\nrole_arn = w\nweb_identity_token_file = /t"
        driver.files["/t"] = "jwt"
        driver.http = [sts: [assumed("AssumeRoleWithWebIdentity", "WEB"), assumed()]]
        #expect(try driver.run(ProfileSource.credentials)?.shown.hasPrefix("ASIA1 ") == true)
        #expect(driver.steps == ["file /t", sts, sts])
        #expect(driver.header("authorization", 0) == nil)
        #expect(driver.header("authorization", 1)?.contains("Credential=WEB/") == true)
    }

    @Test("one that leads nowhere is an error that names property, profile, file and line")
    func missing() throws {
        let driver = InquiryDriver.withSTS("[profile a]\n\(role("source_profile = nobody"))")
        driver.code["profile"] = "a"
        #expect(try driver.run(ProfileSource.credentials) == nil)
        let place = #"source_profile of the profile "a" in "/h/.aws/config", line 3"#
        #expect(driver.failure == "\(place): there is no profile \"nobody\"")

        driver.config += "[profile nobody]\nregion = eu-west-1"
        #expect(try driver.run(ProfileSource.credentials) == nil)
        #expect(driver.failure == "\(place): \"nobody\" has no credentials")
    }

    @Test(
        "loops are errors that show them",
        arguments: [
            (["a": "a"], #"profile "a" in "/h/.aws/config", line 3"#, #""a", "a""#),
            (["a": "b", "b": "b"], #"profile "b" in "/h/.aws/config", line 6"#, #""a", "b", "b""#),
            (["a": "b", "b": "c", "c": "a"], #"profile "c" in "/h/.aws/config", line 9"#, #""a", "b", "c", "a""#),
            (["a": "b", "b": "c", "c": "b"], #"profile "c" in "/h/.aws/config", line 9"#, #""a", "b", "c", "b""#),
        ] as [([String: String], String, String)])
    func loops(_ sources: [String: String], _ place: String, _ chain: String) throws {
        let sections = sources.sorted { $0.key < $1.key }.map {
            "[profile \($0.key)]\n" + role("source_profile = \($0.value)")
        }
        let driver = InquiryDriver.withSTS(sections.joined())
        driver.code["profile"] = "a"
        #expect(try driver.run(ProfileSource.credentials) == nil)
        #expect(driver.failure == "source_profile of the \(place): the profiles lead back to one another: \(chain)")
        #expect(driver.asked == [])
    }

    @Test("more profiles than anybody has are an error")
    func long() throws {
        let sections = (0..<100).map { "[profile p\($0)]\n" + role("source_profile = p\($0 + 1)") }
        let driver = InquiryDriver.withSTS(sections.joined() + "[profile p100]\n\(keys)")
        driver.code["profile"] = "p0"
        #expect(try driver.run(ProfileSource.credentials) == nil)
        #expect(driver.failure?.hasSuffix("line 96: more than 32 profiles lead to here") == true)
        #expect(driver.failure?.hasPrefix("source_profile of the profile \"p31\"") == true)
    }

    @Test(
        "roles that nobody, or more than one, could assume",
        arguments: [
            ("", "the profile has neither source_profile nor credential_source"),
            (
                "source_profile = default\ncredential_source = Environment",
                "the profile has a source_profile and a credential_source, where one can count"
            ),
        ])
    func sources(_ properties: String, _ wrong: String) throws {
        let driver = InquiryDriver.withSTS("[default]\n\(role(properties))\(keys)")
        #expect(try driver.run(ProfileSource.credentials) == nil)
        #expect(driver.failure == "role_arn of the profile \"default\" in \"/h/.aws/config\", line 2: \(wrong)")
    }
}

@Suite struct NamedSources {
    private static let place = #"credential_source of the profile "default" in "/h/.aws/config", line 3"#

    @Test(
        "keys of the environment, also beside a profile that is named in code",
        arguments: ["Environment", "environment"])
    func environment(_ name: String) throws {
        let driver = InquiryDriver.withSTS("[default]\n\(role("credential_source = \(name)"))", assumed())
        driver.environment["AWS_ACCESS_KEY_ID"] = "E"
        driver.environment["AWS_SECRET_ACCESS_KEY"] = "S"
        driver.code["profile"] = "default"
        #expect(try driver.run(ProfileSource.credentials)?.shown.hasPrefix("ASIA1 ") == true)
        #expect(driver.header("authorization", 0)?.contains("Credential=E/") == true)
    }

    @Test("the container's")
    func container() throws {
        let driver = InquiryDriver.withSTS("[default]\n\(role("credential_source = EcsContainer"))", assumed())
        driver.environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/c"
        driver.http["GET http://169.254.170.2/c"] = [
            .http(
                200,
                """
                {"AccessKeyId": "C", "SecretAccessKey": "S", "Token": "T", "Expiration": "2026-01-02T04:00:00Z"}
                """)
        ]
        #expect(try driver.run(ProfileSource.credentials)?.shown.hasPrefix("ASIA1 ") == true)
        #expect(driver.header("authorization", 1)?.contains("Credential=C/") == true)
    }

    @Test("one that has nothing is an error", arguments: ["Environment", "EcsContainer"])
    func nothing(_ name: String) throws {
        let driver = InquiryDriver.withSTS("[default]\n\(role("credential_source = \(name)"))")
        #expect(try driver.run(ProfileSource.credentials) == nil)
        #expect(driver.failure == "\(Self.place): \"\(name)\" has no credentials")
    }

    @Test("one that there is not is an error")
    func unknown() throws {
        let driver = InquiryDriver.withSTS("[default]\n\(role("credential_source = Moon"))")
        #expect(try driver.run(ProfileSource.credentials) == nil)
        #expect(driver.failure == "\(Self.place): none of Environment, Ec2InstanceMetadata and EcsContainer")
    }
}
