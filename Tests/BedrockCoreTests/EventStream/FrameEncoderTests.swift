import Testing

@testable import BedrockCore

@Suite struct FrameEncoderTests {
    private func encode(_ headers: [FrameHeader], _ payload: [UInt8] = []) throws(FrameError) -> [UInt8] {
        var buffer = ByteBuffer()
        try FrameEncoder.encode(headers: headers, payload: payload.span, into: &buffer)
        return buffer.array
    }

    private func header(_ name: String, _ value: HeaderValue) -> FrameHeader {
        FrameHeader(name: Bytes(name.utf8), value: value)
    }

    private func kind(_ headers: [FrameHeader], _ payload: [UInt8] = []) -> FrameError.Kind? {
        do throws(FrameError) {
            _ = try encode(headers, payload)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test("all types are written as another implementation writes them, and read back")
    func allTypes() throws {
        let headers = [
            header("t", .bool(true)), header("f", .bool(false)), header("byte", .byte(-49)),
            header("short", .short(-2)), header("integer", .integer(-40123)), header("long", .long(.min)),
            header("bytes", .byteArray([0, 255, 128])), header("text", .string(Bytes("Grüße 🎈".utf8))),
            header("time", .timestamp(1_500_000_000_123)), header("uuid", .uuid([UInt8](0..<16))),
            header("none", .string([])), header("nothing", .byteArray([])),
        ]
        #expect(try encode(headers, [0, 1]) == FrameVectors.allTypes)
        #expect(try parseHeaders(of: FrameVectors.allTypes) == headers)
    }

    @Test func withoutHeaders() throws {
        #expect(try encode([]) == FrameVectors.empty)
        #expect(try encode([], Bytes("{'foo':'bar'}")) == FrameVectors.payloadOnly)
        #expect(try parseHeaders(of: FrameVectors.empty) == [])
    }

    @Test("what was encoded decodes to the same, messages after each other in one buffer")
    func roundTrips() throws {
        var random = SeededRandom(for: "round trips")
        var buffer = ByteBuffer()
        var written: [(headers: [FrameHeader], payload: [UInt8])] = []
        for _ in 0..<300 {
            let headers = (0..<random.below(12)).map { header("h\($0)", value(&random)) }
            let payload = random.bytes(random.below(200))
            try FrameEncoder.encode(headers: headers, payload: payload.span, into: &buffer)
            written.append((headers, payload))
        }
        let result = decodeFrames([buffer.array])
        try #require(result.frames.count == written.count && result.error == nil)
        for (frame, message) in zip(result.frames, written) {
            #expect(try parseHeaders(of: frame) == message.headers)
            #expect(try parsePayload(of: frame) == message.payload)
        }
    }

    private func value(_ random: inout SeededRandom) -> HeaderValue {
        let number = Int64(truncatingIfNeeded: random.next())
        return switch random.below(9) {
        case 0: .bool(number & 1 == 0)
        case 1: .byte(Int8(truncatingIfNeeded: number))
        case 2: .short(Int16(truncatingIfNeeded: number))
        case 3: .integer(Int32(truncatingIfNeeded: number))
        case 4: .long(number)
        case 5: .byteArray(random.bytes(random.below(300)))
        case 6: .string(random.bytes(random.below(300)).map { $0 & 0x7F })
        case 7: .timestamp(number)
        default: .uuid(random.bytes(16))
        }
    }

    @Test("what the format does not allow is not written")
    func refused() {
        #expect(kind([header("", .bool(true))]) == .headerName)
        #expect(kind([header(String(repeating: "n", count: 256), .bool(true))]) == .headerName)
        #expect(kind([header(String(repeating: "n", count: 255), .bool(true))]) == nil)
        #expect(kind([header("u", .uuid([1, 2, 3]))]) == .headerValue)
        #expect(kind([header("a", .bool(true)), header("a", .byte(1))]) == .duplicateHeader)
        #expect(kind([header("a", .string([0xFF]))]) == .headerText)
        #expect(kind([FrameHeader(name: [0xFF], value: .bool(true))]) == .headerText)
        let longest = [UInt8](repeating: 97, count: 32_767)
        #expect(kind([header("a", .string(longest)), header("b", .byteArray(longest))]) == nil)
        #expect(kind([header("a", .string(longest + [97]))]) == .tooLarge)
        #expect(kind([header("a", .byteArray(longest + [97]))]) == .tooLarge)
        #expect(kind((0..<1024).map { header("\($0)", .bool(true)) }) == nil)
        #expect(kind((0..<1025).map { header("\($0)", .bool(true)) }) == .tooManyHeaders)
        let most = (0..<3).map { header("\($0)", .byteArray(longest)) }
        #expect(kind(most + [header("3", .byteArray([UInt8](longest[..<(131_072 - 3 * 32_772 - 5)])))]) == nil)
        #expect(kind(most + [header("3", .byteArray([UInt8](longest[..<(131_072 - 3 * 32_772 - 4)])))]) == .tooLarge)
    }

    @Test("payloads up to 24 MiB pass through encoder and decoder")
    func largest() throws {
        let payload = [UInt8](repeating: 42, count: 24 * 1024 * 1024)
        let frame = try encode([header("a", .bool(true))], payload)
        #expect(frame.count == payload.count + 19)
        let result = decodeFrames(pieces(frame, at: [1, 5_000_000, frame.count - 1]))
        #expect(result.frames == [frame] && result.error == nil)
        #expect(kind([], payload + [0]) == .tooLarge)
    }

    @Test("a failure leaves what was in the buffer")
    func untouched() {
        var buffer = ByteBuffer(limit: 100)
        buffer.append("before")
        let refused = frameError { () throws(FrameError) in
            try FrameEncoder.encode(headers: [header("a", .string([0xFF]))], payload: Bytes().span, into: &buffer)
        }
        #expect(refused?.kind == .headerText)
        let kept = buffer.array
        #expect(kept == Bytes("before"))
        let payload = [UInt8](repeating: 1, count: 90)
        let full = frameError { () throws(FrameError) in
            try FrameEncoder.encode(headers: [], payload: payload.span, into: &buffer)
        }
        #expect(full?.kind == .outOfMemory)
        let keptAgain = buffer.array
        #expect(keptAgain == Bytes("before"))
    }
}
