import BedrockCore

/// Any bytes as JSON: what is valid says the same when it is written anew, and the same by every way of reading.
func fuzzJSON(_ input: Bytes) -> [String] {
    var faults = Faults()
    walkWithTolerance(input, &faults)
    guard let document = tokens(of: input, &faults) else { return faults.list }
    let again = tokens(of: write(document), &faults)
    faults.expect(again == document, "written anew it says something else")
    faults.expect(leaves(of: input) == leaves(document), "walked, it has other leaves")
    return faults.list
}

/// What a document says, without how it is written.
private enum Token: Equatable {
    case mark(UInt8)
    case key(Bytes)
    case string(Bytes)
    case number(Bytes)
    case word(Bool?)
}

/// Nil where the bytes are no JSON; then `validate` must say so too.
private func tokens(of input: Bytes, _ faults: inout Faults) -> [Token]? {
    var tokens: [Token] = []
    var failure: JSONError?
    do throws(JSONError) {
        var reader = JSONReader(input.span)
        while let token = try nextToken(&reader, &faults) {
            tokens.append(token)
            faults.expect(reader.offset <= input.count, "read beyond the end")
        }
        for _ in 0..<2 { faults.expect(try reader.next() == .end, "something behind the end") }
    } catch {
        failure = error
    }
    checkAgreement(failure, input, &faults)
    return failure == nil ? tokens : nil
}

private func checkAgreement(_ failure: JSONError?, _ input: Bytes, _ faults: inout Faults) {
    var validation: JSONError?
    do throws(JSONError) { try JSONReader.validate(input.span) } catch { validation = error }
    faults.expect(validation == failure, "validate: \(String(describing: validation))")
    if let failure {
        faults.expect(0...input.count ~= failure.offset, "a fault at \(failure.offset) of \(input.count)")
        faults.expectLine(failure.message, "a message")
    }
}

@_lifetime(reader: copy reader)
private func nextToken(_ reader: inout JSONReader, _ faults: inout Faults) throws(JSONError) -> Token? {
    switch try reader.next() {
    case .beginObject: return .mark(UInt8(ascii: "{"))
    case .endObject: return .mark(UInt8(ascii: "}"))
    case .beginArray: return .mark(UInt8(ascii: "["))
    case .endArray: return .mark(UInt8(ascii: "]"))
    case .key(let text): return .key(content(text, reader, &faults))
    case .string(let text): return .string(content(text, reader, &faults))
    case .number(let range): return .number(Bytes(copying: reader.raw(range)))
    case .bool(let bool): return .word(bool)
    case .null: return .word(nil)
    case .end: return nil
    }
}

private func content(_ text: JSONText, _ reader: borrowing JSONReader, _ faults: inout Faults) -> Bytes {
    let bytes = reader.bytes(of: text)
    faults.expectText(bytes, "a string")
    var buffer = ByteBuffer()
    reader.append(text, to: &buffer)
    faults.expect(buffer.array == bytes, "append and bytes differ")
    faults.expect(reader.isEqual(text, to: "text") == (String(bytes) == "text"), "isEqual and bytes differ")
    return bytes
}

private func write(_ tokens: [Token]) -> Bytes {
    var writer = JSONWriter()
    for token in tokens {
        switch token {
        case .mark(UInt8(ascii: "{")): writer.beginObject()
        case .mark(UInt8(ascii: "}")): writer.endObject()
        case .mark(UInt8(ascii: "[")): writer.beginArray()
        case .mark: writer.endArray()
        case .key(let name): writer.key(name.span)
        case .string(let text): writer.string(text)
        case .number(let digits): writer.raw(digits.span)
        case .word(let bool?): writer.bool(bool)
        case .word: writer.null()
        }
    }
    return writer.buffer.array
}

// MARK: Walking

/// Everything but names and brackets, in order.
private func leaves(_ tokens: [Token]) -> [Token] {
    tokens.filter {
        switch $0 {
        case .mark, .key: false
        default: true
        }
    }
}

private func leaves(of input: Bytes) -> [Token]? {
    var leaves: [Token] = []
    do throws(JSONError) {
        var reader = JSONReader(input.span)
        try walk(&reader, &leaves)
        return try reader.next() == .end ? leaves : nil
    } catch {
        return nil
    }
}

/// Through the walking calls; they tell a leaf from a container only by being asked.
@_lifetime(reader: copy reader)
private func walk(_ reader: inout JSONReader, _ leaves: inout [Token]) throws(JSONError) {
    var probe = reader
    if try probe.enterObject() {
        reader = probe
        while try reader.nextKey() != nil { try walk(&reader, &leaves) }
        return
    }
    probe = reader
    if try probe.enterArray() {
        reader = probe
        while try reader.nextElement() { try walk(&reader, &leaves) }
        return
    }
    probe = reader
    let range = try probe.skipValue()
    var isolated = JSONReader(reader.raw(range))
    var ignored = Faults()
    if let leaf = try nextToken(&isolated, &ignored) { leaves.append(leaf) }
    reader = probe
}

/// Looks for things that may not be there, as the decoder of events does; any bytes must do no harm.
private func walkWithTolerance(_ input: Bytes, _ faults: inout Faults) {
    do throws(JSONError) {
        var reader = JSONReader(input.span, maxDepth: 8)
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            switch key.end % 6 {
            case 0: _ = try reader.stringOrSkip()
            case 1: _ = try reader.integerOrSkip()
            case 2: _ = try reader.boolOrSkip()
            case 3:
                if try reader.enterArray() { while try reader.nextElement() { _ = try reader.stringOrSkip() } }
            case 4: faults.expect(try reader.skipValue().upperBound == reader.offset, "skipped to another place")
            default: break
            }
        }
    } catch {
        faults.expect(0...input.count ~= error.offset, "a fault at \(error.offset) of \(input.count)")
    }
}
