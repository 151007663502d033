/// What the service demands of the order of a conversation, in its own words and in those of the models' makers.
enum ConversationRules {
    static func check(_ turns: [Turn]) throws(Refusal) {
        guard turns.first?.isAssistant == false else {
            throw .validation(
                "A conversation must start with a user message. "
                    + "Try again with a conversation that starts with a user message.")
        }
        for at in turns.indices.dropFirst() {
            guard turns[at].isAssistant != turns[at - 1].isAssistant else {
                throw .validation(
                    "A conversation must alternate between user and assistant roles. "
                        + "Make sure the conversation alternates between user and assistant roles and try again.")
            }
        }
        for at in turns.indices {
            if let id = turns[at].toolUseIDs.firstRepeated {
                throw .validation("The toolUse blocks at messages.\(at).content contain duplicate Ids: \(id)")
            }
            if !turns[at].isAssistant { try checkResults(turns[at], after: at > 0 ? turns[at - 1].toolUseIDs : [], at) }
        }
        if let last = turns.last, last.isAssistant, !last.toolUseIDs.isEmpty {
            try checkResults(Turn(isAssistant: false, text: "", toolResults: []), after: last.toolUseIDs, turns.count)
        }
    }

    /// Every tool call is answered in the turn that follows it, and nothing else is.
    private static func checkResults(_ turn: Turn, after calls: [String], _ at: Int) throws(Refusal) {
        let open = calls.filter { !turn.toolResultIDs.contains($0) }
        guard open.isEmpty else {
            throw .validation(
                "Expected toolResult blocks at messages.\(at).content for the following Ids: "
                    + open.joined(separator: ", "))
        }
        guard turn.toolResultIDs.count <= calls.count else {
            throw .validation(
                "The number of toolResult blocks at messages.\(at).content exceeds the number of toolUse blocks "
                    + "of previous turn.")
        }
    }

    /// Anthropic's words for the same.
    static func checkAnthropic(_ turns: [Turn]) throws(Refusal) {
        for at in turns.indices {
            if turns[at].toolUseIDs.firstRepeated != nil {
                throw .validation("messages.\(at).content: `tool_use` ids must be unique")
            }
            if let id = turns[at].toolResultIDs.firstRepeated {
                throw .validation(
                    "messages.\(at).content: each tool_use must have a single result. "
                        + "Found multiple `tool_result` blocks with id: \(id)")
            }
            let calls = at > 0 ? turns[at - 1].toolUseIDs : []
            if let id = turns[at].toolResultIDs.first(where: { !calls.contains($0) }) {
                throw .validation(
                    "messages.\(at).content: unexpected `tool_use_id` found in `tool_result` blocks: \(id). Each "
                        + "`tool_result` block must have a corresponding `tool_use` block in the previous message.")
            }
            let answers = at + 1 < turns.count ? turns[at + 1].toolResultIDs : []
            let open = turns[at].toolUseIDs.filter { !answers.contains($0) }
            guard open.isEmpty else {
                throw .validation(
                    "messages.\(at): `tool_use` ids were found without `tool_result` blocks immediately after: "
                        + open.joined(separator: ", ") + ". Each `tool_use` block must have a corresponding "
                        + "`tool_result` block in the next message.")
            }
        }
    }

    /// Chat completion's words: the results of a turn have been gathered from messages of the role tool.
    static func checkChat(_ turns: [Turn]) throws(Refusal) {
        for at in turns.indices {
            let calls = at > 0 ? turns[at - 1].toolUseIDs : []
            let results = turns[at].toolResultIDs
            guard results.allSatisfy(calls.contains), results.firstRepeated == nil else {
                throw .validation(
                    "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.")
            }
            let answers = at + 1 < turns.count ? turns[at + 1].toolResultIDs : []
            let open = turns[at].toolUseIDs.filter { !answers.contains($0) }
            guard open.isEmpty else {
                throw .validation(
                    "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                        + "'tool_call_id'. The following tool_call_ids did not have response messages: "
                        + open.joined(separator: ", "))
            }
        }
    }
}

extension Array where Element == String {
    /// The first element that has come before.
    fileprivate var firstRepeated: String? {
        indices.first { self[..<$0].contains(self[$0]) }.map { self[$0] }
    }
}
