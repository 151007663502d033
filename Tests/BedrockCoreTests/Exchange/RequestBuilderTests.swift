import Testing

@testable import BedrockCore

private func head(
    _ operation: BedrockCore.Operation, _ modelID: Bytes, basePath: StaticString = "", options: InvokeOptions = .init()
) throws -> RequestHead {
    let base = Bytes(basePath)
    return try RequestBuilder.head(
        operation: operation, modelID: modelID.span, basePath: base.span, options: options)
}

private func argument(_ error: ArgumentError?) -> String? {
    error.map { String(describing: $0.argument) }
}

private func lines(_ headers: [HTTPHeader]) -> [String] {
    headers.map { String($0.name) + ": " + String($0.value) }
}

private var everyOption: InvokeOptions {
    var options = InvokeOptions()
    options.contentType = Bytes("text/plain")
    options.accept = Bytes("*/*")
    options.trace = Bytes("ENABLED")
    options.guardrailIdentifier = Bytes("g")
    options.guardrailVersion = Bytes("1")
    options.performanceConfigLatency = Bytes("optimized")
    options.serviceTier = Bytes("flex")
    options.requestMetadata = Bytes(#"{"a":"ä"}"#)
    return options
}

/// Paths and headers are those that botocore 1.44.5 sends.
@Suite struct RequestHeads {
    @Test(arguments: [
        (BedrockCore.Operation.converse, "m", "/model/m/converse"),
        (.converseStream, "anthropic.claude-3:0", "/model/anthropic.claude-3%3A0/converse-stream"),
        (.invokeModel, "mä/..", "/model/m%C3%A4%2F../invoke"),
        (
            .invokeModelWithResponseStream, "arn:aws:bedrock:a/b c",
            "/model/arn%3Aaws%3Abedrock%3Aa%2Fb%20c/invoke-with-response-stream"
        ),
        (.converse, "..", "/model/../converse"), (.converse, "a?b#c%", "/model/a%3Fb%23c%25/converse"),
    ])
    func path(_ operation: BedrockCore.Operation, _ modelID: String, _ path: String) throws {
        let head = try head(operation, Bytes(modelID.utf8))
        #expect(String(head.path) == path)
        #expect(String(head.method) == "POST" && head.query.isEmpty)
    }

    @Test func behindABasePath() throws {
        #expect(String(try head(.converse, Bytes("m"), basePath: "/a/b").path) == "/a/b/model/m/converse")
    }

    @Test func converseSendsJSONAndNoOptions() throws {
        for operation in [BedrockCore.Operation.converse, .converseStream] {
            #expect(
                try lines(head(operation, Bytes("m"), options: everyOption).headers) == [
                    "Content-Type: application/json"
                ])
        }
    }

    @Test func invokeWithoutOptionsSendsNoHeader() throws {
        #expect(try head(.invokeModel, Bytes("m")).headers.isEmpty)
        #expect(try head(.invokeModelWithResponseStream, Bytes("m")).headers.isEmpty)
    }

    @Test(arguments: [
        (BedrockCore.Operation.invokeModel, "Accept"), (.invokeModelWithResponseStream, "X-Amzn-Bedrock-Accept"),
    ])
    func invokeOptions(_ operation: BedrockCore.Operation, _ accept: String) throws {
        #expect(
            try lines(head(operation, Bytes("m"), options: everyOption).headers) == [
                "Content-Type: text/plain", accept + ": */*", "X-Amzn-Bedrock-Trace: ENABLED",
                "X-Amzn-Bedrock-GuardrailIdentifier: g", "X-Amzn-Bedrock-GuardrailVersion: 1",
                "X-Amzn-Bedrock-PerformanceConfig-Latency: optimized", "X-Amzn-Bedrock-Service-Tier: flex",
                #"X-Amzn-Bedrock-Request-Metadata: {"a":"ä"}"#,
            ])
    }

    @Test(arguments: ["a\r\nb", "a\nX-B: 1", "a\u{0}", "\u{7F}"])
    func optionThatIsNoHeaderValue(_ value: String) {
        for index in 0..<8 {
            var options = InvokeOptions()
            options.set(index, to: Bytes(value.utf8))
            let error = #expect(throws: ArgumentError.self) { try head(.invokeModel, Bytes("m"), options: options) }
            #expect(argument(error) == options.member(index, of: .invokeModel).map { String(describing: $0.argument) })
        }
    }

    @Test func modelIDWithinItsBounds() throws {
        let longest = Bytes(repeating: UInt8(ascii: ":"), count: Limits.modelIDLength)
        #expect(try head(.converse, longest).path.count == 3 * Limits.modelIDLength + "/model//converse".utf8.count)
        for bad in [[], longest + [97], [0xFF], [0xC3], [0xED, 0xA0, 0x80]] as [Bytes] {
            let error = #expect(throws: ArgumentError.self) { try head(.converse, bad) }
            #expect(argument(error) == "model_id")
        }
    }
}

private func checkBody(_ body: Bytes, _ operation: BedrockCore.Operation) throws {
    try RequestBuilder.checkBody(body.span, operation: operation)
}

@Suite struct RequestBodies {
    @Test(arguments: ["{}", " {\"a\":[1,{\"b\":null}]}\n", "{\"a\":1,\"a\":2}"])
    func object(_ body: String) {
        #expect(throws: Never.self) { try checkBody(Bytes(body.utf8), .converseStream) }
    }

    @Test(arguments: ["", "[]", "1", "null", "\"a\"", "{", "{}x", "{\"a\":}", "{'a':1}", "{\"a\":1,}", "\u{FEFF}{}"])
    func notAnObject(_ body: String) {
        for operation in [BedrockCore.Operation.converse, .converseStream] {
            let error = #expect(throws: ArgumentError.self) { try checkBody(Bytes(body.utf8), operation) }
            #expect(argument(error) == "body")
        }
        #expect(throws: Never.self) { try checkBody(Bytes(body.utf8), .invokeModel) }
    }

    @Test func saysWhere() {
        let error = #expect(throws: ArgumentError.self) { try checkBody(Bytes(#"{"a": tru}"#), .converse) }
        #expect(error?.message.description.contains("at byte") == true)
    }

    @Test func largest() {
        let body = Bytes(repeating: 0x20, count: Limits.requestBodyLength)
        #expect(throws: Never.self) { try checkBody(body, .invokeModel) }
        #expect(throws: ArgumentError.self) { try checkBody(body + [0x20], .invokeModel) }
        #expect(throws: ArgumentError.self) { try checkBody(body + [0x20], .converse) }
    }
}

private struct Split {
    var modelID: String
    var options: InvokeOptions
    var body: String
}

private func split(_ params: String, _ operation: BedrockCore.Operation) throws -> Split {
    let text = Bytes(params.utf8)
    var body = ByteBuffer()
    body.append("left over")
    let (modelID, options) = try RequestBuilder.splitParameters(text.span, operation: operation, into: &body)
    return Split(modelID: String(modelID), options: options, body: String(body.array))
}

@Suite struct Parameters {
    @Test(arguments: [
        (#"{"modelId":"m"}"#, "{}"),
        (#"{"modelId":"m","messages":[]}"#, #"{"messages":[]}"#),
        (
            #" { "a" : 1.0e5 , "modelId" : "m" , "b" : { "modelId" : "\u0061" } } "#,
            #"{"a":1.0e5,"b":{ "modelId" : "\u0061" }}"#
        ),
        (#"{"modelId":"m","a":1,"a":2,"":[null]}"#, #"{"a":1,"a":2,"":[null]}"#),
        (#"{"a":null,"modelId":"m","b": null ,"c":"null"}"#, #"{"c":"null"}"#),
        (#"{"\u006dodelId":"m","a\"b":"\\"}"#, #"{"a\"b":"\\"}"#),
        (#"{"modelId":"x","modelId":"m"}"#, "{}"),
    ])
    func converse(_ params: String, _ body: String) throws {
        let split = try split(params, .converse)
        #expect(split.modelID == "m" && split.body == body && split.options == InvokeOptions())
    }

    @Test func modelIDIsDecoded() throws {
        #expect(try split(#"{"modelId":"a\/b\u00e4"}"#, .converse).modelID == "a/bä")
    }

    @Test func invoke() throws {
        let params = #"""
            {"body":"e30=","contentType":"text/plain","accept":"*\/*","trace":"ENABLED","guardrailIdentifier":"g",
             "guardrailVersion":"1","performanceConfigLatency":"optimized","serviceTier":"flex",
             "requestMetadata":"{\"a\":\"ä\"}","modelId":"m"}
            """#
        for operation in [BedrockCore.Operation.invokeModel, .invokeModelWithResponseStream] {
            let split = try split(params, operation)
            #expect(split.modelID == "m" && split.body == "{}" && split.options == everyOption)
        }
    }

    @Test func blobWithEscapesAndWithout() throws {
        #expect(try split(#"{"modelId":"m","body":"Pz8\/Pw=="}"#, .invokeModel).body == "????")
        #expect(try split(#"{"modelId":"m","body":"Pz8/Pw=="}"#, .invokeModel).body == "????")
        #expect(try split(#"{"modelId":"m"}"#, .invokeModel).body == "")
    }

    @Test func nullIsAbsent() throws {
        let split = try split(
            #"{"modelId":"m","accept":null,"body":null,"x":null,"trace":"ENABLED"}"#, .invokeModel)
        #expect(split.options.accept == nil && split.options.trace == Bytes("ENABLED") && split.body == "")
    }

    @Test(arguments: [
        ("", "params"), ("[]", "params"), ("null", "params"), (#"{"modelId":"m""#, "params"),
        (#"{"modelId":"m"}x"#, "params"),
        ("{}", "model_id"), (#"{"modelId":1}"#, "model_id"), (#"{"modelId":null}"#, "model_id"),
    ])
    func unusable(_ params: String, _ name: String) {
        for operation in BedrockCore.Operation.allCases {
            #expect(argument(#expect(throws: ArgumentError.self) { try split(params, operation) }) == name)
        }
    }

    @Test(arguments: [
        (#"{"modelId":"m","body":"e30"}"#, "body"), (#"{"modelId":"m","body":{}}"#, "body"),
        (#"{"modelId":"m","accept":1}"#, "accept"), (#"{"modelId":"m","serviceTier":{}}"#, "service_tier"),
        (#"{"modelId":"m","messages":[]}"#, "params"),
    ])
    func unusableForInvoke(_ params: String, _ name: String) {
        #expect(argument(#expect(throws: ArgumentError.self) { try split(params, .invokeModel) }) == name)
    }

    @Test(arguments: [
        (#"a\r\nb\u0000\u007f"#, "a  b  "), (String(repeating: "é", count: 99), String(repeating: "é", count: 50)),
        ("a" + String(repeating: "é", count: 99), "a" + String(repeating: "é", count: 49)),
    ])
    func unknownMembersInMessages(_ written: String, _ shown: String) {
        let error = #expect(throws: ArgumentError.self) {
            try split(#"{"modelId":"m","\#(written)":1}"#, .invokeModel)
        }
        #expect(error?.message.description == "the operation has no member '\(shown)'")
    }

    @Test func tooManyMembers() {
        func params(_ count: Int) -> String {
            #"{"modelId":"m",\#((1..<count).map { #""\#($0)":0"# }.joined(separator: ","))}"#
        }
        #expect(throws: ArgumentError.self) { try split(params(1025), .converse) }
        #expect(throws: Never.self) { try split(params(1024), .converse) }
    }
}
