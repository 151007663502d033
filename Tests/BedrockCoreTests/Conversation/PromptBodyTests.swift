import Testing

@testable import BedrockCore

@Suite struct PromptBodyTests {
    private func made(
        _ prompt: Bytes, system: Bytes = [], maxTokens: Int64 = 0, temperature: Double? = nil
    ) throws(ArgumentError) -> String {
        var body = PromptBody()
        body.maxTokens = maxTokens
        body.temperature = temperature
        let made = try body.make(prompt: prompt.span, system: system.span)
        return String(copying: made.span)
    }

    private func refused(
        _ prompt: Bytes = Bytes("hi"), system: Bytes = [], maxTokens: Int64 = 0, temperature: Double? = nil
    ) -> String {
        do throws(ArgumentError) {
            return try made(prompt, system: system, maxTokens: maxTokens, temperature: temperature)
        } catch {
            return "\(error.argument): \(error.message)"
        }
    }

    @Test func aPromptAloneIsOneMessage() throws {
        #expect(try made(Bytes("hi")) == #"{"messages":[{"role":"user","content":[{"text":"hi"}]}]}"#)
    }

    @Test func everythingHasItsPlace() throws {
        #expect(
            try made(Bytes("hi"), system: Bytes("be brief"), maxTokens: 100, temperature: 0.2)
                == #"{"messages":[{"role":"user","content":[{"text":"hi"}]}],"system":[{"text":"be brief"}],"#
                + #""inferenceConfig":{"maxTokens":100,"temperature":0.2}}"#)
        #expect(try made(Bytes("hi"), temperature: 0).hasSuffix(#""inferenceConfig":{"temperature":0.0}}"#))
        #expect(try made(Bytes("hi"), maxTokens: .max).hasSuffix(#"{"maxTokens":9223372036854775807}}"#))
    }

    @Test func textIsEscaped() throws {
        let text = Bytes("a\"b\\c\n\u{1}\u{7F}Zürich 🦉\u{2028}")
        let body = try made(text, system: text)
        #expect(body.contains(#""text":"a\"b\\c\n\u0001"#))
        let content = JSONTree.string(String(text).unicodeScalars)
        let block = JSONTree.array([.object([JSONTree.Member(name: "text".unicodeScalars, value: content)])])
        guard case .object(let members) = try ReferenceJSON.tree(of: Bytes(body.utf8)) else {
            Issue.record("no object")
            return
        }
        #expect(members.last == JSONTree.Member(name: "system".unicodeScalars, value: block))
    }

    @Test func temperaturesAreJSONNumbers() throws {
        for temperature in [0, 1, 0.1, 1e-7, .leastNonzeroMagnitude, 0.30000000000000004, -0.0, 0x1.fffffffffffffp-1] {
            let body = try made(Bytes("hi"), temperature: temperature)
            _ = try ReferenceJSON.tree(of: Bytes(body.utf8))
            let number = body.split(separator: ":").last?.dropLast(2)
            #expect(number.flatMap { Double($0) } == temperature)
        }
    }

    @Test func textThatIsNoUTF8IsRefusedWithItsPlace() {
        #expect(refused([0x61, 0xFF]) == "prompt: the text is not UTF-8 at byte 1")
        #expect(refused([0x61, 0x62, 0xED, 0xA0, 0x80]) == "prompt: the text is not UTF-8 at byte 2")
        #expect(refused(Bytes("hi"), system: [0xC3]) == "system: the text is not UTF-8 at byte 0")
    }

    @Test func numbersAreChecked() {
        #expect(refused(maxTokens: -1) == "max_tokens: -1 is negative")
        #expect(refused(maxTokens: .min) == "max_tokens: -9223372036854775808 is negative")
        for temperature in [-0.1, 1.0000001, .nan, .infinity, -.infinity] {
            #expect(refused(temperature: temperature) == "temperature: is not between 0 and 1")
        }
    }

    @Test func lengthsAreChecked() {
        #expect(refused([]) == "prompt: the prompt is empty")
        let long = Bytes(repeating: 0x61, count: Limits.requestBodyLength)
        #expect(refused(long) == "body: the body is longer than 25000000 bytes")
        #expect(refused(long + [0x61]) == "prompt: the text is longer than 25000000 bytes")
        #expect(refused(system: long + [0x61]) == "system: the text is longer than 25000000 bytes")
    }
}
