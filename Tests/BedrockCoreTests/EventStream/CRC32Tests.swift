import Testing

@testable import BedrockCore

@Suite struct CRC32Tests {
    @Test("check values that every description of this CRC-32 gives")
    func knownValues() {
        #expect(frameChecksum(Bytes("123456789")) == 0xCBF4_3926)
        #expect(frameChecksum(Bytes("")) == 0)
        #expect(frameChecksum(Bytes("a")) == 0xE8B7_BE43)
        #expect(frameChecksum(Bytes("The quick brown fox jumps over the lazy dog")) == 0x414F_A339)
        #expect(frameChecksum([UInt8](repeating: 0, count: 32)) == 0x190A_55AD)
        #expect(frameChecksum([UInt8](repeating: 0xFF, count: 32)) == 0xFF6C_AB0B)
    }

    @Test("all lengths, alignments and seeds agree with the definition, bit by bit")
    func definition() {
        var random = SeededRandom(for: "CRC-32")
        let bytes = random.bytes(700)
        for length in 0...600 {
            let start = random.below(64)
            let seed = length % 3 == 0 ? 0 : UInt32(truncatingIfNeeded: random.next())
            let part = bytes.span.extracting(start..<(start + length))
            let expected = byDefinition(part, seed)
            let (result, fromTables) = (
                CRC32.checksum(part, seed: seed), CRC32.checksumFromTables(part, seed: seed)
            )
            #expect(result == expected, "length \(length)")
            #expect(fromTables == expected, "length \(length)")
        }
    }

    @Test("a checksum can be continued anywhere")
    func continued() {
        var random = SeededRandom(for: "CRC-32 in parts")
        let bytes = random.bytes(300)
        let whole = frameChecksum(bytes)
        for cut in 0...bytes.count {
            let first = CRC32.checksum(bytes.span.extracting(first: cut))
            let both = CRC32.checksum(bytes.span.extracting(droppingFirst: cut), seed: first)
            #expect(both == whole)
        }
    }

    private func byDefinition(_ bytes: Span<UInt8>, _ seed: UInt32) -> UInt32 {
        var crc = ~seed
        for at in bytes.indices {
            crc ^= UInt32(bytes[at])
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
