import BedrockCore

/// A file of recorded exchanges, and which of them have been answered with.
final class Recording {
    enum Outcome {
        case loaded(Recording)
        case refused(String)
    }

    private static let sizeLimit = 1 << 30

    private var exchanges: [RecordedExchange] = []
    private var isUsed: [Bool] = []
    private let speed: Double
    /// Where an exchange is in the list, by its process and number.
    private var places: [String: Int] = [:]

    private init(speed: Double) {
        self.speed = speed
    }

    static func load(_ path: String, speed: Double) -> Outcome {
        guard let bytes = TextFile.read(path, limit: sizeLimit) else { return .refused("cannot read \(path)") }
        let recording = Recording(speed: speed)
        for (at, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            if line.allSatisfy({ $0 == 32 || $0 == 9 || $0 == 13 }) { continue }
            if let problem = recording.take(Array(line)) { return .refused("\(path): line \(at + 1): \(problem)") }
        }
        recording.isUsed = Array(repeating: false, count: recording.exchanges.count)
        return .loaded(recording)
    }

    func reset() {
        for at in isUsed.indices { isUsed[at] = false }
    }

    /// The next answer to the request; nil: nothing was recorded for its path.
    func reply(to request: Request, now: Int64) -> Reply? {
        let path = request.path.percentDecoded
        let fitting = exchanges.indices.filter { exchanges[$0].path == path }
        if fitting.allSatisfy({ isUsed[$0] }) {
            for at in fitting { isUsed[at] = false }
        }
        let open = fitting.filter { !isUsed[$0] }
        guard let chosen = open.first(where: { Self.isSame(exchanges[$0].body, request.body) }) ?? open.first else {
            return nil
        }
        isUsed[chosen] = true
        return exchanges[chosen].reply(now: now, speed: speed)
    }

    /// Whether both hold the same JSON, or the same bytes.
    private static func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        if one == other { return true }
        guard let one = try? JSONValue.parse(one), let other = try? JSONValue.parse(other) else { return false }
        return one.isSame(as: other)
    }
}

// MARK: - Reading

extension Recording {
    /// Returns what is wrong with the line.
    private func take(_ line: [UInt8]) -> String? {
        let entry: JSONValue
        do throws(JSONError) {
            entry = try JSONValue.parse(line)
        } catch {
            return error.message.description
        }
        guard entry.members != nil else { return "no JSON object" }
        guard let number = entry["exchange"]?.integer else { return "exchange is no number" }
        guard let process = entry["process"]?.string else { return "process is no string" }
        let key = "\(process)/\(number)"
        if let request = entry["request"] { return begin(request, key) }
        guard let place = places[key] else { return "nothing was asked in exchange \(number) yet" }
        guard exchanges[place].ending == nil else { return "exchange \(number) has ended already" }
        guard let time = entry["t_us"]?.integer, time >= 0 else { return "t_us is no number of microseconds" }
        return goOn(entry, place, Int64(time))
    }

    private func begin(_ request: JSONValue, _ key: String) -> String? {
        guard places[key] == nil else { return "a second request in one exchange" }
        guard let url = request["url"]?.string, let path = Self.path(url) else { return "request.url is no URL" }
        var body = Array((request["body"]?.string ?? "").utf8)
        if let digits = request["body_b64"] {
            guard let bytes = digits.string.flatMap(Self.decoded) else { return "request.body_b64 is no Base64" }
            body = bytes
        }
        places[key] = exchanges.count
        exchanges.append(RecordedExchange(path: path, body: body))
        return nil
    }

    private func goOn(_ entry: JSONValue, _ place: Int, _ time: Int64) -> String? {
        if let line = entry["head"]?.string { return exchanges[place].takeHead(line, time) }
        if let word = entry["end"]?.string { return exchanges[place].end(word, time) }
        guard let digits = entry["bytes_b64"]?.string else { return "none of request, head, bytes_b64, end" }
        guard let bytes = Self.decoded(digits) else { return "bytes_b64 is no Base64" }
        return exchanges[place].take(bytes, time)
    }

    /// The decoded path of an absolute URL.
    private static func path(_ url: String) -> String? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let rest = url[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" }
        return rest.firstIndex(of: "/").map { String(rest[$0...]).percentDecoded } ?? "/"
    }

    private static func decoded(_ digits: String) -> [UInt8]? {
        var bytes = ByteBuffer()
        return Base64.decode(Array(digits.utf8).span, into: &bytes) ? bytes.array : nil
    }
}

extension JSONValue {
    /// Members may come in another order, numbers in another form.
    func isSame(as other: JSONValue) -> Bool {
        switch (self, other) {
        case (.object(let one), .object(let two)):
            guard one.count == two.count else { return false }
            return one.allSatisfy { name, value in other[name].map { value.isSame(as: $0) } ?? false }
        case (.array(let one), .array(let two)):
            return one.count == two.count && zip(one, two).allSatisfy { $0.isSame(as: $1) }
        case (.string(let one), .string(let two)): return one == two
        case (.number(let one), .number(let two)): return one == two || Double(one) == Double(two)
        case (.bool(let one), .bool(let two)): return one == two
        case (.null, .null): return true
        default: return false
        }
    }
}
