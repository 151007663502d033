import BedrockCore

/// Where results of tool calls change threads: the caller's bring them, the loop's fetches them.
final class AnswerDesk: ToolDesk, @unchecked Sendable {
    private struct Entry {
        let id: Bytes
        var isAnswered = false
    }

    private let monitor: Monitor
    // Under the monitor.
    private var entries: [Entry] = []
    private var answers: [ToolAnswer] = []
    private var isClosed = false
    /// How many answered calls of earlier rounds are remembered, to tell a second result from one for no call.
    private static let rememberedCount = 4096

    /// Nil without memory.
    init?() {
        guard let monitor = Monitor() else { return nil }
        self.monitor = monitor
    }

    // MARK: Any thread

    /// Takes the result of the oldest call with its id that has none.
    func leave(_ answer: ToolAnswer) -> ErrorCode {
        monitor.locked {
            if isClosed { return .state }
            if let open = entries.firstIndex(where: { !$0.isAnswered && $0.id == answer.id }) {
                entries[open].isAnswered = true
                answers.append(answer)
                return .ok
            }
            return entries.contains { $0.id == answer.id } ? .toolAnswered : .unknownToolCall
        }
    }

    // MARK: The loop's thread

    func expect(_ id: Bytes) {
        monitor.locked { entries.append(Entry(id: id)) }
    }

    func takeAnswers() -> [ToolAnswer] {
        monitor.locked {
            var taken: [ToolAnswer] = []
            swap(&taken, &answers)
            return taken
        }
    }

    func forget() {
        monitor.locked {
            answers.removeAll()
            entries.removeAll { !$0.isAnswered }
            let extra = entries.count &- Self.rememberedCount
            if extra > 0 { entries.removeFirst(extra) }
        }
    }

    func close() {
        monitor.locked {
            isClosed = true
            answers.removeAll()
            entries.removeAll()
        }
    }
}
