/// Reads a body in the format of Cohere's Command R: one message, and what was said before beside it.
enum CohereRequest {
    static func prompt(_ body: JSONValue) throws(Refusal) -> Prompt {
        guard let message = body["message"]?.string else {
            throw InvokeRequest.malformed("#/message: expected type: String")
        }
        var turns: [Turn] = []
        for entry in body["chat_history"]?.array ?? [] {
            let isAssistant = entry["role"]?.string == "CHATBOT"
            let results = try results(entry["tool_results"])
            if results.isEmpty, entry["message"]?.string == nil { continue }
            turns.append(Turn(isAssistant: isAssistant, text: entry["message"]?.string ?? "", toolResults: results))
        }
        let results = try results(body["tool_results"])
        guard !message.isEmpty || !results.isEmpty else {
            throw .validation(
                "invalid request: message must be at least 1 token long or tool results must be specified.")
        }
        turns.append(Turn(isAssistant: false, text: message, toolResults: results))
        var prompt = Prompt()
        prompt.take(turns)
        prompt.maxTokens = body["max_tokens"]?.integer
        prompt.stopSequences = InvokeRequest.strings(body["stop_sequences"])
        for tool in body["tools"]?.array ?? [] {
            guard let name = tool["name"]?.string else { continue }
            prompt.tools.append(Prompt.Tool(name: name, schema: schema(tool["parameter_definitions"])))
        }
        return prompt
    }

    private static func results(_ value: JSONValue?) throws(Refusal) -> [String] {
        var texts: [String] = []
        for (at, result) in (value?.array ?? []).enumerated() {
            guard result["call"]?["name"]?.string != nil, result["call"]?["parameters"]?.members != nil else {
                throw .validation(
                    "invalid request: tool_results[\(at)].call must have a name and an object of parameters")
            }
            guard let outputs = result["outputs"]?.array, !outputs.isEmpty else {
                throw .validation("invalid request: tool_results[\(at)].outputs must be a list of objects")
            }
            texts.append(outputs.map { $0.text }.joined(separator: " "))
        }
        return texts
    }

    /// Cohere's definitions of parameters, which have the names of Python's types, as a JSON schema.
    private static func schema(_ definitions: JSONValue?) -> JSONValue {
        let types = ["str": "string", "int": "integer", "float": "number", "bool": "boolean", "dict": "object"]
        let parameters = definitions?.members ?? []
        let properties = parameters.map { name, definition -> (String, JSONValue) in
            let type = (definition["type"]?.string ?? "str").lowercased()
            return (name, ["type": .string(types[type] ?? (type.hasPrefix("list") ? "array" : "string"))])
        }
        let required = parameters.filter { $0.1["required"]?.bool == true }.map { JSONValue.string($0.0) }
        return ["type": "object", "properties": .object(properties), "required": .array(required)]
    }
}
