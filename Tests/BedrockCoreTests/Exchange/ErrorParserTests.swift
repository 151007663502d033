import Foundation
import Testing

@testable import BedrockCore

private func parse(status: Int = 400, header: String? = nil, _ body: String) -> ServiceError {
    let headers = header.map { [HTTPHeader(name: Bytes("X-Amzn-ErrorType"), value: Bytes($0.utf8))] } ?? []
    return ErrorParser.parse(status: status, headers: headers, body: Bytes(body.utf8).span)
}

private func text(_ bytes: Bytes?) -> String? { bytes.map { String($0) } }

@Suite struct ErrorAnswers {
    @Test(
        arguments: [
            ("FooError", nil, "FooError"), ("FooError:http://internal.amazon.com/coral/", nil, "FooError"),
            ("aws.protocoltests#FooError:http://internal/#x", nil, "FooError"), ("a#b#FooError", nil, "FooError"),
            (nil, #"{"__type":"FooError"}"#, "FooError"), (nil, #"{"__type":"a.b#FooError:http://c"}"#, "FooError"),
            (nil, #"{"code":"a#FooError"}"#, "FooError"), (nil, #"{"Code":"FooError"}"#, "FooError"),
            (nil, #"{"__type":"X","code":"FooError"}"#, "FooError"),
            (nil, #"{"code":1,"__type":"FooError"}"#, "FooError"),
            (nil, #"{"code":"","__type":"FooError"}"#, "FooError"),
            ("FooError", #"{"code":"X","__type":"Y"}"#, "FooError"),
            ("", #"{"code":"FooError"}"#, "FooError"), (nil, #"{"a":{"__type":"X","code":"Y"}}"#, nil),
            (nil, #"[{"__type":"X"}]"#, nil), (nil, "", nil), (nil, "<html>", nil), ("#", "{}", nil), (":x", "{}", nil),
            (nil, #"{"\u0063ode":"Foo\u0045rror"}"#, "FooError"), (nil, #"{"code":"X\n"}"#, "X"),
            (nil, #"{"code":"X\u0007Y"}"#, nil),
            (nil, #"{"code":"X","code":"FooError"}"#, "FooError"),
        ] as [(String?, String?, String?)])
    func code(_ header: String?, _ body: String?, _ expected: String?) {
        #expect(text(parse(header: header, body ?? "").code) == expected)
    }

    @Test(
        arguments: [
            (#"{"message":"a"}"#, "a"), (#"{"Message":"a"}"#, "a"), (#"{"Message":"b","message":"a"}"#, "a"),
            (#"{"message":1,"Message":"a"}"#, "a"), (#"{"message":null}"#, nil), (#"{"message":{"message":"a"}}"#, nil),
            ("", nil), ("  ", nil), ("<html>a</html>", nil), ("upstream connect error\n", "upstream connect error"),
            ("{}", nil), (#"{"message":"a","#, "a"), (#"{"message":"a"#, nil), ("\u{0}", nil),
        ] as [(String, String?)])
    func message(_ body: String, _ expected: String?) {
        #expect(text(parse(body).message) == expected)
    }

    @Test func originals() {
        let error = parse(
            status: 424, header: "ModelErrorException",
            #"{"originalStatusCode":503,"originalMessage":"m","resourceName":"r","message":"x"}"#)
        #expect(error.originalStatus == 503 && text(error.originalMessage) == "m" && text(error.resourceName) == "r")
        for status in ["99", "600", "5e2", "\"503\"", "-503", "99999999999999999999", "null", "[503]"] {
            #expect(parse(#"{"originalStatusCode":\#(status)}"#).originalStatus == nil, "\(status)")
        }
    }

    @Test func longTextsAreCutBetweenCharacters() {
        let euro = String(repeating: "€", count: Limits.errorTextLength)
        for body in [#"{"message":"\#(euro)"}"#, #"{"message":"a\#(euro)"}"#, #"{"message":"ab\#(euro)"}"#, euro] {
            let message = parse(body).message ?? []
            #expect(message.count <= Limits.errorTextLength && message.count > Limits.errorTextLength - 3)
            #expect(String(validating: message, as: UTF8.self) != nil)
        }
    }

    @Test func notUTF8() {
        let bytes: Bytes = [0x61, 0xFF]
        #expect(ErrorParser.parse(status: 500, headers: [], body: bytes.span) == ServiceError())
        let headers = [HTTPHeader("x-amzn-errortype", bytes)]
        #expect(ErrorParser.parse(status: 500, headers: headers, body: Bytes().span) == ServiceError())
    }

    @Test(
        arguments: [
            ("throttlingException", "ThrottlingException"), ("ThrottlingException", "ThrottlingException"),
            ("a", "A"), ("", nil), ("ünknown", "ünknown"),
        ] as [(String, String?)])
    func exceptionInAStream(_ type: String, _ code: String?) {
        let error = ErrorParser.parseException(
            type: Bytes(type.utf8).span, payload: Bytes(#"{"p":"abc","message":"m"}"#).span)
        #expect(text(error.code) == code && text(error.message) == "m")
    }

    @Test(arguments: ["", "{", "null", "\u{0}"])
    func exceptionWithoutAPayload(_ payload: String) {
        let error = ErrorParser.parseException(type: Bytes("aException").span, payload: Bytes(payload.utf8).span)
        #expect(error == ServiceError(code: Bytes("AException")))
    }
}

private func code(_ name: String?, _ status: Int) -> ErrorCode {
    guard let name else { return ErrorCode.forService(code: nil, status: status) }
    return ErrorCode.forService(code: Bytes(name.utf8).span, status: status)
}

@Suite struct ErrorCodes {
    @Test(arguments: [
        ("ValidationException", 400, ErrorCode.validation, false), ("AccessDeniedException", 403, .accessDenied, false),
        ("ResourceNotFoundException", 404, .notFound, false),
        ("ServiceQuotaExceededException", 400, .quotaExceeded, false),
        ("ModelTimeoutException", 408, .modelTimeout, false), ("ModelErrorException", 424, .modelError, false),
        ("ModelStreamErrorException", 424, .modelStream, false), ("ThrottlingException", 429, .throttled, true),
        ("ModelNotReadyException", 429, .modelNotReady, true), ("InternalServerException", 500, .internalServer, true),
        ("ServiceUnavailableException", 503, .serviceUnavailable, true),
    ])
    func exceptionsOfTheModel(_ name: String, _ status: Int, _ expected: ErrorCode, _ isRetryable: Bool) {
        #expect(code(name, 200) == expected)
        #expect(expected.modelledStatus == status)
        #expect(expected.isRetryable == isRetryable)
    }

    @Test(arguments: [
        ("InvalidSignatureException", ErrorCode.signature), ("SignatureDoesNotMatch", .signature),
        ("IncompleteSignature", .signature), ("ExpiredTokenException", .expiredToken), ("ExpiredToken", .expiredToken),
        ("RequestExpired", .signature), ("UnrecognizedClientException", .accessDenied),
        ("InvalidClientTokenId", .accessDenied), ("MissingAuthenticationToken", .accessDenied),
        ("AccessDenied", .accessDenied), ("AccessDeniedWhatever", .accessDenied), ("SlowDown", .throttled),
        ("TooManyRequestsException", .throttled), ("LimitExceededException", .throttled),
    ])
    func codesOfTheFrontDoor(_ name: String, _ expected: ErrorCode) {
        #expect(code(name, 400) == expected)
    }

    @Test(arguments: [
        (400, ErrorCode.service), (401, .accessDenied), (403, .accessDenied), (404, .notFound), (408, .service),
        (424, .service), (429, .throttled), (500, .internalServer), (501, .service), (502, .serviceUnavailable),
        (503, .serviceUnavailable), (504, .serviceUnavailable), (0, .service), (302, .service), (-1, .service),
    ])
    func statusDecidesWhereTheCodeIsUnknown(_ status: Int, _ expected: ErrorCode) {
        #expect(code(nil, status) == expected)
        #expect(code("Unheard", status) == expected)
        #expect(code("", status) == expected)
    }

    @Test func namesDiffer() {
        let names = ErrorCode.allCases.map { String(describing: $0.name) }
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.hasPrefix("BRS_E_") || $0 == "BRS_OK" })
        #expect(ErrorCode.allCases.filter { $0.modelledStatus > 0 }.allSatisfy { $0.rawValue >= 80 })
    }

    /// The C interface has the same names with the same numbers, and no other.
    @Test func numbersOfTheCInterface() throws {
        let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../..").standardized
        let header = root.appendingPathComponent("Sources/CBedrockStream/include/bedrockstream_codes.h")
        let text = try String(contentsOf: header, encoding: .utf8)
        var numbers: [String: Int32] = [:]
        for match in text.matches(of: #/^ +(BRS_OK|BRS_E_[A-Z_]+) = ([0-9]+)/#.anchorsMatchLineEndings()) {
            numbers[String(match.1)] = Int32(match.2)
        }
        let ours = ErrorCode.allCases.map { (String(describing: $0.name), $0.rawValue) }
        #expect(Dictionary(uniqueKeysWithValues: ours) == numbers)
    }
}
