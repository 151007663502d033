import BedrockCore

/// Where the caller's threads leave results of tool calls. It does what the library's own does (`AnswerDesk.swift`),
/// without its lock.
final class Desk: ToolDesk {
    private var entries: [(id: Bytes, isAnswered: Bool)] = []
    private var answers: [ToolAnswer] = []
    private var isClosed = false
    unowned(unsafe) let call: Call

    init(_ call: Call) {
        self.call = call
    }

    /// Takes the result of the oldest call with its id that has none.
    func leave(_ answer: ToolAnswer) -> ErrorCode {
        if isClosed { return .state }
        if let open = entries.firstIndex(where: { !$0.isAnswered && $0.id == answer.id }) {
            entries[open].isAnswered = true
            answers.append(answer)
            return .ok
        }
        return entries.contains { $0.id == answer.id } ? .toolAnswered : .unknownToolCall
    }

    func expect(_ id: Bytes) {
        call.watch.require(call.tuning.isAutomatic, "results are wanted only where they are sent", String(id))
        entries.append((id, false))
    }

    func takeAnswers() -> [ToolAnswer] {
        defer { answers = [] }
        return answers
    }

    func forget() {
        answers = []
        entries.removeAll { !$0.isAnswered }
    }

    func close() {
        answers = []
        entries = []
        isClosed = true
    }
}
