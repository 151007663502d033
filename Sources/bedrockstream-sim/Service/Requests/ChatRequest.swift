/// Reads a body in the format of chat completion, OpenAI's, Mistral's and AI21's alike.
enum ChatRequest {
    /// Whether a body that names no format looks like one of these: members and roles that others do not have.
    static func isMeant(by body: JSONValue) -> Bool {
        let own = ["max_completion_tokens", "reasoning_effort", "response_format", "stream_options", "n", "stop"]
        if own.contains(where: { body[$0] != nil }) { return true }
        if (body["tools"]?.array ?? []).contains(where: { $0["function"] != nil }) { return true }
        let roles = (body["messages"]?.array ?? []).compactMap { $0["role"]?.string }
        return roles.contains { $0 == "system" || $0 == "developer" || $0 == "tool" }
    }

    static func prompt(_ body: JSONValue) throws(Refusal) -> Prompt {
        guard let messages = body["messages"]?.array, !messages.isEmpty else {
            throw .validation("[] is too short - 'messages'")
        }
        var prompt = Prompt()
        var turns: [Turn] = []
        for (at, message) in messages.enumerated() { try take(message, at, into: &turns, &prompt) }
        guard !turns.isEmpty else { throw .validation("messages: there is no message of the user") }
        try ConversationRules.checkChat(turns)
        prompt.take(turns)
        prompt.maxTokens = body["max_completion_tokens"]?.integer ?? body["max_tokens"]?.integer
        if let limit = prompt.maxTokens, limit < 1 {
            throw .validation("max_tokens must be at least 1, got \(limit).")
        }
        prompt.stopSequences = InvokeRequest.strings(body["stop"])
        takeTools(body, into: &prompt)
        return prompt
    }

    private static func take(
        _ message: JSONValue, _ at: Int, into turns: inout [Turn], _ prompt: inout Prompt
    ) throws(Refusal) {
        let text = InvokeRequest.text(message["content"])
        switch message["role"]?.string {
        case "system", "developer": prompt.textBytes += text.utf8.count
        case "user": turns.append(Turn(isAssistant: false, text: text, toolResults: []))
        case "assistant":
            var turn = Turn(isAssistant: true, text: text, toolResults: [])
            for (index, call) in (message["tool_calls"]?.array ?? []).enumerated() {
                turn.toolUseIDs.append(try id(of: call, "messages[\(at)].tool_calls[\(index)]"))
            }
            turns.append(turn)
        case "tool":
            guard let id = message["tool_call_id"]?.string else {
                throw .validation(
                    "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.")
            }
            takeResult(id, text, into: &turns)
        default:
            throw .validation(
                "messages[\(at)].role: Input should be 'system', 'developer', 'user', 'assistant' or 'tool'")
        }
    }

    private static func id(of call: JSONValue, _ place: String) throws(Refusal) -> String {
        guard let id = call["id"]?.string, let function = call["function"], function["name"]?.string != nil else {
            throw .validation("\(place): id and function.name are required")
        }
        let arguments = Array((function["arguments"]?.string ?? "").utf8)
        guard let parsed = try? JSONValue.parse(arguments), parsed.members != nil else {
            throw .validation("\(place).function.arguments: Input should be a JSON object as a string")
        }
        return id
    }

    /// The results of one round are one turn, though each is a message.
    private static func takeResult(_ id: String, _ text: String, into turns: inout [Turn]) {
        if turns.last.map({ $0.isAssistant || $0.toolResults.isEmpty }) ?? true {
            turns.append(Turn(isAssistant: false, text: "", toolResults: []))
        }
        turns[turns.count - 1].toolResults.append(text)
        turns[turns.count - 1].toolResultIDs.append(id)
    }

    private static func takeTools(_ body: JSONValue, into prompt: inout Prompt) {
        for tool in body["tools"]?.array ?? [] {
            guard let name = tool["function"]?["name"]?.string else { continue }
            let schema = tool["function"]?["parameters"] ?? [:]
            prompt.tools.append(Prompt.Tool(name: name, schema: schema))
            prompt.textBytes += name.utf8.count + schema.text.utf8.count
        }
        switch body["tool_choice"]?.string {
        case "any", "required": prompt.toolChoice = .required
        case "none": prompt.toolChoice = .none
        default:
            if let name = body["tool_choice"]?["function"]?["name"]?.string { prompt.toolChoice = .named(name) }
        }
    }
}
