import BedrockCore
import Recording

/// The first byte says how the response ends (1: the connection fails) and how the body is torn; then the lines of the
/// head, an empty line, and the body.
func fuzzHeads(_ input: Bytes) -> [String] {
    guard let flags = input.first else { return [] }
    let (lines, body) = split(Bytes(input.dropFirst()))
    var recorder = StreamRecorder()
    recorder.head = []
    if flags & 1 != 0 { recorder.ending = .transport(.other, "the connection was reset") }
    // Not strings: a head may hold any bytes.
    recorder.headBytes = lines
    let whole = recorder.record(body.isEmpty ? [] : [body])
    let torn = recorder.record(body.torn(flags))
    var faults = Faults(list: whole.faults + torn.faults)
    faults.expect(whole.end?.failure?.code == torn.end?.failure?.code, "torn, it fails otherwise")
    guard let end = whole.end else { return faults.list + ["no end"] }
    faults.expectLine(end.requestID, "a request id")
    if let failure = end.failure {
        faults.expectLine(failure.message, "a message")
        faults.expectLine(failure.serviceCode, "a service's code")
        faults.expect(0...999 ~= failure.status, "status \(failure.status)")
        if failure.status != 200 { faults.expect(whole == torn, "torn, it is another answer") }
    } else {
        faults.expect(lines.contains { String(decoding: $0, as: UTF8.self).contains("200") }, "success without 200")
        faults.expect(!body.isEmpty && flags & 1 == 0, "success without a body")
    }
    checkErrorParser(lines, body, &faults)
    return faults.list
}

private func split(_ bytes: Bytes) -> (lines: [Bytes], body: Bytes) {
    var lines: [Bytes] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Bytes(rest[..<end])
        rest = rest[(end + 1)...]
        lines.append(line)
        if line.isEmpty || line == [0x0D] { break }
    }
    return (lines, Bytes(rest))
}

/// Names and words of errors are clean and have a bound, whatever they are made from.
private func checkErrorParser(_ lines: [Bytes], _ body: Bytes, _ faults: inout Faults) {
    let headers = lines.map { HTTPHeader("X-Amzn-ErrorType", $0) }
    let type = lines.first ?? []
    let errors = [
        ErrorParser.parse(status: 400, headers: headers, body: body.span),
        ErrorParser.parse(status: 500, headers: [], body: body.span),
        ErrorParser.parseException(type: type.span, payload: body.span),
    ]
    for error in errors {
        for text in [error.code, error.message, error.originalMessage, error.resourceName] {
            guard let text else { continue }
            faults.expectText(text, "a text of an error")
            faults.expect(text.count <= Limits.errorTextLength, "a text of \(text.count) bytes")
        }
        if let code = error.code { faults.expectLine(String(code), "a code") }
        if let code = error.code { faults.expect(!code.isEmpty, "an empty code") }
        faults.expect(error.originalStatus.map { 100...599 ~= $0 } ?? true, "an original status")
        let name = error.code ?? []
        faults.expect(ErrorCode.forService(code: name.span, status: 400) != .ok, "an error that is none")
    }
}
