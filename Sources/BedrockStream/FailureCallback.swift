import BedrockCore
import BedrockIO
import CBedrockStream

/// Asks the caller about failures, whatever way he takes the events.
final class FailureCallback: FailureJudge {
    private let onFailure: brs_on_failure
    private let user: UnsafeMutableRawPointer?
    /// What the callback is given; set before the stream is started.
    var handle: UnsafeMutablePointer<brs_stream>?

    /// Nil when the caller does not want to be asked.
    init?(_ request: brs_request) {
        guard let onFailure = request.on_failure else { return nil }
        self.onFailure = onFailure
        user = request.on_failure_user
    }

    func judge(_ plan: NoticeView) -> Verdict {
        let verdict = brs_retry.with(plan) { onFailure(user, handle, $0.pointee.error, $0) }
        return Verdict(rawValue: Int32(truncatingIfNeeded: verdict.rawValue)) ?? .asPlanned
    }
}
