/// How far the clocks of hosts are ahead of ours, in seconds, as their `Date` headers say when they refuse a signature
/// for its time.
public struct ClockSkew: Sendable {
    private struct Entry: Sendable {
        let host: Bytes
        var offset: Int64
    }

    /// From here on a signature may be refused for its time (the AWS SDKs' number; services allow five minutes).
    private static let suspicious: Int64 = 240
    /// What a `Date` of whole seconds that travelled for a while may be off without telling anything.
    private static let negligible: Int64 = 4

    private var entries: [Entry] = []
    /// Which is given up for a new host, when there are too many.
    private var oldest = 0

    public init() {}

    /// To be added to the wall clock where a request to the host is signed; 0 for hosts of which nothing was learned.
    public func offset(host: Bytes) -> Int64 {
        for entry in entries where entry.host == host { return entry.offset }
        return 0
    }

    /// Whether the time in a signature may be what the host refused, with this error code.
    public func explains(_ code: Span<UInt8>, host: Bytes, serverSeconds: Int64, wall: Int64) -> Bool {
        if ServiceCode.isClockSkew(code) { return true }
        let error = Self.difference(Self.difference(serverSeconds, wall), offset(host: host))
        return error.magnitude >= Self.suspicious.magnitude && ServiceCode.isPossibleClockSkew(code)
    }

    /// The host's clock showed `serverSeconds` when ours showed `wall`. True when that was not known: another signature
    /// would carry another time.
    public mutating func learn(host: Bytes, serverSeconds: Int64, wall: Int64) -> Bool {
        let offset = Self.difference(serverSeconds, wall)
        guard Self.difference(offset, self.offset(host: host)).magnitude > Self.negligible.magnitude else {
            return false
        }
        for at in 0..<entries.count where entries[at].host == host {
            entries[at].offset = offset
            return true
        }
        add(Entry(host: host, offset: offset))
        return true
    }

    private mutating func add(_ entry: Entry) {
        guard entries.count >= Limits.skewedHosts else {
            entries.append(entry)
            return
        }
        entries[oldest] = entry
        oldest = (oldest &+ 1) % Limits.skewedHosts
    }

    /// Bounded, whatever the clocks show.
    private static func difference(_ one: Int64, _ other: Int64) -> Int64 {
        let (difference, isTooLarge) = one.subtractingReportingOverflow(other)
        if isTooLarge { return one < other ? -Int64.max : .max }
        return max(difference, -Int64.max)
    }
}
