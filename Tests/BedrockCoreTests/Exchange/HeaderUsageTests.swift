import Recording
import Testing

@testable import BedrockCore

@Suite struct HeaderUsage {
    private func head(_ lines: [String]) -> ResponseHead {
        var head = ResponseHead()
        for line in ["HTTP/1.1 200 OK"] + lines + [""] { head.read(line: Bytes(line.utf8).span) }
        return head
    }

    private let lines = [
        "x-amzn-bedrock-input-token-count: 9", "X-Amzn-Bedrock-Output-Token-Count:4",
        "x-amzn-bedrock-cache-read-input-token-count: 0", "x-amzn-bedrock-cache-write-input-token-count: 7",
        "x-amzn-bedrock-invocation-latency: 88", "x-amzn-bedrock-service-tier: flex",
        "X-Amzn-Bedrock-PerformanceConfig-Latency: optimized",
    ]

    @Test func counts() {
        let head = head(lines)
        #expect(
            head.usage
                == Usage(inputTokens: 9, outputTokens: 4, cacheReadInputTokens: 0, cacheWriteInputTokens: 7))
        #expect(head.latencyMs == 88)
    }

    @Test(arguments: ["", "x", "-5", "1.5", "99999999999999999999", "1 2"])
    func noCounts(_ value: String) {
        let head = head(["x-amzn-bedrock-input-token-count: \(value)", "x-amzn-bedrock-: 1", "x-amzn-bedrock-new: 1"])
        #expect(head.usage == Usage() && head.latencyMs == -1)
    }

    @Test("the body goes before the headers")
    func filledIn() {
        var events = EventDecoder(operation: .invokeModel, wantsRaw: false)
        events.answer.attemptUsage.inputTokens = 5
        events.answer.fillIn(head(lines))
        #expect(events.answer.usage.inputTokens == 5 && events.answer.usage.outputTokens == 4)
        #expect(events.answer.serverLatencyMs == 88)
        #expect(String(copying: events.answer.serviceTier.span) == "flex")
        #expect(String(copying: events.answer.performanceLatency.span) == "optimized")
    }

    @Test("an answer of InvokeModel tells what its headers say", arguments: [true, false])
    func wholeAnswer(_ isStreamed: Bool) {
        var recorder = StreamRecorder(isStreamed ? .invokeModelWithResponseStream : .invokeModel)
        recorder.head = StreamRecorder.streamHead.dropLast() + lines.map { $0 + "\r\n" } + ["\r\n"]
        let body = #"{"outputs":[{"text":"Hi","stop_reason":"stop"}]}"#
        let end = replay(isStreamed ? Wire.chunk(body) : Bytes(body.utf8), as: recorder).end
        #expect(end?.failure == nil && end?.text == "Hi" && end?.usage.inputTokens == 9 && end?.serverLatency == 88)
    }
}
