/// Turns the bytes of one connection into requests (RFC 9112): pipelined ones are handed out one by one.
struct RequestParser {
    enum Outcome {
        case incomplete
        case request(Request)
        /// The connection cannot go on after this answer.
        case refused(status: Int, message: String)
    }

    private enum Stage {
        case head
        case body(length: Int)
        case chunks
    }

    static let headLimit = 64 * 1024
    static let bodyLimit = 25_000_000

    private var input: [UInt8] = []
    private var start = 0
    private var scanned = 0
    private var stage = Stage.head
    private var request = Request()
    private var chunks = ChunkedBody()
    /// The peer waits for "100 Continue" before it sends the body.
    private(set) var awaitsContinue = false

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if start > 0, start == input.count { forgetInput() }
        input.append(contentsOf: bytes)
    }

    mutating func continued() {
        awaitsContinue = false
    }

    mutating func next() -> Outcome {
        if case .head = stage {
            let end = headEnd()
            if (end ?? input.count) - start > Self.headLimit { return .refused(status: 431, message: "head too long") }
            guard let end else { return .incomplete }
            if let refusal = takeHead(upTo: end) { return refusal }
        }
        return takeBody()
    }

    private mutating func takeBody() -> Outcome {
        switch stage {
        case .head:
            return .incomplete
        case .body(let length):
            guard input.count - start >= length else { return .incomplete }
            request.body = Array(input[start..<start + length])
            start += length
        case .chunks:
            switch chunks.take(from: input, at: &start) {
            case .incomplete: return .incomplete
            case .malformed: return .refused(status: 400, message: "malformed chunk")
            case .tooLong: return Self.tooLarge
            case .complete: request.body = chunks.body
            }
        }
        return .request(finish())
    }

    private mutating func finish() -> Request {
        defer {
            request = Request()
            stage = .head
            chunks = ChunkedBody()
            awaitsContinue = false
            if start == input.count || start > 1 << 20 { forgetInput() }
        }
        return request
    }

    private mutating func forgetInput() {
        input.removeFirst(start)
        if input.isEmpty, input.capacity > 1 << 20 { input = [] }
        start = 0
        scanned = 0
    }

    /// Where the blank line that ends the head begins. Empty lines before a request line are skipped.
    private mutating func headEnd() -> Int? {
        while scanned <= start, start + 1 < input.count, input[start] == 13, input[start + 1] == 10 { start += 2 }
        var at = max(scanned, start)
        while at + 3 < input.count {
            if input[at] == 13, input[at + 1] == 10, input[at + 2] == 13, input[at + 3] == 10 { return at }
            at += 1
        }
        scanned = at
        return nil
    }

    private mutating func takeHead(upTo end: Int) -> Outcome? {
        let text = String(decoding: input[start..<end], as: UTF8.self)
        start = end + 4
        scanned = start
        // "\r\n" is one Character, so lines are split on the UTF-8 view's line feeds.
        var lines = text.utf8.split(separator: 10, omittingEmptySubsequences: false).map { line in
            String(line.last == 13 ? line.dropLast() : line) ?? ""
        }
        guard let first = lines.first, takeRequestLine(first) else {
            return .refused(status: 400, message: "malformed request line")
        }
        lines.removeFirst()
        for line in lines {
            guard let header = Self.header(line) else { return .refused(status: 400, message: "malformed header") }
            request.headers.append(header)
        }
        return chooseBody()
    }

    private mutating func takeRequestLine(_ line: String) -> Bool {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[1].first == "/" else { return false }
        guard parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0" else { return false }
        request.method = String(parts[0])
        request.isHTTP10 = parts[2] == "HTTP/1.0"
        let target = parts[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        request.path = String(target[0])
        request.query = target.count > 1 ? String(target[1]) : ""
        return true
    }

    private static func header(_ line: String) -> Header? {
        guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else { return nil }
        let name = line[..<colon]
        guard !name.utf8.contains(where: { $0 <= 32 }) else { return nil }
        return Header(name: name.lowercased(), value: line[line.index(after: colon)...].trimmed)
    }

    /// How the body is framed (RFC 9112, section 6.3).
    private mutating func chooseBody() -> Outcome? {
        let length = request.header("content-length")
        if let coding = request.header("transfer-encoding") {
            guard coding.lowercased() == "chunked", length == nil else {
                return .refused(status: 400, message: "unsupported transfer encoding")
            }
            stage = .chunks
        } else {
            guard let count = length.map({ Int($0) }) ?? 0, count >= 0 else {
                return .refused(status: 400, message: "malformed content length")
            }
            guard count <= Self.bodyLimit else { return Self.tooLarge }
            stage = .body(length: count)
        }
        awaitsContinue = request.header("expect")?.lowercased() == "100-continue"
        return nil
    }

    private static let tooLarge = Outcome.refused(status: 413, message: "the body is longer than \(bodyLimit) bytes")
}

extension StringProtocol {
    /// Without blanks and tabs at both sides.
    var trimmed: String {
        var bytes = Substring(self).utf8
        while let first = bytes.first, first == 32 || first == 9 { bytes.removeFirst() }
        while let last = bytes.last, last == 32 || last == 9 { bytes.removeLast() }
        return String(Substring(bytes))
    }
}
