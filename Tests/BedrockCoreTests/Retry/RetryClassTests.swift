import Testing

@testable import BedrockCore

@Suite struct RetryClasses {
    private func answered(_ code: String?, _ status: Int, _ rules: RetryRules = RetryRules()) -> RetryClass {
        let name = code.map { Bytes($0.utf8) }
        let text = name ?? []
        var failure = Failure(ErrorCode.forService(code: text.span, status: status), .response, "")
        failure.httpStatus = status
        failure.service.code = name
        return RetryClass(for: failure, rules)
    }

    @Test(
        "what is no answer of the service",
        arguments: [
            (.resolve, .transient), (.connect, .transient), (.transport, .transient), (.incomplete, .transient),
            (.timeoutConnect, .transient), (.timeoutFirstByte, .transient), (.timeoutBetweenBytes, .transient),
            (.timeoutTotal, .none), (.tls, .none), (.protocol, .none), (.limit, .none), (.cancelled, .none),
            (.memory, .none), (.argument, .none), (.config, .none), (.region, .none), (.credentials, .none),
            (.endpoint, .none), (.signing, .none), (.closed, .none), (.forked, .none), (.ok, .none),
        ] as [(ErrorCode, RetryClass)])
    func codes(_ code: ErrorCode, _ expected: RetryClass) {
        #expect(RetryClass(for: Failure(code, .request, ""), RetryRules()) == expected)
    }

    @Test(
        "exceptions of the model",
        arguments: [
            ("ThrottlingException", 429, .throttling), ("ModelNotReadyException", 429, .transient),
            ("InternalServerException", 500, .transient), ("ServiceUnavailableException", 503, .transient),
            ("ValidationException", 400, .none), ("AccessDeniedException", 403, .none),
            ("ResourceNotFoundException", 404, .none), ("ServiceQuotaExceededException", 400, .none),
            ("ModelTimeoutException", 408, .none), ("ModelErrorException", 424, .none),
            ("ModelStreamErrorException", 424, .none), ("ThrottlingException", 400, .throttling),
            ("ThrottlingException", 503, .throttling), ("ModelNotReadyException", 503, .transient),
            ("ValidationException", 429, .none), ("ValidationException", 503, .transient),
            ("InternalServerException", 400, .none),
        ] as [(String, Int, RetryClass)])
    func modelled(_ code: String, _ status: Int, _ expected: RetryClass) {
        #expect(answered(code, status) == expected)
    }

    @Test(
        "codes of the front door",
        arguments: [
            ("SlowDown", 503, .throttling), ("TooManyRequestsException", 400, .throttling),
            ("PriorRequestNotComplete", 400, .throttling), ("RequestTimeout", 400, .transient),
            ("RequestTimeoutException", 408, .transient), ("InternalFailure", 500, .transient),
            ("AccessDenied", 429, .throttling), ("ExpiredTokenException", 403, .none),
            ("RequestTimeTooSkewed", 403, .none), ("RequestExpired", 400, .none), ("Unheard", 400, .none),
            ("Unheard", 429, .throttling), ("Unheard", 502, .transient),
        ] as [(String, Int, RetryClass)])
    func frontDoor(_ code: String, _ status: Int, _ expected: RetryClass) {
        #expect(answered(code, status) == expected)
    }

    @Test func statusAlone() {
        for status in -1...700 {
            let expected: RetryClass =
                [500, 502, 503, 504].contains(status) ? .transient : status == 429 ? .throttling : .none
            #expect(answered(nil, status) == expected)
            #expect(answered("", status) == expected)
        }
    }

    @Test("what the caller decides")
    func policies() {
        var rules = RetryRules()
        for (policy, expected) in [(.error, .none), (.retry, .transient), (.halveMaxTokens, .transient)]
            as [(ModelTimeoutPolicy, RetryClass)]
        {
            rules.onModelTimeout = policy
            #expect(answered("ModelTimeoutException", 408, rules) == expected)
            #expect(answered("ModelStreamErrorException", 424, rules) == .none)
        }
        rules.retriesModelStreamErrors = true
        #expect(answered("ModelStreamErrorException", 424, rules) == .transient)
        #expect(answered("ModelErrorException", 424, rules) == .none)
    }
}
