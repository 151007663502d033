import BedrockCore

/// Writes events as the service does, and damages them where that is asked for.
struct Frames {
    let padded: Bool
    let escaped: Bool
    /// A generator of numbers (Knuth's): padding needs no better ones.
    private var noise = UInt64.random(in: .min ... .max)

    init(padded: Bool, escaped: Bool) {
        self.padded = padded
        self.escaped = escaped
    }

    private static let contentType = header(":content-type", "application/json")

    private static func header(_ name: StaticString, _ value: String) -> FrameHeader {
        FrameHeader(name: Bytes(name), value: .string(Array(value.utf8)))
    }

    mutating func frame(_ event: StreamEvent) -> [UInt8] {
        Self.frame(headers: Self.headers(event), payload: payload(event))
    }

    static func frame(headers: [FrameHeader], payload: [UInt8]) -> [UInt8] {
        var buffer = ByteBuffer()
        do throws(FrameError) {
            try FrameEncoder.encode(headers: headers, payload: payload.span, into: &buffer)
        } catch {
            // A request can make a payload larger than a frame may be; it gets an empty one.
            let nothing: [UInt8] = []
            try? FrameEncoder.encode(headers: [], payload: nothing.span, into: &buffer)
        }
        return buffer.array
    }

    private static func headers(_ event: StreamEvent) -> [FrameHeader] {
        guard event.isException else {
            return [header(":event-type", event.type), contentType, header(":message-type", "event")]
        }
        switch event.form {
        case .exception, .chunk:
            return [header(":exception-type", event.type), contentType, header(":message-type", "exception")]
        case .event:
            return [header(":event-type", event.type), contentType, header(":message-type", "event")]
        case .error:
            return [
                header(":error-code", event.type), header(":error-message", event.payload["message"]?.string ?? ""),
                header(":message-type", "error"),
            ]
        }
    }

    private mutating func payload(_ event: StreamEvent) -> [UInt8] {
        if event.isException, event.form == .error { return [] }
        var payload = event.payload
        if padded, !event.isException, case .object(let members) = payload {
            payload = .object(members + [("p", .string(padding()))])
        }
        if event.isLone { return Self.halved(payload.text) }
        return escaped ? Self.escape(payload.text) : payload.bytes
    }

    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)

    /// The beginning of the alphabet, of random length: it hides how long a piece of text is.
    private mutating func padding() -> String {
        noise = noise &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let length = 1 + Int(noise >> 33) % Self.alphabet.count
        return String(decoding: Self.alphabet.prefix(length), as: UTF8.self)
    }

    /// The same JSON with half of a surrogate pair where the text begins.
    private static func halved(_ json: String) -> [UInt8] {
        let parts = json.utf8.split(separator: UInt8(ascii: "{"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let colon = parts[2].firstIndex(of: UInt8(ascii: ":")) else { return Array(json.utf8) }
        let start = json.utf8.index(colon, offsetBy: 2)
        return Array(json.utf8[..<start]) + Array("\\ud83c".utf8) + Array(json.utf8[start...])
    }

    /// The same JSON in ASCII: what is beyond it can only stand in strings.
    private static func escape(_ json: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for unit in json.utf16 {
            if unit < 128 {
                bytes.append(UInt8(truncatingIfNeeded: unit))
            } else {
                let digits = String(unit, radix: 16)
                bytes += Array("\\u".utf8) + Array(repeating: 48, count: 4 - digits.utf8.count) + Array(digits.utf8)
            }
        }
        return bytes
    }
}

// MARK: - Damage

extension Frames {
    /// The frame of an event, damaged.
    mutating func damaged(_ event: StreamEvent, _ corruption: Knobs.Corruption) -> [UInt8] {
        var bytes = frame(event)
        switch corruption {
        case .crc: bytes[bytes.count - 1] ^= 0xFF
        case .prelude: bytes[8] ^= 0xFF
        case .length: Self.setLength(0x7FFF_FFF0, &bytes)
        case .short: Self.setLength(15, &bytes)
        case .garbage: bytes = (0..<64).map { _ in UInt8.random(in: 0...255) }
        case .duplicate: Self.doubleFirstHeader(&bytes)
        case .untyped:
            let headers = Self.headers(event).dropLast()
            bytes = Self.frame(headers: Array(headers), payload: payload(event))
        case .nottext:
            let type = FrameHeader(name: Bytes(":message-type"), value: .integer(1))
            bytes = Self.frame(headers: Self.headers(event).dropLast() + [type], payload: payload(event))
        case .notjson: bytes = Self.frame(headers: Self.headers(event), payload: Array("{\"delta\": {\"te".utf8))
        case .nopayload: bytes = Self.frame(headers: Self.headers(event), payload: [])
        }
        return bytes
    }

    private static func put(_ number: UInt32, at: Int, in bytes: inout [UInt8]) {
        for byte in 0..<4 { bytes[at + byte] = UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * byte)) }
    }

    /// A length that is wrong under a checksum that is right.
    private static func setLength(_ length: UInt32, _ bytes: inout [UInt8]) {
        put(length, at: 0, in: &bytes)
        put(CRC32.checksum(Array(bytes[0..<8]).span), at: 8, in: &bytes)
    }

    private static func doubleFirstHeader(_ bytes: inout [UInt8]) {
        let nameLength = Int(bytes[12])
        let valueLength = Int(bytes[14 + nameLength]) << 8 | Int(bytes[15 + nameLength])
        let header = bytes[12..<16 + nameLength + valueLength]
        let headersLength = UInt32(bytes[4]) << 24 | UInt32(bytes[5]) << 16 | UInt32(bytes[6]) << 8 | UInt32(bytes[7])
        bytes.insert(contentsOf: Array(header), at: 12)
        put(headersLength + UInt32(header.count), at: 4, in: &bytes)
        setLength(UInt32(bytes.count), &bytes)
        let body = Array(bytes[0..<bytes.count - 4])
        put(CRC32.checksum(body.span), at: bytes.count - 4, in: &bytes)
    }
}
