import BedrockCore
import BedrockIO
import CBedrockStream
import CSystem.Memory

/// Answers a question and frees it. An answer that comes when nobody waits for it any more, as behind the end of its
/// client, does nothing.
///
/// - Parameters:
///   - question: the question; gone when this returns BRS_OK, still to be answered after a failure.
///   - answer: what was asked for; copied. Where it has nothing of that, the next source is asked.
///   - diagnostic: (Optional) gets the reason of a failure.
/// - Returns: BRS_OK, BRS_E_MEMORY, BRS_E_FORKED, or BRS_E_ARGUMENT for what cannot be right: half a pair of keys,
///   control characters, more than 65,536 bytes (4,096 of an access key, 256 of an account).
@c(brs_question_answer)
public func brs_question_answer(
    _ question: UnsafeMutablePointer<brs_question>?, _ answer: UnsafePointer<brs_answer>?,
    _ diagnostic: UnsafeMutablePointer<brs_diagnostic>?
) -> brs_code {
    answering(diagnostic) { () throws(Refusal) in
        guard let handle = borrow(question, as: QuestionHandle.self) else { throw .null("question") }
        guard let answer else { throw .null("answer") }
        guard !handle.isForked else { throw .forked }
        try checkSize(answer.pointee.size, atLeast: MemoryLayout<brs_answer>.size, "answer")
        handle.answer(try finding(handle.kind, answer.pointee))
        _ = takeBack(question, as: QuestionHandle.self)
    }
}

/// Says that a question has no answer, and frees it: streams that wait for it end with BRS_E_CREDENTIALS, unless what
/// is known from before is still good.
///
/// - Parameters:
///   - question: the question; NULL does nothing.
///   - reason: (Optional) why, half a sentence for the error's message, NUL-terminated; copied.
@c(brs_question_fail)
public func brs_question_fail(_ question: UnsafeMutablePointer<brs_question>?, _ reason: UnsafePointer<CChar>?) {
    guard let handle = takeBack(question, as: QuestionHandle.self) else { return }
    var message: Message = "gave up"
    if let reason { message = reasonText(reason) }
    handle.answer(Finding(failure: message))
}

private func reasonText(_ reason: UnsafePointer<CChar>) -> Message {
    let length = strnlen(reason, 500)
    return reason.withMemoryRebound(to: UInt8.self, capacity: length) {
        Message(copying: Span(_unsafeStart: $0, count: length)).singleLine
    }
}

private func finding(_ kind: HostKinds, _ answer: brs_answer) throws(Refusal) -> Finding {
    let finding = Finding()
    switch kind {
    case .mfaCode:
        guard let code = try secretText(answer.mfa_code, "answer.mfa_code") else { throw .null("answer.mfa_code") }
        var bytes = ByteBuffer(isSecret: true)
        bytes.append(code.span)
        return Finding(bytes: bytes)
    case .token:
        if let token = try secretText(answer.token, "answer.token") {
            finding.identity = ResolvedIdentity(token: token, expiry: answer.expiry, source: "the host")
        }
    default: finding.identity = try credentials(answer)
    }
    return finding
}

private func credentials(_ answer: brs_answer) throws(Refusal) -> ResolvedIdentity? {
    let id = try optionalText(answer.access_key_id, "answer.access_key_id", limit: 4096)
    let secret = try secretText(answer.secret_access_key, "answer.secret_access_key")
    guard let id, let secret else {
        if id == nil, secret == nil { return nil }
        throw Refusal(BRS_E_ARGUMENT, "answer: access_key_id and secret_access_key go together, one of them is NULL")
    }
    guard !id.isEmpty, !id.span.hasControlCharacter else {
        throw Refusal(BRS_E_ARGUMENT, "answer.access_key_id: is empty or has a control character")
    }
    let token = try secretText(answer.session_token, "answer.session_token")
    let account = try optionalText(answer.account_id, "answer.account_id", limit: 256) ?? []
    guard !account.span.hasControlCharacter else { throw .control("answer.account_id") }
    return ResolvedIdentity(
        credentials: Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token),
        accountID: account, expiry: answer.expiry, source: "the host")
}

/// A text that nobody else should see; nil where there is none.
private func secretText(_ pointer: UnsafePointer<CChar>?, _ name: StaticString) throws(Refusal) -> Secret? {
    guard var bytes = try optionalText(pointer, name, limit: Limits.configValueLength), !bytes.isEmpty else {
        return nil
    }
    defer { bytes.wipe() }
    guard !bytes.span.hasControlCharacter else { throw .control(name) }
    return Secret(bytes)
}

extension Refusal {
    fileprivate static func control(_ name: StaticString) -> Refusal {
        Refusal(BRS_E_ARGUMENT, "\(name): has a control character")
    }
}

extension brs_answer {
    fileprivate var expiry: Int64? { expires_s == 0 ? nil : expires_s }
}
