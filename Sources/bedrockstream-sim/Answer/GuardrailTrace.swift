/// What guardrails found, and which model a prompt router chose.
enum GuardrailTrace {
    /// nil: nobody asked for it.
    static func members(_ prompt: Prompt, _ knobs: Knobs) -> JSONValue? {
        guard knobs.trace || prompt.wantsTrace else { return nil }
        let trace: JSONValue = ["guardrail": knobs.guardrail ? stopped : passed]
        return trace.with("promptRouter", knobs.trace ? ["invokedModelId": "sim.routed"] : nil)
    }

    private static let passed: JSONValue = [
        "inputAssessment": ["gr1example": words("NONE")], "actionReason": "No action.",
    ]

    private static let stopped: JSONValue = [
        "modelOutput": ["a river does not hurry"], "inputAssessment": ["gr1example": words("NONE")],
        "outputAssessments": ["gr1example": [words("BLOCKED").with("topicPolicy", topics)]],
        "actionReason": "Guardrail blocked.",
    ]

    private static let topics: JSONValue = [
        "topics": [["name": "rivers", "type": "DENY", "action": "BLOCKED", "detected": true]]
    ]

    private static func words(_ action: String) -> JSONValue {
        let word: JSONValue = ["match": "river", "action": .string(action), "detected": true]
        return ["wordPolicy": ["customWords": [word], "managedWordLists": []]]
    }
}
