/// The lines of a recording: requests without their secrets, and what came for them. One for each stream; an exchange
/// is one request with its answer.
///
///     {"exchange":1,"process":"5f..","attempt":1,"t_us":0,"request":{"method":"POST","url":..,"headers":[[..]],"body":..}}
///     {"exchange":1,"process":"5f..","t_us":81200,"head":"HTTP/1.1 200 OK"}     each line of the head, "" for its end
///     {"exchange":1,"process":"5f..","t_us":95011,"bytes_b64":"AAAAqgAA.."}     the body as it came, without chunks
///     {"exchange":1,"process":"5f..","t_us":96400,"end":"complete"}             or "cut", with a "message"
public struct ExchangeRecord {
    /// Differs between clients and processes, so that several may write to one file.
    private let process: UInt64
    private var number: Int64 = 0
    private var began: Int64 = 0
    private var isOpen = false
    private var isHeadOpen = false

    public init(process: UInt64) {
        self.process = process
    }

    /// A line for a request that is given to the transport.
    public mutating func begin(_ request: PreparedRequest, number: Int64, attempt: UInt32, now: Int64) -> ByteBuffer {
        self.number = number
        began = now
        (isOpen, isHeadOpen) = (true, false)
        var writer = line(now, attempt: attempt)
        writer.key("request")
        writer.beginObject()
        writer.key("method")
        writer.string("POST")
        writer.key("url")
        writer.string(Self.withoutUser(request.url))
        Self.write(request.headers, &writer)
        Self.write(request.body.bytes, &writer)
        writer.endObject()
        return Self.finish(&writer)
    }

    /// A line for one of the head; nil for trailers, and for what is secret.
    public mutating func head(_ text: Span<UInt8>, now: Int64) -> ByteBuffer? {
        let text = text.trimmed()
        if text.starts(with: "HTTP/") { isHeadOpen = true }
        guard isOpen, isHeadOpen, !Self.isSecret(line: text) else { return nil }
        if text.isEmpty { isHeadOpen = false }
        var writer = line(now)
        writer.key("head")
        writer.string(text)
        return Self.finish(&writer)
    }

    /// A line for bytes of the body.
    public func bytes(_ bytes: Span<UInt8>, now: Int64) -> ByteBuffer? {
        guard isOpen else { return nil }
        var writer = line(now)
        writer.key("bytes_b64")
        Self.writeBase64(bytes, &writer)
        return Self.finish(&writer)
    }

    /// The last line of an exchange that has none yet: its answer is whole, or was cut for a reason.
    public mutating func end(cut reason: Message?, now: Int64) -> ByteBuffer? {
        guard isOpen else { return nil }
        isOpen = false
        var writer = line(now)
        writer.key("end")
        writer.string(reason == nil ? "complete" : "cut" as StaticString)
        if let reason {
            writer.key("message")
            writer.string(reason.bytes)
        }
        return Self.finish(&writer)
    }

    // MARK: Parts of a line

    private func line(_ now: Int64, attempt: UInt32 = 0) -> JSONWriter {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("exchange")
        writer.integer(number)
        writer.key("process")
        writer.string(Self.digits(process))
        if attempt > 0 {
            writer.key("attempt")
            writer.integer(Int64(attempt))
        }
        writer.key("t_us")
        writer.integer(max(now &- began, 0) / 1000)
        return writer
    }

    private static func digits(_ number: UInt64) -> Bytes {
        var digits = Bytes()
        for shift in 0..<16 {
            digits.append(Hex.digit(UInt8(truncatingIfNeeded: number &>> UInt64(60 &- shift &* 4)) & 15))
        }
        return digits
    }

    private static func finish(_ writer: inout JSONWriter) -> ByteBuffer {
        writer.endObject()
        writer.buffer.append(UInt8(ascii: "\n"))
        var line = ByteBuffer()
        swap(&line, &writer.buffer)
        return line
    }

    private static func write(_ headers: [HTTPHeader], _ writer: inout JSONWriter) {
        writer.key("headers")
        writer.beginArray()
        for header in headers where header.secret == nil && !isSecret(header.name.span) {
            writer.beginArray()
            writer.string(header.name)
            writer.string(header.value)
            writer.endArray()
        }
        writer.endArray()
    }

    private static func write(_ body: borrowing ByteBuffer, _ writer: inout JSONWriter) {
        if body.span.isValidUTF8 {
            writer.key("body")
            writer.string(body.span)
        } else {
            writer.key("body_b64")
            writeBase64(body.span, &writer)
        }
    }

    private static func writeBase64(_ bytes: Span<UInt8>, _ writer: inout JSONWriter) {
        var digits = ByteBuffer()
        digits.append(UInt8(ascii: "\""))
        Base64.encode(bytes, into: &digits)
        digits.append(UInt8(ascii: "\""))
        writer.raw(digits.span)
    }

    // MARK: Secrets

    private static let secrets: [StaticString] = [
        "authorization", "x-amz-security-token", "proxy-authorization", "cookie", "set-cookie",
    ]

    private static func isSecret(_ name: Span<UInt8>) -> Bool {
        for secret in secrets where name.isEqualIgnoringCase(secret) { return true }
        return false
    }

    private static func isSecret(line: Span<UInt8>) -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return false }
        return isSecret(line.extracting(0..<colon))
    }

    /// Leaves a name and a password in front of the host out.
    private static func withoutUser(_ url: Bytes) -> Bytes {
        var host = 0
        for at in 0..<url.count where url.span.extracting(at..<url.count).starts(with: "://") {
            host = at &+ 3
            break
        }
        var end = host
        while end < url.count, url[end] != UInt8(ascii: "/") { end &+= 1 }
        guard let at = url[host..<end].lastIndex(of: UInt8(ascii: "@")) else { return url }
        return Bytes(url[..<host]) + Bytes(url[(at &+ 1)...])
    }
}
