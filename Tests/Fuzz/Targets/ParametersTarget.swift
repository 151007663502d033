import BedrockCore

/// The first byte chooses the operation, the rest is a request's parameters.
func fuzzParameters(_ input: Bytes) -> [String] {
    guard let first = input.first else { return [] }
    let operations = BedrockCore.Operation.allCases
    let operation = operations[Int(first) % operations.count]
    let params = Bytes(input.dropFirst())
    var faults = Faults()
    do throws(ArgumentError) {
        var body = ByteBuffer()
        let (modelID, options) = try RequestBuilder.splitParameters(params.span, operation: operation, into: &body)
        checkBody(body.array, operation, &faults)
        let head = try RequestBuilder.head(
            operation: operation, modelID: modelID.span, basePath: Bytes("/base").span, options: options)
        checkHead(head, modelID, operation, &faults)
    } catch {
        faults.expectLine(error.message, "a message")
        faults.expect(error.message.bytes.count < 1000, "a message of \(error.message.bytes.count) bytes")
    }
    return faults.list
}

private func checkBody(_ body: Bytes, _ operation: BedrockCore.Operation, _ faults: inout Faults) {
    do throws(ArgumentError) {
        try RequestBuilder.checkBody(body.span, operation: operation)
    } catch {
        faults.expect(false, "a body that is refused: \(error.message)")
    }
    guard !operation.isInvoke else { return }
    // Without a model id there is nothing left to take apart; with one it comes out again.
    var params = Bytes(#"{"modelId":"again""#.utf8)
    params += body.count > 2 ? Bytes(",") + body.dropFirst() : Bytes("}")
    var again = ByteBuffer()
    let split = try? RequestBuilder.splitParameters(params.span, operation: operation, into: &again)
    faults.expect(split?.modelID == Bytes("again") && again.array == body, "taken apart again, it is another body")
}

private func checkHead(
    _ head: RequestHead, _ modelID: Bytes, _ operation: BedrockCore.Operation, _ faults: inout Faults
) {
    let (start, end) = (Bytes("/base/model/"), Bytes("/") + Bytes(operation.suffix))
    faults.expect(head.path.starts(with: start) && head.path.suffix(end.count).elementsEqual(end), "another path")
    let label = Bytes(head.path.dropFirst(start.count).dropLast(end.count))
    faults.expect(decoded(label) == modelID, "another model")
    faults.expect(!label.contains(UInt8(ascii: "/")) && label.allSatisfy { 0x21...0x7E ~= $0 }, "a path's label")
    faults.expect(head.query.isEmpty && head.method == "POST", "another request")
    for header in head.headers {
        faults.expect(header.value.allSatisfy { ($0 >= 0x20 || $0 == 9) && $0 != 0x7F }, "a header's value")
    }
}

/// Percent-decoding, nil where it is malformed.
private func decoded(_ label: Bytes) -> Bytes? {
    var decoded: Bytes = []
    var rest = label[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            decoded.append(byte)
            continue
        }
        guard let high = rest.popFirst()?.hexDigitValue, let low = rest.popFirst()?.hexDigitValue else { return nil }
        decoded.append(high << 4 | low)
    }
    return decoded
}
