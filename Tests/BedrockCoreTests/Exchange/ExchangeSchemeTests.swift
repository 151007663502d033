import Recording
import Testing

@testable import BedrockCore

private let keys = ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "sEcReT"]
private let bearer = ["AWS_BEARER_TOKEN_BEDROCK": "token-e"]
private let codeKeys = ["credentials.access_key_id": "C", "credentials.secret_access_key": "S"]

/// A call of one who has this in code and in the environment, no files, and no machine that knows anything.
private func begun(_ code: [String: String], _ variables: [String: String] = [:]) throws -> Edge {
    let nowhere = ["AWS_EC2_METADATA_DISABLED": "true"]
    let edge = try Edge(
        code: Edge.place.merging(code) { $1 }, environment: nowhere.merging(variables) { $1 })
    edge.begin()
    return edge
}

@Suite struct ExchangesBySchemes {
    @Test(
        "a bearer token wins over credentials unless the scheme says otherwise",
        arguments: [
            ([:], keys, "Credential=AKID/"), ([:], bearer, "Bearer token-e"),
            ([:], keys.merging(bearer) { $1 }, "Bearer token-e"),
            (["auth.scheme": "sigv4"], keys.merging(bearer) { $1 }, "Credential=AKID/"),
            (["auth.scheme": "bearer"], keys.merging(bearer) { $1 }, "Bearer token-e"),
            (["auth.scheme": "auto"], keys.merging(bearer) { $1 }, "Bearer token-e"),
            (["bearer_token": "token-c"], keys.merging(bearer) { $1 }, "Bearer token-c"),
            (codeKeys, bearer, "Bearer token-e"),
            (codeKeys.merging(["auth.scheme": "sigv4"]) { $1 }, bearer, "Credential=C/"),
            (codeKeys, keys, "Credential=C/"),
        ] as [([String: String], [String: String], String)])
    func precedence(_ code: [String: String], _ variables: [String: String], _ expected: String) throws {
        let edge = try begun(code, variables)
        #expect(edge.header("authorization", 0)?.contains(expected) == true && edge.faults == [])
    }

    @Test("a session token goes with the keys it came with")
    func sessionTokens() throws {
        let variables = keys.merging(["AWS_SESSION_TOKEN": "T"]) { $1 }
        #expect(try begun([:], variables).header("x-amz-security-token", 0) == "T")
        #expect(try begun(codeKeys, variables).header("x-amz-security-token", 0) == nil)
        let code = codeKeys.merging(["credentials.session_token": "U"]) { $1 }
        #expect(try begun(code, variables).header("x-amz-security-token", 0) == "U")
    }

    @Test(
        "what is missing is named",
        arguments: [
            ([:], [:], ["no credentials: ", "credentials.*", "AWS_ACCESS_KEY_ID"]),
            (["auth.scheme": "bearer"], keys, ["no bearer token: ", "bearer_token", "AWS_BEARER_TOKEN_BEDROCK"]),
            (["credentials.access_key_id": "C"], keys, ["go together, one of them is not set"]),
            (["credentials.secret_access_key": "S"], keys, ["go together, one of them is not set"]),
        ] as [([String: String], [String: String], [String])])
    func missing(_ code: [String: String], _ variables: [String: String], _ words: [String]) throws {
        let edge = try begun(code, variables)
        let ending = edge.caller.ending
        #expect(ending?.code == .credentials && ending?.phase == .prepare && edge.faults == [])
        for word in words { #expect(ending?.message.contains(word) == true, "\(ending?.message ?? "")") }
    }

    @Test(arguments: [
        ["AWS_ACCESS_KEY_ID": "AKID"], ["AWS_SECRET_ACCESS_KEY": "S"], ["AWS_SESSION_TOKEN": "T"],
        ["AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": " "],
    ])
    func halfOfTheKeysInTheEnvironment(_ variables: [String: String]) throws {
        #expect(try begun([:], variables).caller.ending?.code == .credentials)
    }

    @Test(
        "a bearer token goes over TLS, or nowhere",
        arguments: [
            ("https://host", true), ("http://localhost:1", true), ("http://127.0.0.1", true), ("http://[::1]:1", true),
            ("http://host", false), ("http://127.0.0.1.example", false), ("http://localhost.example", false),
        ])
    func bearerOverPlainText(_ url: String, _ isSent: Bool) throws {
        for (code, variables) in [(["bearer_token": "tok"], [:]), ([:], bearer)] {
            let edge = try begun(code.merging(["endpoint_url": url]) { $1 }, variables)
            #expect((edge.requests.count == 1) == isSent)
            #expect(edge.caller.ending?.code == (isSent ? nil : .endpoint))
            if let message = edge.caller.ending?.message { #expect(!message.contains("tok\"")) }
        }
    }

    @Test func tokenWithAControlCharacter() throws {
        let edge = try begun([:], ["AWS_BEARER_TOKEN_BEDROCK": "a\r\nX-Evil: 1"])
        #expect(edge.caller.ending?.code == .credentials)
        #expect(edge.caller.ending?.message.contains("Evil") == false)
    }
}
