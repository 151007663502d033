import Recording
import Testing

@testable import BedrockCore

private let start = Wire.event("messageStart", #"{"role":"assistant"}"#)
private let stop = Wire.event("messageStop", #"{"stopReason":"end_turn"}"#)

private func blockStop(_ block: Int) -> Bytes {
    Wire.event("contentBlockStop", #"{"contentBlockIndex":\#(block)}"#)
}

private func usage(_ input: Int, _ output: Int) -> Bytes {
    Wire.event("metadata", #"{"usage":{"inputTokens":\#(input),"outputTokens":\#(output)},"metrics":{"latencyMs":7}}"#)
}

private func reasoning(_ text: String, block: Int) -> Bytes {
    delta(#"{"reasoningContent":{"text":"\#(text)"}}"#, block: block)
}

private func signature(block: Int) -> Bytes {
    delta(#"{"reasoningContent":{"signature":"c2ln"}}"#, block: block)
}

/// The text of each delta, with its block.
private func texts(_ events: [RecordedEvent]) -> [String] {
    events.filter { $0.delta != nil }.map { "\($0.block):\($0.text)" }
}

@Suite struct Renewals {
    @Test func restart() {
        var call = ContinuedCall()
        call.run(start, textDelta("one "), usage(3, 1))
        call.attempt.renew(.restart)
        #expect(call.attempt.events.answer.deliveredSinceStart == 0 && call.attempt.events.answer.delivered == 1)
        call.run(start, textDelta("two"), blockStop(0), stop, usage(4, 5), isCut: false)
        #expect(call.attempt.failure == nil && call.answerText == Bytes("two"))
        let answer = call.attempt.resultView
        #expect(answer.delivered == 2 && answer.stopReason == .endTurn)
        #expect(answer.usage == Usage(inputTokens: 7, outputTokens: 6))
        #expect(call.attempt.events.answer.deliveredSinceStart == 1)
        #expect(call.events.map(\.kind).filter { $0 == .messageStart }.count == 2)
    }

    @Test func fresh() {
        var call = ContinuedCall(wantsRaw: false)
        call.run(start, usage(3, 1))
        call.attempt.renew(.fresh)
        call.run(start, textDelta("two"), stop, usage(4, 5), isCut: false)
        #expect(call.attempt.resultView.usage == Usage(inputTokens: 4, outputTokens: 5))
        #expect(call.allFaults == [] && call.answerText == Bytes("two"))
    }

    @Test func usageOfAllAttempts() {
        var call = ContinuedCall(.invokeModelWithResponseStream)
        let begin = #"{"type":"message_start","message":{"usage":{"input_tokens":10,"output_tokens":1}}}"#
        let text = #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#
        for _ in 0..<3 {
            call.run(Wire.chunk(begin), Wire.chunk(text))
            #expect(call.attempt.resultView.usage.outputTokens > 0)
            call.attempt.renew(.continuation(isNudge: false))
        }
        call.run(
            Wire.chunk(begin), Wire.chunk(#"{"type":"message_delta","delta":{},"usage":{"output_tokens":7}}"#),
            Wire.chunk(#"{"type":"message_stop"}"#), isCut: false)
        #expect(call.attempt.failure == nil && call.answerText == Bytes("aaa"))
        #expect(call.attempt.resultView.usage == Usage(inputTokens: 40, outputTokens: 10))
    }

    @Test func usageThatOverflows() {
        var one = Usage()
        one.inputTokens = .max
        one.outputTokens = -7
        let two = one + Usage(inputTokens: 1, outputTokens: 2)
        #expect(two == Usage(inputTokens: .max, outputTokens: 2))
    }

    /// Half of a tool call must not become a whole one.
    @Test func openToolIsDropped() {
        var call = ContinuedCall()
        let tool = #"{"start":{"toolUse":{"toolUseId":"t","name":"n"}},"contentBlockIndex":0}"#
        call.run(start, Wire.event("contentBlockStart", tool))
        #expect(
            call.attempt.events.transcript.obstacle.map { Bytes($0) } == Bytes("the answer had begun to call a tool"))
        call.attempt.renew(.restart)
        call.run(start, textDelta("a"), stop, isCut: false)
        #expect(!call.events.contains { $0.kind == .tool })
    }
}

@Suite struct Joints {
    @Test func textGoesOn() {
        var call = ContinuedCall()
        call.run(start, textDelta("one "), textDelta("two"))
        call.attempt.renew(.continuation(isNudge: false))
        call.run(start, textDelta(" three"), blockStop(0), stop, usage(1, 2), isCut: false)
        #expect(call.attempt.failure == nil && call.allFaults == [])
        #expect(texts(call.events) == ["0:one ", "0:two", "0: three"])
        let kinds: [EventKind] = [.messageStart, .delta, .delta, .delta, .blockStop, .messageStop, .metadata]
        #expect(call.events.map(\.kind) == kinds)
    }

    @Test func spaceIsNotRepeated() {
        for pieces in [["\n\n three"], ["\n", "\n", " three"], ["\n", "\n ", "three"]] {
            var call = ContinuedCall()
            call.run(start, textDelta("two\n\n"))
            call.attempt.renew(.continuation(isNudge: false))
            call.run([start] + pieces.map { textDelta($0) } + [blockStop(0), stop], isCut: false)
            #expect(call.text == Bytes("two\n\n three") && call.allFaults == [], "\(pieces)")
        }
    }

    /// As much as agrees, in whole characters.
    @Test func otherSpace() {
        for (sent, wanted) in [("\n x", "a\n\t x"), ("\u{2003}x", "a\n\t\u{2003}x"), ("x", "a\n\tx"), ("", "a\n\t")] {
            var call = ContinuedCall()
            call.run(start, textDelta("a\n\t"))
            call.attempt.renew(.continuation(isNudge: false))
            call.run(start, textDelta(sent), stop, isCut: false)
            #expect(call.text == Bytes(wanted.utf8) && call.allFaults == [])
        }
        var call = ContinuedCall()
        call.run(start, textDelta("a\u{2003}"))
        call.attempt.renew(.continuation(isNudge: false))
        call.run(start, textDelta("\u{2002}b"), stop, isCut: false)
        #expect(call.text == Bytes("a\u{2003}\u{2002}b".utf8) && call.allFaults == [])
    }

    @Test func behindCompleteBlock() {
        var call = ContinuedCall()
        call.run(start, textDelta("one"), blockStop(0))
        call.attempt.renew(.continuation(isNudge: false))
        call.run(start, textDelta(" two"), blockStop(0), textDelta("three", block: 1), blockStop(1), stop, isCut: false)
        #expect(texts(call.events) == ["0:one", "1: two", "2:three"] && call.allFaults == [])
        #expect(call.events.filter { $0.kind == .blockStop }.map(\.block) == [0, 1, 2])
    }

    @Test func reasoningInFrontOfOpenTextIsLeftOut() {
        var call = ContinuedCall()
        call.run(start, reasoning("hm", block: 0), signature(block: 0), blockStop(0), textDelta("one", block: 1))
        call.attempt.renew(.continuation(isNudge: false))
        call.run(
            start, reasoning("again", block: 0), signature(block: 0), blockStop(0), textDelta(" two", block: 1),
            blockStop(1), reasoning("more", block: 2), blockStop(2), stop, isCut: false)
        #expect(texts(call.events) == ["0:hm", "0:c2ln", "1:one", "1: two", "2:more"] && call.allFaults == [])
    }

    @Test func reasoningBehindCompleteBlock() {
        var call = ContinuedCall()
        call.run(start, reasoning("hm", block: 0), signature(block: 0), blockStop(0))
        #expect(call.attempt.events.transcript.obstacle == nil)
        call.attempt.renew(.continuation(isNudge: false))
        call.run(start, reasoning("again", block: 0), blockStop(0), textDelta("one", block: 1), stop, isCut: false)
        #expect(texts(call.events) == ["0:hm", "0:c2ln", "1:again", "2:one"] && call.allFaults == [])
    }

    @Test func toolBehindOpenText() {
        var call = ContinuedCall()
        call.run(start, textDelta("I will ask"))
        call.attempt.renew(.continuation(isNudge: false))
        let tool = #"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"n"}}}"#
        call.run(
            start, Wire.event("contentBlockStart", tool), delta(#"{"toolUse":{"input":"{}"}}"#), blockStop(0), stop,
            isCut: false)
        #expect(call.events.first { $0.kind == .tool }?.block == 1)
        #expect(texts(call.events) == ["0:I will ask", "1:{}"] && call.allFaults == [])
    }

    /// Only the number and the text of the JSON change.
    @Test func restOfTheJSONStays() {
        var call = ContinuedCall()
        call.run(start, textDelta("a", block: 4), blockStop(4), textDelta("b ", block: 5))
        call.attempt.renew(.continuation(isNudge: false))
        call.run(
            start,
            Wire.event(
                "contentBlockDelta",
                #" { "delta" : { "x":[1.50], "text" : " c\u0064" } , "contentBlockIndex" : 0, "index":0 } "#),
            Wire.event("contentBlockDelta", #"{"contentBlockIndex":1,"delta":{"text":"\u0065"},"p":"ab"}"#), stop,
            isCut: false)
        #expect(call.allFaults == [])
        #expect(
            call.events.filter { $0.kind == .delta }.suffix(2).map(\.json) == [
                #" { "delta" : { "x":[1.50], "text" : "cd" } , "contentBlockIndex" : 5, "index":0 } "#,
                #"{"contentBlockIndex":6,"delta":{"text":"\u0065"},"p":"ab"}"#,
            ])
    }

    @Test func novaChunks() {
        var call = ContinuedCall(.invokeModelWithResponseStream)
        func text(_ text: String, _ block: Int) -> Bytes {
            Wire.chunk(#"{"contentBlockDelta":{"delta":{"text":"\#(text)"},"contentBlockIndex":\#(block)}}"#)
        }
        call.run(Wire.chunk(#"{"messageStart":{"role":"assistant"}}"#), text("a", 0), text("b ", 1))
        call.attempt.renew(.continuation(isNudge: false))
        call.run(
            Wire.chunk(#"{"messageStart":{"role":"assistant"}}"#), text(" c", 0),
            Wire.chunk(#"{"messageStop":{"stopReason":"end_turn"}}"#), isCut: false)
        #expect(call.attempt.failure == nil && call.allFaults == [] && texts(call.events) == ["0:a", "1:b ", "1:c"])
        #expect(
            call.events.last { $0.kind == .delta }?.json
                == #"{"contentBlockDelta":{"delta":{"text":"c"},"contentBlockIndex":1}}"#)
    }

    @Test func tooManyBlocks() {
        var call = ContinuedCall(wantsRaw: false)
        call.run(start, textDelta("a"))
        call.attempt.renew(.continuation(isNudge: false))
        call.run([start] + (0...Limits.blockCount).map { textDelta("b", block: $0) })
        #expect(call.attempt.failure?.code == .limit)
    }

    @Test(arguments: ["-7", "2147483647", "2147483648", "1.5", "\"0\"", "null"])
    func oddIndexes(_ index: String) {
        var call = ContinuedCall(wantsRaw: false)
        let odd = Wire.event("contentBlockDelta", #"{"contentBlockIndex":\#(index),"delta":{"text":"x"}}"#)
        call.run(start, odd)
        for _ in 0..<3 {
            call.attempt.renew(.continuation(isNudge: false))
            call.run(start, odd, textDelta("y", block: 1), textDelta("z", block: 2))
        }
        #expect(call.text == call.answerText && call.text == Bytes("xxyzxyzxyz"))
    }
}

@Suite struct Nudges {
    private static let said = "Once upon a time there was a fox. "

    private func goOn(_ pieces: [String], behind said: String = Self.said, isLast: Bool = true) -> String {
        var call = ContinuedCall()
        call.run(start, textDelta(said))
        call.attempt.renew(.continuation(isNudge: true))
        call.run(
            [start] + pieces.map { textDelta($0) } + (isLast ? [blockStop(0), stop] : []), isCut: !isLast)
        #expect(call.allFaults == [])
        return String(call.text)
    }

    @Test(arguments: [
        ["It ran."], ["there was a fox. It ran."], ["there ", "was a", " fox", ".", " ", "It ran."],
        ["\n\nthere was a fox. It ran."], [" It ran."], ["Once upon a time there was a fox. It ran."],
        ["Once upon a time there was a fox.", " It ran."], ["there was a fox", ". It", " ran."],
    ])
    func repeats(_ pieces: [String]) {
        #expect(goOn(pieces) == Self.said + "It ran.")
    }

    @Test(
        "what is no repeat is not dropped",
        arguments: [["a fox. It ran."], ["there was a cat."], ["there was"], ["fox"]])
    func others(_ pieces: [String]) {
        #expect(goOn(pieces) == Self.said + pieces.joined())
    }

    /// The model said nothing new.
    @Test func repeatAlone() {
        #expect(goOn(["there was ", "a fox."]) == Self.said)
        #expect(goOn(["there was ", "a fox. "]) == Self.said)
    }

    /// What was held back when the answer is cut again was not delivered: the next attempt gets it.
    @Test func cutWhileHeld() throws {
        var call = ContinuedCall(original: #"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#)
        call.run(start, textDelta(Self.said))
        for _ in 0..<2 {
            call.attempt.renew(.continuation(isNudge: true))
            call.run(start, textDelta("there was"))
            let body = try call.body()
            #expect(String(body).contains(#"{"text":"Once upon a time there was a fox."}"#))
        }
        call.attempt.renew(.continuation(isNudge: true))
        call.run(start, textDelta("there was"), textDelta(" a fox. It ran."), stop, isCut: false)
        #expect(String(call.text) == Self.said + "It ran." && call.allFaults == [])
    }

    /// Never more than the longest repeat is held back.
    @Test func holdsLittle() {
        let said = String(repeating: "ab", count: 1000)
        var call = ContinuedCall(wantsRaw: false)
        call.run(start, textDelta(said))
        call.attempt.renew(.continuation(isNudge: true))
        call.run([start] + (0..<200).map { _ in textDelta("ab") })
        #expect(call.events.count == 1)
        call.run([])
        call.attempt.renew(.continuation(isNudge: true))
        call.run([start] + (0..<250).map { _ in textDelta("ab") })
        #expect(String(call.text) == said + String(repeating: "ab", count: 50))
    }

    @Test func heldTextComesBeforeWhatFollows() {
        var call = ContinuedCall()
        call.run(start, textDelta(Self.said))
        call.attempt.renew(.continuation(isNudge: true))
        call.run(
            start, textDelta("there "), textDelta("was"), delta(#"{"citation":{"title":"t"}}"#), blockStop(0), stop,
            isCut: false)
        #expect(call.allFaults == [] && call.attempt.failure == nil)
        let kinds: [EventKind] = [.messageStart, .delta, .delta, .delta, .blockStop, .messageStop]
        #expect(call.events.map(\.kind) == kinds)
        #expect(texts(call.events) == ["0:\(Self.said)", "0:there was", #"0:{"title":"t"}"#])
        #expect(call.events[2].json == #"{"contentBlockIndex":0,"delta":{"text":"there was"},"p":"abc"}"#)
    }
}
