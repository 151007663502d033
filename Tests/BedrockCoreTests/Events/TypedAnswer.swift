import Recording
import Testing

@testable import BedrockCore

/// What the decoder makes of chunks or of a whole body, in values that can be compared.
struct TypedAnswer: Equatable {
    struct Event: Equatable, CustomStringConvertible {
        var kind = EventKind.other
        var delta: DeltaKind?
        var block: Int32 = -1
        var text = ""
        var blockKind = BlockKind.unknown
        var tool = ""
        /// It has the wire's JSON.
        var isRaw = false

        var description: String {
            let what = delta.map { "\(kind).\($0)" } ?? "\(kind)"
            return "\(what)#\(block) \(blockKind) '\(text)' \(tool) \(isRaw ? "raw" : "")"
        }
    }

    var events: [Event] = []
    var stopReason = StopReason.none
    var stopWord = ""
    var usage = Usage()
    var latency: Int64 = -1
    var model = ""
    /// The assistant's message in the shape of Converse.
    var message = ""
    var isComplete = false
    var delivered: UInt64 = 0
    /// Why it could not be read; nil where it could.
    var fault: String?

    init(chunks: [String], wantsRaw: Bool = true) {
        var events = EventDecoder(operation: .invokeModelWithResponseStream, wantsRaw: wantsRaw)
        for chunk in chunks {
            var digits = ByteBuffer()
            Base64.encode(Bytes(chunk.utf8).span, into: &digits)
            let payload = Bytes(#"{"bytes":""#.utf8) + digits.array + Bytes(#""}"#.utf8)
            events.begin()
            do throws(JSONError) {
                note(try events.decodeChunk(Bytes("chunk").span, payload.span), &events)
            } catch {
                fault = error.message.description
            }
            if fault != nil { break }
        }
        noteEnd(&events)
    }

    init(body: String, _ operation: BedrockCore.Operation = .invokeModel, wantsRaw: Bool = true) {
        var events = EventDecoder(operation: operation, wantsRaw: wantsRaw)
        do throws(BatchError) {
            var script = try BatchScript.make(Bytes(body.utf8).span, operation: operation)
            do throws(JSONError) {
                while fault == nil, let outcome = try script.next(&events) { note(outcome, &events) }
            } catch {
                fault = error.message.description
            }
        } catch {
            fault = error.failure.message.description
        }
        noteEnd(&events)
    }

    private mutating func note(_ outcome: EventDecoder.Outcome, _ events: inout EventDecoder) {
        var outcome: EventDecoder.Outcome? = outcome
        while let present = outcome {
            switch present {
            case .event: noteEvent(events)
            case .nothing: break
            case .exception(let error): fault = "exception " + String(error.code ?? [])
            case .malformed(let text): fault = text.description
            case .overLimit(let limit): fault = limit.message.description
            }
            outcome = fault == nil ? events.nextPending() : nil
        }
    }

    private mutating func noteEvent(_ decoder: borrowing EventDecoder) {
        let event = decoder.event
        var noted = Event(kind: event.kind, block: event.blockIndex, blockKind: event.blockKind)
        if event.hasDelta { noted.delta = event.deltaKind }
        noted.text = String(copying: decoder.scratch.span(event.text.range))
        let name = String(copying: decoder.scratch.span(event.toolName.range))
        let id = String(copying: decoder.scratch.span(event.toolID.range))
        if event.kind == .tool || !name.isEmpty || !id.isEmpty {
            noted.tool = "\(name)(\(id))" + (event.isServerTool ? " by the server" : "")
            if event.kind == .tool, !event.isValidTool { noted.tool += " invalid" }
        }
        noted.isRaw = event.kind != .tool && event.json.count > 0
        events.append(noted)
    }

    private mutating func noteEnd(_ events: inout EventDecoder) {
        stopReason = events.answer.stopReason
        stopWord = String(copying: events.answer.stopReasonText.span)
        usage = events.answer.usage
        latency = events.answer.serverLatencyMs
        model = String(copying: events.answer.answeredModelID.span)
        message = String(copying: MessageWriter.message(events.transcript, .converse).span)
        isComplete = events.isAnswerComplete
        delivered = events.answer.delivered
    }

    var deltas: [Event] { events.filter { $0.delta != nil } }
    var tools: [Event] { events.filter { $0.kind == .tool } }
    var text: String { deltas.filter { $0.delta == .text }.map(\.text).joined() }

    /// Deltas of the same kind and block joined, starts and complete calls of tools: what a caller makes of the answer,
    /// whichever way it came.
    var content: [Event] {
        var content: [Event] = []
        for event in events {
            var event = event
            event.isRaw = false
            if event.delta != nil, let last = content.last, last.delta == event.delta, last.block == event.block,
                event.delta != .citation
            {
                content[content.count - 1].text += event.text
            } else if event.delta != nil || event.kind == .tool || event.blockKind == .toolUse {
                content.append(event)
            }
        }
        return content.filter { $0.delta == nil || !$0.text.isEmpty }
    }
}

/// A delta as `TypedAnswer.content` has it.
func part(_ kind: DeltaKind, _ block: Int32, _ text: String) -> TypedAnswer.Event {
    TypedAnswer.Event(kind: .delta, delta: kind, block: block, text: text)
}

func toolStart(_ block: Int32, _ tool: String) -> TypedAnswer.Event {
    TypedAnswer.Event(kind: .blockStart, block: block, blockKind: .toolUse, tool: tool)
}

func toolCall(_ block: Int32, _ tool: String, _ input: String) -> TypedAnswer.Event {
    TypedAnswer.Event(kind: .tool, block: block, text: input, tool: tool)
}
