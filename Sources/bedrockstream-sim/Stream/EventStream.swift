import CSystem.Sim

/// The body of a streamed answer: makes its frames when they are due, and goes wrong where it was told to.
final class EventStream: BodySource {
    private enum Upcoming {
        case event(StreamEvent)
        /// No event now: wait, stall, break or end.
        case step(BodyStep)
    }

    private let answer: Answer
    private let format: any AnswerFormat
    private let knobs: Knobs
    private var frames: Frames
    private var cursor: StepCursor
    private var context: RenderContext
    /// The step that comes next, when it was looked at already.
    private var lookahead: Step?
    private var queued: [StreamEvent] = []
    private var deltasSent = 0
    private var framesSent = 0
    /// When the first frame may leave, then when the next group of deltas may.
    private var due: Int64?
    private var trailing: Int
    private var hasEnded = false

    init(_ answer: Answer, format: any AnswerFormat, knobs: Knobs, context: RenderContext) {
        self.answer = answer
        self.format = format
        self.knobs = knobs
        self.context = context
        self.context.isStamped = knobs.stamp
        self.context.hasMetrics = !knobs.noMetadata
        frames = Frames(padded: !knobs.noPadding, escaped: knobs.escapes)
        cursor = StepCursor(answer)
        trailing = knobs.trailing
    }

    func next(_ now: Int64) -> BodyStep {
        let opening = due ?? now + knobs.event
        if due == nil { context.firstByteAt = opening }
        due = opening
        if framesSent == 0, now < opening { return .wait(until: opening) }
        return group(now)
    }

    /// The frames that go out together.
    private func group(_ now: Int64) -> BodyStep {
        var bytes: [UInt8] = []
        var deltas = 0
        for count in 0..<knobs.frames {
            switch upcoming(now, beginsGroup: count == 0) {
            case .step(let step):
                return bytes.isEmpty ? step : .bytes(bytes)
            case .event(let event):
                if event.isDelta { deltas += 1 }
                bytes += write(event)
            }
        }
        if knobs.pace > 0, deltas > 0, let due {
            // A stream whose client was slow does not catch up in one go.
            self.due = max(due, now - 1_000_000_000) + Int64(deltas) * knobs.pace
        }
        return .bytes(bytes)
    }

    private func write(_ event: StreamEvent) -> [UInt8] {
        defer { framesSent += 1 }
        if event.isDelta { deltasSent += 1 }
        if let corruption = knobs.corrupt, framesSent == knobs.frame { return frames.damaged(event, corruption) }
        return frames.frame(event)
    }

    private func upcoming(_ now: Int64, beginsGroup: Bool) -> Upcoming {
        if !hasEnded, framesSent == 0, knobs.exception != nil, knobs.after == .start { return fail() }
        while !hasEnded {
            if !queued.isEmpty { return .event(queued.removeFirst()) }
            guard let step = lookahead ?? cursor.next() else { return end() }
            lookahead = step
            if let fault = fault(at: step) { return fault }
            if case .delta = step, beginsGroup, knobs.pace > 0, let due, now < due { return .step(.wait(until: due)) }
            lookahead = nil
            queued = events(of: step)
        }
        return rest()
    }

    private func events(of step: Step) -> [StreamEvent] {
        if knobs.noStop, format.completes(step) { return [] }
        if context.isStamped { context.now = sim_monotonic_ns() }
        if case .metadata = step { context.now = sim_monotonic_ns() }
        var events = format.events(step, of: answer, context)
        if knobs.lone, deltasSent == 0, events.first?.isDelta == true { events[0].isLone = true }
        return knobs.novel ? Oddities.around(events, step) : events
    }
}

// MARK: - Faults

extension EventStream {
    private func fault(at step: Step) -> Upcoming? {
        if isReached(knobs.stall, step) { return .step(.stall) }
        if isReached(knobs.cutDeltas, step) { return .step(.cut) }
        if knobs.exception != nil, case .deltas(let count) = knobs.after, isReached(count, step) { return fail() }
        return nil
    }

    /// Whether that many deltas have been sent. None have been sent until the first is next.
    private func isReached(_ count: Int?, _ step: Step) -> Bool {
        guard let count, deltasSent >= count else { return false }
        if count > 0 { return true }
        if case .delta = step { return true }
        return false
    }

    /// Ends the stream with the exception.
    private func fail() -> Upcoming {
        hasEnded = true
        let name = knobs.exception ?? ""
        if knobs.form == .chunk, let own = format.failure(named: name, message: Self.message(name)) {
            return .event(.chunk(own))
        }
        return .event(Self.exception(named: name, as: knobs.form == .chunk ? .exception : knobs.form))
    }

    private func end() -> Upcoming {
        if knobs.exception != nil, knobs.after == .end { return fail() }
        hasEnded = true
        return rest()
    }

    /// What follows the last frame.
    private func rest() -> Upcoming {
        guard trailing > 0 else { return .step(.end) }
        defer { trailing = 0 }
        return .step(.bytes(Array(repeating: 0x2A, count: min(trailing, 1 << 20))))
    }

    private static func message(_ name: String) -> String { "The simulator was asked for \(name)." }

    private static func exception(named name: String, as form: Knobs.ExceptionForm) -> StreamEvent {
        var members: [(String, JSONValue)] = [("message", .string(message(name)))]
        if name == "modelStreamErrorException" {
            members += [("originalStatusCode", .integer(500)), ("originalMessage", .string("The model failed."))]
        }
        return StreamEvent(type: name, payload: .object(members), form: form, isException: true)
    }
}

/// What a later version of the service might send: clients have to let it pass.
enum Oddities {
    static func around(_ events: [StreamEvent], _ step: Step) -> [StreamEvent] {
        var events = events.map { event in
            guard event.type != "chunk", case .object(let members) = event.payload else { return event }
            var event = event
            event.payload = .object([("novelty", .object([("depth", .integer(1))]))] + members)
            return event
        }
        switch step {
        case .messageStart:
            events.append(StreamEvent(type: "noveltyEvent", payload: .object([("novel", .bool(true))])))
        case .delta(let block, 0) where events.first?.type == "contentBlockDelta":
            let delta = JSONValue.object([("hologram", .object([("depth", .number("3.5e2"))]))])
            events.append(
                StreamEvent(
                    type: "contentBlockDelta",
                    payload: .object([("contentBlockIndex", .integer(block)), ("delta", delta)])))
        case .delta(_, 0):
            events.append(.chunk(.object([("type", .string("novelty"))])))
        default: break
        }
        return events
    }
}
