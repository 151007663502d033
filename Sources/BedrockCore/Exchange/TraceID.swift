/// The header by which AWS follows a call through its services; in Lambda it keeps a function from calling itself
/// without end.
enum TraceID {
    private static let name: StaticString = "X-Amzn-Trace-Id"

    /// For a trace of that name; none for an empty one, and beside one that the caller sends.
    static func headers(_ trace: Bytes, beside others: [HTTPHeader]) -> [HTTPHeader] {
        guard !trace.isEmpty, others.firstValue(of: name) == nil else { return [] }
        var value = ByteBuffer()
        for byte in trace {
            if byte.isUnreserved || isKept(byte) {
                value.append(byte)
            } else {
                PercentEncoding.append(encoded: byte, to: &value)
            }
        }
        return [HTTPHeader(name, value.array)]
    }

    /// As in botocore.
    private static func isKept(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: ";"), UInt8(ascii: ":"), UInt8(ascii: "+"), UInt8(ascii: "&"),
            UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "\""),
            UInt8(ascii: "'"), UInt8(ascii: ","):
            true
        default: false
        }
    }
}
