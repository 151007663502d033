/// Reads bodies that hold nothing but a text to go on with.
enum TextRequest {
    static func titan(_ text: JSONValue, _ body: JSONValue) throws(Refusal) -> Prompt {
        guard let text = text.string else { throw InvokeRequest.malformed("#/inputText: expected type: String") }
        let config = body["textGenerationConfig"]
        return try prompt(text, limit: config?["maxTokenCount"], stop: config?["stopSequences"])
    }

    /// A body with a `prompt`: of five makers, told apart by the model id, then by what only one of them has.
    static func read(_ body: JSONValue, maker: InvokeRequest.Maker?) throws(Refusal) -> (any AnswerFormat, Prompt) {
        guard let text = body["prompt"]?.string else {
            throw InvokeRequest.malformed("#/prompt: expected type: String")
        }
        switch maker ?? Self.maker(of: body) {
        case .meta: return (LlamaFormat(), try prompt(text, limit: body["max_gen_len"], stop: nil))
        case .ai21:
            return (JurassicFormat(), try prompt(text, limit: body["maxTokens"], stop: body["stopSequences"]))
        case .cohere:
            let format = CohereCommandFormat(isInPieces: body["stream"]?.bool == true)
            return (format, try prompt(text, limit: body["max_tokens"], stop: body["stop_sequences"]))
        case .mistral:
            return (CompletionFormat.mistral, try prompt(text, limit: body["max_tokens"], stop: body["stop"]))
        default: return (CompletionFormat.deepSeek, try prompt(text, limit: body["max_tokens"], stop: body["stop"]))
        }
    }

    private static func maker(of body: JSONValue) -> InvokeRequest.Maker {
        let marks: [(InvokeRequest.Maker, [String])] = [
            (.meta, ["max_gen_len", "images"]),
            (.ai21, ["maxTokens", "numResults", "topP", "countPenalty", "presencePenalty", "frequencyPenalty"]),
            (.cohere, ["stop_sequences", "p", "k", "return_likelihoods", "num_generations", "truncate", "stream"]),
        ]
        return marks.first { $0.1.contains { body[$0] != nil } }?.0 ?? .mistral
    }

    private static func prompt(_ text: String, limit: JSONValue?, stop: JSONValue?) throws(Refusal) -> Prompt {
        guard !text.isEmpty else { throw InvokeRequest.malformed("expected minLength: 1, actual: 0") }
        var prompt = Prompt()
        prompt.take([Turn(isAssistant: false, text: text, toolResults: [])])
        if let limit, !limit.isNull {
            guard let number = limit.integer, number >= 1 else {
                throw InvokeRequest.malformed("\(limit.text) is not greater or equal to 1")
            }
            prompt.maxTokens = number
        }
        prompt.stopSequences = InvokeRequest.strings(stop)
        return prompt
    }
}
