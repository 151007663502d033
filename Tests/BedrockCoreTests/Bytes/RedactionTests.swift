import Testing

@testable import BedrockCore

private func redacted(_ text: String, token: String? = nil) -> String {
    String(Redaction.redacted(Bytes(text.utf8).span, token: token.map { Secret(Bytes($0.utf8)) }))
}

@Suite struct Redactions {
    @Test(
        arguments: [
            ("", ""), ("a", "a"), ("x-amz-security-token:", "x-amz-security-token:"),
            ("x-amz-security-token:abc", "x-amz-security-token:REDACTED"),
            ("x-amz-security-token: abc", "x-amz-security-token: REDACTED"),
            ("X-Amz-Security-Token:abc\nhost:a", "X-Amz-Security-Token:REDACTED\nhost:a"),
            ("a x-amz-security-token:abc host:a", "a x-amz-security-token:REDACTED host:a"),
            ("cookie:a=1; b=2 c", "cookie:REDACTED c"), ("dpop:a\ndpop:b", "dpop:REDACTED\ndpop:REDACTED"),
            ("host;x-amz-security-token\nabc", "host;x-amz-security-token\nabc"),
        ])
    func headers(_ text: String, _ expected: String) {
        #expect(redacted(text) == expected)
    }

    @Test(
        arguments: [
            ("12345678", "12345678", "REDACTED"), ("a12345678b", "12345678", "aREDACTEDb"),
            ("12345678 12345678", "12345678", "REDACTED REDACTED"), ("1234567", "1234567", "1234567"),
            ("12345679", "12345678", "12345679"), ("a 123456789", "1234567890", "a REDACTED"),
            ("a 123456789 ", "1234567890", "a 123456789 "), ("a 1234567", "12345678", "a 1234567"),
            ("1212345678", "12345678", "12REDACTED"), ("12345678", "", "12345678"), ("", "12345678", ""),
        ])
    func tokens(_ text: String, _ token: String, _ expected: String) {
        #expect(redacted(text, token: token) == expected)
    }

    @Test func oneLine() {
        #expect(
            String(Redaction.line(Bytes("POST\n/\n\nhost:a\ndpop:b\u{7}\n").span).bytes)
                == "POST | / |  | host:a | dpop:REDACTED  | ")
    }
}
