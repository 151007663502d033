import CSystem.Memory

/// Bytes that nobody else should see: keys, tokens. They are not changed once they are here, shared instead of copied,
/// left out of core dumps where the system can do that, and overwritten when the last owner lets go.
public final class Secret: @unchecked Sendable {
    /// So many bytes are there, from the beginning of this object to its end; none where there is no memory.
    private let base: UnsafeMutablePointer<UInt8>?
    public let count: Int

    /// Without memory for it the secret is empty, which nothing takes for one.
    public init(_ bytes: Span<UInt8>) {
        base = bytes.withUnsafeBufferPointer { sys_secret_new($0.baseAddress, $0.count) }
        count = base == nil ? 0 : bytes.count
    }

    public convenience init(_ bytes: Bytes) {
        self.init(bytes.span)
    }

    deinit {
        sys_secret_free(base, count)
    }

    public var isEmpty: Bool { count == 0 }

    /// The bytes; valid while the secret is held.
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let bytes = UnsafeBufferPointer(start: base, count: count)
            return _overrideLifetime(Span(_unsafeElements: bytes), borrowing: self)
        }
    }

    /// A copy that is protected no more.
    public var copy: Bytes { Bytes(copying: span) }
}

extension Secret: Equatable {
    public static func == (left: Secret, right: Secret) -> Bool { left.span.isEqual(to: right.span) }
}
