import Foundation
import Testing

@testable import BedrockCore

private let variables = [
    "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T", "AWS_ACCOUNT_ID": "1",
]
private let profile = "[default]\naws_access_key_id = FILE\naws_secret_access_key = S"
private let web = ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "arn:r"]

private func chain(_ variables: [String: String], _ config: String = "") -> InquiryDriver {
    let driver = InquiryDriver.withSTS(config, assumed("AssumeRoleWithWebIdentity", "WEB"))
    driver.environment.merge(variables) { $1 }
    driver.files["/t"] = "jwt"
    return driver
}

@Suite struct OrderOfSources {
    @Test(
        "environment, profile, web identity by the environment",
        arguments: [
            (variables.merging(web) { $1 }, profile, "ENV S T 1"), (web, profile, "FILE S - "),
            (web, "", "WEB s&1 t1 123456789012"),
            (["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": " "], profile, "FILE S - "),
        ] as [([String: String], String, String)])
    func order(_ variables: [String: String], _ config: String, _ keys: String) throws {
        #expect(try chain(variables, config).run(CredentialChain.resolve)?.shown == keys)
    }

    @Test("then container, then instance metadata; with nothing anywhere all of it is told")
    func machines() throws {
        let driver = chain(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"])
        driver.http["GET http://169.254.170.2/c"] = [
            .http(
                200,
                """
                {"AccessKeyId": "C", "SecretAccessKey": "S", "Token": "T", "Expiration": "2026-01-02T04:00:00Z"}
                """)
        ]
        #expect(try driver.run(CredentialChain.resolve)?.shown == "C S T ")
        driver.environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = nil
        #expect(try driver.run(CredentialChain.resolve) == nil && driver.failure == "")
        #expect(driver.asked.map { $0.split(separator: " ")[1] } == ["http://169.254.169.254/latest/api/token"])
        let names = ["configuration", "environment", "profile", "web identity", "container", "instance metadata"]
        var rest = Substring(driver.skipped)
        for name in names {
            let start = rest.hasPrefix("\(name) (")
            #expect(start, "\(name) is not next in \(rest)")
            rest = rest[(rest.range(of: "), ")?.upperBound ?? rest.endIndex)...]
        }
    }

    @Test("a profile that is named in code takes the environment's keys out")
    func named() throws {
        let driver = chain(variables, profile)
        driver.code["profile"] = "default"
        #expect(try driver.run(CredentialChain.resolve)?.shown == "FILE S - ")
        #expect(driver.skipped.contains("environment (a profile is named in the configuration)"))
    }

    @Test(
        "one that is configured and broken ends it",
        arguments: ["aws_access_key_id = A", "role_arn = r", "credential_process = '"])
    func broken(_ property: String) throws {
        let driver = chain(web, "[default]\n\(property)")
        #expect(try driver.run(CredentialChain.resolve) == nil && driver.asked == [])
        #expect(driver.failure?.contains(" of the profile \"default\" in \"/h/.aws/config\", line 2: ") == true)
        #expect(driver.skipped.contains("environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set)"))
    }

    @Test("the environment that is read has all variables of sources")
    func names() {
        let names = Set(Environment.names.map { String(Bytes($0)) })
        for name in Array(variables.keys) + Array(web.keys) + ["AWS_ROLE_SESSION_NAME"] {
            #expect(names.contains(name), "\(name)")
        }
    }
}
