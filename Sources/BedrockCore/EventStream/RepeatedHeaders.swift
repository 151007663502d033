import CSystem.Memory

/// The headers that a message had, and what they say: the messages of an answer have the same few, byte for byte. What
/// was read and checked once is not read again.
struct RepeatedHeaders: ~Copyable {
    private static let capacity = 96
    private var bytes = InlineArray<96, UInt8>(repeating: 0)
    /// 0 where none are known.
    private var length = 0
    private var known: EventMessage?

    /// What a whole message is whose checksums hold. Offsets of errors count from the message's first byte.
    @inline(__always)
    mutating func message(_ frame: Span<UInt8>) throws(FrameError) -> EventMessage {
        guard isRepeated(in: frame), var message = known else { return try read(frame) }
        let start = FrameLayout.prelude &+ length
        message.payload = Range(uncheckedBounds: (start, frame.count &- FrameLayout.checksum))
        return message
    }

    /// Also that the message is as long as it says; it has room for the headers then. Changes nothing, but to look at
    /// what is no variable the compiler would copy it.
    @inline(__always)
    private mutating func isRepeated(in frame: Span<UInt8>) -> Bool {
        guard frame.count >= Limits.frameOverhead &+ length, frame.bigEndian32(at: 0) == frame.count,
            frame.bigEndian32(at: 4) == length
        else { return false }
        // Both have `length` bytes or more.
        return frame.withUnsafeBytes { frame in
            guard let headers = frame.baseAddress else { return false }
            return withUnsafeBytes(of: &bytes) {
                $0.baseAddress.map { memcmp(headers + FrameLayout.prelude, $0, length) == 0 } ?? false
            }
        }
    }

    @inline(never)
    private mutating func read(_ frame: Span<UInt8>) throws(FrameError) -> EventMessage {
        let message = try EventMessage(frame)
        let count = message.payload.lowerBound &- FrameLayout.prelude
        guard count <= Self.capacity else { return message }
        for place in 0..<count { bytes[place] = frame[FrameLayout.prelude &+ place] }
        length = count
        known = message
        return message
    }
}
