import BedrockCore

/// An answer as the batch operations send it: one JSON document.
struct WholeAnswer {
    let body: Bytes
    let events: [ExpectedEvent]
    let usage: ReportedUsage

    init(_ answer: Answer, _ operation: BedrockCore.Operation) {
        var writer = JSONWriter()
        writer.beginObject()
        if operation.isInvoke {
            Self.writeAnthropic(answer, &writer)
        } else {
            Self.writeConverse(answer, &writer)
        }
        writer.endObject()
        body = writer.buffer.array
        events = answer.blocks.flatMap { Self.events(of: $0, operation.isInvoke) }
        let total = operation.isInvoke ? nil : answer.inputTokens + answer.outputTokens
        usage = ReportedUsage(input: answer.inputTokens, output: answer.outputTokens, total: total)
    }

    /// Which of them a consumer of typed events is given: each block's whole content at once.
    private static func events(of block: Answer.Block, _ isInvoke: Bool) -> [ExpectedEvent] {
        let index = Int32(block.index)
        func delta(_ kind: DeltaKind, _ text: Bytes) -> ExpectedEvent {
            ExpectedEvent(kind: .delta, delta: kind, block: index, text: text)
        }
        return switch block.kind {
        case .text: [delta(.text, block.content)]
        case .reasoning:
            // In the order in which Converse writes them here.
            isInvoke
                ? [delta(.reasoning, block.content), delta(.reasoningSignature, block.signature)]
                : [delta(.reasoningSignature, block.signature), delta(.reasoning, block.content)]
        case .tool: [.call(block)]
        }
    }

    // MARK: Converse

    private static func writeConverse(_ answer: Answer, _ writer: inout JSONWriter) {
        writer.key("output")
        writer.beginObject()
        writer.key("message")
        writer.beginObject()
        writer.key("role")
        writer.string("assistant")
        writer.key("content")
        writer.beginArray()
        for block in answer.blocks { writer.raw(Said(block).converse.json.span) }
        writer.endArray()
        writer.endObject()
        writer.endObject()
        writer.key("stopReason")
        writer.string(answer.stopWord)
        writer.key("usage")
        writer.beginObject()
        writer.key("inputTokens")
        writer.integer(answer.inputTokens)
        writer.key("outputTokens")
        writer.integer(answer.outputTokens)
        writer.key("totalTokens")
        writer.integer(answer.inputTokens + answer.outputTokens)
        writer.endObject()
    }

    // MARK: Anthropic Messages

    private static func writeAnthropic(_ answer: Answer, _ writer: inout JSONWriter) {
        writer.key("type")
        writer.string("message")
        writer.key("role")
        writer.string("assistant")
        writer.key("content")
        writer.beginArray()
        for block in answer.blocks { writer.raw(Said(block).anthropic.json.span) }
        writer.endArray()
        writer.key("stop_reason")
        writer.string(answer.stopWord)
        writer.key("usage")
        writer.beginObject()
        writer.key("input_tokens")
        writer.integer(answer.inputTokens)
        writer.key("output_tokens")
        writer.integer(answer.outputTokens)
        writer.endObject()
    }
}
