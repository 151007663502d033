/// The response head as far as it is of use, read line by line.
struct ResponseHead {
    private(set) var status = 0
    private(set) var requestID: Bytes = []
    private(set) var contentType: Bytes = []
    /// Asked for each event, so decided when the header is read.
    private(set) var isEventStream = false
    private(set) var errorType: Bytes?
    /// As the header has it.
    private(set) var date: Bytes?
    /// How long the service wants a retry to wait, in nanoseconds, as `x-amz-retry-after` says.
    private(set) var retryAfter: Int64?
    /// Token counts of an answer of InvokeModel, in headers because its body is the model's own.
    private(set) var usage = Usage()
    /// How long the model took, in milliseconds, as the same answers have it; -1 where they do not.
    private(set) var latencyMs: Int64 = -1
    /// How an answer of an invoke route was served; empty where it does not say.
    private(set) var serviceTier: Bytes = []
    private(set) var performanceLatency: Bytes = []
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

    static func status(of line: Span<UInt8>) -> Int {
        guard let blank = line.firstIndex(of: 0x20) else { return 0 }
        let rest = line.extracting((blank &+ 1)..<line.count)
        return max(Int(rest.extracting(0..<min(rest.count, 3)).decimal() ?? 0), 0)
    }

    private mutating func keep(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        if name.isEqualIgnoringCase("content-type") {
            contentType = Bytes(copying: value)
            isEventStream = Self.isEventStream(value)
        } else if name.isEqualIgnoringCase("x-amzn-requestid") {
            if value.isWord { requestID = Bytes(copying: value) }
        } else if name.isEqualIgnoringCase("x-amzn-errortype") {
            errorType = Bytes(copying: value)
        } else if name.isEqualIgnoringCase("date") {
            date = value.count <= Self.dateLength ? Bytes(copying: value) : nil
        } else if name.isEqualIgnoringCase("x-amz-retry-after") {
            retryAfter = Self.nanoseconds(milliseconds: value)
        } else if name.startsIgnoringCase("x-amzn-bedrock-") {
            keepOfModel(name.extracting(15..<name.count), value)
        }
    }

    /// A count that is no number, or is negative, counts as absent.
    private mutating func keepOfModel(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        let count = max(value.decimal() ?? -1, -1)
        if name.isEqualIgnoringCase("input-token-count") {
            usage.inputTokens = count
        } else if name.isEqualIgnoringCase("output-token-count") {
            usage.outputTokens = count
        } else if name.isEqualIgnoringCase("cache-read-input-token-count") {
            usage.cacheReadInputTokens = count
        } else if name.isEqualIgnoringCase("cache-write-input-token-count") {
            usage.cacheWriteInputTokens = count
        } else if name.isEqualIgnoringCase("invocation-latency") {
            latencyMs = count
        } else if name.isEqualIgnoringCase("service-tier"), value.isWord {
            serviceTier = Bytes(copying: value)
        } else if name.isEqualIgnoringCase("performanceconfig-latency"), value.isWord {
            performanceLatency = Bytes(copying: value)
        }
    }

    /// The longest form of a date, and some room.
    private static let dateLength = 64

    /// Nil for what is no number of milliseconds; a day for more than that.
    private static func nanoseconds(milliseconds text: Span<UInt8>) -> Int64? {
        let most = Limits.delay / 1_000_000
        var value: Int64 = 0
        for at in 0..<text.count {
            let digit = text[at] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = min(value &* 10 &+ Int64(digit), most)
        }
        return text.isEmpty ? nil : value &* 1_000_000
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

extension Span where Element == UInt8 {
    /// Fit to be shown.
    fileprivate var isWord: Bool { isValidUTF8 && !hasControlCharacter }
}
