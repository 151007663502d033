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
