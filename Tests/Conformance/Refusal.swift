import BedrockCore

/// Why a request has no `ok`.
enum Refusal: Error {
    case unsupported
    /// `messages` is what was decoded before the error, as JSON.
    case failed(kind: StaticString, message: String, messages: Bytes? = nil)

    /// The request is not one that the protocol knows.
    static func malformed(_ message: String) -> Refusal {
        .failed(kind: "request", message: message)
    }
}
