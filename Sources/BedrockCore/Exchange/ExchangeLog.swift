// What a call tells its client's log. No line holds a key, a token or a signature.
extension Exchange {
    func logSent(_ request: PreparedRequest) {
        shared.log(.debug) {
            """
            POST \(request.url), attempt \(retries.number)/\(settings.retry.allowedAttempts); \
            signed: \(request.canonicalRequest)
            """
        }
    }

    func logPlan(_ plan: Plan) {
        guard let failure = attempt.failure else { return }
        shared.log(.warning) {
            """
            attempt \(retries.number)/\(settings.retry.allowedAttempts) failed: \(failure.code.name): \
            \(failure.message); goes on in \(plan.delay / 1_000_000) ms
            """
        }
    }

    func logEnd() {
        guard let failure = attempt.failure else {
            return shared.log(.info) { "stream of \(modelID) is complete" }
        }
        shared.log(failure.code == .cancelled ? .info : .error) {
            "stream of \(modelID) failed: \(failure.code.name): \(failure.message)"
        }
    }
}

/// Text with headers in it, as a canonical request, for people to read.
enum CanonicalText {
    private static let secretHeaders: [StaticString] = [
        "x-amz-security-token:", "x-amz-sso_bearer_token:", "cookie:", "x-api-key:", "dpop:",
    ]

    /// One line of it all, with strokes for line ends. Headers that carry secrets lose their values, also where a
    /// service has shown them and the line ends are blanks.
    static func redacted(_ text: Bytes) -> Message {
        let span = text.span
        var message: Message = ""
        var (start, at) = (0, 0)
        while at < span.count {
            let rest = span.extracting(at...)
            let header = secretHeaders.first { rest.startsIgnoringCase($0) }
            guard header != nil || span[at] == 0x0A else {
                at &+= 1
                continue
            }
            message.append(span.extracting(start..<at))
            message += header.map { "\($0)REDACTED" } ?? " | "
            at = header.map { endOfValue(span, at &+ $0.utf8CodeUnitCount) } ?? at &+ 1
            start = at
        }
        message.append(span.extracting(start...))
        return message.singleLine
    }

    /// A blank ends it, but for those between cookies.
    private static func endOfValue(_ text: Span<UInt8>, _ start: Int) -> Int {
        var at = start
        while at < text.count, text[at] > 0x20 || text[at] == 0x20 && text[at &- 1] == UInt8(ascii: ";") { at &+= 1 }
        return at
    }
}
