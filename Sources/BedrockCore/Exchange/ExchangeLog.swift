// What a call tells its client's log. No line holds a key, a token or a signature.
extension Exchange {
    func logSent(_ request: PreparedRequest) {
        shared.log(.debug) {
            "POST \(request.url), attempt \(retries.number)/\(settings.retry.allowedAttempts); signed: "
                + CanonicalText.redacted(request.canonicalRequest)
        }
    }

    func logPlan(_ plan: Plan) {
        guard let failure = attempt.failure else { return }
        shared.log(.warning) {
            """
            attempt \(retries.number)/\(settings.retry.allowedAttempts) failed: \(failure.code.name): \
            \(failure.message.singleLine); goes on in \(plan.delay / 1_000_000) ms
            """
        }
    }

    func logEnd() {
        guard let failure = attempt.failure else {
            return shared.log(.info) { "stream of \(modelID) is complete" }
        }
        shared.log(failure.code == .cancelled ? .info : .error) {
            "stream of \(modelID) failed: \(failure.code.name): \(failure.message.singleLine)"
        }
    }
}

/// A canonical request for people to read.
enum CanonicalText {
    private static let secretHeaders: [StaticString] = [
        "x-amz-security-token:", "x-amz-sso_bearer_token:", "cookie:", "x-api-key:", "dpop:",
    ]

    /// The lines of headers that carry secrets lose their values.
    static func redacted(_ text: Bytes) -> Message {
        let span = text.span
        var message: Message = ""
        var start = 0
        while start < span.count {
            let end = span.firstIndex(of: 0x0A, from: start) ?? span.count
            let line = span.extracting(start..<end)
            message += start == 0 ? "" : " | "
            if let header = secretHeaders.first(where: { line.startsIgnoringCase($0) }) {
                message += "\(header)REDACTED"
            } else {
                message.append(line)
            }
            start = end &+ 1
        }
        return message
    }
}
