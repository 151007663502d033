/// What a request's method and path ask for.
enum Route {
    enum Operation: String {
        case converse
        case converseStream = "converse-stream"
        case invoke
        case invokeStream = "invoke-with-response-stream"

        var isStream: Bool { self == .converseStream || self == .invokeStream }
        var isInvoke: Bool { self == .invoke || self == .invokeStream }
    }

    case model(id: String, Operation)
    case health
    case stats
    case requests
    case reset
    case unknown

    init(_ request: Request) {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        switch (request.method, parts.first, parts.count) {
        case ("GET", "health", 1): self = .health
        case ("GET", "stats", 1): self = .stats
        case ("GET", "requests", 1): self = .requests
        case ("POST", "reset", 1): self = .reset
        case ("POST", "model", 3...):
            // A client may leave the slashes of an ARN as they are.
            let id = parts[1..<parts.count - 1].joined(separator: "/").percentDecoded
            guard let operation = Operation(rawValue: parts[parts.count - 1]), !id.isEmpty else {
                self = .unknown; break
            }
            self = .model(id: id, operation)
        default: self = .unknown
        }
    }
}

extension String {
    /// With "%41" turned into "A"; a malformed escape stays as it is.
    var percentDecoded: String {
        let bytes = Array(utf8)
        var decoded: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == 37, at + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[at + 1...at + 2], as: UTF8.self), radix: 16)
            {
                decoded.append(byte)
                at += 3
            } else {
                decoded.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: decoded, as: UTF8.self)
    }
}
