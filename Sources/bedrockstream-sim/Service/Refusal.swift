/// An error of the service: its name, status and words.
struct Refusal: Error {
    var name: String
    var status: Int
    var message: String

    static func validation(_ message: String) -> Refusal {
        Refusal(name: "ValidationException", status: 400, message: message)
    }

    static func notFound(_ message: String) -> Refusal {
        Refusal(name: "ResourceNotFoundException", status: 404, message: message)
    }

    /// As the service sends it: the name in a header, the message in the body.
    var reply: Reply {
        let body = JSONValue.object([("message", .string(message))])
        return Reply(
            status: status,
            headers: [
                Header(name: "Content-Type", value: "application/json"),
                Header(name: "x-amzn-ErrorType", value: name),
            ],
            body: .bytes(body.bytes))
    }

    /// The status that the service gives to an exception of this name, and the other way round.
    static let statuses: [(name: String, status: Int)] = [
        ("ValidationException", 400), ("ServiceQuotaExceededException", 400), ("AccessDeniedException", 403),
        ("UnrecognizedClientException", 403), ("ExpiredTokenException", 403), ("InvalidSignatureException", 403),
        ("ResourceNotFoundException", 404), ("ModelTimeoutException", 408), ("ModelErrorException", 424),
        ("ModelStreamErrorException", 424), ("ThrottlingException", 429), ("ModelNotReadyException", 429),
        ("InternalServerException", 500), ("ServiceUnavailableException", 503),
    ]

    static func name(forStatus status: Int) -> String? {
        let usual = [
            400: "ValidationException", 403: "AccessDeniedException", 424: "ModelErrorException",
            429: "ThrottlingException",
        ]
        return usual[status] ?? statuses.first { $0.status == status }?.name
    }
}
