/// Where one whole message lies, prelude to checksum: in the decoder's own memory or in the input it was found in.
public struct FrameRange: Equatable, Sendable {
    public var isBuffered: Bool
    public var range: Range<Int>
}

/// Cuts a stream of bytes, however chunked, into messages whose checksums hold.
///
/// A message that lies whole in one chunk stays there. One that is torn is gathered in memory that is kept for the
/// next one. After an error the stream means nothing any more: every later call throws the same error.
public struct FrameDecoder: ~Copyable {
    /// Memory beyond this is given back after the message that needed it.
    static let keptCapacity = 64 * 1024

    private let maxMessageLength: Int
    /// The part of a torn message that came so far; its length from the prelude, 0 while that is incomplete.
    private var buffer: ByteBuffer
    private var total = 0
    /// Length of the message that the last call returned.
    private var delivered = 0
    private var failure: FrameError?
    /// Where the current message starts, in bytes since the beginning of the stream. The current message is the one
    /// last returned, until more is asked for.
    public private(set) var streamOffset = 0

    public init(maxMessageLength: Int = Limits.messageLength) {
        self.maxMessageLength = max(maxMessageLength, Limits.frameOverhead)
        buffer = ByteBuffer(limit: self.maxMessageLength)
    }

    /// Takes bytes of `input` from `position` on, and moves `position` past them.
    ///
    /// Returns one message, to be read with `bytes(of:in:)` before the next call; nil when all of `input` is used up
    /// and more is needed.
    public mutating func next(_ input: Span<UInt8>, _ position: inout Int) throws(FrameError) -> FrameRange? {
        if let failure { throw failure }
        if delivered > 0 { forgetDelivered() }
        position = min(max(position, 0), input.count)
        do throws(FrameError) {
            if buffer.isEmpty, let whole = try nextWhole(input, &position) { return whole }
            return try gather(input, &position)
        } catch {
            failure = error.inStream(at: streamOffset)
            throw error.inStream(at: streamOffset)
        }
    }

    /// The bytes of a message that `next` returned for `input`.
    @_lifetime(borrow self, copy input)
    public func bytes(of frame: FrameRange, in input: Span<UInt8>) -> Span<UInt8> {
        if frame.isBuffered { return buffer.span(frame.range) }
        let lower = min(max(frame.range.lowerBound, 0), input.count)
        let upper = min(max(frame.range.upperBound, lower), input.count)
        return input.extracting(unchecked: Range(uncheckedBounds: (lower, upper)))
    }

    /// What the message is whose bytes `bytes(of:in:)` gave; `headers` are those of messages before it. Unlike those of
    /// `EventMessage` alone, errors say where in the stream it went wrong.
    @inline(__always)
    func message(_ bytes: Span<UInt8>, _ headers: inout RepeatedHeaders) throws(FrameError) -> EventMessage {
        do throws(FrameError) {
            return try headers.message(bytes)
        } catch {
            throw error.inStream(at: streamOffset)
        }
    }

    /// The memory held for torn messages.
    var bufferMemory: UnsafePointer<UInt8>? { buffer.pointer }

    /// To be called at the end of the stream: throws when it ended inside a message, or had failed before.
    public func finish() throws(FrameError) {
        if let failure { throw failure }
        guard !buffer.isEmpty, delivered == 0 else { return }
        let expected = total > 0 ? total : FrameLayout.prelude
        throw FrameError(.incomplete, at: streamOffset, found: buffer.count, expected: expected)
    }

    /// Ready for another stream.
    public mutating func reset() {
        buffer.shrink(keeping: Self.keptCapacity)
        total = 0
        delivered = 0
        failure = nil
        streamOffset = 0
    }

    @inline(__always)
    private mutating func forgetDelivered() {
        streamOffset &+= delivered
        delivered = 0
        if total > 0 {
            buffer.shrink(keeping: Self.keptCapacity)
            total = 0
        }
    }

    /// The message at `position`, when all of it is there.
    @inline(__always)
    private mutating func nextWhole(_ input: Span<UInt8>, _ position: inout Int) throws(FrameError) -> FrameRange? {
        let rest = input.extracting(unchecked: Range(uncheckedBounds: (position, input.count)))
        guard rest.count >= FrameLayout.prelude else { return nil }
        let length = try messageLength(rest)
        guard rest.count >= length else { return nil }
        try checkMessage(rest.extracting(unchecked: Range(uncheckedBounds: (0, length))))
        let range = Range(uncheckedBounds: (position, position &+ length))
        position &+= length
        delivered = length
        return FrameRange(isBuffered: false, range: range)
    }

    /// Adds to a torn message what `input` has of it.
    private mutating func gather(_ input: Span<UInt8>, _ position: inout Int) throws(FrameError) -> FrameRange? {
        if total == 0 {
            try take(upTo: FrameLayout.prelude, of: input, &position)
            guard buffer.count >= FrameLayout.prelude else { return nil }
            total = try messageLength(buffer.span)
        }
        try take(upTo: total, of: input, &position)
        guard buffer.count >= total else { return nil }
        try checkMessage(buffer.span)
        delivered = total
        return FrameRange(isBuffered: true, range: 0..<total)
    }

    /// Appends until the buffer holds `wanted` bytes or the input ends. Memory grows with what came, whatever length
    /// the message claims to have.
    private mutating func take(upTo wanted: Int, of input: Span<UInt8>, _ position: inout Int) throws(FrameError) {
        let taken = min(max(wanted &- buffer.count, 0), input.count &- position)
        guard taken > 0 else { return }
        buffer.append(input.extracting(unchecked: Range(uncheckedBounds: (position, position &+ taken))))
        guard !buffer.isExhausted else {
            throw FrameError(.outOfMemory, at: 0, found: buffer.count, expected: total)
        }
        position &+= taken
    }

    /// The length that a prelude tells, once its checksum says that it can be believed.
    @inline(__always)
    private func messageLength(_ prelude: Span<UInt8>) throws(FrameError) -> Int {
        guard FrameLayout.preludeHolds(prelude) else { throw FrameError(.preludeChecksum, at: 0) }
        let length = try FrameLayout(prelude: prelude).total
        guard length <= maxMessageLength else {
            throw FrameError(.tooLarge, at: 0, found: length, expected: maxMessageLength)
        }
        return length
    }

    @inline(__always)
    private func checkMessage(_ message: Span<UInt8>) throws(FrameError) {
        guard FrameLayout.messageHolds(message) else {
            throw FrameError(.messageChecksum, at: message.count &- FrameLayout.checksum)
        }
    }
}
