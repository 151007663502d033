import Testing

@testable import BedrockCore

extension Config {
    func set(_ name: String, _ value: String) throws(ConfigError) {
        try set(name.utf8.span, to: value.utf8.span)
    }

    func text(_ key: ConfigKey) -> String? { self[key].map { String($0) } }
}

func configError(_ name: String, _ value: String, _ config: Config = Config()) -> String? {
    do throws(ConfigError) {
        try config.set(name, value)
        return nil
    } catch {
        return error.message.description
    }
}

extension ConfigText {
    fileprivate var text: String { String(bytes) }
}

private func name(_ key: ConfigKey) -> String { key.name.text }

private func words(_ key: ConfigKey) -> [String] {
    key.type.text.dropFirst("one of: ".count).split(separator: ", ").map { String($0) }
}

/// A value that the key takes.
private func goodValue(_ key: ConfigKey) -> String {
    switch key.kind {
    case .integer: return String(key.bounds.upperBound)
    case .choice: return words(key).last ?? ""
    case .boolean: return "on"
    case .url: return "https://host.example:8443" + (key == .endpointURL ? "/base" : "")
    case .text, .secret, .path: break
    }
    switch key {
    case .region: return "eu-central-1"
    case .httpHeaders: return #"{"X-Team": "mine"}"#
    case .connectTo: return "::127.0.0.1:8080"
    default: return "välue with blanks"
    }
}

@Suite struct ConfigKeys {
    @Test func namesAreUniqueAndFound() {
        let names = ConfigKey.allCases.map(name)
        #expect(Set(names).count == names.count)
        for key in ConfigKey.allCases { #expect(ConfigKey.named(name(key).utf8.span) == key) }
        for other in ["", "Region", "region ", "timeout", "timeout.connect", "regio", "regionx", "\0"] {
            #expect(ConfigKey.named(other.utf8.span) == nil)
        }
    }

    @Test("every key is described", arguments: ConfigKey.allCases)
    func descriptions(_ key: ConfigKey) {
        #expect(key.meaning.text.hasSuffix("."))
        #expect(key.name.text.allSatisfy { $0.isLowercase || $0.isNumber || "._".contains($0) })
        let types = ["text", "secret", "url", "path", "boolean", "integer"]
        #expect(types.contains(key.type.text) || key.type.text.hasPrefix("one of: "))
        #expect(key.environment.text == key.variables.map { String($0) }.joined(separator: ", "))
        #expect(configError(name(key), key.defaultValue.text) == nil, "its own default")
        if key.kind == .choice { #expect(key.type.text == "one of: " + words(key).joined(separator: ", ")) }
        if key.kind == .integer { #expect(key.bounds.lowerBound < key.bounds.upperBound) }
    }

    @Test("a text has all of its parts, and no more", arguments: ConfigKey.allCases)
    func parts(_ key: ConfigKey) {
        let parts = key.kind == .integer ? 8 : 6
        let whole = (0..<parts).reduce(0) { $0 + ConfigText(key.text, $1).count + 1 }
        #expect(key.text.utf8CodeUnitCount + 1 == whole)
    }
}

@Suite struct Configs {
    @Test("every key keeps its value, and forgets it", arguments: ConfigKey.allCases)
    func setAndUnset(_ key: ConfigKey) throws {
        let config = Config()
        #expect(config[key] == nil)
        try config.set(name(key), goodValue(key))
        #expect(config.text(key) == goodValue(key))
        for other in ConfigKey.allCases where other != key { #expect(config[other] == nil) }
        try config.set(name(key), "")
        #expect(config[key] == nil)
    }

    @Test("no key takes control characters or endless values", arguments: ConfigKey.allCases)
    func refused(_ key: ConfigKey) throws {
        let config = Config()
        try config.set(name(key), goodValue(key))
        for bad in ["a\nb", "\0", "a\u{7F}", "\r", "1\t", "\u{1B}[0m"] {
            #expect(configError(name(key), bad, config) == "\(name(key)): has a control character")
        }
        let long = String(repeating: "1", count: Limits.configValueLength + 1)
        #expect(
            configError(name(key), long, config) == "\(name(key)): longer than \(Limits.configValueLength) bytes")
        #expect(config.text(key) == goodValue(key), "a refused value changes nothing")
    }

    @Test("whole numbers within their bounds", arguments: ConfigKey.allCases)
    func integers(_ key: ConfigKey) throws {
        guard key.kind == .integer else { return }
        let range = key.bounds
        let config = Config()
        for good in [range.lowerBound, range.upperBound, range.lowerBound + 1] {
            try config.set(name(key), String(good))
            #expect(config.text(key) == String(good))
        }
        let message = "\(name(key)): not a whole number from \(range.lowerBound) to \(range.upperBound)"
        let bad = [
            String(range.lowerBound - 1), String(range.upperBound + 1), "1.5", "1e3", "ten", " 5000", "5000 ", "+5000",
            "5_000", "0x10", "-5000", "9223372036854775808", "99999999999999999999999", "٥٠٠٠",
        ]
        for value in bad { #expect(configError(name(key), value) == message, "\(value)") }
    }

    @Test(arguments: [
        ("http.version", ["auto", "1.1", "2"], ["1", "2.0", "3", "http2", "1.1 "]),
        (
            "auth.scheme", ["auto", "sigv4", "bearer", "none"],
            ["None", "SIGV4", "sigv4 ", "bearer,sigv4", "sigv4, bearer"]
        ),
        (
            "retry.mode", ["standard", "adaptive", "off"],
            ["legacy", "on", "Standard", "one of: standard", "of", "offf"]
        ),
        ("retry.on_model_timeout", ["error", "retry", "halve_max_tokens"], ["halve", "fail", ",", ", "]),
        ("retry.on_model_stream_error", ["error", "retry"], ["halve_max_tokens", "none"]),
        ("recovery", ["none", "restart", "continue"], ["continuation", "off", "restart,continue"]),
        ("tls.min_version", ["1.2", "1.3"], ["1.0", "1.1", "TLSv1.2"]),
        ("imds.endpoint_mode", ["ipv4", "ipv6"], ["ip", "ipv5", "ipv4, ipv6"]),
    ])
    func choices(_ name: String, _ good: [String], _ bad: [String]) {
        for value in good { #expect(configError(name, value) == nil) }
        let list = good.joined(separator: ", ")
        for value in bad { #expect(configError(name, value) == "\(name): not one of: \(list)") }
    }

    @Test(arguments: [
        ("endpoint_url", "ftp://host"), ("endpoint_url", "https://"), ("endpoint_url", "https://a b"),
        ("endpoint_url", "https://user@host"), ("proxy.url", "ftp://host:1"), ("proxy.url", "http://"),
        ("proxy.url", "http://me:secret@"), ("proxy.url", "http://host:99999"), ("proxy.url", "http://[::1:80"),
        ("proxy.url", "http://host/path"), ("proxy.url", "a b"), ("proxy.url", "http://me:secret@host:1:2"),
        ("endpoint_url", "https://host?x=1"), ("region", "a.b"),
        ("region", "-a"), ("region", "evil.example/x"), ("region", "123"), ("region", "ü"),
    ])
    func placesThatAreNone(_ name: String, _ value: String) {
        #expect(configError(name, value)?.hasPrefix(name + ": ") == true)
    }

    @Test(
        "on and off",
        arguments: [
            ("on", true), ("off", false), ("true", true), ("FALSE", false), ("On", true), ("yes", nil), ("1", nil),
            ("truetrue", nil), (" on", nil),
        ] as [(String, Bool?)])
    func booleans(_ word: String, _ value: Bool?) throws {
        let error = configError("endpoint.fips", word)
        guard let value else {
            #expect(error == "endpoint.fips: not on or off, true or false")
            return
        }
        #expect(error == nil)
        #expect(try settings(["endpoint.fips": word]).flag(.fips) == value)
    }

    @Test(
        arguments: [
            (#"{}"#, nil), (#"{"a":"b","X-C":""}"#, nil), (#"{"X-Amzn-Trace-Id":"Root=1"}"#, nil),
            ("[]", "not a JSON object"), ("{", "not a JSON object"), (#"{"a":"b"} x"#, "not a JSON object"),
            (#"{"a":1}"#, #""a" is no text, or one with a control character"#),
            (#"{"a":"b\r\nX: y"}"#, #""a" is no text, or one with a control character"#),
            (#"{"a\n":"b"}"#, #""a " is no name of a header"#), (#"{"":"b"}"#, #""" is no name of a header"#),
            (#"{"Host":"h"}"#, #""Host" is a header that the library sets"#),
            (#"{"AUTHORIZATION":"h"}"#, #""AUTHORIZATION" is a header that the library sets"#),
            (#"{"x-amz-date":"h"}"#, #""x-amz-date" is a header that the library sets"#),
            (#"{"X-Amzn-Bedrock-Trace":"h"}"#, #""X-Amzn-Bedrock-Trace" is a header that the library sets"#),
            (#"{"a":"b","A":"c"}"#, #""A" stands there twice"#),
        ] as [(String, String?)])
    func headers(_ json: String, _ message: String?) {
        #expect(configError("http.headers", json) == message.map { "http.headers: " + $0 })
    }

    @Test func manyHeaders() {
        let most = (0..<Limits.extraHeaderCount).map { #""h\#($0)":"x""# }
        #expect(configError("http.headers", "{" + most.joined(separator: ",") + "}") == nil)
        let more = most + [#""more":"x""#]
        #expect(
            configError("http.headers", "{" + more.joined(separator: ",") + "}") == "http.headers: more than 64 headers"
        )
    }

    @Test(arguments: [
        ("::127.0.0.1:80", true), ("a:443:b:8443", true), ("[::1]:443:[fd00::1]:8443 , a:1:b:2", true), (":::", true),
        ("a:1::", true), ("", true), ("a", false), ("a:1", false), ("a:1:b", false), ("a:1:b:2:3", false),
        ("a:0:b:2", false), ("a:1:b:65536", false), ("a:x:b:2", false), ("a:1:b:2,", false), ("[::1:1:b:2", false),
        ("a:-1:b:2", false), ("a:1:b:+2", false),
    ])
    func connections(_ list: String, _ isTaken: Bool) {
        #expect((configError("connect_to", list) == nil) == isTaken)
    }

    @Test(arguments: ["", "regio", "timeout.connect_ms2", "a\nb\u{1}c", "\u{FF}"])
    func unknownKeys(_ name: String) {
        let shown = name.replacing("\n", with: " ").replacing("\u{1}", with: " ")
        #expect(configError(name, "x") == "unknown key \"\(shown)\"")
        #expect(configError(name, "") == "unknown key \"\(shown)\"")
    }

    @Test func unknownKeysAreShortenedInMessages() {
        let long = String(repeating: "k", count: 10_000)
        #expect((configError(long, "x")?.utf8.count ?? .max) < 500)
    }

    @Test("who asks is said by the call alone, or by the client alone")
    func identityOver() throws {
        let base = Config()
        for key in ["credentials.access_key_id", "credentials.session_token", "bearer_token", "region"] {
            try base.set(key, "base")
        }
        let call = Config()
        #expect(call.over(base)[.bearerToken] != nil)
        try call.set("credentials.secret_access_key", "call")
        let merged = call.over(base)
        #expect(merged[.accessKeyID] == nil && merged[.sessionToken] == nil && merged[.bearerToken] == nil)
        #expect(merged.text(.secretAccessKey) == "call" && merged.text(.region) == "base")
    }

    @Test func copyAndOver() throws {
        let base = Config()
        try base.set("region", "us-east-1")
        try base.set("http.version", "2")
        let call = Config()
        try call.set("region", "eu-west-1")
        let merged = call.over(base)
        #expect(merged.text(.region) == "eu-west-1" && merged.text(.httpVersion) == "2")
        #expect(base.text(.region) == "us-east-1" && call[.httpVersion] == nil)
        let copy = base.copy()
        try base.set("region", "")
        #expect(copy.text(.region) == "us-east-1" && base[.region] == nil && merged.text(.region) == "eu-west-1")
    }
}
