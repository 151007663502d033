import BedrockCore
import BedrockIO
import CBedrockStream

/// Finds out who a client's streams are sent by, as a check before the first of them: credentials are looked for as
/// that stream would do it, and kept for it.
///
/// - Parameters:
///   - client: the client.
///   - timeout_ms: how long to wait; 0 not at all, negative without limit other than `credentials.timeout_ms`.
///   - identity: gets what was found; its `size` must be set.
///   - diagnostic: (Optional) gets the reason of a failure: every source that was tried, and what it said.
/// - Returns: BRS_OK; BRS_E_TIMEOUT when it takes longer, the search goes on then; BRS_E_CREDENTIALS and other codes
///   that a stream would end with; BRS_E_ARGUMENT, BRS_E_FORKED, BRS_E_MEMORY, BRS_E_CANCELLED where the client is
///   freed meanwhile, or BRS_E_STATE inside a callback of the client, where nothing can be waited for.
@c(brs_client_identify)
public func brs_client_identify(
    _ client: UnsafeMutablePointer<brs_client>?, _ timeout_ms: Int64, _ identity: UnsafeMutablePointer<brs_identity>?,
    _ diagnostic: UnsafeMutablePointer<brs_diagnostic>?
) -> brs_code {
    answering(diagnostic) { () throws(Refusal) in
        guard let client = borrow(client, as: ClientHandle.self)?.client else { throw .null("client") }
        guard let identity else { throw .null("identity") }
        try checkSize(identity.pointee.size, atLeast: MemoryLayout<brs_identity>.size, "identity")
        guard !client.isForked else { throw .forked }
        guard !client.isOnLoopThread else { throw Refusal(BRS_E_STATE, "called inside a callback of the client") }
        let found: FoundIdentity?
        do throws(Failure) {
            found = try client.whoAsks(milliseconds: timeout_ms)
        } catch {
            throw Refusal(brs_code(UInt32(error.code.rawValue)), error.message)
        }
        guard let found else { throw Refusal(BRS_E_TIMEOUT, "not found out within timeout_ms=\(timeout_ms)") }
        identity.pointee.fill(found)
    }
}

extension brs_identity {
    fileprivate mutating func fill(_ found: FoundIdentity) {
        let resolved = found.resolved
        write(resolved?.source.bytes ?? Bytes("the configuration"), to: &source)
        write(resolved?.accountID ?? [], to: &account_id)
        expires_s = resolved?.expiry ?? 0
        switch found.identity {
        case .credentials(let credentials): write(credentials.accessKeyID, to: &access_key_id)
        default: write([], to: &access_key_id)
        }
        switch found.identity {
        case .credentials: scheme = BRS_SCHEME_SIGV4
        case .bearer: scheme = BRS_SCHEME_BEARER
        case .anonymous: scheme = BRS_SCHEME_NONE
        }
    }
}

/// As a C string, cut where it is too long.
private func write<Memory>(_ text: Bytes, to memory: inout Memory) {
    withUnsafeMutableBytes(of: &memory) { memory in
        let length = min(text.count, memory.count - 1)
        for at in 0..<length { memory[at] = text[at] }
        memory[length] = 0
    }
}
