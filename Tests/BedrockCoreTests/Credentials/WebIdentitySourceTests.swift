import Testing

@testable import BedrockCore

@Suite struct WebIdentities {
    private static func driver(_ variables: [String: String]) -> InquiryDriver {
        let driver = InquiryDriver.withSTS("", assumed("AssumeRoleWithWebIdentity"))
        driver.environment.merge(variables) { $1 }
        driver.files["/token"] = "jwt.of+pod\n"
        return driver
    }

    private static let variables = ["AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:r"]

    @Test("of the environment: the token is sent, and nothing is signed")
    func environment() throws {
        let driver = Self.driver(Self.variables.merging(["AWS_ROLE_SESSION_NAME": "pod-1"]) { $1 })
        let found = try driver.run(WebIdentitySource.credentials)
        #expect(found?.shown == "ASIA1 s&1 t1 123456789012" && found?.sourceText == "AWS_ROLE_ARN")
        #expect(found?.expiry == 1_767_326_645)
        #expect(
            driver.form(0) == [
                "Action=AssumeRoleWithWebIdentity", "Version=2011-06-15", "RoleArn=arn%3Ar", "RoleSessionName=pod-1",
                "WebIdentityToken=jwt.of%2Bpod",
            ])
        #expect(driver.requests.first?.headers.count == 1 && driver.steps == ["file /token", sts])
    }

    @Test("the token is not sent in the clear to another machine")
    func clear() throws {
        let driver = Self.driver(Self.variables.merging(["AWS_ENDPOINT_URL_STS": "http://sts.example"]) { $1 })
        #expect(try driver.run(WebIdentitySource.credentials) == nil && driver.requests.isEmpty)
        #expect(driver.failure?.contains("in the clear") == true)
    }

    @Test("the file may be in the home folder, and is read each time")
    func again() throws {
        let driver = Self.driver(Self.variables.merging(["AWS_WEB_IDENTITY_TOKEN_FILE": "~/token"]) { $1 })
        for token in ["one", "two"] {
            driver.files["/h/token"] = token
            #expect(try driver.run(WebIdentitySource.credentials) != nil)
            #expect(driver.form(0).last == "WebIdentityToken=\(token)")
        }
    }

    @Test("without a file of the environment it is not configured, whatever the role")
    func none() throws {
        let driver = Self.driver(["AWS_ROLE_ARN": "arn:r"])
        #expect(try driver.run(WebIdentitySource.credentials) == nil && driver.failure == nil && driver.asked == [])
        #expect(driver.skipped == "web identity (AWS_WEB_IDENTITY_TOKEN_FILE is not set)")
    }

    @Test("without a role it is an error, also where a profile has one")
    func noRole() throws {
        let driver = Self.driver(["AWS_WEB_IDENTITY_TOKEN_FILE": "/token"])
        driver.config = "[default]\nrole_arn = arn:p"
        #expect(try driver.run(WebIdentitySource.credentials) == nil && driver.asked == [])
        #expect(driver.failure == "AWS_WEB_IDENTITY_TOKEN_FILE: AWS_ROLE_ARN is not set, which names the role")
    }

    @Test("a file that is not there, or says nothing")
    func files() throws {
        let driver = Self.driver(Self.variables)
        driver.files = [:]
        #expect(try driver.run(WebIdentitySource.credentials) == nil)
        #expect(driver.failure == #"AWS_WEB_IDENTITY_TOKEN_FILE: "/token" does not exist"#)
        driver.files = ["/token": " \n"]
        #expect(try driver.run(WebIdentitySource.credentials) == nil)
        #expect(driver.failure == #"AWS_WEB_IDENTITY_TOKEN_FILE: "/token" is empty"#)
    }

    @Test("errors do not repeat the token")
    func refusal() throws {
        let driver = Self.driver(Self.variables)
        driver.http[sts] = [refused(400, "InvalidIdentityToken", "The token is not valid.")]
        #expect(try driver.run(WebIdentitySource.credentials) == nil)
        let text = "AWS_ROLE_ARN: STS at sts.us-east-1.amazonaws.com: InvalidIdentityToken: The token is not valid."
        #expect(driver.failure == text)
    }

    @Test("of a profile, which the environment says nothing to")
    func profile() throws {
        let driver = Self.driver(["AWS_ROLE_ARN": "arn:env", "AWS_ROLE_SESSION_NAME": "env"])
        driver.config = "[default]\nweb_identity_token_file = /token\nrole_arn = arn:p\nrole_session_name = mine"
        #expect(try driver.run(ProfileSource.credentials)?.shown.hasPrefix("ASIA1 ") == true)
        #expect(driver.form(0).contains("RoleArn=arn%3Ap") && driver.form(0).contains("RoleSessionName=mine"))

        driver.config = "[default]\nweb_identity_token_file = /token"
        #expect(try driver.run(ProfileSource.credentials) == nil)
        let place = #"web_identity_token_file of the profile "default" in "/h/.aws/config", line 2"#
        #expect(driver.failure == "\(place): the profile has no role_arn, which names the role")
    }
}
