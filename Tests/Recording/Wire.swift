import BedrockCore

/// Messages as the service sends them.
public enum Wire {
    public static func event(_ type: String, _ payload: some Sequence<UInt8>) -> Bytes {
        message([(":event-type", type), (":content-type", "application/json"), (":message-type", "event")], payload)
    }

    public static func event(_ type: String, _ payload: String) -> Bytes { event(type, payload.utf8) }

    public static func exception(_ type: String, _ payload: String) -> Bytes {
        message(
            [(":exception-type", type), (":content-type", "application/json"), (":message-type", "exception")],
            payload.utf8)
    }

    /// A failure without a shape: its code and words are in headers.
    public static func error(_ code: String, _ text: String) -> Bytes {
        message([(":error-code", code), (":error-message", text), (":message-type", "error")], [])
    }

    /// A chunk of InvokeModelWithResponseStream around the model's own bytes.
    public static func chunk(_ inner: some Sequence<UInt8>) -> Bytes {
        var writer = JSONWriter()
        var digits = ByteBuffer()
        Base64.encode(Bytes(inner).span, into: &digits)
        writer.beginObject()
        writer.key("bytes")
        writer.string(digits.span)
        writer.key("p")
        writer.string("abcdefg")
        writer.endObject()
        return event("chunk", writer.buffer.array)
    }

    public static func chunk(_ inner: String) -> Bytes { chunk(inner.utf8) }

    public static func message(_ headers: [(String, String)], _ payload: some Sequence<UInt8>) -> Bytes {
        var buffer = ByteBuffer()
        let headers = headers.map { FrameHeader(name: Bytes($0.0.utf8), value: .string(Bytes($0.1.utf8))) }
        do throws(FrameError) {
            try FrameEncoder.encode(headers: headers, payload: Bytes(payload).span, into: &buffer)
        } catch {
            return []
        }
        return buffer.array
    }
}

extension Array where Element == UInt8 {
    /// Cut before each of the places, which ascend.
    public func cut(at places: [Int]) -> [Bytes] {
        zip([0] + places, places + [count]).map { Bytes(self[$0..<$1]) }
    }

    /// Each byte by itself.
    public var singly: [Bytes] { map { [$0] } }
}
