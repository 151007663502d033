/// Reads the body of Converse and ConverseStream, and refuses what the service refuses.
enum ConverseRequest {
    static func prompt(_ body: JSONValue) throws(Refusal) -> Prompt {
        guard body.members != nil else { throw .validation("The request body must be a JSON object.") }
        guard let messages = body["messages"]?.array, !messages.isEmpty else {
            throw missing("messages")
        }
        var prompt = Prompt()
        var turns: [Turn] = []
        for (at, message) in messages.enumerated() { turns.append(try turn(message, at)) }
        try ConversationRules.check(turns)
        prompt.take(turns)
        try takeSystem(body["system"], into: &prompt)
        try takeInference(body["inferenceConfig"], into: &prompt)
        try takeTools(body["toolConfig"], into: &prompt)
        takeExtras(body, into: &prompt)
        if prompt.tools.isEmpty, prompt.toolResultCount > 0 {
            throw .validation("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
        }
        return prompt
    }

    private static func turn(_ message: JSONValue, _ at: Int) throws(Refusal) -> Turn {
        guard let role = message["role"]?.string else { throw missing("messages.\(at + 1).member.role") }
        guard role == "user" || role == "assistant" || role == "system" else {
            throw violation(
                "messages.\(at + 1).member.role", "'\(role)'", "satisfy enum value set: [user, assistant]")
        }
        guard let content = message["content"]?.array else { throw missing("messages.\(at + 1).member.content") }
        guard !content.isEmpty else {
            throw .validation(
                "The content field in the Message object at messages.\(at) is empty. "
                    + "Add a ContentBlock object to the content field and try again.")
        }
        var turn = Turn(isAssistant: role == "assistant", text: "", toolResults: [])
        for (index, block) in content.enumerated() { try take(block, "messages.\(at).content.\(index)", into: &turn) }
        return turn
    }

    private static func missing(_ place: String) -> Refusal {
        violation(place, "null", "not be null")
    }

    /// In the service's words for a value that the API's model does not allow.
    private static func violation(_ place: String, _ value: String, _ rule: String) -> Refusal {
        .validation(
            "1 validation error detected: Value \(value) at '\(place)' failed to satisfy constraint: "
                + "Member must \(rule)")
    }

    private static let blockKinds = [
        "text", "image", "document", "video", "audio", "toolUse", "toolResult", "guardContent", "cachePoint",
        "reasoningContent", "citationsContent", "searchResult", "toolAddition", "toolRemoval",
    ]

    private static func take(_ block: JSONValue, _ place: String, into turn: inout Turn) throws(Refusal) {
        let kinds = (block.members ?? []).filter { blockKinds.contains($0.0) && !$0.1.isNull }
        guard kinds.count == 1, let (kind, value) = kinds.first else {
            let keys = blockKinds.prefix(7).joined(separator: ", ")
            throw .validation("The ContentBlock object at \(place) must set one of the following keys: \(keys).")
        }
        switch kind {
        case "text":
            guard let text = value.string else {
                throw .validation("The text field in the ContentBlock object at \(place) must be a string.")
            }
            guard text.contains(where: { !$0.isWhitespace }) else {
                throw .validation(
                    "The text field in the ContentBlock object at \(place) is blank. "
                        + "Add text to the text field, and try again.")
            }
            turn.text += text
        case "toolUse":
            guard let id = value["toolUseId"]?.string, value["name"]?.string != nil else {
                throw .validation(
                    "The format of the value at \(place).toolUse is invalid. Provide toolUseId, name and input.")
            }
            guard value["input"]?.members != nil else {
                throw .validation(
                    "The format of the value at \(place).toolUse.input is invalid. "
                        + "Provide a json object for the field and try again.")
            }
            if value["type"] == nil { turn.toolUseIDs.append(id) }
        case "toolResult":
            guard let id = value["toolUseId"]?.string, let content = value["content"]?.array else {
                throw .validation(
                    "The format of the value at \(place).toolResult is invalid. Provide toolUseId and content.")
            }
            if turn.isAssistant { return }
            turn.toolResultIDs.append(id)
            turn.toolResults.append(content.map(resultText).joined(separator: " "))
        case "reasoningContent":
            let signature = value["reasoningText"]?["signature"]?.string
            guard signature == nil || signature == Planner.signature else {
                throw .validation("\(place): Invalid `signature` in `thinking` block")
            }
        default: break
        }
    }

    private static func resultText(_ content: JSONValue) -> String {
        content["text"]?.string ?? content["json"]?.text ?? "(\(content.members?.first?.0 ?? "nothing"))"
    }

    /// What the answer repeats from the request.
    private static func takeExtras(_ body: JSONValue, into prompt: inout Prompt) {
        prompt.metadata = ["performanceConfig", "serviceTier"].compactMap { name in
            body[name].flatMap { $0.isNull ? nil : (name, $0) }
        }
        let paths = (body["additionalModelResponseFieldPaths"]?.array ?? []).compactMap { $0.string }
        prompt.wantsStopSequence = paths.contains("/stop_sequence")
        prompt.wantsTrace = body["guardrailConfig"]?["trace"]?.string?.hasPrefix("enabled") == true
    }

    private static func takeSystem(_ system: JSONValue?, into prompt: inout Prompt) throws(Refusal) {
        guard let system, !system.isNull else { return }
        guard let blocks = system.array else { throw .validation("The system field must be a list of content blocks.") }
        for block in blocks { prompt.textBytes += block["text"]?.string?.utf8.count ?? 0 }
    }

    private static func takeInference(_ config: JSONValue?, into prompt: inout Prompt) throws(Refusal) {
        guard let config, !config.isNull else { return }
        if let limit = config["maxTokens"], !limit.isNull {
            guard let number = limit.integer, number >= 1 else {
                throw violation(
                    "inferenceConfig.maxTokens", "'\(limit.text)'", "have value greater than or equal to 1")
            }
            prompt.maxTokens = number
        }
        for name in ["temperature", "topP"] {
            guard case .number(let text)? = config[name], let number = Double(text), !(0...1 ~= number) else {
                continue
            }
            throw violation("inferenceConfig.\(name)", "'\(text)'", "have value between 0 and 1")
        }
        prompt.stopSequences = (config["stopSequences"]?.array ?? []).compactMap { $0.string }.filter { !$0.isEmpty }
    }

    private static func takeTools(_ config: JSONValue?, into prompt: inout Prompt) throws(Refusal) {
        guard let config, !config.isNull else { return }
        guard let tools = config["tools"]?.array, !tools.isEmpty else { throw missing("toolConfig.tools") }
        for (at, tool) in tools.enumerated() {
            guard let spec = tool["toolSpec"] else { continue }
            guard let name = spec["name"]?.string, !name.isEmpty, let schema = spec["inputSchema"]?["json"] else {
                throw missing("toolConfig.tools.\(at + 1).member.toolSpec")
            }
            guard name.utf8.count <= 64, name.utf8.allSatisfy(\.isToolNameCharacter) else {
                throw violation(
                    "toolConfig.tools.\(at + 1).member.toolSpec.name", "'\(name)'",
                    "satisfy regular expression pattern: [a-zA-Z0-9_-]+")
            }
            prompt.tools.append(Prompt.Tool(name: name, schema: schema))
            prompt.textBytes += name.utf8.count + schema.text.utf8.count
        }
        if config["toolChoice"]?["any"] != nil { prompt.toolChoice = .required }
        if let name = config["toolChoice"]?["tool"]?["name"]?.string { prompt.toolChoice = .named(name) }
    }
}

extension UInt8 {
    /// [a-zA-Z0-9_-]
    fileprivate var isToolNameCharacter: Bool {
        (self | 0x20) &- 97 < 26 || self &- 48 < 10 || self == 95 || self == 45
    }
}
