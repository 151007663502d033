/// The response head as far as it is of use, read line by line.
struct ResponseHead {
    private(set) var status = 0
    private(set) var requestID: Bytes = []
    private(set) var contentType: Bytes = []
    /// Asked for each event, so decided when the header is read.
    private(set) var isEventStream = false
    private(set) var errorType: Bytes?
    /// The empty line behind the headers has been read.
    private(set) var isWhole = false

    /// Takes one line with or without its line end. A status line begins a new head: behind a 100-continue. Lines
    /// behind a whole head are trailers, which must not be taken for headers (RFC 9110, 6.5.1).
    mutating func read(line: Span<UInt8>) {
        guard !isWhole, line.count <= Limits.responseHeaderLength else { return }
        let text = line.trimmed()
        if text.starts(with: "HTTP/") {
            self = ResponseHead()
            status = Self.status(of: text)
        } else if text.isEmpty {
            isWhole = status >= 200
        } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
            keep(text.extracting(0..<colon), text.extracting((colon &+ 1)..<text.count).trimmed())
        }
    }

    private static func status(of line: Span<UInt8>) -> Int {
        guard let blank = line.firstIndex(of: 0x20) else { return 0 }
        let rest = line.extracting((blank &+ 1)..<line.count)
        return max(Int(rest.extracting(0..<min(rest.count, 3)).decimal() ?? 0), 0)
    }

    private mutating func keep(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        if name.isEqualIgnoringCase("content-type") {
            contentType = Bytes(copying: value)
            isEventStream = Self.isEventStream(value)
        } else if name.isEqualIgnoringCase("x-amzn-requestid") {
            if value.isValidUTF8, !value.hasControlCharacter { requestID = Bytes(copying: value) }
        } else if name.isEqualIgnoringCase("x-amzn-errortype") {
            errorType = Bytes(copying: value)
        }
    }

    /// RFC 9110: types are compared without regard to case, parameters do not matter.
    private static func isEventStream(_ type: Span<UInt8>) -> Bool {
        let end = type.firstIndex(of: UInt8(ascii: ";")) ?? type.count
        return type.extracting(0..<end).trimmed().isEqualIgnoringCase("application/vnd.amazon.eventstream")
    }

    var errorHeaders: [HTTPHeader] {
        guard let errorType else { return [] }
        return [HTTPHeader(name: Bytes("x-amzn-errortype"), value: errorType)]
    }
}
