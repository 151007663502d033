/// The knobs in a model id. They begin behind "sim.", which may follow something real-looking: names and values, "." or
/// "-" between two knobs, "-" or "=" before a value. A version may follow: "us.sim.pieces-50.stamp-v1:0".
enum ModelID {
    enum Outcome {
        case knobs(Knobs)
        case unknownModel
        case refused(String)
    }

    static func parse(_ id: String) -> Outcome {
        let bytes = Array(id.utf8)
        guard let start = knobStart(bytes) else { return .knobs(Knobs()) }
        let settings = bytes[start...].prefix { $0 != colon }.split(separator: UInt8(ascii: "."))
        let words = settings.flatMap { setting in
            setting.split(omittingEmptySubsequences: false) { separators.contains($0) }.map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        if words == ["unknown"] { return .unknownModel }
        var knobs = Knobs()
        var at = 0
        while at < words.count {
            let name = words[at]
            at += 1
            if isVersion(name) { continue }
            guard let knob = KnobTable.byName[name] else { return .refused("there is no knob '\(name)'") }
            var value = "true"
            if knob.value != nil {
                guard at < words.count else { return .refused("knob '\(name)' needs a value") }
                value = words[at]
                at += 1
            }
            if let problem = KnobTable.set(name, value, in: &knobs) { return .refused(problem) }
        }
        return .knobs(knobs)
    }

    private static let colon = UInt8(ascii: ":")
    private static let separators = Array("-=".utf8)
    private static let mark = Array("sim.".utf8)

    /// Behind the last "sim." that stands at the beginning or behind a separator.
    private static func knobStart(_ id: [UInt8]) -> Int? {
        var at = id.count - mark.count
        while at >= 0 {
            let begins = at == 0 || Array("./:-".utf8).contains(id[at - 1])
            if begins, id[at..<at + mark.count] == mark[...] { return at + mark.count }
            at -= 1
        }
        return nil
    }

    private static func isVersion(_ word: String) -> Bool {
        word.first == "v" && word.count > 1 && word.dropFirst().allSatisfy { $0.isNumber }
    }
}
