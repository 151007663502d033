/// Where libcurl connects instead of the host and port of a URL (CURLOPT_CONNECT_TO).
enum ConnectTo {
    /// Reads "HOST:PORT:TO_HOST:TO_PORT, ...", any of which may be empty; IPv6 addresses stand in brackets. The message
    /// of an error says which entry it is.
    static func list(_ text: Span<UInt8>) throws(ArgumentError) -> [Bytes] {
        var entries: [Bytes] = []
        var start = 0
        while true {
            let end = text.firstIndex(of: UInt8(ascii: ","), from: start) ?? text.count
            let entry = text.extracting(start..<end).trimmed()
            guard entries.count < Limits.connectToCount, isEntry(entry) else {
                throw ArgumentError(
                    "connect_to", "entry \(entries.count &+ 1) is not HOST:PORT:TO_HOST:TO_PORT, or one too many")
            }
            entries.append(Bytes(copying: entry))
            guard end < text.count else { return entries }
            start = end &+ 1
        }
    }

    private static func isEntry(_ entry: Span<UInt8>) -> Bool {
        var at = 0
        for part in 0..<4 {
            let end = part % 2 == 0 ? endOfHost(entry, at) : endOfPort(entry, at)
            guard let end, part == 3 ? end == entry.count : end < entry.count && entry[end] == UInt8(ascii: ":") else {
                return false
            }
            at = end &+ 1
        }
        return true
    }

    private static func endOfHost(_ entry: Span<UInt8>, _ start: Int) -> Int? {
        if start < entry.count, entry[start] == UInt8(ascii: "[") {
            return entry.firstIndex(of: UInt8(ascii: "]"), from: start).map { $0 &+ 1 }
        }
        return entry.firstIndex(of: UInt8(ascii: ":"), from: start)
    }

    private static func endOfPort(_ entry: Span<UInt8>, _ start: Int) -> Int? {
        let end = entry.firstIndex(of: UInt8(ascii: ":"), from: start) ?? entry.count
        guard end > start else { return end }
        guard let port = entry.extracting(start..<end).decimal(), 1...65535 ~= port else { return nil }
        return end
    }
}
