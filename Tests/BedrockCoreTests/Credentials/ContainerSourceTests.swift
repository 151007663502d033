import Testing

@testable import BedrockCore

private let good = """
    {"RoleArn":"arn","AccessKeyId":"AKID","SecretAccessKey":"s3cr3t","Token":"t0ken","Expiration":\
    "2026-01-02T09:04:05Z","AccountId":"123456789012"}
    """
private let uri = "AWS_CONTAINER_CREDENTIALS_FULL_URI"

private func driver(_ environment: [String: String], _ url: String, _ answers: [InquiryDriver.Answer]) -> InquiryDriver
{
    let driver = InquiryDriver()
    driver.environment.merge(environment) { $1 }
    driver.http["GET \(url)"] = answers
    return driver
}

private func failure(_ url: String) throws -> String? {
    let driver = driver([uri: url], url, [.http(200, good)])
    try driver.run(ContainerSource.resolve)
    #expect(driver.requests.isEmpty)
    return driver.failure
}

@Suite struct ContainerCredentials {
    @Test("not without a URI")
    func none() throws {
        let driver = InquiryDriver()
        #expect(try driver.run(ContainerSource.resolve) == nil && driver.failure == nil && driver.asked == [])
        let why =
            "container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set)"
        #expect(driver.skipped == why)
    }

    @Test("by the relative URI, which wins")
    func relative() throws {
        let url = "http://169.254.170.2/v2/creds?id=1"
        let driver = driver(
            ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/creds?id=1", uri: "http://evil/"], url, [.http(200, good)])
        let identity = try #require(try driver.run(ContainerSource.resolve))
        #expect(driver.asked == ["GET \(url) {accept: application/json}"])
        #expect(identity.keyID == "AKID" && identity.accountID == "123456789012")
        #expect(identity.expiry == 1_767_344_645 && "\(identity.source)" == "the container credentials at \(url)")
        let request = try #require(driver.requests.first)
        #expect(!request.usesProxy && request.limit == 2_000_000_000 && request.connectLimit == 2_000_000_000)
    }

    @Test(
        "hosts that are asked",
        arguments: [
            "https://any.host/x", "http://localhost:80/x", "http://127.0.0.1:8080/x", "http://127.9.8.7/x",
            "http://[::1]:9/x", "http://169.254.170.2/x", "http://169.254.170.23/v1/credentials",
            "http://169.254.170.23:81/x", "http://[fd00:ec2::23]/x", "HTTP://LOCALHOST/x",
        ])
    func allowed(url: String) throws {
        #expect(try driver([uri: url], url, [.http(200, good)]).run(ContainerSource.resolve) != nil)
    }

    @Test(
        "hosts that are not",
        arguments: [
            "http://evil.example/x", "http://169.254.170.2.evil.example/x", "http://169.254.170.234/x",
            "http://169.254.169.254/x", "http://127.0.0.1.evil.example/x", "http://[fd00:ec2::24]/x",
            "http://1.2.3.4/x",
            "http://128.0.0.1/x", "http://localhost.evil/x",
        ])
    func refused(url: String) throws {
        let host = url.dropFirst(7).dropLast(2)
        #expect(
            try failure(url) == """
                AWS_CONTAINER_CREDENTIALS_FULL_URI: http is for loopback addresses, 169.254.170.2, 169.254.170.23 and \
                fd00:ec2::23 only, not for \(host)
                """)
    }

    @Test("URIs that are none")
    func malformed() throws {
        #expect(try failure("ftp://localhost/")?.hasPrefix(uri + ": the URL does not begin with https://") == true)
        #expect(try failure("http://localhost@evil/x") == uri + ": the URL holds user information")
        #expect(try failure("http://evil@localhost?@x")?.hasPrefix(uri) == true)
        #expect(try failure("http://localhost/?a=\u{1}") == uri + ": has a query that is no URL's")
        #expect(try failure("http://localhost/?a#b") == uri + ": has a query that is no URL's")
        #expect(try failure("http://localhost/#b") == uri + ": the URL has a fragment")
        for path in [".evil.example/", "@evil.example/", ":80@evil/"] {
            let driver = driver(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": path], "", [])
            try driver.run(ContainerSource.resolve)
            #expect(driver.failure == "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: does not begin with a slash")
            #expect(driver.asked == [])
        }
    }

    @Test("a token, from a file or not, read anew each time")
    func tokens() throws {
        let url = "http://localhost/x"
        let name = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
        let driver = driver([uri: url, name: "Basic abc"], url, [.http(200, good)])
        try driver.run(ContainerSource.resolve)
        #expect(driver.asked == ["GET \(url) {accept: application/json} {authorization: Basic abc}"])
        driver.environment[name + "_FILE"] = "/t"
        for token in ["one", "two"] {
            driver.files["/t"] = token
            try driver.run(ContainerSource.resolve)
            #expect(driver.asked == ["file /t", "GET \(url) {accept: application/json} {authorization: \(token)}"])
        }
        driver.files["/t"] = ""
        try driver.run(ContainerSource.resolve)
        #expect(driver.failure == name + "_FILE: is empty")
        driver.files["/t"] = nil
        try driver.run(ContainerSource.resolve)
        #expect(driver.failure == name + "_FILE: \"/t\" does not exist" && driver.requests.isEmpty)
    }

    @Test("a token with a line end is not sent, nor shown", arguments: ["s3cr3t\n", "s3c\rr3t", "s3cr3t\u{0}"])
    func badToken(token: String) throws {
        let driver = driver([uri: "http://localhost/", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t"], "", [])
        driver.files["/t"] = token
        try driver.run(ContainerSource.resolve)
        let name = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
        #expect(driver.failure == name + ": has a line end or another control character")
        #expect(driver.requests.isEmpty)
    }
}

@Suite struct ContainerAnswers {
    private static let url = "http://localhost/x"
    private static let ask = "GET http://localhost/x {accept: application/json}"

    private func run(_ answers: InquiryDriver.Answer...) throws -> InquiryDriver {
        let driver = driver([uri: Self.url], Self.url, answers)
        try driver.run(ContainerSource.resolve)
        return driver
    }

    @Test("another try after a second, three in all")
    func tries() throws {
        let driver = try run(.refused, .http(500, "x"), .http(200, good))
        #expect(
            driver.asked == [Self.ask, "wait 1000 ms", Self.ask, "wait 1000 ms", Self.ask] && driver.failure == nil)
        let broken = try run(.timeout, .http(200, "{"), .http(503, "{\"message\":\"busy\"}"), .http(200, good))
        #expect(broken.requests.count == 3)
        #expect(broken.failure == "the container credentials at http://localhost/x: status 503: busy")
    }

    @Test("what no other try makes better")
    func fatal() throws {
        let denied = try run(.http(403, #"{"code":"AccessDenied","message":"not\nyou"}"#))
        #expect(denied.failure == "the container credentials at \(Self.url): status 403, AccessDenied: not you")
        #expect(denied.requests.count == 1)
        let moved = try run(.http(302, ""))
        #expect(moved.failure == "the container credentials at \(Self.url): status 302" && moved.requests.count == 1)
        let missing = try run(.http(200, good.replacing("Token", with: "Tokyo")))
        #expect(missing.failure == "the container credentials at \(Self.url): has no Token")
        let refused = try run(.refused)
        #expect(refused.failure == "the container credentials at \(Self.url): could not connect: refused")
        let garbage = try run(.http(200, "<html>s3cr3t"))
        #expect(garbage.failure == "the container credentials at \(Self.url): is no JSON object")
    }
}
