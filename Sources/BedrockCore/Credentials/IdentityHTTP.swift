extension Inquiry {
    /// The file at `path`, which must be there.
    func read(_ source: Message, _ path: Bytes) throws(Halt) -> Finding {
        let finding = try find { Ask.file(path) }
        if let failure = finding.failure { throw .failed(source, "\"\(path, upTo: 200)\" \(failure)") }
        return finding
    }

    /// Sends a request, up to so many times where another try may help, `pause` nanoseconds apart. With `wantsJSON` a
    /// good answer is a JSON object.
    func send(
        _ request: IdentityRequest, tries: Int, pause: Int64, wantsJSON: Bool = true
    ) throws(Halt) -> Finding {
        var left = tries
        while true {
            let finding = try find { Ask.http(request) }
            left &-= 1
            guard left > 0, finding.isTransient || wantsJSON && finding.status == 200 && !finding.isJSONObject else {
                return finding
            }
            if pause > 0 { _ = try find { Ask.wait(pause) } }
        }
    }
}

extension Finding {
    /// The same request may meet with another answer.
    fileprivate var isTransient: Bool { failure != nil || status >= 500 || status == 429 || status == 408 }

    /// What an error's answer calls itself, by any of the names that services have for that.
    var errorCode: Bytes? { text("error") ?? text("code") ?? text("__type") }
}

extension Halt {
    /// There was no answer, or another than was asked for: "source: status 403, AccessDenied: not you".
    @inline(never)
    static func refused(_ source: Message, _ finding: Finding, _ advice: Message = "") -> Halt {
        if let failure = finding.failure { return .failed(source, failure) }
        var wrong: Message = "status \(finding.status)"
        if let code = finding.errorCode { wrong += ", \(code, upTo: 100)" }
        if let message = finding.text("message") ?? finding.text("error_description") {
            wrong += ": \(message, upTo: 300)"
        }
        return .failed(source, wrong + advice)
    }
}
