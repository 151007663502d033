import BedrockCore
import BedrockIO
import CBedrockStream

/// Asks the caller about failures, whatever way he takes the events.
final class FailureCallback: FailureJudge {
    private let onFailure: brs_on_failure
    private let user: UnsafeMutableRawPointer?
    /// What the callback is given; set before the stream is started.
    var handle: UnsafeMutablePointer<brs_stream>?

    /// Nil when the caller does not want to be asked. Not a failing initialiser: those of classes leak the object in
    /// Embedded Swift 6.3.
    static func make(_ request: brs_request) -> FailureCallback? {
        request.on_failure.map { FailureCallback($0, request.on_failure_user) }
    }

    private init(_ onFailure: @escaping brs_on_failure, _ user: UnsafeMutableRawPointer?) {
        self.onFailure = onFailure
        self.user = user
    }

    func judge(_ plan: NoticeView) -> Verdict {
        let verdict = brs_retry.with(plan) { onFailure(user, handle, $0.pointee.error, $0) }
        return Verdict(rawValue: Int32(truncatingIfNeeded: verdict.rawValue)) ?? .asPlanned
    }
}
