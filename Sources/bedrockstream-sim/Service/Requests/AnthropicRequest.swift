/// Reads a body in the format of Anthropic's Messages, and refuses what the API refuses, in its words.
enum AnthropicRequest {
    static func prompt(_ body: JSONValue) throws(Refusal) -> Prompt {
        guard let limit = body["max_tokens"]?.integer else { throw .validation("max_tokens: Field required") }
        guard limit >= 1 else { throw .validation("max_tokens: must be greater than or equal to 1") }
        guard let version = body["anthropic_version"]?.string else {
            throw .validation("anthropic_version: Field required")
        }
        guard version.hasPrefix("bedrock-") else { throw .validation("Invalid API version") }
        guard let messages = body["messages"]?.array, !messages.isEmpty else {
            throw .validation("messages: at least one message is required")
        }
        var prompt = Prompt()
        var turns: [Turn] = []
        for (at, message) in messages.enumerated() { turns.append(try turn(message, at)) }
        try ConversationRules.checkAnthropic(turns)
        prompt.take(turns)
        prompt.maxTokens = limit
        prompt.stopSequences = InvokeRequest.strings(body["stop_sequences"])
        prompt.textBytes += InvokeRequest.text(body["system"]).utf8.count
        takeTools(body, into: &prompt)
        return prompt
    }

    private static func turn(_ message: JSONValue, _ at: Int) throws(Refusal) -> Turn {
        guard let role = message["role"]?.string, role == "user" || role == "assistant" else {
            throw .validation("messages.\(at).role: Input should be 'user' or 'assistant'")
        }
        guard let content = message["content"], content.string != nil || content.array != nil else {
            throw .validation("messages.\(at).content: Field required")
        }
        var turn = Turn(isAssistant: role == "assistant", text: InvokeRequest.text(content), toolResults: [])
        for (index, block) in (content.array ?? []).enumerated() {
            try take(block, "messages.\(at).content.\(index)", into: &turn)
        }
        return turn
    }

    private static func take(_ block: JSONValue, _ place: String, into turn: inout Turn) throws(Refusal) {
        guard let type = block["type"]?.string else { throw .validation("\(place).type: Field required") }
        switch (type, turn.isAssistant) {
        case ("tool_use", true), ("server_tool_use", true):
            guard let id = block["id"]?.string else { throw .validation("\(place).\(type).id: Field required") }
            guard block["name"]?.string != nil else { throw .validation("\(place).\(type).name: Field required") }
            guard block["input"]?.members != nil else {
                throw .validation("\(place).\(type).input: Input should be a valid dictionary")
            }
            if type == "tool_use" { turn.toolUseIDs.append(id) }
        case ("tool_result", false):
            guard let id = block["tool_use_id"]?.string else {
                throw .validation("\(place).tool_result.tool_use_id: Field required")
            }
            turn.toolResultIDs.append(id)
            turn.toolResults.append(InvokeRequest.text(block["content"]))
        case ("thinking", true):
            guard let signature = block["signature"]?.string else {
                throw .validation("\(place).thinking.signature: Field required")
            }
            guard signature == Planner.signature else {
                throw .validation("\(place): Invalid `signature` in `thinking` block")
            }
        case ("text", _):
            guard block["text"]?.string?.isEmpty == false else {
                throw .validation("messages: text content blocks must be non-empty")
            }
        default: break
        }
    }

    private static func takeTools(_ body: JSONValue, into prompt: inout Prompt) {
        for tool in body["tools"]?.array ?? [] {
            guard let name = tool["name"]?.string else { continue }
            let schema = tool["input_schema"] ?? [:]
            prompt.tools.append(Prompt.Tool(name: name, schema: schema))
            prompt.textBytes += name.utf8.count + schema.text.utf8.count
        }
        switch body["tool_choice"]?["type"]?.string {
        case "any": prompt.toolChoice = .required
        case "none": prompt.toolChoice = .none
        case "tool": prompt.toolChoice = .named(body["tool_choice"]?["name"]?.string ?? "")
        default: break
        }
    }
}
