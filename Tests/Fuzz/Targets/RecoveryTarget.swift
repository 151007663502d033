import BedrockCore
import Recording

/// The first byte says how: 1 the invoke route, 2 by a nudge, 4 raw events. The rest is a request body, then the
/// attempts at an answer, each behind a line "--" and written as the decoder's target takes it. Every attempt is cut,
/// and the next goes on with it.
func fuzzRecovery(_ input: Bytes) -> [String] {
    guard let flags = input.first else { return [] }
    let sections = input.dropFirst().sections
    var faults = Faults()
    let original = Bytes(sections[0].joined(separator: [UInt8(ascii: "\n")]))
    checkMaxTokens(original, flags & 1 == 0 ? .converseStream : .invokeModelWithResponseStream, &faults)
    var call = FuzzedCall(original, flags)
    call.run(sections.dropFirst(), &faults)
    var other = FuzzedCall(original, flags ^ 4)
    other.run(sections.dropFirst(), &faults)
    faults.expect(call.text == other.text, "with raw events, it is another text")
    return faults.list
}

extension Sequence<UInt8> {
    fileprivate var sections: [[Bytes]] {
        lines.split(separator: Bytes("--"), omittingEmptySubsequences: false).map { Array($0) }
    }
}

private struct FuzzedCall: ~Copyable {
    let original: Bytes
    let operation: BedrockCore.Operation
    let isNudge: Bool
    private var attempt: Attempt
    /// The text of each block.
    private var texts: [Int32: Bytes] = [:]
    private var delivered: UInt64 = 0

    init(_ original: Bytes, _ flags: UInt8) {
        self.original = original
        operation = flags & 1 == 0 ? .converseStream : .invokeModelWithResponseStream
        isNudge = flags & 2 != 0
        attempt = Attempt(operation: operation, limits: TimeLimits(), wantsRaw: flags & 4 != 0, now: 1)
    }

    mutating func run(_ sections: ArraySlice<[Bytes]>, _ faults: inout Faults) {
        for lines in sections {
            attempt.started(now: 1)
            for line in StreamRecorder.streamHead { attempt.received(headLine: line.utf8.span, now: 1) }
            feed(lines.flatMap(message), &faults)
            attempt.transportFailed(TransportFailure(.other, "cut"), now: 1)
            if attempt.failure?.code == .limit { return }
            check(&faults)
            guard attempt.events.transcript.obstacle == nil else { return }
            attempt.renew(.continuation(isNudge: isNudge))
        }
    }

    /// Blocks are in the order of their index.
    var text: Bytes { texts.sorted { $0.key < $1.key }.flatMap(\.value) }

    private mutating func feed(_ bytes: Bytes, _ faults: inout Faults) {
        var position = 0
        while case .deliver = attempt.next(bytes.span, &position, now: 1) {
            let view = attempt.eventView
            if view.event.hasDelta { delivered += 1 }
            if view.event.hasDelta, view.event.deltaKind == .text {
                texts[view.event.blockIndex, default: []] +=
                    UnsafeBufferPointer(start: view.text.pointer, count: view.text.count)
            }
            let json = Bytes(UnsafeBufferPointer(start: view.json.pointer, count: view.json.count))
            faults.expect(
                json.isEmpty || view.event.kind == .other || view.event.kind == .tool || json.isDocument,
                "an event that is no JSON")
        }
    }

    private mutating func check(_ faults: inout Faults) {
        attempt.seal(modelID: [])
        let answer = attempt.resultView
        let kept = Bytes(UnsafeBufferPointer(start: answer.text.pointer, count: answer.text.count))
        faults.expect(kept == text, "the answer is not its deltas")
        faults.expect(answer.delivered == delivered, "another number of deltas")
        let details = answer.details
        let message = Bytes(UnsafeBufferPointer(start: details.message.pointer, count: details.message.count))
        faults.expect(message.isEmpty || message.isDocument, "a message that is no JSON")
        let all = Bytes(UnsafeBufferPointer(start: details.newMessages.pointer, count: details.newMessages.count))
        faults.expect(all.isDocument, "messages that are no JSON")
        do throws(ContinuationError) {
            let body = try ContinuationBody.make(
                original: original.span, operation: operation, transcript: attempt.events.transcript,
                asNudge: isNudge, nudge: Bytes("Go on.").span)
            checkBody(body.array, &faults)
        } catch {
            faults.expectLine(error.message, "a message")
        }
    }

    /// Everything but the conversation is as it was, and of that all but its end.
    private func checkBody(_ body: Bytes, _ faults: inout Faults) {
        faults.expect(body.isDocument, "a body that is no JSON")
        let (old, new) = (Members(original), Members(body))
        faults.expect(old.others == new.others, "another member has changed")
        let (count, more) = (old.messages.count, new.messages.count - old.messages.count)
        faults.expect(0...2 ~= more, "\(more) messages more")
        faults.expect(
            new.messages.count >= count
                && new.messages.prefix(max(count - 1, 0)) == old.messages.prefix(max(count - 1, 0)),
            "an earlier message has changed")
        faults.expect(original.isContained(in: body), "something of the request is gone")
        if text.isEmpty { faults.expect(body == original, "nothing was sent back, but the body is another") }
    }
}

/// A request's members as they are written, and its messages.
private struct Members {
    var others: [Bytes] = []
    var messages: [Bytes] = []

    init(_ body: Bytes) {
        do throws(JSONError) {
            var reader = JSONReader(body.span)
            guard try reader.enterObject() else { return }
            while let key = try reader.nextKey() {
                others.append(Bytes(copying: reader.raw(key)))
                if reader.isEqual(key, to: "messages"), try reader.enterArray() {
                    while try reader.nextElement() {
                        messages.append(Bytes(copying: reader.raw(try reader.skipValue())))
                    }
                } else {
                    others.append(Bytes(copying: reader.raw(try reader.skipValue())))
                }
            }
        } catch {}
    }
}

private func checkMaxTokens(_ body: Bytes, _ operation: BedrockCore.Operation, _ faults: inout Faults) {
    guard let halved = MaxTokens.halved(body.span, operation: operation, floor: 16)?.array else { return }
    faults.expect(halved.isDocument && body.isDocument, "halved, a body is no JSON")
    var start = 0
    while start < min(body.count, halved.count), body[start] == halved[start] { start += 1 }
    var end = 0
    while end < min(body.count, halved.count) - start, body[body.count - 1 - end] == halved[halved.count - 1 - end] {
        end += 1
    }
    let isDigit = { (byte: UInt8) in UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
    faults.expect(
        body[start..<(body.count - end)].allSatisfy(isDigit)
            && halved[start..<(halved.count - end)].allSatisfy(isDigit),
        "more than a number has changed")
    faults.expect(halved.count <= body.count, "a number has grown")
}

extension Array where Element == UInt8 {
    fileprivate var isDocument: Bool {
        do throws(JSONError) {
            try JSONReader.validate(span)
            return true
        } catch {
            return false
        }
    }

    /// Whether all of it stands in `other`, in this order.
    fileprivate func isContained(in other: Bytes) -> Bool {
        var rest = self[...]
        for byte in other where byte == rest.first { rest.removeFirst() }
        return rest.isEmpty
    }
}
