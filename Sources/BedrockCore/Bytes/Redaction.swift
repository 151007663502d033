/// Takes secrets out of texts that people read.
enum Redaction {
    /// Headers that carry secrets, as they stand in a canonical request.
    private static let headers: [StaticString] = [
        "x-amz-security-token:", "x-amz-sso_bearer_token:", "cookie:", "x-api-key:", "dpop:",
    ]
    /// Shorter ones would be found where they are not meant.
    private static let shortestToken = 8

    /// Without the values of headers that carry secrets, also where a service has shown them and the line ends are
    /// blanks, and without `token`, also where its rest was cut off.
    @inline(never)
    static func redacted(_ text: Span<UInt8>, token: Secret? = nil) -> Bytes {
        var clean = Bytes()
        var (start, at) = (0, 0)
        while at < text.count {
            let secret = secret(text, at, token)
            guard !secret.isEmpty else {
                at &+= 1
                continue
            }
            clean += Bytes(copying: text.extracting(start..<secret.lowerBound)) + Bytes("REDACTED")
            at = secret.upperBound
            start = at
        }
        return clean + Bytes(copying: text.extracting(start...))
    }

    @inline(never)
    static func redact(_ text: inout Bytes?, _ token: Secret?) {
        if let shown = text { text = redacted(shown.span, token: token) }
    }

    /// The same as one line, with strokes for line ends.
    static func line(_ text: Span<UInt8>) -> Message {
        let clean = redacted(text)
        var message: Message = ""
        var start = 0
        while let end = clean.span.firstIndex(of: 0x0A, from: start) {
            message.append(clean.span.extracting(start..<end))
            message += " | "
            start = end &+ 1
        }
        message.append(clean.span.extracting(start...))
        return message.singleLine
    }

    /// Where the secret is that a header or a token at `at` shows; empty where there is none.
    private static func secret(_ text: Span<UInt8>, _ at: Int, _ token: Secret?) -> Range<Int> {
        let rest = text.extracting(at...)
        for header in headers where rest.startsIgnoringCase(header) {
            var start = at &+ header.utf8CodeUnitCount
            while start < text.count, text[start] == 0x20 { start &+= 1 }
            return start..<endOfValue(text, start)
        }
        return at..<(at &+ (token.map { beginning($0.span, of: rest) } ?? 0))
    }

    /// How long the token is that a text begins with, which may be cut; 0 where it begins with none.
    private static func beginning(_ token: Span<UInt8>, of text: Span<UInt8>) -> Int {
        let length = min(token.count, text.count)
        guard length >= shortestToken else { return 0 }
        return text.extracting(0..<length).isEqual(to: token.extracting(0..<length)) ? length : 0
    }

    /// A blank ends it, but for those between cookies.
    private static func endOfValue(_ text: Span<UInt8>, _ start: Int) -> Int {
        var at = start
        while at < text.count, text[at] > 0x20 || text[at] == 0x20 && text[at &- 1] == UInt8(ascii: ";") { at &+= 1 }
        return at
    }
}
