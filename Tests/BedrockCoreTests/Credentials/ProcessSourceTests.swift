import Testing

@testable import BedrockCore

private let place = #"credential_process of the profile "default" in "/h/.aws/config", line 2"#

@Suite struct CredentialProcesses {
    private static func driver(_ output: String, status: Int = 0, more: String = "") -> InquiryDriver {
        let driver = InquiryDriver()
        driver.config = "[default]\ncredential_process = /bin/p 'a b' --c\n\(more)"
        driver.programs[["/bin/p", "a b", "--c"]] = (status, output)
        return driver
    }

    private static let keys = #""Version": 1, "AccessKeyId": "A", "SecretAccessKey": "S""#

    @Test(
        "what they print is taken",
        arguments: [
            ("", "A S - ", nil),
            (#", "SessionToken": "T", "AccountId": "1""#, "A S T 1", nil),
            (#", "Expiration": "2026-01-02T04:04:05Z", "New": {}"#, "A S - ", 1_767_326_645),
            (#", "SessionToken": null, "Expiration": null, "AccountId": 5"#, "A S - ", nil),
        ] as [(String, String, Int64?)])
    func taken(_ more: String, _ keys: String, _ expiry: Int64?) throws {
        let driver = Self.driver("{\(Self.keys)\(more)}\n")
        let found = try driver.run(ProfileSource.credentials)
        #expect(found?.shown == keys && found?.expiry == expiry && found?.sourceText == place)
        #expect(driver.asked == ["run /bin/p|a b|--c within 60000 ms"])
    }

    @Test("by a shell, and for another time, where the configuration wants that")
    func shell() throws {
        let driver = Self.driver("")
        driver.code = ["credentials.process_shell": "on", "credentials.process_timeout_ms": "5"]
        driver.programs[["/bin/sh", "-c", "/bin/p 'a b' --c"]] = (0, "{\(Self.keys)}")
        #expect(try driver.run(ProfileSource.credentials)?.shown == "A S - ")
        #expect(driver.asked == ["run /bin/sh|-c|/bin/p 'a b' --c within 5 ms"])
    }

    @Test("the account is the profile's where they do not say it")
    func account() throws {
        let more = "aws_account_id = 9"
        #expect(try Self.driver("{\(Self.keys)}", more: more).run(ProfileSource.credentials)?.shown == "A S - 9")
        let own = Self.driver("{\(Self.keys), \"AccountId\": \"1\"}", more: more)
        #expect(try own.run(ProfileSource.credentials)?.shown == "A S - 1")
    }

    @Test(
        "what is wrong is said, what they print is not",
        arguments: [
            ("", "is no JSON object"), ("tell-no-one", "is no JSON object"), ("[1]", "is no JSON object"),
            (#"{"Version": 1, "AccessKeyId": "tell-no-one"#, "is no JSON object"),
            (#"{"SecretAccessKey": "tell-no-one"}"#, "has a Version that is not 1, or none"),
            (#"{"Version": 2, "AccessKeyId": "A", "SecretAccessKey": "S"}"#, "has a Version that is not 1, or none"),
            (#"{"Version": "1", "AccessKeyId": "A", "SecretAccessKey": "S"}"#, "has a Version that is not 1, or none"),
            (#"{"Version": 1, "SecretAccessKey": "tell-no-one"}"#, "has no AccessKeyId"),
            (#"{"Version": 1, "AccessKeyId": "tell-no-one"}"#, "has no SecretAccessKey"),
            (#"{"Version": 1, "AccessKeyId": 1, "SecretAccessKey": "tell-no-one"}"#, "has no AccessKeyId"),
            (#"{"Version": 1, "AccessKeyId": "", "SecretAccessKey": "tell-no-one"}"#, "has no AccessKeyId"),
            (
                "{\(keys), \"Expiration\": \"tell-no-one\"}",
                "has a time in Expiration that is not written as in RFC 3339"
            ),
            ("{\(keys), \"Expiration\": \"2026-01-02T03:04:05Z\"}", "has expired already"),
            ("{\(keys), \"Expiration\": \"0000-01-01T00:00:00Z\"}", "has expired already"),
        ])
    func wrong(_ output: String, _ wrong: String) throws {
        let driver = Self.driver(output)
        #expect(try driver.run(ProfileSource.credentials) == nil)
        #expect(driver.failure == "\(place): the program's output: \(wrong)")
        #expect(driver.failure?.contains("tell-no-one") == false)
    }

    @Test("a status that is not 0, and programs that cannot be run")
    func failed() throws {
        let driver = Self.driver("{\(Self.keys)} tell-no-one", status: 3)
        #expect(try driver.run(ProfileSource.credentials) == nil)
        #expect(driver.failure == "\(place): the program ended with status 3")
        driver.programs = [:]
        #expect(try driver.run(ProfileSource.credentials) == nil)
        #expect(driver.failure == "\(place): the program cannot be run: no such file")
    }

    @Test(
        "command lines that are none",
        arguments: [
            ("'a", "a quote that is not closed, or a backslash with nothing behind it"), ("'' a", "names no program"),
        ])
    func commands(_ command: String, _ wrong: String) throws {
        let driver = InquiryDriver()
        driver.config = "[default]\ncredential_process = \(command)"
        #expect(try driver.run(ProfileSource.credentials) == nil && driver.asked == [])
        #expect(driver.failure == "\(place): \(wrong)")
    }
}

@Suite struct WordsOfCommandLines {
    /// Checked against Python 3.11's shlex.split.
    @Test(
        "as a shell splits them",
        arguments: [
            ("", []), (" \t\r\n", []), ("a", ["a"]), (" a  b\tc\nd ", ["a", "b", "c", "d"]),
            ("'a b' \"c d\"", ["a b", "c d"]), ("a'b'\"c\"d", ["abcd"]), ("''", [""]), ("a '' b", ["a", "", "b"]),
            ("a\"\"", ["a"]), (#"a\ b"#, ["a b"]), (#"\'"#, ["'"]), (#"'\'"#, [#"\"#]), (#""\"""#, [#"""#]),
            (#""\\""#, [#"\"#]), (#""\a\$\`""#, [#"\a\$\`"#]), ("a\\\nb", ["a\nb"]), ("\"a\\\nb\"", ["a\\\nb"]),
            ("$HOME `x` *.c ~ a#b # c", ["$HOME", "`x`", "*.c", "~", "a#b", "#", "c"]), ("a|b>c;d", ["a|b>c;d"]),
            ("\"it's\"", ["it's"]), ("'say \"x\"'", ["say \"x\""]), ("é 'ü'", ["é", "ü"]),
        ] as [(String, [String])])
    func words(_ text: String, _ words: [String]) {
        #expect(ShellWords.split(Bytes(text.utf8).span)?.map { String($0) } == words)
    }

    @Test("what is not closed", arguments: ["'", "\"", "a'b", "\"a'", "a\\", "\"a\\", "\"a\\\""])
    func open(_ text: String) {
        #expect(ShellWords.split(Bytes(text.utf8).span) == nil)
    }
}
