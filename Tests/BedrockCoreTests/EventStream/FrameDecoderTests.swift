import Testing

@testable import BedrockCore

@Suite struct FrameDecoderTests {
    @Test("a message is the same whole, byte by byte and torn at every place", arguments: FrameVectors.all)
    func everyCut(_ frame: [UInt8]) {
        let expected = Decoded(frames: [frame], offsets: [0])
        #expect(decodeFrames([frame]) == expected)
        #expect(decodeFrames(frame.map { [$0] }) == expected)
        for cut in 0...frame.count { #expect(decodeFrames(pieces(frame, at: [cut])) == expected, "cut at \(cut)") }
    }

    @Test("every pair of cuts of two messages gives both")
    func everyPairOfCuts() {
        let stream = FrameVectors.oneString + FrameVectors.error
        let expected = Decoded(
            frames: [FrameVectors.oneString, FrameVectors.error], offsets: [0, FrameVectors.oneString.count])
        for first in 0...stream.count {
            for second in first...stream.count where decodeFrames(pieces(stream, at: [first, second])) != expected {
                Issue.record("cuts at \(first) and \(second)")
            }
        }
    }

    @Test("messages one after the other come out whole in any chunks")
    func randomChunks() {
        var random = SeededRandom(for: "chunks")
        for _ in 0..<300 {
            let frames = (0..<(1 + random.below(12))).map { _ in
                random.below(3) > 0
                    ? FrameVectors.all[random.below(FrameVectors.all.count)]
                    : rawFrame(headers: textHeader("n", "v"), payload: random.bytes(random.below(3000)))
            }
            let stream = frames.flatMap { $0 }
            let cuts = (0..<random.below(20)).map { _ in random.below(stream.count + 1) }.sorted()
            let result = decodeFrames(pieces(stream, at: cuts))
            #expect(result.frames == frames && result.error == nil, "cuts \(cuts)")
            #expect(result.offsets == frames.indices.map { frames[..<$0].reduce(0) { $0 + $1.count } })
        }
    }

    @Test("only torn messages are copied")
    func copies() throws {
        let delta = FrameVectors.delta
        var decoder = FrameDecoder()
        let input = delta + delta + delta[..<50]
        var position = 0
        let first = try decoder.next(input.span, &position)
        #expect(first == FrameRange(isBuffered: false, range: 0..<delta.count))
        let second = try decoder.next(input.span, &position)
        #expect(second == FrameRange(isBuffered: false, range: delta.count..<(2 * delta.count)))
        let torn = try decoder.next(input.span, &position)
        #expect(torn == nil && position == input.count)

        let rest = delta[50...] + delta
        position = 0
        let third = try decoder.next([UInt8](rest).span, &position)
        #expect(third == FrameRange(isBuffered: true, range: 0..<delta.count))
        #expect(position == delta.count - 50)
        let fourth = try decoder.next([UInt8](rest).span, &position)
        #expect(fourth?.isBuffered == false)
        let offset = decoder.streamOffset
        #expect(offset == 3 * delta.count)
    }

    @Test("every flipped bit is noticed", arguments: FrameVectors.all)
    func flippedBits(_ frame: [UInt8]) {
        for bit in 0..<(frame.count * 8) {
            var broken = frame
            broken[bit / 8] ^= 1 << (bit % 8)
            let kind: FrameError.Kind = bit < 12 * 8 ? .preludeChecksum : .messageChecksum
            let result = decodeFrames([broken])
            #expect(result.error?.kind == kind && result.frames.isEmpty, "bit \(bit)")
        }
    }

    @Test("a stream that ends inside a message is incomplete, the prelude included")
    func endings() {
        let frame = FrameVectors.delta
        for cut in 1..<frame.count {
            let expected = FrameError(.incomplete, at: frame.count, found: cut, expected: cut < 12 ? 12 : frame.count)
            let result = decodeFrames([frame, [UInt8](frame[..<cut])])
            #expect(result.error == expected, "cut at \(cut)")
            #expect(result.frames == [frame])
        }
        #expect(decodeFrames([]) == Decoded())
        #expect(decodeFrames([[], frame, []]).error == nil)
    }

    @Test("messages say how far it came")
    func incompleteMessage() throws {
        let frame = FrameVectors.delta
        let error = try #require(decodeFrames([frame, [0, 0, 0]]).error)
        #expect(error.isIncomplete)
        #expect(error.message == "event stream, byte \(frame.count): the message ended after 3 of 12 bytes")
    }

    @Test("lengths that cannot be are refused as soon as the prelude is there")
    func hostileLengths() {
        let cases: [(total: Int, headers: Int, kind: FrameError.Kind)] = [
            (0, 0, .length), (12, 0, .length), (15, 0, .length), (15, 0xFFFF_FFFF, .length),
            (16, 1, .headersLength), (100, 85, .headersLength), (100, 0xFFFF_FFFF, .headersLength),
            (Limits.messageLength + 1, 0, .tooLarge), (0xFFFF_FFFF, 0, .tooLarge),
        ]
        for (total, headers, kind) in cases {
            let prelude = rawPrelude(total: total, headers: headers)
            #expect(decodeFrames([prelude]).error?.kind == kind, "\(total), \(headers)")
            #expect(decodeFrames(prelude.map { [$0] }).error?.kind == kind, "\(total), \(headers)")
        }
        #expect(decodeFrames([rawPrelude(total: Limits.messageLength, headers: 0)]).error?.kind == .incomplete)
    }

    @Test("the prelude's checksum is looked at before its lengths, and needs no byte more")
    func preludeFirst() {
        var prelude = rawPrelude(total: 15, headers: 3)
        prelude[11] ^= 1
        #expect(decodeFrames([prelude]).error?.kind == .preludeChecksum)
        #expect(decodeFrames([[UInt8](prelude[..<11])]).error?.kind == .incomplete)
    }

    @Test("the limit is the largest message that passes")
    func limit() {
        let frame = FrameVectors.delta
        #expect(decodeFrames([frame], limit: frame.count).frames == [frame])
        #expect(decodeFrames(frame.map { [$0] }, limit: frame.count).frames == [frame])
        let error = decodeFrames([frame], limit: frame.count - 1).error
        #expect(error == FrameError(.tooLarge, at: 0, found: frame.count, expected: frame.count - 1))
    }

    @Test("a failed decoder stays failed until it is reset")
    func failure() throws {
        var broken = FrameVectors.delta
        broken[40] ^= 1
        var decoder = FrameDecoder()
        var result = Decoded()
        let expected = FrameError(
            .messageChecksum, at: FrameVectors.empty.count + broken.count - 4)
        for input in [FrameVectors.empty + broken, FrameVectors.delta, []] {
            let error = frameError { () throws(FrameError) in try feedFrames(input, to: &decoder, &result) }
            #expect(error == expected)
        }
        let atEnd = frameError { () throws(FrameError) in try decoder.finish() }
        #expect(atEnd == expected)
        #expect(result.frames == [FrameVectors.empty])
        decoder.reset()
        try feedFrames(FrameVectors.delta, to: &decoder, &result)
        try decoder.finish()
        #expect(result.frames == [FrameVectors.empty, FrameVectors.delta])
        #expect(result.offsets == [0, 0])
    }

    @Test("errors of headers say where in the stream they are")
    func headerErrors() throws {
        let broken = rawFrame(headers: textHeader(":message-type", "event") + rawHeader("a", 77))
        let input = FrameVectors.delta + FrameVectors.empty + broken
        var decoder = FrameDecoder()
        var position = 0
        var errors: [FrameError?] = []
        var headers = RepeatedHeaders()
        while let frame = try decoder.next(input.span, &position) {
            let bytes = [UInt8](copying: decoder.bytes(of: frame, in: input.span))
            errors.append(frameError { () throws(FrameError) in _ = try decoder.message(bytes.span, &headers) })
        }
        let start = FrameVectors.delta.count
        #expect(errors.count == 3 && errors[0] == nil)
        #expect(errors[1] == FrameError(.missingHeader, at: start, header: .messageType))
        #expect(errors[2] == FrameError(.headerType, at: start + 16 + 12 + 22, found: 77))
    }

    @Test("a position outside of the input is none of the caller's deaths")
    func positions() throws {
        var decoder = FrameDecoder()
        let input = FrameVectors.empty
        var position = 99
        let none = try decoder.next(input.span, &position)
        #expect(none == nil && position == input.count)
        position = -5
        let frame = try decoder.next(input.span, &position)
        #expect(frame?.range == 0..<16)
        let wild = decoder.bytes(of: FrameRange(isBuffered: false, range: -5..<1000), in: input.span).count
        #expect(wild == 16)
        let wildToo = decoder.bytes(of: FrameRange(isBuffered: true, range: 3..<9), in: input.span).count
        #expect(wildToo == 0)
    }
}
