/// How a message lies on the wire (Amazon Event Stream specification): big-endian
/// `total length, headers' length, checksum of these 8 bytes, headers, payload, checksum of everything before`.
struct FrameLayout {
    /// The two lengths and their checksum.
    static let prelude = 12
    /// The checksum at the end.
    static let checksum = 4

    var total: Int
    var headers: Int

    /// Reads the lengths that `bytes` begin with and checks that they fit each other.
    @inline(__always)
    init(prelude bytes: Span<UInt8>) throws(FrameError) {
        guard bytes.count >= Self.prelude else {
            throw FrameError(.length, at: 0, found: bytes.count, expected: Limits.frameOverhead)
        }
        total = Int(bytes.bigEndian32(at: 0))
        headers = Int(bytes.bigEndian32(at: 4))
        guard total >= Limits.frameOverhead else {
            throw FrameError(.length, at: 0, found: total, expected: Limits.frameOverhead)
        }
        let room = total &- Limits.frameOverhead
        guard headers <= room else { throw FrameError(.headersLength, at: 4, found: headers, expected: room) }
    }

    /// Whether the first 12 of `bytes` hold the checksum of the first 8; needs all 12.
    @inline(__always)
    static func preludeHolds(_ bytes: Span<UInt8>) -> Bool {
        CRC32.checksum(bytes.extracting(unchecked: 0..<8)) == bytes.bigEndian32(at: 8)
    }

    /// Whether a whole message ends with the checksum of what comes before; needs at least 4 bytes.
    @inline(__always)
    static func messageHolds(_ bytes: Span<UInt8>) -> Bool {
        let end = bytes.count &- Self.checksum
        return CRC32.checksum(bytes.extracting(unchecked: 0..<end)) == bytes.bigEndian32(at: end)
    }
}
