/// What came of an ask. Its bytes are overwritten when nobody needs them any more.
public final class Finding {
    /// HTTP status, or exit status of a process (128 and the signal's number where one ended it); 0 for a file.
    public let status: Int
    /// The file's bytes, the response's body, the process's output, the host's code.
    public private(set) var bytes: ByteBuffer
    /// Why there is nothing, as a half sentence: "cannot be read: ...", "could not connect ...". Nil where it worked.
    public let failure: Message?
    /// There is no such file; for `lead`, no source is configured.
    public let isMissing: Bool
    /// There was a connection, and nothing came until a time limit; of IMDS that means something else than a refusal.
    public var isTimeout = false
    /// What the server's clock showed, in seconds since 1970, where its answer said so.
    public var serverSeconds: Int64?
    /// What our clock showed when it came, in seconds since 1970.
    var wall: Int64 = 0
    /// For `sources`.
    public var settings: Settings?
    /// For `lead`, and for `host` but for codes, which are `bytes`.
    public var identity: ResolvedIdentity?

    public init(
        status: Int = 0, bytes: consuming ByteBuffer = ByteBuffer(), failure: Message? = nil, isMissing: Bool = false
    ) {
        self.status = status
        self.bytes = bytes
        self.failure = failure
        self.isMissing = isMissing
    }

    deinit { bytes.wipe() }

    /// All of it.
    var contents: Secret { Self.contents(bytes) }

    private static func contents(_ bytes: borrowing ByteBuffer) -> Secret { Secret(bytes.span) }

    /// Without blanks and line ends around it.
    public var trimmedCopy: Bytes { Self.trimmed(bytes) }

    var trimmedContents: Secret { Self.trimmedContents(bytes) }

    private static func trimmedContents(_ bytes: borrowing ByteBuffer) -> Secret { Secret(bytes.span.trimmed()) }

    private static func trimmed(_ bytes: borrowing ByteBuffer) -> Bytes { Bytes(copying: bytes.span.trimmed()) }
}
