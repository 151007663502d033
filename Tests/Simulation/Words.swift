import BedrockCore

/// What simulated models say: words, runs of white space of every kind, characters of every length, and everything that
/// JSON has to escape.
enum Words {
    static let nudge = "Go on, please."

    private static let words: [Bytes] = [
        "the", "a", "of", "river", "answer", "ß", "naïve", "日本語", "👩‍👩‍👧", "e\u{301}", "\"", "\\", "{", "}", "0",
        "\u{7F}", "\u{FEFF}", "\u{1F600}", "aaaa", "aa", "a",
    ].map { Bytes($0.utf8) }

    private static let spaces: [Bytes] = [
        " ", " ", " ", " ", "  ", "\n", "\n\n", "\t", " \n ", "\u{3000}", "\u{A0}", "\u{2028}", "\r\n", "",
    ].map { Bytes($0.utf8) }

    static func piece(_ dice: inout Dice) -> Bytes {
        var text = Bytes()
        for _ in 0..<dice.within(1...3) {
            // White space before or behind a word, or alone.
            if dice.percent(60) { text += dice.pick(spaces) }
            if dice.percent(85) { text += dice.pick(words) }
        }
        return text
    }

    /// Pieces of a text, one of which may be long.
    static func pieces(_ count: Int, _ dice: inout Dice) -> [Bytes] {
        var pieces = (0..<count).map { _ in piece(&dice) }
        if count > 0, dice.percent(3) { pieces[dice.below(count)] = long(&dice) }
        return pieces
    }

    private static func long(_ dice: inout Dice) -> Bytes {
        let word = dice.pick(words)
        return (0..<dice.within(100...3000)).flatMap { _ in word }
    }
}
