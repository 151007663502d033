/// What an answer is made from, whatever format the request had.
struct Prompt {
    struct Tool {
        var name: String
        var schema: JSONValue
    }

    enum ToolChoice {
        case auto
        case required
        case named(String)
        case none
    }

    /// The text of the last user message that holds text.
    var userText = ""
    /// What the tools of the last message answered.
    var toolResults: [String] = []
    /// How many tool results the whole conversation holds.
    var toolResultCount = 0
    /// How many turns of the conversation hold tool results.
    var toolRounds = 0
    /// What the assistant has said of this answer already: its turn was sent back to be gone on with.
    var spoken: String?
    /// The last message is the assistant's.
    var endsWithAssistant = false
    var tools: [Tool] = []
    var toolChoice = ToolChoice.auto
    var maxTokens: Int?
    var stopSequences: [String] = []
    /// Members of the request that the answer's metadata repeats.
    var metadata: [(String, JSONValue)] = []
    /// The model's own `stop_sequence` is to be told beside the stop reason.
    var wantsStopSequence = false
    /// What guardrails found is to be told.
    var wantsTrace = false
    /// Bytes of text in the request.
    var textBytes = 0

    /// About what a tokeniser makes of English.
    var inputTokens: Int { max(textBytes / 4, 1) }
}

/// One message of a conversation, as far as it matters for the answer.
struct Turn {
    var isAssistant: Bool
    var text: String
    var toolResults: [String]
    var toolUseIDs: [String] = []
    var toolResultIDs: [String] = []
}

extension Prompt {
    /// Takes over a conversation, which ends with a user's turn, or with an assistant's that is to be gone on with.
    mutating func take(_ turns: [Turn]) {
        for turn in turns {
            textBytes += turn.text.utf8.count
            for result in turn.toolResults { textBytes += result.utf8.count }
            toolResultCount += turn.toolResults.count
            if !turn.toolResults.isEmpty { toolRounds += 1 }
        }
        endsWithAssistant = turns.last?.isAssistant == true
        let users = turns.filter { !$0.isAssistant }
        userText = users.last { !$0.text.isEmpty }?.text ?? ""
        if !endsWithAssistant { toolResults = users.last?.toolResults ?? [] }
        takeSpoken(turns)
    }

    /// A cut answer comes back in one of two ways: as the beginning of the assistant's turn, or as a finished turn
    /// that the user asks to continue.
    private mutating func takeSpoken(_ turns: [Turn]) {
        guard let last = turns.last else { return }
        if last.isAssistant {
            spoken = last.text
        } else if turns.count >= 3, turns[turns.count - 2].isAssistant, last.toolResults.isEmpty,
            Self.asksForMore(last.text.lowercased())
        {
            spoken = turns[turns.count - 2].text
            userText = turns[turns.count - 3].text
        }
    }

    private static func asksForMore(_ text: String) -> Bool {
        text.contains("continue") || text.contains("go on")
    }
}
