/// Reads the body of InvokeModel and InvokeModelWithResponseStream: its format is the model's own, told by its members.
enum InvokeRequest {
    enum Format {
        case anthropic
        case nova
        case titan
    }

    static func read(_ body: JSONValue) throws(Refusal) -> (Format, Prompt) {
        guard body.members != nil else { throw malformed("the body is no JSON object") }
        if let text = body["inputText"] {
            guard let text = text.string else { throw malformed("#/inputText: expected type: String") }
            return (.titan, titan(text, body["textGenerationConfig"]))
        }
        let isNova = body["schemaVersion"] != nil || body["inferenceConfig"] != nil
        if isNova { return (.nova, try ConverseRequest.prompt(withTypedTools(body))) }
        guard body["messages"] != nil else {
            throw malformed("#: required key [messages] not found, nor inputText or schemaVersion")
        }
        return (.anthropic, try anthropic(body))
    }

    static func malformed(_ what: String) -> Refusal {
        .validation("Malformed input request: \(what), please reformat your input and try again.")
    }

    /// Nova's own format is Converse's, but for the name of one limit.
    private static func withTypedTools(_ body: JSONValue) -> JSONValue {
        guard case .object(let members) = body, let limit = body["inferenceConfig"]?["max_new_tokens"] else {
            return body
        }
        let config = (body["inferenceConfig"]?.members ?? []) + [("maxTokens", limit)]
        return .object(members.filter { $0.0 != "inferenceConfig" } + [("inferenceConfig", .object(config))])
    }

    private static func titan(_ text: String, _ config: JSONValue?) -> Prompt {
        var prompt = Prompt()
        prompt.take([Turn(isAssistant: false, text: text, toolResults: [])])
        prompt.maxTokens = config?["maxTokenCount"]?.integer
        prompt.stopSequences = strings(config?["stopSequences"])
        return prompt
    }

    private static func strings(_ value: JSONValue?) -> [String] {
        (value?.array ?? []).compactMap { $0.string }.filter { !$0.isEmpty }
    }
}

// MARK: - Anthropic's Messages

extension InvokeRequest {
    private static func anthropic(_ body: JSONValue) throws(Refusal) -> Prompt {
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
        prompt.take(turns)
        prompt.maxTokens = limit
        prompt.stopSequences = strings(body["stop_sequences"])
        prompt.textBytes += text(body["system"]).utf8.count
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
        let results = (content.array ?? []).filter { $0["type"]?.string == "tool_result" }
        return Turn(
            isAssistant: role == "assistant", text: text(content), toolResults: results.map { text($0["content"]) })
    }

    /// The text of a string, or of a list of blocks.
    private static func text(_ content: JSONValue?) -> String {
        if let text = content?.string { return text }
        return (content?.array ?? []).compactMap { $0["text"]?.string }.joined()
    }

    private static func takeTools(_ body: JSONValue, into prompt: inout Prompt) {
        for tool in body["tools"]?.array ?? [] {
            guard let name = tool["name"]?.string else { continue }
            let schema = tool["input_schema"] ?? .object([])
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
