/// One request and what came for it, as a client recorded them.
struct RecordedExchange {
    enum Ending {
        case complete
        /// The connection broke; so does one that the recording does not tell the end of.
        case cut
    }

    /// Decoded, without the query.
    var path: String
    var body: [UInt8]
    /// nil: nothing came, or no head.
    var status: Int?
    var headers: [Header] = []
    var headIsComplete = false
    /// When the head was complete, in microseconds since the request; as all times here.
    var headTime: Int64 = 0
    var pieces: [(time: Int64, bytes: [UInt8])] = []
    var ending: Ending?
    var endTime: Int64 = 0

    /// A line of the head, without its line break. Returns what is wrong with it.
    mutating func takeHead(_ line: String, _ time: Int64) -> String? {
        headTime = max(time, headTime)
        endTime = max(time, endTime)
        if line.hasPrefix("HTTP/") {
            // An interim response, or a proxy's, has come before.
            let parts = line.split(separator: " ")
            guard pieces.isEmpty, parts.count > 1, let code = Int(parts[1]), 100...599 ~= code else {
                return "no status line: \(line)"
            }
            (status, headers, headIsComplete) = (code, [], false)
            return nil
        }
        guard status != nil, !headIsComplete else { return "a header outside of a head" }
        if line.isEmpty {
            headIsComplete = true
            return nil
        }
        guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else { return "no header: \(line)" }
        headers.append(Header(name: String(line[..<colon]), value: line[line.index(after: colon)...].trimmed))
        return nil
    }

    mutating func take(_ bytes: [UInt8], _ time: Int64) -> String? {
        guard headIsComplete else { return "bytes in front of the end of the head" }
        endTime = max(time, endTime)
        pieces.append((endTime, bytes))
        return nil
    }

    mutating func end(_ word: String, _ time: Int64) -> String? {
        endTime = max(time, endTime)
        switch word {
        case "cut": ending = .cut
        case "complete" where headIsComplete && (status ?? 0) >= 200: ending = .complete
        case "complete": return "complete without a head"
        default: return "the end is complete or cut, not \(word)"
        }
        return nil
    }
}

extension RecordedExchange {
    /// What is made anew: how the body is framed, and the time, from which clients learn their clock's error.
    private static let ownHeaders: Set = ["content-length", "transfer-encoding", "connection", "keep-alive", "date"]

    /// The answer, `speed` times as fast as it came; 0: at once.
    func reply(now: Int64, speed: Double) -> Reply {
        var delivery = Delivery()
        delivery.firstDelay = Self.delay(status == nil ? endTime : headTime, speed)
        guard let status, headIsComplete, status >= 200 else {
            delivery.drop = .reset
            return Reply(delivery: delivery)
        }
        delivery.length = length
        return Reply(
            status: status, headers: headers.filter { !Self.ownHeaders.contains($0.name.lowercased()) },
            body: .source(ReplayBody(self, start: now, speed: speed)), delivery: delivery)
    }

    /// The length that the head told, unless the whole body has another one.
    private var length: Int? {
        guard let told = headers.last(where: { $0.name.lowercased() == "content-length" }).flatMap({ Int($0.value) })
        else { return nil }
        let count = pieces.reduce(0) { $0 + $1.bytes.count }
        return told == count || ending != .complete && told > count ? told : nil
    }

    /// In nanoseconds. Times beyond a year are a year.
    fileprivate static func delay(_ time: Int64, _ speed: Double) -> Int64 {
        speed > 0 ? Int64(min(Double(time) * 1000 / speed, 3.2e16)) : 0
    }
}

/// A recorded body on its way.
private final class ReplayBody: BodySource {
    private let exchange: RecordedExchange
    private let start: Int64
    private let speed: Double
    private var at = 0

    init(_ exchange: RecordedExchange, start: Int64, speed: Double) {
        self.exchange = exchange
        self.start = start
        self.speed = speed
    }

    func next(_ now: Int64) -> BodyStep {
        let isLast = at == exchange.pieces.count
        let due = start + RecordedExchange.delay(isLast ? exchange.endTime : exchange.pieces[at].time, speed)
        if now < due { return .wait(until: due) }
        guard !isLast else { return exchange.ending == .complete ? .end : .cut }
        defer { at += 1 }
        return .bytes(exchange.pieces[at].bytes)
    }
}
