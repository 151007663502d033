import Testing

@testable import BedrockCore

/// From malloc.h, which the Glibc module leaves out.
@_silgen_name("malloc_usable_size")
private func usableSize(_ memory: UnsafeRawPointer?) -> Int

@Suite struct FrameMemoryTests {
    private func capacity(_ decoder: borrowing FrameDecoder) -> Int {
        usableSize(decoder.bufferMemory)
    }

    /// Feeds `chunks` and gives the decoder's capacity after each.
    private func capacities(_ chunks: [[UInt8]]) throws -> [Int] {
        var decoder = FrameDecoder()
        var result = Decoded()
        return try chunks.map { chunk in
            try feedFrames(chunk, to: &decoder, &result)
            return capacity(decoder)
        }
    }

    @Test("whole messages need no memory")
    func whole() throws {
        #expect(try capacities(FrameVectors.all) == FrameVectors.all.map { _ in 0 })
    }

    @Test("a length that is only claimed reserves nothing")
    func claimed() throws {
        let prelude = rawPrelude(total: Limits.messageLength, headers: 0)
        let chunks = [prelude] + [UInt8](repeating: 1, count: 88).map { [$0] } + [[UInt8](repeating: 2, count: 10_000)]
        let sizes = try capacities(chunks)
        #expect(sizes[0] <= 128)
        #expect(sizes[88] <= 256)
        #expect(sizes[89] <= 4 * 10_100)
    }

    @Test("torn messages use the same memory again and again")
    func kept() throws {
        let stream = (0..<1000).flatMap { _ in FrameVectors.delta }
        let chunks = stride(from: 0, to: stream.count, by: 97).map { [UInt8](stream[$0..<min($0 + 97, stream.count)]) }
        let sizes = try capacities(chunks)
        #expect(Set(sizes[10...]).count == 1)
        #expect(sizes[10] < 1024)
    }

    @Test("the memory of a giant message is given back when the next is asked for")
    func givenBack() throws {
        let giant = rawFrame(headers: [], payload: [UInt8](repeating: 7, count: 3_000_000))
        let torn = pieces(giant, at: [100])
        let sizes = try capacities([torn[0], torn[1] + FrameVectors.empty[..<5], [UInt8](FrameVectors.empty[5...])])
        #expect(sizes[1] <= FrameDecoder.keptCapacity + 64)
        #expect(sizes[2] <= FrameDecoder.keptCapacity + 64)
        var decoder = FrameDecoder()
        var position = 0
        let (start, rest) = (torn[0], torn[1])
        _ = try decoder.next(start.span, &position)
        position = 0
        let frame = try decoder.next(rest.span, &position)
        let (held, isBuffered) = (capacity(decoder), frame?.isBuffered)
        #expect(isBuffered == true && held >= giant.count)
        decoder.reset()
        let afterwards = capacity(decoder)
        #expect(afterwards <= FrameDecoder.keptCapacity + 64)
    }
}
