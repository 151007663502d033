/// Every bound of the library in one place: nothing that comes from outside is stored, counted or nested beyond these.
/// Each line says where the number comes from.
public enum Limits {
    /// Largest event-stream message: 24 MiB of payload and 128 KiB of headers with prelude and checksums
    /// (Amazon Event Stream specification, service-side limits).
    public static let messageLength = payloadLength + headersLength + frameOverhead
    /// Largest payload of a message that is written (same source; receivers must not check it).
    public static let payloadLength = 24 * 1024 * 1024
    /// Longest text or byte array in a header that is written (same source).
    public static let headerValueLength = 32_767
    /// Largest header block of a message (same source).
    public static let headersLength = 128 * 1024
    /// Prelude, prelude checksum and message checksum.
    public static let frameOverhead = 16
    /// Most headers of one message (aws-c-event-stream uses the same bound).
    public static let headerCount = 1024
    /// Deepest nesting of JSON that is read. Documents of the service nest far less.
    public static let jsonDepth = 256
    /// Largest answer of a batch operation. The service's bound for a body of InvokeModel is 25,000,000 bytes, and
    /// it may hold images in base64.
    public static let answerBodyLength = 32 * 1024 * 1024
    /// Largest request body (Bedrock API: InvokeModel body, 25,000,000 bytes).
    public static let requestBodyLength = 25_000_000
    /// Longest model id (Bedrock API: modelId, 1 to 2048).
    public static let modelIDLength = 2048
    /// Largest body of an error response that is kept; what is beyond is dropped.
    public static let errorBodyLength = 256 * 1024
    /// Longest line of a response head that is looked at.
    public static let responseHeaderLength = 16 * 1024
    /// Most bytes of lines in a response head and its trailers; libcurl, which keeps the latter, has none for them.
    public static let responseHeadLength = 1024 * 1024
    /// Longest service message or name that is kept in an error.
    public static let errorTextLength = 8 * 1024
    /// Most text of one answer, and most input of one tool call, that is kept for the result.
    public static let answerLength = 64 * 1024 * 1024
    /// Highest content block index, and most open tool calls.
    public static let blockCount = 4096
    /// Longest name or id of a tool call; the service's own names have 64 characters.
    public static let toolNameLength = 64 * 1024
    /// Most bytes of events that are kept back while nothing of an answer has come; more are handed over.
    public static let earlyEventsLength = 32 * 1024
    /// Most bytes, and most milliseconds, that are spent on the rest of an answer to keep its connection.
    public static let drainLength = 64 * 1024
    public static let drainMilliseconds: Int64 = 500
    /// Most connections at a time that this is done for.
    public static let drainCount = 64
    /// Most streams at once that connections are kept ready for, and how long a request for one of them may take.
    public static let warmCount = 4096
    public static let warmMilliseconds = 10_000
    /// Most bytes of a file, an answer or a program's output that credentials are read from.
    public static let identityAnswerLength = 256 * 1024
    /// Most questions of one inquiry for credentials: a long chain of roles, each tried several times.
    public static let identityAskCount = 256
    /// Most profiles on the way to credentials, and deepest nesting of XML that is read: far more than there is.
    public static let roleChainLength = 32
    public static let xmlDepth = 32
    /// Longest value of a configuration key.
    public static let configValueLength = 64 * 1024
    /// Largest config or credentials file; ten thousand profiles fit well.
    public static let profileFileLength = 4 * 1024 * 1024
    /// Most sections, properties and continued lines that such a file is kept with.
    public static let profileEntries = 131_072
    /// Longest name of a section or property in it.
    public static let profileNameLength = 1024
    /// Most models and regions to fall back to: each may cost a whole round of attempts.
    public static let fallbackCount = 32
    /// Longest trace that is passed on; Lambda's have some hundred bytes.
    public static let traceIDLength = 2048
    /// Most headers that a caller adds to requests, and most places to connect to instead of others.
    public static let extraHeaderCount = 64
    public static let connectToCount = 64
    /// Longest wait before an attempt, in nanoseconds, where backoff has no other limit: a day, as of the time limits.
    public static let delay: Int64 = 86_400_000_000_000
    /// Most hosts whose clock's offset is remembered.
    public static let skewedHosts = 64
}
