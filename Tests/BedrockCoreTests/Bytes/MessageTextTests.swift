import BedrockCore
import Testing

/// The tests have messages of event streams under the same name.
private typealias Words = BedrockCore.Message

@Suite struct MessageTextTests {
    @Test func piecesAreJoined() {
        let name: StaticString = "region"
        let bytes = Bytes("b\nc".utf8)
        let message: Words = "\(name): \(bytes) \(-7) \(UInt32.max)" + " and \(Words(name))"
        #expect(message == "region: b\nc -7 4294967295 and region")
        #expect(message.singleLine == "region: b c -7 4294967295 and region")
        #expect(Words(bytes).bytes == bytes && !message.isEmpty && ("" as Words).isEmpty)
    }

    @Test(arguments: [0, 9, -10, .max, .min] as [Int64])
    func numbersAreDecimal(_ number: Int64) {
        #expect(("\(number)" as Words).description == number.description)
    }

    @Test func largerNumbersAreCutToWhatFits() {
        #expect(("\(UInt64.max)" as Words).description == Int64.max.description)
    }

    @Test(
        arguments: [
            [], [0x61, 0xFF, 0x62], [0xC3], [0xE2, 0x82], [0xE2, 0x82, 0x61], [0xF0, 0x9F, 0x98, 0xE2, 0x82, 0xAC],
            [0xED, 0xA0, 0x80], [0xC0, 0xAF, 0x7F], Bytes("日本語".utf8),
        ] as [Bytes])
    func whatIsNoUTF8IsRepairedAsByTheStandardLibrary(_ bytes: Bytes) {
        #expect(Words(bytes).description == String(decoding: bytes, as: UTF8.self))
    }

    @Test func longTextsAreCutAtACharacterAndMadeALine() {
        let text = Bytes("é\r\u{7F}é".utf8)
        let short: Words = "\(text, upTo: 5)"
        let exact: Words = "\(text.span, upTo: 6)"
        let behind: Words = "\n\(text, upTo: 100)"
        #expect(short == "é  " && exact == "é  é" && behind == "\né  é")
    }
}
