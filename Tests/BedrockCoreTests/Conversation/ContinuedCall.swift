import Foundation
import Recording

@testable import BedrockCore

/// A call whose attempts are given by hand: what its consumer is handed over in all of them.
struct ContinuedCall: ~Copyable {
    let operation: BedrockCore.Operation
    let original: Bytes
    var attempt: Attempt
    var events: [RecordedEvent] = []
    /// Text that is no UTF-8, events without end.
    var faults: [String] = []

    init(_ operation: BedrockCore.Operation = .converseStream, wantsRaw: Bool = true, original: String = "{}") {
        self.operation = operation
        self.original = Bytes(original.utf8)
        attempt = Attempt(operation: operation, limits: TimeLimits(), wantsRaw: wantsRaw, now: 1)
    }

    /// One attempt: bytes, then the connection fails, or the body ends.
    mutating func run(_ chunks: [Bytes], isCut: Bool = true) {
        attempt.started(now: 2)
        attempt.connected(isReused: false, now: 3)
        for line in StreamRecorder.streamHead { attempt.received(headLine: line.utf8.span, now: 4) }
        for chunk in chunks { feed(chunk) }
        if isCut {
            attempt.transportFailed(TransportFailure(.other, "reset"), now: 6)
        } else {
            attempt.bodyEnded(now: 6)
        }
    }

    mutating func run(_ messages: Bytes..., isCut: Bool = true) { run(messages, isCut: isCut) }

    private mutating func feed(_ chunk: Bytes) {
        var position = 0
        for _ in 0...(3 * chunk.count + 100) {
            switch attempt.next(chunk.span, &position, now: 5) {
            case .needsInput, .ended: return
            case .deliver: note(attempt.eventView)
            }
        }
        faults.append("events without end")
    }

    private mutating func note(_ view: EventView) {
        var noted = RecordedEvent(view.event.kind, block: view.event.blockIndex)
        if view.event.hasDelta { noted.delta = view.event.deltaKind }
        noted.type = text(view.type)
        noted.json = text(view.json)
        noted.text = text(view.text)
        events.append(noted)
    }

    private mutating func text(_ view: TextView) -> String {
        let bytes = UnsafeBufferPointer(start: view.pointer, count: view.count)
        if view.pointer[view.count] != 0 { faults.append("no NUL behind a text") }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        faults.append("a text that is no UTF-8")
        return ""
    }

    /// The body of the request that goes on.
    func body(asNudge: Bool = false) throws -> Bytes {
        try ContinuationBody.make(
            original: original.span, operation: operation, transcript: attempt.events.transcript, asNudge: asNudge,
            nudge: Bytes("Go on.").span
        ).array
    }

    /// The text deltas joined, as bytes: strings compare by more than these.
    var text: Bytes { events.filter { $0.delta == .text }.flatMap { Bytes($0.text.utf8) } }
    var answerText: Bytes {
        var text = ByteBuffer()
        attempt.events.transcript.appendText(to: &text)
        return text.array
    }
    var deltas: [RecordedEvent] { events.filter { $0.delta != nil } }

    /// What must hold of every call.
    var allFaults: [String] {
        var faults = faults
        if text != answerText { faults.append("the answer is not its deltas") }
        if attempt.events.answer.delivered != UInt64(deltas.count) { faults.append("another number of deltas") }
        for event in events where !event.json.isEmpty && event.kind != .tool { faults += RawEvent.faults(of: event) }
        return faults + orderFaults
    }

    /// Blocks begin once, end once, and come in order.
    private var orderFaults: [String] {
        var faults: [String] = []
        let starts = events.filter { $0.kind == .blockStart }.map(\.block)
        let stops = events.filter { $0.kind == .blockStop }.map(\.block)
        if Set(starts).count != starts.count { faults.append("a block begins twice") }
        if Set(stops).count != stops.count { faults.append("a block ends twice") }
        if events.filter({ $0.kind == .messageStart }).count > 1 { faults.append("the message begins twice") }
        let blocks = events.filter { [.blockStart, .delta, .blockStop].contains($0.kind) }.map(\.block)
        if blocks != blocks.sorted() { faults.append("blocks out of order: \(blocks)") }
        return faults
    }
}

/// Compares an event's JSON with what the event says, by another reader of JSON.
enum RawEvent {
    static func faults(of event: RecordedEvent) -> [String] {
        guard let object = try? JSONSerialization.jsonObject(with: Data(event.json.utf8)) as? [String: Any] else {
            return ["an event that is no JSON: \(event.json)"]
        }
        let payload = inner(object)
        var faults: [String] = []
        let index = (payload["contentBlockIndex"] ?? payload["index"]) as? Int
        if let index, index != Int(event.block) { faults.append("block \(event.block) in \(event.json)") }
        let text = (payload["delta"] as? [String: Any])?["text"] as? String
        if event.delta == .text, text.map({ Bytes($0.utf8) }) != Bytes(event.text.utf8) {
            faults.append("text \(event.text) in \(event.json)")
        }
        return faults
    }

    /// Amazon Nova's chunks are objects of one member.
    private static func inner(_ object: [String: Any]) -> [String: Any] {
        for (name, value) in object where name.hasPrefix("contentBlock") && name != "contentBlockIndex" {
            if let value = value as? [String: Any] { return value }
        }
        return object
    }
}
