import Testing

@testable import BedrockCore

@Suite struct TraceIDs {
    private func sent(_ trace: String, _ others: [HTTPHeader] = []) -> [String] {
        TraceID.headers(Bytes(trace.utf8), beside: others).map { "\(String($0.name)): \(String($0.value))" }
    }

    @Test func encoding() {
        #expect(sent("") == [])
        #expect(sent("Root=1;Parent=a:0,b") == ["X-Amzn-Trace-Id: Root=1;Parent=a:0,b"])
        #expect(sent("first\nsecond¼\t") == ["X-Amzn-Trace-Id: first%0Asecond%C2%BC%09"])
        #expect(sent("-=;:+&[]{}\"',._~ /%") == ["X-Amzn-Trace-Id: -=;:+&[]{}\"',._~%20%2F%25"])
    }

    @Test func theCallersCounts() {
        #expect(sent("a", [HTTPHeader("x-amzn-TRACE-id", Bytes("b"))]) == [])
    }
}
