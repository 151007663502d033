import Recording
import Testing

@testable import BedrockCore

private let start = Wire.event("messageStart", #"{"role":"assistant"}"#)
private let user = #"{"role":"user","content":[{"text":"Hi"}]}"#

private func request(_ messages: String, before: String = "", after: String = "") -> String {
    #"{\#(before)"messages" : [\#(messages)]\#(after)}"#
}

/// A call that was cut behind these messages.
private func continued(
    _ original: String, _ messages: [Bytes], _ operation: BedrockCore.Operation = .converseStream,
    asNudge: Bool = false
) throws -> String {
    var call = ContinuedCall(operation, original: original)
    call.run(messages)
    return String(try call.body(asNudge: asNudge))
}

private func chunks(_ chunks: String...) -> [Bytes] { chunks.map { Wire.chunk($0) } }

private func thinking(_ text: String, _ signature: String?, _ index: Int) -> [Bytes] {
    [Wire.chunk(#"{"type":"content_block_start","index":\#(index),"content_block":{"type":"thinking","thinking":""}}"#)]
        + [Wire.chunk(#"{"type":"content_block_delta","index":\#(index),"delta":{"thinking":"\#(text)"}}"#)]
        + (signature.map {
            [Wire.chunk(#"{"type":"content_block_delta","index":\#(index),"delta":{"signature":"\#($0)"}}"#)]
        } ?? [])
}

private func anthropicText(_ text: String, _ index: Int) -> Bytes {
    Wire.chunk(#"{"type":"content_block_delta","index":\#(index),"delta":{"type":"text_delta","text":"\#(text)"}}"#)
}

@Suite struct ContinuationBodies {
    @Test("all but the end of the conversation stays byte for byte")
    func converse() throws {
        let original = request(
            "\n \(user) ", before: #" "system":[ ], "#, after: " ,\t\"inferenceConfig\": {\"maxTokens\":1}")
        let body = try continued(original, [start, textDelta("one"), textDelta(" \"two\" \n\t ")])
        let turn = #",{"role":"assistant","content":[{"text":"one \"two\""}]}"#
        #expect(
            body
                == request(
                    "\n \(user) \(turn)", before: #" "system":[ ], "#,
                    after: " ,\t\"inferenceConfig\": {\"maxTokens\":1}"))
    }

    @Test func nudge() throws {
        let body = try continued(request(user), [start, textDelta("one")], asNudge: true)
        let turns = #",{"role":"assistant","content":[{"text":"one"}]},{"role":"user","content":[{"text":"Go on."}]}"#
        #expect(body == request(user + turns))
        let anthropic = #"{"anthropic_version":"x","messages":[{"role":"user","content":"Hi"}]}"#
        let more =
            #",{"role":"assistant","content":[{"type":"text","text":"one"}]},"#
            + #"{"role":"user","content":[{"type":"text","text":"Go on."}]}]}"#
        #expect(
            try continued(anthropic, [anthropicText("one", 0)], .invokeModelWithResponseStream, asNudge: true)
                == anthropic.dropLast(2) + more)
    }

    @Test func converseBlocks() throws {
        let body = try continued(
            request(user),
            [
                start, delta(#"{"reasoningContent":{"text":"hm"}}"#),
                delta(#"{"reasoningContent":{"signature":"c2ln"}}"#),
                delta(#"{"reasoningContent":{"redactedContent":"cmVk"}}"#, block: 1),
                delta(#"{"reasoningContent":{"redactedContent":"cmVk"}}"#, block: 1),
                textDelta(" \n", block: 2), textDelta("", block: 3), textDelta("a ", block: 4),
                delta(#"{"citation":{"title":"t"}}"#, block: 4), textDelta(" b ", block: 5), textDelta(" \n", block: 6),
                delta(#"{"reasoningContent":{"text":"more"}}"#, block: 7),
                delta(#"{"reasoningContent":{"signature":"c2ln"}}"#, block: 7),
            ])
        let blocks =
            #"{"reasoningContent":{"reasoningText":{"text":"hm","signature":"c2ln"}}},"#
            + #"{"reasoningContent":{"redactedContent":"cmVkcmVk"}},{"text":"a "},{"text":" b"}"#
        #expect(body == request(user + #",{"role":"assistant","content":[\#(blocks)]}"#))
    }

    @Test func anthropicBlocks() throws {
        let original = #"{"messages":[{"role":"user","content":"Hi"}],"anthropic_version":"bedrock-2023-05-31"}"#
        let redacted =
            #"{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"ab\/c"}}"#
        let body = try continued(
            original,
            thinking("hm", "sig", 0) + [Wire.chunk(redacted)] + thinking("unsigned", nil, 2)
                + [anthropicText("one ", 3)], .invokeModelWithResponseStream)
        let blocks =
            #"{"type":"thinking","thinking":"hm","signature":"sig"},{"type":"redacted_thinking","data":"ab/c"},"#
            + #"{"type":"text","text":"one"}"#
        #expect(
            body == #"{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[\#(blocks)]}],"#
                + #""anthropic_version":"bedrock-2023-05-31"}"#)
    }

    @Test func formats() throws {
        let nova = [Wire.chunk(#"{"messageStart":{}}"#), Wire.chunk(#"{"contentBlockDelta":{"delta":{"text":"a"}}}"#)]
        let turn = #",{"role":"assistant","content":[{"text":"a"}]}"#
        #expect(try continued(request(user), nova, .invokeModelWithResponseStream) == request(user + turn))
        // Anthropic's format by what the answer showed.
        let body = try continued(request(user), [anthropicText("a", 0)], .invokeModelWithResponseStream)
        #expect(body == request(user + #",{"role":"assistant","content":[{"type":"text","text":"a"}]}"#))
        let other = chunks(#"{"generation":"a","stop_reason":null}"#)
        #expect(throws: ContinuationError.self) {
            try continued(request(user), other, .invokeModelWithResponseStream)
        }
    }

    /// Nothing that could be sent back: the request is made as it was.
    @Test func nothingRemains() throws {
        let reasoning = delta(#"{"reasoningContent":{"text":"hm"}}"#)
        let signature = delta(#"{"reasoningContent":{"signature":"c2ln"}}"#)
        for messages in [[], [start], [start, textDelta(" \n")], [start, reasoning, signature]] {
            for asNudge in [false, true] {
                #expect(try continued(request(user), messages, asNudge: asNudge) == request(user))
            }
        }
    }

    // MARK: A turn that the caller began

    @Test(arguments: [
        (#"[{"text":"Sure\u002c" , "x":1}]"#, #"[{"text":"Sure\u002c one" , "x":1}]"#), ("[]", #"[{"text":" one"}]"#),
        (#"[{"text":"a"},{"cachePoint":{}} ]"#, #"[{"text":"a"},{"cachePoint":{}} ,{"text":" one"}]"#),
        ("[ ]", #"[ {"text":" one"}]"#), ("[1]", #"[1,{"text":" one"}]"#),
    ])
    func prefilled(_ content: String, _ wanted: String) throws {
        let messages = [start, textDelta(" one"), textDelta(" ")]
        let original = request(#"\#(user),{"content":\#(content),"role":"assistant" } "#, after: #","x":1"#)
        #expect(
            try continued(original, messages)
                == request(#"\#(user),{"content":\#(wanted),"role":"assistant" } "#, after: #","x":1"#))
        #expect(
            try continued(original, messages, asNudge: true)
                == request(
                    #"\#(user),{"content":\#(wanted),"role":"assistant" } ,"#
                        + #"{"role":"user","content":[{"text":"Go on."}]}"#,
                    after: #","x":1"#))
    }

    @Test func prefilledText() throws {
        let original =
            #"{"anthropic_version":"x","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"\u0022A"}],"a":1}"#
        func body(_ messages: [Bytes]) throws -> String {
            try continued(original, messages, .invokeModelWithResponseStream)
        }
        #expect(try body([anthropicText(" b", 0)]) == original.replacing(#""\u0022A""#, with: #""\u0022A b""#))
        #expect(
            try body([anthropicText(" b", 0), anthropicText("c", 1)])
                == original.replacing(
                    #""\u0022A""#, with: #"[{"type":"text","text":"\u0022A b"},{"type":"text","text":"c"}]"#))
        #expect(
            try body(thinking("hm", "s", 0) + [anthropicText("c", 1)])
                == original.replacing(
                    #""\u0022A""#,
                    with:
                        #"[{"type":"text","text":"\u0022A"},{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"c"}]"#
                ))
    }

    // MARK: What cannot be gone on with

    @Test(arguments: [
        "", "{", "[]", "null", "{}", #"{"messages":{}}"#, #"{"messages":[]}"#, #"{"messages":"a"}"#,
        #"{"messages":[\#(user)],"messages":[\#(user)]}"#, #"{"messages":[\#(user)],"\u006dessages":1}"#,
        #"{"messages":[1]}"#, #"{"messages":[{}]}"#, #"{"messages":[{"role":1}]}"#,
        #"{"messages":[{"role":"system"}]}"#,
        #"{"messages":[{"role":"user","role":"user"}]}"#, #"{"messages":[{"role":"assistant"}]}"#,
        #"{"messages":[{"role":"assistant","content":"a"}]}"#, #"{"messages":[{"role":"assistant","content":{}}]}"#,
        #"{"messages":[{"role":"assistant","content":[],"content":[]}]}"#,
        #"{"messages":[{"role":"assistant","content":[{"text":"a","text":"b"}]}]}"#,
        #"{"messages":[\#(user)]}}"#, "{\"messages\":[\(user)],\"x\":\"\u{1}\"}",
    ])
    func oddRequests(_ original: String) {
        #expect(throws: ContinuationError.self) { try continued(original, [start, textDelta("a")]) }
    }

    @Test func tooLarge() {
        let filler = String(repeating: "a", count: Limits.requestBodyLength - 80)
        #expect(throws: ContinuationError.self) {
            try continued(request(user, after: #","x":"\#(filler)""#), [start, textDelta("a")])
        }
    }

    @Test func messages() {
        let errors: [ContinuationError] = [
            .format, .tooLarge, .request("odd"), .obstacle("tool"), .malformed(JSONError(kind: .depth, offset: 1)),
        ]
        #expect(errors.allSatisfy { !$0.message.isEmpty })
    }
}

@Suite struct Transcripts {
    private func obstacle(_ messages: Bytes...) -> String? {
        var call = ContinuedCall()
        call.run([start] + messages)
        return call.attempt.events.transcript.obstacle.map { String(Bytes($0)) }
    }

    private let text = textDelta("a", block: 8)
    private let end = Wire.event("contentBlockStop", #"{"contentBlockIndex":0}"#)
    private let reasoning = delta(#"{"reasoningContent":{"text":"hm"}}"#)
    private let signature = delta(#"{"reasoningContent":{"signature":"c2ln"}}"#)
    private let redacted = delta(#"{"reasoningContent":{"redactedContent":"YQ=="}}"#)
    private let novel = delta(#"{"hologram":[]}"#)

    private func blockStart(_ json: String) -> Bytes {
        Wire.event("contentBlockStart", #"{"contentBlockIndex":0,"start":\#(json)}"#)
    }

    @Test func whatCanBeSentBack() {
        #expect(obstacle() == nil)
        #expect(obstacle(text) == nil)
        #expect(obstacle(reasoning, text) == nil)
        #expect(obstacle(reasoning, signature) == nil)
        #expect(obstacle(reasoning, end) == nil)
        #expect(obstacle(redacted) == nil)
        #expect(obstacle(textDelta("a"), novel) == nil)
        #expect(obstacle(blockStart("{}"), text) == nil)
    }

    @Test func obstacles() {
        let tool = blockStart(#"{"toolUse":{"toolUseId":"t","name":"n"}}"#)
        #expect(obstacle(tool)?.contains("tool") == true)
        #expect(obstacle(tool, end, text)?.contains("tool") == true)
        #expect(obstacle(delta(#"{"toolUse":{"input":""}}"#))?.contains("tool") == true)
        #expect(obstacle(reasoning)?.contains("reasoning") == true)
        #expect(obstacle(textDelta("a", block: 0), delta(#"{"reasoningContent":{"text":"hm"}}"#, block: 1)) != nil)
        #expect(obstacle(redacted, redacted)?.contains("redacted") == true)
        for json in [#"{"image":{"format":"png"}}"#, #"{"toolResult":{"toolUseId":"t"}}"#, #"{"new":1}"#] {
            #expect(obstacle(blockStart(json), text)?.contains("more than text") == true)
        }
        for json in [#"{"image":{}}"#, #"{"toolResult":[]}"#, #"{"hologram":[]}"#] {
            #expect(obstacle(delta(json), text)?.contains("more than text") == true)
        }
    }

    @Test func tooLong() {
        let piece = textDelta(String(repeating: "a", count: 5_000_000))
        #expect(obstacle(piece, piece, piece, piece, piece) == nil)
        #expect(obstacle(piece, piece, piece, piece, piece, text)?.contains("too long") == true)
    }

    @Test func tooManyBlocks() {
        var call = ContinuedCall(wantsRaw: false)
        call.run([start] + (0...Limits.blockCount).map { textDelta("b", block: $0) })
        #expect(call.attempt.events.transcript.obstacle != nil)
    }

    /// By their index, whatever the order they come in.
    @Test func order() throws {
        let original = #"{"messages":[{"role":"user"}]}"#
        var call = ContinuedCall(original: original)
        call.run(start, textDelta("b", block: 1), textDelta("a"), textDelta("c", block: 1))
        #expect(String(try call.body()).contains(#"[{"text":"a"},{"text":"bc"}]"#))
    }
}

@Suite struct MaxTokenLimits {
    private func halved(
        _ body: String, _ operation: BedrockCore.Operation = .converseStream, floor: Int64 = 256
    ) -> String? {
        guard let body = MaxTokens.halved(Bytes(body.utf8).span, operation: operation, floor: floor) else { return nil }
        return String(body.array)
    }

    @Test func converse() {
        #expect(
            halved(#"{"a":[], "inferenceConfig" : { "maxTokens" : 1001 ,"x":1} }"#)
                == #"{"a":[], "inferenceConfig" : { "maxTokens" : 500 ,"x":1} }"#)
        #expect(
            halved(#"{"inferenceConfig":{"max\u0054okens":300}}"#) == #"{"inferenceConfig":{"max\u0054okens":256}}"#)
        #expect(halved(#"{"inferenceConfig":{"maxTokens":3}}"#, floor: 1) == #"{"inferenceConfig":{"maxTokens":1}}"#)
        #expect(halved(#"{"max_tokens":1000}"#) == nil)
    }

    @Test func invoke() {
        let invoke = BedrockCore.Operation.invokeModelWithResponseStream
        #expect(
            halved(#"{"max_tokens":4096,"x":{"max_tokens":1}}"#, invoke) == #"{"max_tokens":2048,"x":{"max_tokens":1}}"#
        )
        #expect(halved(#"{"inferenceConfig":{"maxTokens":600}}"#, invoke) == #"{"inferenceConfig":{"maxTokens":300}}"#)
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"inferenceConfig":{"maxTokens":256}}"#, #"{"inferenceConfig":{"maxTokens":-9}}"#,
        #"{"inferenceConfig":{"maxTokens":1e9}}"#, #"{"inferenceConfig":{"maxTokens":"1000"}}"#,
        #"{"inferenceConfig":{"maxTokens":1000.5}}"#, #"{"inferenceConfig":{"maxTokens":99999999999999999999}}"#,
        #"{"inferenceConfig":[1000]}"#, #"{"inferenceConfig":{"maxTokens":1000,"maxTokens":1000}}"#,
        #"{"inferenceConfig":{},"inferenceConfig":{"maxTokens":1000}}"#, #"{"inferenceConfig":{"maxTokens":1000}}x"#,
        #"{"inferenceConfig":null}"#, #"{"x":{"maxTokens":1000}}"#,
    ])
    func nothingToHalve(_ body: String) {
        #expect(halved(body) == nil)
    }
}

@Suite struct WhiteSpaces {
    @Test func everyCharacter() {
        for value in 0...0x10FFFF as ClosedRange<UInt32> {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let isSpace = scalar.properties.isWhitespace || 0x1C...0x1F ~= value
            let bytes = Bytes(String(scalar).utf8)
            if bytes.span.isBlankText != isSpace || (bytes.span.trailingWhiteSpaceStart() == 0) != isSpace {
                Issue.record("U+\(String(value, radix: 16))")
            }
        }
    }

    @Test func ends() {
        let text = Bytes("\u{3000} é \u{2028}\n".utf8)
        #expect(text.span.leadingWhiteSpaceLength() == 4)
        #expect(text.span.trailingWhiteSpaceStart() == 6)
        #expect(Bytes().span.isBlankText && Bytes().span.trailingWhiteSpaceStart() == 0)
        // No reader lets such bytes pass; they do no harm.
        for odd in [[0x80, 0x80, 0x80, 0x80, 0x80], [0xE2], [0xE2, 0x80], [0x20, 0xFF]] as [Bytes] {
            #expect(odd.span.trailingWhiteSpaceStart() == odd.count)
            _ = odd.span.leadingWhiteSpaceLength()
        }
    }

    @Test func agreement() {
        func agreed(_ one: String, _ other: String) -> Int {
            Bytes(one.utf8).span.agreedLength(with: Bytes(other.utf8).span)
        }
        #expect(agreed("", "a") == 0 && agreed("ab", "ab") == 2 && agreed("ab", "ac") == 1)
        #expect(agreed("\u{2003}", "\u{2002}") == 0 && agreed("a\u{2003}", "a\u{2003}b") == 4)
    }
}
