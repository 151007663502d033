import BedrockCore

/// Messages of the event stream, written by the library's own encoder.
enum Frames {
    private static let messageType = Bytes(":message-type")
    private static let contentType = FrameHeader(
        name: Bytes(":content-type"), value: .string(Bytes("application/json")))

    static func event(_ type: Bytes, _ payload: Span<UInt8>) -> Bytes {
        encode([text(":event-type", type), contentType, text(":message-type", Bytes("event"))], payload)
    }

    static func exception(_ type: Bytes, _ payload: Span<UInt8>) -> Bytes {
        encode([text(":exception-type", type), contentType, text(":message-type", Bytes("exception"))], payload)
    }

    static func error(_ code: Bytes, _ words: Bytes) -> Bytes {
        let headers = [
            text(":error-code", code), text(":error-message", words), text(":message-type", Bytes("error")),
        ]
        return encode(headers, Bytes().span)
    }

    /// A prelude that announces far more than any message has, with the right checksum.
    static func oversizedPrelude() -> Bytes {
        var bytes = Bytes([0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])
        let checksum = crc32(bytes)
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: checksum >> shift)) }
        return bytes
    }

    private static func text(_ name: StaticString, _ value: Bytes) -> FrameHeader {
        FrameHeader(name: Bytes(name), value: .string(value))
    }

    private static func encode(_ headers: [FrameHeader], _ payload: Span<UInt8>) -> Bytes {
        var buffer = ByteBuffer()
        do throws(FrameError) {
            try FrameEncoder.encode(headers: headers, payload: payload, into: &buffer)
        } catch {
            fatalError("a message: \(error.message)")
        }
        return buffer.array
    }

    /// CRC-32 (ISO-HDLC), bit by bit: twelve bytes are all that it is for.
    private static func crc32(_ bytes: Bytes) -> UInt32 {
        var value: UInt32 = .max
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
        return ~value
    }
}
