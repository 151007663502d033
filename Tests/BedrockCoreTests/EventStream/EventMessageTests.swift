import Testing

@testable import BedrockCore

@Suite struct EventMessageTests {
    private func text(_ range: Range<Int>?, _ frame: [UInt8]) -> String? {
        range.map { String(decoding: frame[$0], as: UTF8.self) }
    }

    private func error(_ headers: [UInt8]...) -> FrameError? {
        do throws(FrameError) {
            _ = try parseMessage(rawFrame(headers: headers.flatMap { $0 }))
            return nil
        } catch {
            return error
        }
    }

    private let event = textHeader(":message-type", "event") + textHeader(":event-type", "x")

    @Test func anEvent() throws {
        let frame = FrameVectors.delta
        let message = try parseMessage(frame)
        #expect(message.kind == .event)
        #expect(text(message.type, frame) == "contentBlockDelta")
        #expect(text(message.contentType, frame) == "application/json")
        #expect(message.errorMessage == nil)
        #expect(text(message.payload, frame)?.hasPrefix("{\"contentBlockIndex\":0") == true)
        #expect(message.payload.upperBound == frame.count - 4)
    }

    @Test func anException() throws {
        let frame = FrameVectors.exception
        let message = try parseMessage(frame)
        #expect(message.kind == .exception)
        #expect(text(message.type, frame) == "throttlingException")
        #expect(text(message.payload, frame) == "{\"message\":\"slow down\"}")
    }

    @Test func anError() throws {
        let frame = FrameVectors.error
        let message = try parseMessage(frame)
        #expect(message.kind == .error)
        #expect(text(message.type, frame) == "InternalError")
        #expect(text(message.errorMessage, frame) == "it broke")
        #expect(message.contentType == nil)
        #expect(message.payload.isEmpty)
    }

    @Test("headers come in any order, and unknown ones of any type are passed over")
    func order() throws {
        let parts = [
            textHeader(":message-type", "event"), textHeader(":event-type", "x"), textHeader(":content-type", ""),
            rawHeader("a", 0), rawHeader("b", 1), rawHeader("c", 2, [1]), rawHeader("d", 3, [1, 2]),
            rawHeader("e", 4, [1, 2, 3, 4]), rawHeader("f", 5, [UInt8](repeating: 9, count: 8)),
            rawHeader("g", 6, [0, 1, 255]), rawHeader("h", 7, [0, 0]),
            rawHeader("i", 8, [UInt8](repeating: 9, count: 8)), rawHeader("j", 9, [UInt8](repeating: 9, count: 16)),
        ]
        for turn in parts.indices {
            let frame = rawFrame(headers: (parts[turn...] + parts[..<turn]).flatMap { $0 }, payload: [7])
            let message = try parseMessage(frame)
            #expect(message.kind == .event)
            #expect(text(message.type, frame) == "x")
            #expect(text(message.contentType, frame) == "")
            #expect(frame[message.payload] == [7])
        }
    }

    @Test func requiredHeaders() {
        #expect(error()?.kind == .missingHeader)
        #expect(error(textHeader(":event-type", "x"))?.header == .messageType)
        #expect(error(textHeader(":message-type", "event"))?.header == .eventType)
        #expect(
            error(textHeader(":message-type", "exception"), textHeader(":event-type", "x"))?.header == .exceptionType)
        #expect(error(textHeader(":message-type", "error"), textHeader(":event-type", "x"))?.header == .errorCode)
        #expect(error(textHeader(":message-type", "error"), textHeader(":error-code", "x")) == nil)
        #expect(
            error(textHeader(":message-type", "event"))?.message == "event stream, byte 0: :event-type is missing")
    }

    @Test("required headers must be texts, and the kind one of three")
    func requiredTexts() {
        for type: UInt8 in [0, 1] {
            #expect(error(rawHeader(":message-type", type), textHeader(":event-type", "x"))?.kind == .headerValue)
            #expect(error(textHeader(":message-type", "event"), rawHeader(":event-type", type))?.kind == .headerValue)
        }
        #expect(error(rawHeader(":message-type", 6, [0, 5] + Bytes("event")))?.kind == .headerValue)
        for text in ["", "events", "Event", "evenT", "errors", "exceptio"] {
            #expect(error(textHeader(":message-type", text), textHeader(":event-type", "x"))?.kind == .headerValue)
        }
        #expect(error(event, rawHeader(":content-type", 0), rawHeader(":error-message", 1)) == nil)
    }

    @Test("no name may come twice, known or not")
    func duplicates() {
        #expect(error(event, textHeader(":event-type", "x"))?.kind == .duplicateHeader)
        #expect(error(event, textHeader(":message-type", "event"))?.kind == .duplicateHeader)
        #expect(error(event, rawHeader(":error-code", 0), rawHeader(":error-code", 0))?.kind == .duplicateHeader)
        #expect(error(rawHeader("a", 0), event, rawHeader("a", 1))?.kind == .duplicateHeader)
        #expect(error(rawHeader("a", 0), event, rawHeader("b", 1), rawHeader("A", 1)) == nil)
        #expect(error(rawHeader("a", 0), rawHeader("b", 0), rawHeader("a", 0))?.offset == 12 + 3 + 3)
    }

    @Test("any one of many names that comes a second time is found")
    func manyNames() {
        var random = SeededRandom(for: "names")
        for _ in 0..<60 {
            let count = 2 + random.below(Limits.headerCount - 4)
            let names = (0..<count).map { "name \(random.below(4)) \($0)" }
            let headers = names.map { rawHeader($0, UInt8(random.below(2))) }
            #expect(error(event, headers.flatMap { $0 }) == nil)
            let (from, to) = (random.below(count), random.below(count))
            var twice = headers
            twice.insert(headers[from], at: to)
            #expect(error(event, twice.flatMap { $0 })?.kind == .duplicateHeader, "\(from) again at \(to)")
        }
    }

    @Test("all orders of up to five of five names")
    func fewNames() {
        for count in 2...5 {
            let many = (0..<count).reduce(1) { all, _ in all * 5 }
            for number in 0..<many {
                let names = sequence(state: number) { rest -> Int? in
                    defer { rest /= 5 }
                    return rest % 5
                }.prefix(count)
                let kind = error(event, names.flatMap { rawHeader("n\($0)", 0) })?.kind
                if (kind == .duplicateHeader) != (Set(names).count < count) {
                    Issue.record("\(Array(names)): \(String(describing: kind))")
                }
            }
        }
    }

    @Test("names that differ in one letter are different")
    func similarNames() {
        for length in 1...40 {
            let name = [UInt8](repeating: 97, count: length)
            for place in 0..<length {
                var other = name
                other[place] = 98
                #expect(error(event, [UInt8(length)] + name + [0], [UInt8(length)] + other + [0]) == nil)
            }
            #expect(error(event, [UInt8(length)] + name + [0, UInt8(length)] + name + [0])?.kind == .duplicateHeader)
        }
    }

    @Test func headerCount() {
        let names = (0..<Limits.headerCount).map { rawHeader("n\($0)", 0) }
        #expect(error(event, names.dropFirst(2).flatMap { $0 }) == nil)
        #expect(error(event, names.dropFirst(1).flatMap { $0 })?.kind == .tooManyHeaders)
    }

    @Test("nothing that a header says may lead out of the header block")
    func bounds() {
        #expect(error([0])?.kind == .headerName)
        #expect(error(rawHeader("", 0))?.kind == .headerName)
        #expect(error([1])?.kind == .header)
        #expect(error([1, 97])?.kind == .header)
        #expect(error([255, 97, 0])?.kind == .header)
        for type: UInt8 in 10...255 { #expect(error(rawHeader("a", type))?.kind == .headerType) }
        for (type, length) in [(2, 1), (3, 2), (4, 4), (5, 8), (8, 8), (9, 16)] {
            for short in 0..<length {
                #expect(error(rawHeader("a", UInt8(type), [UInt8](repeating: 0, count: short)))?.kind == .header)
            }
        }
        for type: UInt8 in [6, 7] {
            for value: [UInt8] in [[], [0], [0, 1], [0, 3, 97, 97], [255, 255, 97]] {
                #expect(error(rawHeader("a", type, value))?.kind == .header)
            }
        }
    }

    @Test("a header block that ends in the middle of its headers is refused at every place")
    func truncatedBlocks() {
        let headers = event + rawHeader("u", 9, [UInt8](repeating: 1, count: 16)) + rawHeader("b", 6, [0, 2, 1, 2])
        let ends = [0, textHeader(":message-type", "event").count, event.count, event.count + 19, headers.count]
        for length in 0..<headers.count where !ends.contains(length) {
            let frame = rawFrame(headers: headers, headersLength: length)
            #expect(throws: FrameError.self, "\(length)") { try parseMessage(frame) }
        }
    }

    @Test("names and texts must be UTF-8, byte arrays need not")
    func notText() {
        let wrong: [[UInt8]] = [[0x80], [0xC0, 0x80], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF]]
        for bytes in wrong {
            for (lead, tail) in [(0, 0), (1, 0), (7, 1), (8, 0), (0, 8), (9, 5), (0, 15), (20, 0), (8, 9), (11, 30)] {
                let text = [UInt8](repeating: 97, count: lead) + bytes + [UInt8](repeating: 97, count: tail)
                #expect(error(event, rawHeader("a", 7, bigEndianBytes(UInt16(text.count)) + text))?.kind == .headerText)
                #expect(error(event, [UInt8(text.count)] + text + [0])?.kind == .headerText)
                #expect(error(event, rawHeader("a", 6, bigEndianBytes(UInt16(text.count)) + text)) == nil)
            }
        }
        #expect(error(event, textHeader("größe", "naïve 🎈")) == nil)
    }

    @Test("bytes that are no whole message are refused")
    func notAFrame() {
        let frame = FrameVectors.delta
        for count in 0..<frame.count {
            #expect(throws: FrameError.self) { try parseMessage([UInt8](frame[..<count])) }
        }
        #expect(throws: FrameError.self) { try parseMessage((frame + [0])) }
        #expect(throws: FrameError.self) { try parseMessage(rawPrelude(total: 12, headers: 0)) }
    }

    @Test("whatever the headers are, reading them ends without a trap")
    func mutations() {
        var random = SeededRandom(for: "mutations")
        var accepted = 0
        for _ in 0..<20_000 {
            let vector = FrameVectors.all[random.below(FrameVectors.all.count)]
            var body = [UInt8](vector[12..<(vector.count - 4)])
            for _ in 0..<(1 + random.below(4)) where !body.isEmpty {
                body[random.below(body.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            let frame = rawFrame(headers: body, headersLength: random.below(body.count + 1))
            do throws(FrameError) {
                let message = try parseMessage(frame)
                accepted += 1
                #expect(message.type.upperBound <= message.payload.lowerBound)
            } catch {
                #expect(error.offset < frame.count && !error.message.isEmpty)
            }
        }
        #expect(accepted < 20_000)
    }
}
