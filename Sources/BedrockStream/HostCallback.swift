import BedrockCore
import BedrockIO
import CBedrockStream

/// Asks the host by its callback.
final class HostCallback: IdentityHost {
    let kinds: HostKinds
    private let callback: brs_on_question
    private let user: UnsafeMutableRawPointer?

    init(_ kinds: UInt32, _ callback: @escaping brs_on_question, _ user: UnsafeMutableRawPointer?) {
        self.kinds = HostKinds(rawValue: kinds)
        self.callback = callback
        self.user = user
    }

    func ask(_ kind: HostKinds, _ detail: Bytes, _ question: HostQuestion) {
        let handle = handOut(QuestionHandle(kind, question), as: brs_question.self)
        (detail + [0]).withUnsafeBytes { text in
            let text = text.baseAddress?.assumingMemoryBound(to: CChar.self)
            callback(user, brs_question_kind(kind.rawValue), text, handle)
        }
    }
}

final class QuestionHandle {
    let kind: HostKinds
    private let question: HostQuestion

    init(_ kind: HostKinds, _ question: HostQuestion) {
        self.kind = kind
        self.question = question
    }

    /// It is the parent's client that asks.
    var isForked: Bool { question.isForked }

    func answer(_ finding: Finding) {
        question.answer(finding)
    }
}
