/// What the service demands of the order of a conversation.
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
        for at in turns.indices where !turns[at].isAssistant {
            try checkResults(turns[at], after: at > 0 ? turns[at - 1].toolUseIDs : [], at)
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
}
