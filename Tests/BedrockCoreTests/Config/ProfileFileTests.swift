import Testing

@testable import BedrockCore

private func files(_ config: String?, _ credentials: String? = nil) throws -> ProfileFiles {
    ProfileFiles(
        config: try config.map { try ProfileFile.parse($0.utf8.span, .config) },
        credentials: try credentials.map { try ProfileFile.parse($0.utf8.span, .credentials) })
}

extension ProfileFiles {
    fileprivate func find(
        _ name: StaticString, _ section: String, _ kind: ProfileFile.SectionKind = .profile
    ) -> (property: ProfileProperty, file: ProfileFile.Kind)? {
        property(name, of: kind, section.utf8.span)
    }

    fileprivate func has(_ profile: String) -> Bool { contains(.profile, profile.utf8.span) }
}

/// "kind.section.name=value" for all there is; nested properties as "{name=value;}".
private func contents(_ files: ProfileFiles) -> [String] {
    var lines: [String] = []
    for kind in ProfileFile.SectionKind.allCases {
        for section in files.names(of: kind) {
            lines.append("\(kind).\(String(section))")
            for property in files.properties(of: kind, section.span) {
                lines.append("\(kind).\(String(section)).\(String(property.name))=" + written(property.value))
            }
        }
    }
    return lines
}

private func written(_ value: ProfileValue) -> String {
    switch value {
    case .text(let text): String(text)
    case .group(let nested):
        "{" + nested.map { "\(String($0.name))=\(String($0.value));" }.joined() + "}"
    }
}

private func problem(_ text: String, _ kind: ProfileFile.Kind = .config) -> String? {
    do throws(ProfileFileError) {
        _ = try ProfileFile.parse(text.utf8.span, kind)
        return nil
    } catch {
        return "\(error.line): \(error.message)"
    }
}

@Suite struct ProfileFileGrammar {
    @Test(
        "what a config file holds",
        arguments: [
            ("", []),
            ("\u{FEFF}[profile a]\nb=c", ["profile.a", "profile.a.b=c"]),
            ("[profile a]", ["profile.a"]),
            ("[ profile \t a\t ]; c\n[profile b]#c", ["profile.a", "profile.b"]),
            ("[profile a] # c\r\nName \t=  v=w \t\r\n", ["profile.a", "profile.a.name=v=w"]),
            (
                "# c\n;c\n[profile a]\nb = c # d\ne = f;g\nh = #i\nj=#k",
                [
                    "profile.a", "profile.a.b=c", "profile.a.e=f;g", "profile.a.h=", "profile.a.j=#k",
                ]
            ),
            ("[profile a]\nb = c\n \t d # e \n\n ;f", ["profile.a", "profile.a.b=c\nd # e\n;f"]),
            ("[profile a]\ns3 =\n Name = v # w\n\t \n x =", ["profile.a", "profile.a.s3={name=v # w;x=;}"]),
            ("[profile a]\ns3 =\n b = 1\n b = 2\n # c\n in valid = x", ["profile.a", "profile.a.s3={b=2;}"]),
            ("[profile a]\ns3 =\n in valid = x", ["profile.a", "profile.a.s3={}"]),
            ("[profile a]\ns3 =\n  # only a comment", ["profile.a", "profile.a.s3="]),
            ("[profile a]\n # c\nb = c", ["profile.a", "profile.a.b=c"]),
            ("  # c\n[profile a]", ["profile.a"]),
            ("[profile a]\nb=1\n[profile a]\nc=2\nB=3", ["profile.a", "profile.a.b=3", "profile.a.c=2"]),
            ("[profile a]\ns =\n x=1\n[profile a]\ns = t", ["profile.a", "profile.a.s=t"]),
            ("[profile a]\ns = t\ns =\n x=1", ["profile.a", "profile.a.s={x=1;}"]),
            ("[profile a]\nin valid = x\n goes on\nb = c\nin valid = y\n goes on", ["profile.a", "profile.a.b=c"]),
            ("[default]\na=1\n[profile default]\nb=2\n[default]\nc=3", ["profile.default", "profile.default.b=2"]),
            ("[default]\na=1\n[default]\nb=2", ["profile.default", "profile.default.a=1", "profile.default.b=2"]),
            ("[foo]\na=1\n b\n[profilefoo]\na=1\n[profile in valid]\na=1\n[profile]\na=1\n[preview]\nx=y", []),
            ("[profile foo]\n[default x]\na=1", ["profile.foo"]),
            (
                "[sso-session a]\nb=c\n[services a]\nd =\n e=f\n[profile a]\ng=h\n[sso-session]\nx=y",
                [
                    "profile.a", "profile.a.g=h", "ssoSession.a", "ssoSession.a.b=c", "services.a",
                    "services.a.d={e=f;}",
                ]
            ),
            (
                "[profile aA0_-/.%@:+]\naA0_-/.%@:+ = \u{1F602}",
                [
                    "profile.aA0_-/.%@:+", "profile.aA0_-/.%@:+.aa0_-/.%@:+=\u{1F602}",
                ]
            ),
        ] as [(String, [String])])
    func config(_ text: String, _ expected: [String]) throws {
        #expect(contents(try files(text)) == expected)
    }

    @Test func credentials() throws {
        let text = "[ a ]\nb = c\n[profile x]\nb = c\n[sso-session x]\n[sso-sessionx]\n[default]\n[in valid]\nd = e"
        #expect(
            contents(try files(nil, text)) == ["profile.a", "profile.a.b=c", "profile.default", "profile.sso-sessionx"])
    }

    @Test func merged() throws {
        let config = "[default]\nb = 1\nc = 2\ns =\n x = 1\n y = 2\n[profile a]\nb = 3"
        let files = try files(config, "[default]\nB = 4\ns =\n x = 5\n[z]")
        #expect(
            contents(files) == [
                "profile.a", "profile.a.b=3", "profile.default", "profile.default.b=4", "profile.default.c=2",
                "profile.default.s={x=5;}", "profile.z",
            ])
        let found = try #require(files.find("b", "default"))
        #expect(found.file == .credentials && found.property.line == 2 && found.property.value == .text(Bytes("4")))
        #expect(files.find("C", "default")?.property.line == 3)
        #expect(files.find("c", "z") == nil && files.find("c", "default", .services) == nil)
        #expect(files.has("z") && !files.has("Z"))
    }

    @Test(
        "what is no file of profiles",
        arguments: [
            ("[profile foo", "1: a section without a closing bracket"),
            ("[", "1: a section without a closing bracket"),
            ("[profile foo # ]", "1: a section without a closing bracket"),
            ("[profile foo] x", "1: a section without a closing bracket"),
            ("\n[ ]", "2: a section without a name"),
            ("name = value", "1: a property in front of all sections"),
            (" -continued", "1: a continued value in front of all sections"),
            ("[profile foo]\n -continued", "2: a continued value without a property"),
            ("[profile foo]\na=b\n[profile foo]\n -c", "4: a continued value without a property"),
            ("[profile foo]\r\n\r\n= value", "3: a property without a name"),
            ("[profile foo]\nkey : value", "2: a property without an equals sign"),
            ("[profile foo]\nkey #= value", "2: a property without an equals sign"),
            ("[other]\nkey : value", "2: a property without an equals sign"),
            ("[profile foo]\ns3 =\n invalid", "3: a nested property without an equals sign"),
            ("[profile foo]\ns3 =\n = value", "3: a nested property without a name"),
            ("[other]\ns3 =\n invalid", "3: a nested property without an equals sign"),
        ])
    func refused(_ text: String, _ message: String) {
        #expect(problem(text) == message)
        #expect(problem(text.replacing("profile foo", with: "foo"), .credentials) == message)
    }
}

@Suite struct ProfileFileLimits {
    @Test func textThatIsNoUTF8() {
        func refused(_ bytes: [UInt8]) -> Bool {
            do throws(ProfileFileError) {
                _ = try ProfileFile.parse(bytes.span, .config)
                return false
            } catch {
                return error == ProfileFileError(line: 2, message: "a value that is no UTF-8")
            }
        }
        #expect(refused(Bytes("[default]\na = ") + [0xFF]))
        #expect(!refused(Bytes("[default]\n# ") + [0xFF]))
        #expect(!refused(Bytes("[default]\na") + [0xFF] + Bytes(" = b")))
    }

    @Test func sizes() {
        let value = String(repeating: "v", count: Limits.configValueLength - 1)
        #expect(problem("[default]\na=" + value) == nil)
        #expect(problem("[default]\na=v" + value) == "2: a value of more than 65536 bytes")
        #expect(problem("[default]\na=" + value + "\n v") == "3: a value of more than 65536 bytes")
        let name = String(repeating: "n", count: Limits.profileNameLength)
        #expect(problem("[profile \(name)]\n\(name)=") == nil)
        #expect(problem("[profile n\(name)]") == "1: a name of more than 1024 bytes")
        #expect(problem("[default]\nn\(name)=") == "2: a name of more than 1024 bytes")
        let lines = String(repeating: "#\n", count: Limits.profileFileLength / 2)
        #expect(problem(lines) == nil)
        #expect(problem(lines + "#") == "0: is larger than 4194304 bytes")
    }

    @Test func manySections() throws {
        let most = Limits.profileEntries
        let sections = String(repeating: "[profile a]\n", count: most)
        #expect(problem(sections) == nil)
        #expect(
            problem(sections + "a=b")
                == "\(most + 1): more than \(most) sections, properties and lines that go on with them")
        let text = (0..<20_000).map { "[profile p\($0 * 7919 % 20_000)]\na=\($0)\nA=\($0)\n" }.joined()
        let files = try files(text)
        #expect(files.names(of: .profile).count == 20_000)
        for at in 0..<20_000 {
            let found = files.find("a", "p\(at * 7919 % 20_000)")
            #expect(
                found?.property
                    == ProfileProperty(name: Bytes("a"), value: .text(Bytes("\(at)".utf8)), line: 3 * at + 3))
        }
    }
}

@Suite struct ProfileFileLocations {
    @Test(
        "by the environment",
        arguments: [
            ([:], nil, nil, nil),
            (["HOME": "/home/me"], "/home/me/.aws/config", "/home/me/.aws/credentials", nil),
            (["HOME": "/home/me//"], "/home/me/.aws/config", "/home/me/.aws/credentials", nil),
            (["HOME": "/"], "/.aws/config", "/.aws/credentials", nil),
            (["HOME": " ", "AWS_PROFILE": " "], nil, nil, nil),
            (
                ["HOME": "/h", "AWS_CONFIG_FILE": "/c", "AWS_PROFILE": "p"], "/c", "/h/.aws/credentials", "p"
            ),
            (["HOME": "/h", "AWS_SHARED_CREDENTIALS_FILE": "~/x"], "/h/.aws/config", "/h/x", nil),
            (["HOME": "/h", "AWS_CONFIG_FILE": "~", "AWS_SHARED_CREDENTIALS_FILE": "~x/y"], "/h", "~x/y", nil),
            (["AWS_CONFIG_FILE": "~/c", "AWS_SHARED_CREDENTIALS_FILE": "a/~/b"], "~/c", "a/~/b", nil),
        ] as [([String: String], String?, String?, String?)])
    func places(_ variables: [String: String], _ config: String?, _ credentials: String?, _ profile: String?) {
        let found = FileLocations(environment(variables))
        #expect(found.config.map { String($0) } == config)
        #expect(found.credentials.map { String($0) } == credentials)
        #expect(found.profile.map { String($0) } == profile)
    }
}

@Suite struct ProfileSettings {
    private let places = ["AWS_CONFIG_FILE": "/c", "AWS_SHARED_CREDENTIALS_FILE": "/k"]

    private func settings(
        _ config: String, _ credentials: String? = nil, code: [String: String] = [:],
        _ variables: [String: String] = [:]
    ) throws -> Settings {
        let environment = environment(places.merging(variables) { $1 })
        let profile = try Profile(files(config, credentials), FileLocations(environment))
        let values = Config()
        for (name, value) in code { try values.set(name, value) }
        return try Settings.make(values, environment, profile)
    }

    private func message(_ config: String, _ credentials: String? = nil, _ variables: [String: String] = [:]) -> String?
    {
        do {
            _ = try settings(config, credentials, variables)
            return nil
        } catch {
            return (error as? ConfigError)?.message.description ?? "\(error)"
        }
    }

    private let adaptive = "[default]\nretry_mode = adaptive\nMax_Attempts = 7"

    @Test func precedence() throws {
        #expect(try settings(adaptive).retry.mode == .adaptive)
        #expect(try settings(adaptive).retry.maxAttempts == 7)
        #expect(try settings(adaptive, "[default]\nmax_attempts = 8").retry.maxAttempts == 8)
        let variables = ["AWS_RETRY_MODE": "standard", "AWS_MAX_ATTEMPTS": "5"]
        #expect(try settings(adaptive, nil, variables).retry.mode == .standard)
        #expect(try settings(adaptive, nil, variables).retry.maxAttempts == 5)
        let code = ["retry.mode": "off", "retry.max_attempts": "2"]
        #expect(try settings(adaptive, code: code, variables).retry.mode == .off)
        #expect(try settings(adaptive, code: code, variables).retry.maxAttempts == 2)
        #expect(try settings("").retry == RetryRules())
        #expect(try settings("[default]\nretry_mode =\nmax_attempts = # none").retry == RetryRules())
        #expect(try settings("[default]\nretry_mode = legacy").retry.mode == .standard)
        #expect(try settings(adaptive).inRegion(Bytes("eu-west-1")).retry.maxAttempts == 7)
    }

    @Test func theProfileThatIsNamed() throws {
        let text = adaptive + "\n[profile dev]\nmax_attempts = 9"
        #expect(try settings(text, nil, ["AWS_PROFILE": "dev"]).retry.maxAttempts == 9)
        #expect(try settings(text, nil, ["AWS_PROFILE": "dev"]).retry.mode == .standard)
        #expect(try settings(text, "[keys]\n", ["AWS_PROFILE": "keys"]).retry.maxAttempts == 3)
        #expect(try settings("", nil, ["AWS_PROFILE": "default"]).retry.maxAttempts == 3)
        #expect(
            message(text, nil, ["AWS_PROFILE": "de\nv"])
                == "there is no profile \"de v\", which AWS_PROFILE names: looked into \"/c\" and \"/k\"")
    }

    @Test(
        "values that do not fit",
        arguments: [
            ("retry_mode = never", "retry.mode: not one of: standard, adaptive, off (from retry_mode of"),
            ("retry_mode = off\n adaptive", "retry.mode: has a control character (from retry_mode of"),
            ("retry_mode =\n a = b", "retry.mode: has a control character (from retry_mode of"),
            ("max_attempts = 0", "retry.max_attempts: not a whole number from 1 to 100 (from max_attempts of"),
            ("max_attempts = 3;", "retry.max_attempts: not a whole number from 1 to 100 (from max_attempts of"),
        ])
    func refused(_ line: String, _ start: String) {
        #expect(message("\n[default]\n" + line) == start + " the profile \"default\" in \"/c\", line 3)")
        #expect(
            message("[profile a]", "[a]\n" + line, ["AWS_PROFILE": "a"])
                == start + " the profile \"a\" in \"/k\", line 2)")
        #expect(message("[default]\n" + line, nil, ["AWS_RETRY_MODE": "off", "AWS_MAX_ATTEMPTS": "1"]) == nil)
    }
}
