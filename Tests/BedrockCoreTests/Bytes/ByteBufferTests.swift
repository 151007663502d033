import BedrockCore
import Testing

@Suite struct ByteBufferTests {
    @Test func growsThroughEverySize() {
        var buffer = ByteBuffer()
        var expected = Bytes()
        for number in 0..<1000 {
            buffer.append(UInt8(truncatingIfNeeded: number))
            expected.append(UInt8(truncatingIfNeeded: number))
            buffer.append(expected.prefix(number % 7).map { $0 })
            expected += expected.prefix(number % 7)
        }
        let found = buffer.array
        #expect(found == expected)
    }

    @Test func ofSecretsGrowsThroughEverySize() {
        var buffer = ByteBuffer(limit: 5000, isSecret: true)
        var expected = Bytes()
        while expected.count < 5000 {
            buffer.append(UInt8(truncatingIfNeeded: expected.count))
            expected.append(UInt8(truncatingIfNeeded: expected.count))
        }
        let (found, isExhausted) = (buffer.array, buffer.isExhausted)
        #expect(found == expected && !isExhausted)
        buffer.append(0)
        let isFull = buffer.isExhausted
        #expect(isFull)
        buffer.wipe()
        buffer.append(expected)
        let again = buffer.array
        #expect(again == expected)
    }

    @Test func takesEveryKindOfText() {
        var buffer = ByteBuffer()
        buffer.append("é" as StaticString)
        buffer.append("日" as StaticString)
        buffer.append([0x61] as Bytes)
        buffer.append("b".utf8.span)
        buffer.append(UInt8(ascii: "c"))
        buffer.append("" as StaticString)
        let found = String(buffer.array)
        #expect(found == "é日abc")
    }

    @Test(arguments: [0, 1, -1, 9, 10, -10, 1234567890123, .max, .min] as [Int64])
    func decimals(_ number: Int64) {
        let found = contents { $0.append(decimal: number) }
        #expect(String(found) == "\(number)")
    }

    @Test func beyondTheLimitIsDropped() {
        var buffer = ByteBuffer(limit: 10)
        buffer.append("123456789" as StaticString)
        let before = buffer.isExhausted
        buffer.append("ab" as StaticString)
        let after = buffer.isExhausted
        buffer.append(UInt8(ascii: "c"))
        let kept = String(buffer.array)
        #expect(!before && after)
        #expect(kept == "123456789")
        buffer.removeAll()
        buffer.append("0123456789" as StaticString)
        let isExhausted = buffer.isExhausted
        let refilled = String(buffer.array)
        #expect(!isExhausted)
        #expect(refilled == "0123456789")
    }

    @Test func anAbsurdSizeIsNoTrap() {
        var buffer = ByteBuffer(limit: .max - 1)
        buffer.append(UInt8(1))
        buffer.append(upTo: .max / 2) { _ in 0 }
        let isExhausted = buffer.isExhausted
        let count = buffer.count
        #expect(isExhausted)
        #expect(count == 1)
    }

    @Test func fillingCountsWhatWasWritten() {
        let found = contents { buffer in
            buffer.append(upTo: 8) { room in
                for at in 0..<3 { room[at] = UInt8(at) }
                return 3
            }
            buffer.append(upTo: 8) { _ in -5 }
            buffer.append(upTo: 0) { _ in 5 }
        }
        #expect(found == [0, 1, 2])
        #expect(contents { $0.append(upTo: 2) { room in (room.count, room[0] = 7, room[1] = 8).0 + 100 } } == [7, 8])
    }

    @Test(arguments: [(-1, ""), (0, ""), (3, "abc"), (6, "abcdef"), (99, "abcdef")])
    func truncates(_ count: Int, _ expected: String) {
        let found = contents {
            $0.append("abcdef" as StaticString)
            $0.truncate(to: count)
        }
        #expect(String(found) == expected)
    }

    @Test(arguments: [(-1, "abcdef"), (0, "abcdef"), (2, "cdef"), (6, ""), (99, ""), (Int.max, "")])
    func removesFromTheFront(_ count: Int, _ expected: String) {
        let found = contents {
            $0.append("abcdef" as StaticString)
            $0.removeFirst(count)
        }
        #expect(String(found) == expected)
    }

    @Test(arguments: [
        (0..<6, "abcdef"), (1..<3, "bc"), (-4..<2, "ab"), (4..<99, "ef"), (7..<9, ""), (-9..<(-2), ""), (3..<3, ""),
        (Int.min..<Int.max, "abcdef"),
    ])
    func spansStayInside(_ range: Range<Int>, _ expected: String) {
        var buffer = ByteBuffer()
        buffer.append("abcdef" as StaticString)
        let found = String(copying: buffer.span(range))
        #expect(found == expected)
    }

    @Test func terminates() {
        var buffer = ByteBuffer()
        buffer.terminate()
        let first = buffer.pointer?.pointee
        #expect(first == 0)
        for count in 1..<200 {
            buffer.append(UInt8(ascii: "x"))
            buffer.terminate()
            let last = buffer.pointer?[count]
            #expect(last == 0)
        }
    }

    @Test func terminatesAtItsLimit() {
        var buffer = ByteBuffer(limit: 64)
        buffer.append(Bytes(repeating: 1, count: 64))
        buffer.terminate()
        let isExhausted = buffer.isExhausted
        let last = buffer.pointer?[64]
        #expect(!isExhausted)
        #expect(last == 0)
    }

    @Test func wipesAndShrinks() {
        var buffer = ByteBuffer()
        buffer.append(Bytes(repeating: 0xAA, count: 100))
        buffer.wipe()
        let wiped = (0..<100).allSatisfy { buffer.pointer?[$0] == 0 }
        let count = buffer.count
        #expect(wiped)
        #expect(count == 0)
        buffer.shrink(keeping: 1000)
        let isKept = buffer.pointer != nil
        buffer.shrink(keeping: 10)
        let isGone = buffer.pointer == nil
        #expect(isKept && isGone)
        buffer.append(UInt8(1))
        let again = buffer.array
        #expect(again == [1])
    }

    @Test func emptyBuffer() {
        let buffer = ByteBuffer()
        let (isEmpty, array, count) = (buffer.isEmpty, buffer.array, buffer.span.count)
        #expect(isEmpty && array.isEmpty && count == 0)
    }

    private func contents(_ fill: (inout ByteBuffer) -> Void) -> Bytes {
        var buffer = ByteBuffer()
        fill(&buffer)
        return buffer.array
    }
}
