import BedrockCore
import Testing

@Suite struct UTF8SequenceTests {
    @Test func everyCharacterIsValid() {
        for value in stride(from: UInt32(0), through: 0x10FFFF, by: 37) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let bytes = Bytes(String(scalar).utf8)
            #expect(bytes.span.utf8SequenceLength(at: 0) == bytes.count)
            #expect(bytes.span.isValidUTF8 == true)
            let cut = Bytes(bytes.dropLast())
            #expect(cut.span.utf8SequenceLength(at: 0) == 0)
        }
    }

    @Test func everyPairOfBytesAgreesWithTheStandardLibrary() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max where first >= 0x80 || second >= 0x80 {
                let bytes = [first, second]
                let isValid = String(validating: bytes, as: UTF8.self) != nil
                if bytes.span.isValidUTF8 != isValid { Issue.record("\(bytes)") }
            }
        }
    }

    @Test func placesOutsideAreNone() {
        let bytes = Bytes("é".utf8)
        for at in [Int.min, -1, 2, 3, Int.max] { #expect(bytes.span.utf8SequenceLength(at: at) == 0) }
    }
}
