import BedrockCore
import CBedrockStream

/// Makes a signer of requests by AWS Signature Version 4.
///
/// - Parameter signer: where the new object's pointer goes; free it with `brs_signer_free`.
/// - Returns: BRS_OK, BRS_E_ARGUMENT or BRS_E_MEMORY.
@c(brs_signer_new)
public func brs_signer_new(_ signer: UnsafeMutablePointer<UnsafeMutablePointer<brs_signer>?>?) -> brs_code {
    guard let signer else { return BRS_E_ARGUMENT }
    guard let made = SignerState() else { return BRS_E_MEMORY }
    signer.pointee = handOut(made, as: brs_signer.self)
    return BRS_OK
}

/// Signs a request. The derived key is kept for the next call with the same secret, date, region and service.
///
/// - Parameters:
///   - signer: the signer.
///   - request: what to sign; read before this returns.
///   - signature: gets the headers to add; its `size` must be set. Lives until the signer's next call or its end.
///   - diagnostic: (Optional) gets the reason of a failure.
/// - Returns: BRS_OK, BRS_E_ARGUMENT, BRS_E_SIGNING or BRS_E_MEMORY.
@c(brs_signer_sign)
public func brs_signer_sign(
    _ signer: UnsafeMutablePointer<brs_signer>?, _ request: UnsafePointer<brs_signing_request>?,
    _ signature: UnsafeMutablePointer<brs_signature>?, _ diagnostic: UnsafeMutablePointer<brs_diagnostic>?
) -> brs_code {
    answering(diagnostic) { () throws(Refusal) in
        guard let state = borrow(signer, as: SignerState.self) else { throw .null("signer") }
        guard let request else { throw .null("request") }
        guard let signature else { throw .null("signature") }
        try checkSize(request.pointee.size, atLeast: MemoryLayout<brs_signing_request>.size, "request")
        try checkSize(signature.pointee.size, atLeast: MemoryLayout<brs_signature>.size, "signature")
        try state.sign(request.pointee)
        state.write(to: signature)
    }
}

/// Frees a signer and overwrites its keys.
///
/// - Parameter signer: the signer; NULL does nothing.
@c(brs_signer_free)
public func brs_signer_free(_ signer: UnsafeMutablePointer<brs_signer>?) {
    _ = takeBack(signer, as: SignerState.self)
}
