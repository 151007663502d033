/// The last requests, so that a test can ask what its client sent.
struct RequestRecord {
    private static let capacity = 64
    private static let bodyLimit = 64 * 1024
    private var last: [(Request, status: Int)] = []
    private var oldest = 0

    mutating func add(_ request: Request, status: Int) {
        if last.count < Self.capacity {
            last.append((request, status))
        } else {
            last[oldest] = (request, status)
            oldest = (oldest + 1) % Self.capacity
        }
    }

    mutating func removeAll() {
        last = []
        oldest = 0
    }

    /// Oldest first. API keys are left out.
    var json: JSONValue {
        .array((last[oldest...] + last[..<oldest]).map { Self.describe($0.0, $0.status) })
    }

    private static func describe(_ request: Request, _ status: Int) -> JSONValue {
        let headers = request.headers.map { header -> JSONValue in
            let isToken = header.name == "authorization" && header.value.hasPrefix("Bearer ")
            return .array([.string(header.name), .string(isToken ? "Bearer ..." : header.value)])
        }
        return .object([
            ("method", .string(request.method)), ("path", .string(request.path)), ("query", .string(request.query)),
            ("headers", .array(headers)),
            ("body", .string(String(decoding: request.body.prefix(bodyLimit), as: UTF8.self))),
            ("status", .integer(status)),
        ])
    }
}
