import Testing

@testable import BedrockCore

private func label(_ bytes: Bytes) -> Bytes {
    var buffer = ByteBuffer()
    PercentEncoding.label(bytes.span, into: &buffer)
    return buffer.array
}

private func decoded(_ bytes: Bytes) -> Bytes? {
    var buffer = ByteBuffer()
    return PercentEncoding.decode(bytes.span, into: &buffer) ? buffer.array : nil
}

@Suite struct PercentEncodings {
    @Test func everyByte() {
        let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        for byte in UInt8.min...UInt8.max {
            let digits = String(byte, radix: 16, uppercase: true)
            let escape = Bytes(("%" + (digits.count == 1 ? "0" : "") + digits).utf8)
            #expect(label([byte]) == (unreserved.contains(byte) ? [byte] : escape))
            #expect(label([97, byte, 98]) == [97] + (unreserved.contains(byte) ? [byte] : escape) + [98])
            #expect(decoded(escape) == [byte])
        }
    }

    @Test func slashStaysInAPath() {
        var buffer = ByteBuffer()
        PercentEncoding.path(Bytes("/a b/%2F/").span, into: &buffer)
        #expect(buffer.array == "/a%20b/%252F/")
        #expect(label(Bytes("a/b")) == "a%2Fb")
    }

    @Test func decodingUndoesEncoding() {
        let all = Bytes(UInt8.min...UInt8.max)
        #expect(decoded(label(all)) == all)
        #expect(decoded(Bytes("%2f%2F+")) == Bytes("//+"))
    }

    @Test(arguments: ["%", "%1", "a%", "%G0", "%0G", "%%41", "% 1"])
    func malformed(_ text: String) {
        #expect(decoded(Bytes(text.utf8)) == nil)
    }

    /// The digits behind the end belong to somebody else.
    @Test func cutOff() {
        let text = Bytes("a%41")
        for length in [2, 3] {
            var buffer = ByteBuffer()
            let decodes = PercentEncoding.decode(text.span.extracting(0..<length), into: &buffer)
            #expect(!decodes && buffer.array == "a")
        }
    }
}
