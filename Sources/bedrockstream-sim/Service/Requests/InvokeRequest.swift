/// Reads the body of InvokeModel and InvokeModelWithResponseStream. Its format is the model's own, told by its members,
/// and by the model id where several makers call them the same.
enum InvokeRequest {
    static func read(_ body: JSONValue, model: String) throws(Refusal) -> (any AnswerFormat, Prompt) {
        guard body.members != nil else { throw malformed("the body is no JSON object") }
        if let text = body["inputText"] { return (TitanFormat(), try TextRequest.titan(text, body)) }
        if body["message"] != nil { return (CohereChatFormat(), try CohereRequest.prompt(body)) }
        if body["prompt"] != nil { return try TextRequest.read(body, maker: maker(model)) }
        guard body["messages"] != nil else {
            throw malformed("#: required key [messages] not found, nor prompt, inputText or schemaVersion")
        }
        return try conversation(body, maker: maker(model))
    }

    static func malformed(_ what: String) -> Refusal {
        .validation("Malformed input request: \(what), please reformat your input and try again.")
    }

    private static func conversation(
        _ body: JSONValue, maker: Maker?
    ) throws(Refusal) -> (any AnswerFormat, Prompt) {
        if body["schemaVersion"] != nil || body["inferenceConfig"] != nil {
            return (NovaFormat(), try ConverseRequest.prompt(withTypedTools(body)))
        }
        if body["anthropic_version"] != nil { return (AnthropicFormat(), try AnthropicRequest.prompt(body)) }
        switch maker {
        case .amazon: return (NovaFormat(), try ConverseRequest.prompt(withTypedTools(body)))
        case .mistral: return (MistralChatFormat(), try ChatRequest.prompt(body))
        case .ai21: return (ChatFormat(isJamba: true), try ChatRequest.prompt(body))
        case .chat, .deepSeek, .meta, .cohere: return (ChatFormat(), try ChatRequest.prompt(body))
        case nil where ChatRequest.isMeant(by: body): return (ChatFormat(), try ChatRequest.prompt(body))
        case .anthropic, nil: return (AnthropicFormat(), try AnthropicRequest.prompt(body))
        }
    }

    /// Nova's own format is Converse's, but for the name of one limit.
    private static func withTypedTools(_ body: JSONValue) -> JSONValue {
        guard case .object(let members) = body, let limit = body["inferenceConfig"]?["max_new_tokens"] else {
            return body
        }
        let config = (body["inferenceConfig"]?.members ?? []) + [("maxTokens", limit)]
        return .object(members.filter { $0.0 != "inferenceConfig" } + [("inferenceConfig", .object(config))])
    }

    static func strings(_ value: JSONValue?) -> [String] {
        if let one = value?.string { return one.isEmpty ? [] : [one] }
        return (value?.array ?? []).compactMap { $0.string }.filter { !$0.isEmpty }
    }

    /// The text of a string, or of a list of blocks.
    static func text(_ content: JSONValue?) -> String {
        if let text = content?.string { return text }
        return (content?.array ?? []).compactMap { $0["text"]?.string }.joined()
    }
}

// MARK: - Who made the model

extension InvokeRequest {
    enum Maker {
        case anthropic, amazon, meta, mistral, cohere, ai21, deepSeek
        /// Whoever else speaks chat completion.
        case chat
    }

    /// Words in model ids. Mistral's newer models speak chat completion, so they come first.
    private static let words: [(String, Maker)] = [
        ("pixtral", .chat), ("ministral", .chat), ("magistral", .chat), ("voxtral", .chat), ("devstral", .chat),
        ("anthropic", .anthropic), ("claude", .anthropic), ("amazon", .amazon), ("nova", .amazon), ("meta", .meta),
        ("llama", .meta), ("mistral", .mistral), ("mixtral", .mistral), ("cohere", .cohere), ("command", .cohere),
        ("ai21", .ai21), ("jamba", .ai21), ("jurassic", .ai21), ("deepseek", .deepSeek), ("openai", .chat),
        ("gpt", .chat), ("qwen", .chat), ("moonshot", .chat), ("kimi", .chat), ("minimax", .chat), ("nvidia", .chat),
        ("gemma", .chat), ("glm", .chat), ("zai", .chat), ("writer", .chat),
    ]

    /// The maker whose word is in the part of the id that holds no knobs.
    private static func maker(_ model: String) -> Maker? {
        let parts = model.lowercased().split { ".-/:_".contains($0) }.prefix { $0 != "sim" }
        return words.first { word in parts.contains { $0.hasPrefix(word.0) } }?.1
    }
}
