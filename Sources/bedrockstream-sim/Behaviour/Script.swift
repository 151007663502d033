import BedrockCore

/// Rules from a file: the knobs of requests, by model id, by number, by what the user says.
final class Script {
    private struct Rule {
        /// A model id, or its beginning where it ends with "*".
        var model: String?
        /// The only request of this rule that it holds for, from 1.
        var nth: Int?
        /// The last user text holds this.
        var says: String?
        var then: [(String, String)]
        var seen = 0
    }

    enum Outcome {
        case loaded(Script)
        case refused(String)
    }

    private var rules: [Rule]

    private init(_ rules: [Rule]) {
        self.rules = rules
    }

    static func load(_ path: String?) -> Outcome {
        guard let path else { return .loaded(Script([])) }
        guard let bytes = TextFile.read(path, limit: 16 << 20) else { return .refused("cannot read \(path)") }
        do throws(JSONError) {
            return try load(JSONValue.parse(bytes), path)
        } catch {
            return .refused("\(path): \(error.message)")
        }
    }

    private static func load(_ document: JSONValue, _ path: String) throws(JSONError) -> Outcome {
        guard let entries = document.array else { return .refused("\(path): a list of rules is wanted") }
        var rules: [Rule] = []
        for (at, entry) in entries.enumerated() {
            let then = (entry["then"]?.members ?? []).map { ($0.0, $0.1.string ?? $0.1.text) }
            var knobs = Knobs()
            for (name, value) in then {
                if let problem = KnobTable.set(name, value, in: &knobs) {
                    return .refused("\(path): rule \(at): \(problem)")
                }
            }
            let match = entry["match"]
            rules.append(
                Rule(
                    model: match?["model"]?.string, nth: match?["nth"]?.integer, says: match?["says"]?.string,
                    then: then))
        }
        return .loaded(Script(rules))
    }

    /// Applies the first rule that holds.
    func apply(model: String, userText: String, to knobs: inout Knobs) {
        for at in rules.indices where Self.fits(rules[at].model, model) {
            if let words = rules[at].says, !userText.contains(words) { continue }
            rules[at].seen += 1
            if let nth = rules[at].nth, rules[at].seen != nth { continue }
            for (name, value) in rules[at].then { _ = KnobTable.set(name, value, in: &knobs) }
            return
        }
    }

    private static func fits(_ pattern: String?, _ model: String) -> Bool {
        guard let pattern else { return true }
        return pattern.last == "*" ? model.hasPrefix(pattern.dropLast()) : model == pattern
    }
}
