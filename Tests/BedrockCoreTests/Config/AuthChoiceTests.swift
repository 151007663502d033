import Testing

@testable import BedrockCore

@Suite struct AuthChoices {
    private func choice(_ code: [String: String], _ variables: [String: String] = [:]) throws -> (String, String?) {
        let choice = try settings(code, variables).authChoice
        return (choice.schemes.map { "\($0)" }.joined(separator: " "), choice.token.map { String($0) })
    }

    @Test(
        "which schemes are tried, in which order, and with which token",
        arguments: [
            ([:], [:], "sigv4 bearer", nil),
            ([:], ["AWS_BEARER_TOKEN_BEDROCK": "e"], "bearer", "e"),
            (["bearer_token": "c"], ["AWS_BEARER_TOKEN_BEDROCK": "e"], "bearer", "c"),
            (["auth.scheme": "sigv4"], ["AWS_BEARER_TOKEN_BEDROCK": "e"], "sigv4", nil),
            (["auth.scheme": "none", "bearer_token": "c"], [:], "anonymous", nil),
            (["auth.scheme": "bearer"], [:], "bearer", nil),
            (["auth.scheme": "bearer"], ["AWS_BEARER_TOKEN_BEDROCK": "e"], "bearer", "e"),
            (["auth.scheme": "auto"], ["AWS_BEARER_TOKEN_BEDROCK": "e"], "bearer", "e"),
            ([:], ["AWS_AUTH_SCHEME_PREFERENCE": "httpBearerAuth"], "bearer sigv4", nil),
            (
                [:], ["AWS_AUTH_SCHEME_PREFERENCE": "sigv4", "AWS_BEARER_TOKEN_BEDROCK": "e"], "bearer", "e"
            ),
            (["auth.scheme_preference": "sigv4"], ["AWS_BEARER_TOKEN_BEDROCK": "e"], "sigv4 bearer", "e"),
            (["auth.scheme_preference": " x,httpBearerAuth ,"], [:], "bearer sigv4", nil),
            (
                ["auth.scheme_preference": "sigv4"], ["AWS_AUTH_SCHEME_PREFERENCE": "httpBearerAuth"], "sigv4 bearer",
                nil
            ),
            (["auth.scheme_preference": "sigv4", "bearer_token": "c"], [:], "bearer", "c"),
            ([:], ["AWS_BEARER_TOKEN_BEDROCK": "  "], "sigv4 bearer", nil),
        ] as [([String: String], [String: String], String, String?)])
    func order(_ code: [String: String], _ variables: [String: String], _ schemes: String, _ token: String?) throws {
        let found = try choice(code, variables)
        #expect(found.0 == schemes && found.1 == token)
    }
}
