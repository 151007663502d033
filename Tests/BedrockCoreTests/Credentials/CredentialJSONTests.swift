import Testing

@testable import BedrockCore

private func finding(_ text: String) -> Finding {
    var bytes = ByteBuffer()
    bytes.append(Bytes(text.utf8))
    return Finding(bytes: bytes)
}

private func shown(_ secret: Secret?) -> String? { secret.map { String($0.copy) } }

private func keys(_ text: String, of outer: StaticString = "", mayLast: Bool = false) -> (ResolvedIdentity?, String) {
    do throws(Halt) {
        let identity = try finding(text)
            .keys("x", token: "Token", expiry: "Expiration", of: outer, mayLast: mayLast)
        return (identity, "")
    } catch {
        return (nil, "\(error.failure ?? "waiting")")
    }
}

private let whole = """
    {"Code":"Success","accessKeyId":"AKID","SecretAccessKey":"s\\u002fk","Token":"t","Expiration":\
    "2026-01-02T03:04:05.9Z","AccountId":"123456789012"}
    """

@Suite struct MembersOfCredentialObjects {
    @Test("are found by their names, with a small or a capital letter in front, however they are escaped")
    func names() {
        let json = finding(#" {"a":"1","B":"2","c":{"a":"3","d":4},"\u0065":"5"} "#)
        #expect(shown(json.secret("a")) == "1" && shown(json.secret("A")) == "1" && shown(json.secret("b")) == "2")
        #expect(shown(json.secret("a", of: "c")) == "3" && shown(json.secret("a", of: "C")) == "3")
        #expect(shown(json.secret("e")) == "5" && json.integer("d", of: "c") == 4)
        #expect(shown(finding(#"{"accessKeyID":"1"}"#).secret("AccessKeyId")) == nil)
    }

    @Test("of the same name count from the last")
    func repeated() {
        #expect(shown(finding(#"{"a":"1","A":"2"}"#).secret("a")) == "2")
    }

    @Test("of another type, and empty ones, are not there")
    func types() {
        let json = finding(#"{"a":1,"b":null,"c":"","d":{"x":"y"},"e":["z"],"f":"12","g":1.5,"h":-3}"#)
        for name: StaticString in ["a", "b", "c", "d", "e", "z"] { #expect(json.secret(name) == nil) }
        for name: StaticString in ["b", "c", "d", "e", "f", "g"] { #expect(json.integer(name) == nil) }
        #expect(json.integer("a") == 1 && json.integer("h") == -3)
        #expect(json.secret("x", of: "a") == nil && json.secret("x", of: "e") == nil)
    }

    @Test(
        "no object, no members",
        arguments: ["", "[]", "\"a\"", "{", "{\"a\":\"1\"", "{\"a\":\"1\"} x", "\u{0}", "<a/>"])
    func others(text: String) {
        #expect(!finding(text).isJSONObject)
    }

    @Test("a text that is cut off gives nothing")
    func cut() {
        for length in 0..<whole.utf8.count {
            #expect(!finding(String(whole.prefix(length))).isJSONObject && keys(String(whole.prefix(length))).0 == nil)
        }
    }

    @Test("objects that are nested too deeply are refused")
    func nested() {
        let deep = String(repeating: "{\"a\":", count: 300)
        #expect(!finding(deep).isJSONObject && finding(deep).secret("a") == nil)
    }
}

@Suite struct KeysOfCredentialObjects {
    @Test("make an identity")
    func all() throws {
        let identity = try #require(keys(whole).0)
        #expect(identity.keyID == "AKID" && shown(identity.credentials?.secretAccessKey) == "s/k")
        #expect(shown(identity.credentials?.sessionToken) == "t" && identity.expiry == 1_767_323_045)
        #expect(identity.accountID == "123456789012" && "\(identity.source)" == "x")
    }

    @Test("may stand in another object, with a time in milliseconds")
    func outer() throws {
        let text =
            #"{"k":{"accessKeyId":"A","secretAccessKey":"S","token":"T","expiration":1767323045999},"token":"U"}"#
        let identity = try #require(keys(text, of: "k").0)
        #expect(identity.expiry == 1_767_323_045 && shown(identity.credentials?.sessionToken) == "T")
        #expect(keys(text).1 == "x: has no AccessKeyId")
    }

    @Test(
        "what is missing is named, and nothing else is said",
        arguments: [
            ("AccessKeyId", "x: has no AccessKeyId"), ("SecretAccessKey", "x: has no SecretAccessKey"),
            ("Token", "x: has no Token"), ("Expiration", "x: has no Expiration"),
        ])
    func missing(name: String, message: String) {
        #expect(keys(whole.replacing(name.dropFirst(), with: "_")).1 == message)
    }

    @Test("those for life have neither token nor time")
    func life() throws {
        let identity = try #require(keys(#"{"AccessKeyId":"A","SecretAccessKey":"S"}"#, mayLast: true).0)
        #expect(identity.expiry == nil && identity.credentials?.sessionToken == nil && identity.accountID == [])
    }

    @Test("a time must be one")
    func time() {
        let message = "x: has a time in Expiration that is not written as in RFC 3339"
        #expect(keys(whole.replacing("2026-01-02T", with: "2026-13-02T")).1 == message)
        #expect(keys(whole.replacing("2026-01-02T", with: "2026-13-02T"), mayLast: true).1 == message)
        #expect(keys("s3cr3t").1 == "x: is no JSON object")
    }
}
