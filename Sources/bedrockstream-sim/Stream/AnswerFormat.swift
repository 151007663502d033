/// One message of a stream before it is framed.
struct StreamEvent {
    var type: String
    var payload: JSONValue
    /// Deltas are what is paced and counted.
    var isDelta = false
    var form = Knobs.ExceptionForm.event
    var isException = false
    /// Its text begins with half of a surrogate pair.
    var isLone = false
}

/// What renderers need to know beside the answer.
struct RenderContext {
    var modelID: String
    var startedAt: Int64
    /// Now, on the same clock; also what a stamped text begins with.
    var now: Int64
    var firstByteAt: Int64
    /// Seconds since 1970, for formats that tell when an answer was made.
    var createdAt: Int64 = 0
    /// What formats give an answer as its id, behind a prefix of their own.
    var answerID = Planner.randomID(22)
    var isStamped = false
    /// Whether usage and latency are told.
    var hasMetrics = true

    var latencyMs: Int { Int((now - startedAt) / 1_000_000) }
    var firstByteLatencyMs: Int { Int((firstByteAt - startedAt) / 1_000_000) }

    /// The text of a delta, with its sending time where that is wanted. The length stays where it can.
    func text(_ piece: [UInt8]) -> String {
        guard isStamped else { return String(decoding: piece, as: UTF8.self) }
        let digits = "\(now)"
        let stamp = "@" + String(repeating: "0", count: max(19 - digits.utf8.count, 0)) + digits + "|"
        return stamp + String(decoding: piece.dropFirst(stamp.utf8.count), as: UTF8.self)
    }
}

/// How one route, and one family of models on it, writes an answer.
protocol AnswerFormat {
    /// The events of a step; none for a step that the format does not know.
    func events(_ step: Step, of answer: Answer, _ context: RenderContext) -> [StreamEvent]
    /// Whether clients take the answer as complete for this step's event.
    func completes(_ step: Step) -> Bool
    /// The answer in one piece.
    func whole(_ answer: Answer, _ context: RenderContext) -> JSONValue
    /// A failure in the format's own words; nil where it has none.
    func failure(named name: String, message: String) -> JSONValue?
    /// Whether there are models of this format that stream.
    var streams: Bool { get }
}

extension AnswerFormat {
    /// Most formats end with one chunk that has everything.
    func completes(_ step: Step) -> Bool {
        if case .metadata = step { return true }
        return false
    }

    func failure(named name: String, message: String) -> JSONValue? { nil }

    var streams: Bool { true }
}
