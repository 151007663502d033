import Recording
import Testing

@testable import BedrockCore

/// Pieces of text in the usual form are read in one go; they must come out as if they were read member by member.
@Suite struct PlainDeltas {
    private static let usual = [
        #"{"contentBlockIndex":0,"delta":{"text":"Hi"}}"#,
        #"{"contentBlockIndex":9,"delta":{"text":"a \"piece\" \ud83d\ude00ü\n"},"p":"abcdefghijklmnop"}"#,
        #"{"contentBlockIndex":1,"delta":{"text":""},"p":""}"#,
        #"{"contentBlockIndex":1,"delta":{"text":"}},\"p\":"},"p":"\u0041ü"}"#,
    ]

    private func isPlain(_ payload: Bytes) -> Bool { PlainDelta(payload.span) != nil }

    private func deltas(_ payload: Bytes) -> Recording {
        var recorder = StreamRecorder()
        recorder.wantsRaw = false
        var recording = recorder.record([answer(Wire.event("contentBlockDelta", payload)).flatMap { $0 }])
        // It says where, which a blank before the payload changes.
        recording.end?.failure?.message = ""
        return recording
    }

    /// What begins with a blank is never in the usual form.
    private func check(_ payload: Bytes, location: SourceLocation = #_sourceLocation) {
        let spaced = [UInt8(ascii: " ")] + payload
        #expect(!isPlain(spaced), sourceLocation: location)
        #expect(deltas(payload) == deltas(spaced), "\(String(payload))", sourceLocation: location)
    }

    @Test(arguments: usual)
    func whole(_ json: String) {
        #expect(isPlain(Bytes(json.utf8)))
        check(Bytes(json.utf8))
    }

    @Test("whatever becomes of a byte", arguments: usual)
    func mutated(_ json: String) {
        let payload = Bytes(json.utf8)
        for place in payload.indices {
            for byte in Bytes(#" "\{},:0x"#.utf8) + [0, 0x1F, 0x80, 0xC3, 0xFF] {
                var other = payload
                other[place] = byte
                check(other)
                other.insert(payload[place], at: place)
                check(other)
            }
            check(Bytes(payload[..<place]))
            check(Bytes(payload[..<place] + payload[(place + 1)...]))
        }
    }

    @Test(arguments: [
        #"{"contentBlockIndex":10,"delta":{"text":"a"}}"#, #"{"contentBlockIndex":-1,"delta":{"text":"a"}}"#,
        #"{"contentBlockIndex":0,"delta":{"text":"a"},"q":"a"}"#, #"{"contentBlockIndex":0,"delta":{"text":"a"}}{}"#,
        #"{"contentBlockIndex":0,"delta":{"text":"a"},"p":"b","p":"c"}"#, #"{"p":"","delta":{"text":"a"}}"#,
        #"{"contentBlockIndex":0,"delta":{"text":"a","text":"b"}}"#,
        #"{"contentBlockIndex":0,"delta":{"toolUse":"a"}}"#,
    ])
    func otherwise(_ json: String) {
        #expect(!isPlain(Bytes(json.utf8)))
        check(Bytes(json.utf8))
    }
}
