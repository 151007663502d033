/// Credentials that a program prints, as a profile's `credential_process` names it.
enum ProcessSource {
    static func credentials(
        _ inquiry: Inquiry, _ section: ProfileSection, _ command: Profile.Value
    ) throws(Halt) -> ResolvedIdentity {
        let settings = inquiry.settings
        let words = try words(command, usesShell: settings.flag(.processShell))
        let limit = settings.integer(.processTimeout) &* 1_000_000
        let finding = try inquiry.find { Ask.process(words, limit: limit) }
        if let failure = finding.failure { throw .failed(command.origin, "the program \(failure)") }
        // What it printed may hold secrets whatever it is, and is never shown.
        guard finding.status == 0 else {
            throw .failed(command.origin, "the program ended with status \(finding.status)")
        }
        let output: Message = "\(command.origin): the program's output"
        if finding.isJSONObject, finding.integer("Version") != 1 {
            throw .failed(output, "has a Version that is not 1, or none")
        }
        let found = try finding.keys(output, token: "SessionToken", expiry: "Expiration", mayLast: true)
        if let expiry = found.expiry, expiry <= inquiry.startedAt { throw .failed(output, "has expired already") }
        return found.with(accountID: section["aws_account_id"]?.text, source: command.origin)
    }

    /// A program and its arguments.
    private static func words(_ command: Profile.Value, usesShell: Bool) throws(Halt) -> [Bytes] {
        if usesShell { return [Bytes("/bin/sh"), Bytes("-c"), command.text] }
        guard let words = ShellWords.split(command.text.span) else {
            throw .failed(command.origin, "a quote that is not closed, or a backslash with nothing behind it")
        }
        guard words.first?.isEmpty == false else { throw .failed(command.origin, "names no program") }
        return words
    }
}

/// Words of a command line as a POSIX shell splits them, without all that a shell would put in their place: variables,
/// patterns and operators are text. The rules are those of Python's shlex, by which botocore runs the same programs.
enum ShellWords {
    /// Nil where a quote is not closed, or a backslash is the last character.
    static func split(_ text: Span<UInt8>) -> [Bytes]? {
        var words: [Bytes] = []
        var word: Bytes?
        var quote: UInt8 = 0
        var at = 0
        while at < text.count {
            let byte = text[at]
            at &+= 1
            if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "'") {
                guard at < text.count else { return nil }
                // Between double quotes it stands for itself before anything else but these two.
                let isKept = quote != 0 && text[at] != UInt8(ascii: "\\") && text[at] != quote
                word = (word ?? []) + (isKept ? [byte, text[at]] : [text[at]])
                at &+= 1
            } else if byte == quote {
                quote = 0
            } else if quote == 0, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
                word = word ?? []
            } else if quote == 0, byte.isBlank {
                if let whole = word { words.append(whole) }
                word = nil
            } else {
                word = (word ?? []) + [byte]
            }
        }
        if let whole = word { words.append(whole) }
        return quote == 0 ? words : nil
    }
}
