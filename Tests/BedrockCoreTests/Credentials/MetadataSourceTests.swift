import Testing

@testable import BedrockCore

private let base = "http://169.254.169.254"
private let token = "/latest/api/token"
private let roles = "/latest/meta-data/iam/security-credentials/"

private func keys(_ expiration: String) -> String {
    """
    {"Code":"Success","LastUpdated":"x","Type":"AWS-HMAC","AccessKeyId":"AKID","SecretAccessKey":"s3cr3t",\
    "Token":"t0ken","Expiration":"\(expiration)"}
    """
}

private func instance(_ url: String = base, expiration: String = "2026-01-02T09:04:05Z") -> InquiryDriver {
    let driver = InquiryDriver()
    driver.http["PUT " + url + token] = [.http(200, "TOKEN==\n")]
    driver.http["GET " + url + roles] = [.http(200, "role-1\n")]
    driver.http["GET " + url + roles + "role-1"] = [.http(200, keys(expiration))]
    driver.http["GET " + url + "/latest/meta-data/placement/region"] = [.http(200, "eu-west-3")]
    return driver
}

private let put = "PUT \(base)\(token) {x-aws-ec2-metadata-token-ttl-seconds: 21600}"
private let header = " {x-aws-ec2-metadata-token: TOKEN==}"

@Suite struct InstanceMetadata {
    @Test("a token, the role's name, its keys")
    func credentials() throws {
        let driver = instance()
        let identity = try #require(try driver.run(MetadataSource.credentials))
        #expect(driver.asked == [put, "GET \(base)\(roles)\(header)", "GET \(base)\(roles)role-1\(header)"])
        #expect(identity.keyID == "AKID" && identity.expiry == 1_767_344_645)
        #expect("\(identity.source)" == "the instance metadata at \(base)")
        for request in driver.requests {
            #expect(!request.usesProxy && request.connectLimit == 1_000_000_000 && request.limit == 1_000_000_000)
        }
    }

    @Test("the region")
    func region() throws {
        let driver = instance()
        driver.goal = .region
        #expect(try driver.run(MetadataSource.region).map { String($0.region) } == "eu-west-3")
        driver.http["GET \(base)/latest/meta-data/placement/region"] = [.http(404, "<html>")]
        #expect(try driver.run(MetadataSource.region) == nil && driver.failure == nil)
        #expect(driver.skipped == "instance metadata (has no region)")
    }

    @Test("where it is")
    func places() throws {
        let mode = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
        let endpoint = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
        for (environment, url) in [
            ([mode: "IPv6"], "http://[fd00:ec2::254]"), ([mode: "ipV4"], base),
            ([endpoint: "http://127.0.0.1:99/"], "http://127.0.0.1:99"),
            ([endpoint: "http://x", mode: "ipv6"], "http://x"),
        ] {
            let driver = instance(url)
            driver.environment.merge(environment) { $1 }
            #expect(try driver.run(MetadataSource.credentials) != nil)
        }
    }

    @Test("not where it is switched off", arguments: ["true", "TRUE", "True"])
    func disabled(value: String) throws {
        let driver = instance()
        driver.environment["AWS_EC2_METADATA_DISABLED"] = value
        #expect(try driver.run(MetadataSource.credentials) == nil && driver.asked == [] && driver.failure == nil)
        #expect(driver.skipped == "instance metadata (is switched off)")
    }

    @Test("limits and attempts are set, without a wait between them")
    func attempts() throws {
        let driver = instance()
        driver.environment["AWS_METADATA_SERVICE_TIMEOUT"] = "5"
        driver.environment["AWS_METADATA_SERVICE_NUM_ATTEMPTS"] = "3"
        driver.http["PUT " + base + token] = [.http(500, ""), .refused, .http(200, "T")]
        #expect(try driver.run(MetadataSource.credentials) != nil && driver.requests.count == 5)
        #expect(driver.requests.first?.limit == 5_000_000_000 && !driver.asked.contains { $0.hasPrefix("wait") })
    }
}

@Suite struct MachinesThatAreNoInstance {
    @Test("are found out by one request")
    func refused() throws {
        let driver = InquiryDriver()
        #expect(try driver.run(MetadataSource.credentials) == nil && driver.failure == nil && driver.asked == [put])
        #expect(driver.skipped == "instance metadata (\(base): could not connect: refused)")
    }

    @Test("or by two, where nothing comes at all")
    func silent() throws {
        let driver = InquiryDriver()
        driver.http["PUT " + base + token] = [.timeout]
        driver.http["GET " + base + roles] = [.timeout]
        #expect(try driver.run(MetadataSource.credentials) == nil && driver.failure == nil)
        #expect(driver.asked == [put, "GET \(base)\(roles)"])
        #expect(driver.skipped == "instance metadata (\(base): timed out)")
    }

    @Test("an instance without a role is none for credentials")
    func noRole() throws {
        let driver = instance()
        driver.http["GET " + base + roles] = [.http(404, "<html>")]
        #expect(try driver.run(MetadataSource.credentials) == nil && driver.failure == nil)
        #expect(driver.skipped == "instance metadata (has no role for this instance)")
    }
}

@Suite struct MetadataWithoutTokens {
    @Test("the old way, where that is what the service wants", arguments: [403, 404, 405, 0])
    func old(status: Int) throws {
        let driver = instance()
        driver.http["PUT " + base + token] = [status == 0 ? .timeout : .http(status, "Forbidden")]
        #expect(try driver.run(MetadataSource.credentials) != nil)
        #expect(driver.asked == [put, "GET \(base)\(roles)", "GET \(base)\(roles)role-1"])
    }

    @Test("not where it is ruled out")
    func ruledOut() throws {
        let driver = instance()
        driver.environment["AWS_EC2_METADATA_V1_DISABLED"] = "true"
        driver.http["PUT " + base + token] = [.http(403, "Forbidden")]
        #expect(try driver.run(MetadataSource.credentials) == nil && driver.asked == [put])
        #expect(driver.failure == "the instance metadata at \(base): gives no token, and imds.v1_disabled is on")
    }

    @Test("no other answer than a token", arguments: [400, 401, 500, 302])
    func refused(status: Int) throws {
        let driver = instance()
        driver.http["PUT " + base + token] = [.http(status, "")]
        #expect(try driver.run(MetadataSource.credentials) == nil && driver.asked == [put])
        #expect(driver.failure == "the instance metadata at \(base): status \(status)")
    }
}

@Suite struct MetadataThatIsNotRight {
    private func failure(_ change: (InquiryDriver) -> Void) throws -> String? {
        let driver = instance()
        change(driver)
        #expect(try driver.run(MetadataSource.credentials) == nil)
        return driver.failure.map { $0.replacing("the instance metadata at \(base): ", with: "") }
    }

    @Test("each is said")
    func faults() throws {
        let role = "GET \(base)\(roles)role-1"
        #expect(try failure { $0.http["PUT " + base + token] = [.http(200, " ")] } == "gave a token that is none")
        #expect(try failure { $0.http["PUT " + base + token] = [.http(200, "a\nb")] } == "gave a token that is none")
        #expect(try failure { $0.http["GET " + base + roles] = [.http(200, "")] } == "has no role for this instance")
        #expect(try failure { $0.http["GET " + base + roles] = [.http(500, "")] } == "status 500")
        #expect(try failure { $0.http["GET " + base + roles] = [.refused] } == "could not connect: refused")
        let odd = "has a role with a character that no role's name has"
        for name in ["../../x", "a?b", "a#b", "a%41", "a/b", "<html>"] {
            #expect(try failure { $0.http["GET " + base + roles] = [.http(200, name)] } == odd)
        }
        let long = String(repeating: "r", count: 300)
        #expect(try failure { $0.http["GET " + base + roles] = [.http(200, long)] } == "has no role for this instance")
        #expect(try failure { $0.http[role] = [.http(200, "s3cr3t")] } == "is no JSON object")
        #expect(try failure { $0.http[role] = [.http(200, "{}")] } == "has no AccessKeyId")
        #expect(try failure { $0.http[role] = [.timeout] } == "timed out")
        let code = #"{"Code":"AssumeRoleUnauthorizedAccess","Message":"no trust"}"#
        #expect(
            try failure { $0.http[role] = [.http(200, code)] }
                == "status 200, AssumeRoleUnauthorizedAccess: no trust")
    }
}

@Suite struct MetadataThatExpires {
    @Test("is used on, and asked for again at a moment of its own", arguments: [0, 7, 480, 481, .max])
    func extended(seed: UInt64) throws {
        for expiration in ["2025-12-31T00:00:00Z", "2026-01-02T03:04:05Z", "2026-01-02T03:19:05Z"] {
            let driver = instance(expiration: expiration)
            driver.seed = seed
            let identity = try #require(try driver.run(MetadataSource.credentials))
            #expect(1020...1500 ~= (identity.expiry ?? 0) - driver.wall)
            #expect(
                "\(identity.source)" == """
                    the instance metadata at \(base), which gave ones that were about to expire or had, used on \
                    nevertheless
                    """)
        }
    }

    @Test("is left as it is where it has more than a quarter of an hour")
    func left() throws {
        let identity = try #require(
            try instance(expiration: "2026-01-02T03:19:06Z").run(MetadataSource.credentials))
        #expect(identity.expiry == 1_767_323_946)
    }
}
