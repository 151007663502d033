import CSystem.Memory

/// A growable store of bytes whose growth can fail without a trap.
///
/// Growth past `limit`, or without memory, sets `isExhausted` and drops what was to be appended; later appends do
/// nothing. A writer composes freely and checks once, at the end.
///
/// One for secrets leaves no copy behind: not where it grows, and not at its end. One whose bytes last, as long as a
/// stream, grows by smaller steps: of one that doubles a quarter lies idle.
public struct ByteBuffer: ~Copyable, @unchecked Sendable {
    /// Up to this every one doubles.
    private static let smallCapacity = 1024

    private var base: UnsafeMutablePointer<UInt8>?
    public private(set) var count = 0
    private var capacity = 0
    private let limit: Int
    private let isSecret: Bool
    private let isLasting: Bool
    /// Something was dropped since the last `removeAll`.
    public private(set) var isExhausted = false

    public init(limit: Int = Int(Int32.max), isSecret: Bool = false, isLasting: Bool = false) {
        self.limit = min(max(limit, 0), .max - 1)
        self.isSecret = isSecret
        self.isLasting = isLasting
    }

    deinit {
        Self.release(base, capacity, isSecret)
    }

    // Out of line: there are many buffers.
    @inline(never)
    private static func release(_ base: UnsafeMutablePointer<UInt8>?, _ capacity: Int, _ isSecret: Bool) {
        if isSecret, let base { sys_zero(base, capacity) }
        free(base)
    }

    public var isEmpty: Bool { count == 0 }

    /// The bytes; valid until the next mutation.
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let bytes = UnsafeBufferPointer(start: base, count: base == nil ? 0 : count)
            return _overrideLifetime(Span(_unsafeElements: bytes), borrowing: self)
        }
    }

    /// The bytes from `range.lowerBound` up to `range.upperBound`, as far as they exist.
    @_lifetime(borrow self)
    public func span(_ range: Range<Int>) -> Span<UInt8> {
        let lower = min(max(range.lowerBound, 0), count)
        let upper = min(max(range.upperBound, lower), count)
        return _overrideLifetime(span.extracting(unchecked: lower..<upper), borrowing: self)
    }

    /// Makes room for `extra` bytes more and a terminating NUL.
    @inline(__always)
    private mutating func reserve(_ extra: Int) -> Bool {
        if extra < capacity &- count { return true }
        return grow(extra)
    }

    @inline(never)
    private mutating func grow(_ extra: Int) -> Bool {
        guard !isExhausted, extra <= limit &- count else {
            isExhausted = true
            return false
        }
        let needed = count &+ extra &+ 1
        let more = isLasting && capacity >= Self.smallCapacity ? max(capacity / 4, Self.smallCapacity) : capacity
        // Never above the limit: appending asks for the capacity alone.
        let wanted = min(max(needed, capacity &+ more, 64), limit &+ 1)
        guard let grown = isSecret ? moved(wanted) : realloc(base, wanted) else {
            isExhausted = true
            return false
        }
        base = grown.assumingMemoryBound(to: UInt8.self)
        capacity = wanted
        return true
    }

    /// What realloc leaves behind is not overwritten.
    private func moved(_ size: Int) -> UnsafeMutableRawPointer? {
        guard let new = malloc(size) else { return nil }
        if let base { memcpy(new, base, count) }
        Self.release(base, capacity, isSecret)
        return new
    }

    @inline(__always)
    public mutating func append(_ byte: UInt8) {
        guard reserve(1), !isExhausted, let base else { return }
        base[count] = byte
        count &+= 1
    }

    @_optimize(speed)
    public mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { append(from: $0.baseAddress, count: $0.count) }
    }

    public mutating func append(_ bytes: [UInt8]) {
        append(bytes.span)
    }

    public mutating func append(_ literal: StaticString) {
        append(from: literal.utf8Start, count: literal.utf8CodeUnitCount)
    }

    /// Appends a part of another buffer, as far as it exists.
    @inline(__always)
    public mutating func append(_ other: borrowing ByteBuffer, _ range: Range<Int>) {
        append(other.span(range))
    }

    @_optimize(speed)
    private mutating func append(from source: UnsafePointer<UInt8>?, count added: Int) {
        guard added > 0, let source, reserve(added), !isExhausted, let base else { return }
        memcpy(base + count, source, added)
        count &+= added
    }

    /// Appends the number in decimal digits.
    public mutating func append(decimal number: Int64) {
        append(Decimal(number).digits)
    }

    /// Makes place for at least `extra` more bytes and lets `body` fill some of it; `body` returns how many it wrote.
    public mutating func append(upTo extra: Int, filling body: (inout MutableSpan<UInt8>) -> Int) {
        guard extra > 0, reserve(extra), !isExhausted, let base else { return }
        var room = MutableSpan(_unsafeStart: base + count, count: extra)
        let written = body(&room)
        count &+= min(max(written, 0), extra)
    }

    /// Writes a NUL behind the bytes, not counted, so that C may read them as a string.
    public mutating func terminate() {
        guard reserve(0) || count < capacity, let base else { return }
        base[count] = 0
    }

    /// Forgets all bytes and the exhaustion, keeps the memory.
    public mutating func removeAll() {
        count = 0
        isExhausted = false
    }

    /// Something that belongs here was dropped before it could be appended.
    public mutating func exhaust() { isExhausted = true }

    /// There is memory of more than a kilobyte, and most of it is not used.
    var isRoomy: Bool { capacity > Self.smallCapacity && count < capacity / 4 }

    /// Forgets what lies at and beyond `newCount`.
    public mutating func truncate(to newCount: Int) {
        count = min(count, max(newCount, 0))
    }

    /// Drops the first `dropped` bytes and moves the rest to the front.
    public mutating func removeFirst(_ dropped: Int) {
        guard dropped > 0, let base else { return }
        let kept = max(count &- dropped, 0)
        if kept > 0 { memmove(base, base + (count &- kept), kept) }
        count = kept
    }

    /// Gives memory beyond `keeping` bytes back; what is stored is forgotten too.
    public mutating func shrink(keeping: Int) {
        removeAll()
        guard capacity > keeping else { return }
        Self.release(base, capacity, isSecret)
        base = nil
        capacity = 0
    }

    /// Overwrites everything that was ever stored, then forgets it.
    public mutating func wipe() {
        if let base { sys_zero(base, capacity) }
        removeAll()
    }

    /// A copy as an array; for small contents only.
    public var array: [UInt8] { [UInt8](copying: span) }

    /// The bytes for C, NUL-terminated when `terminate` was called; valid until the next mutation.
    public var pointer: UnsafePointer<UInt8>? { UnsafePointer(base) }
}
