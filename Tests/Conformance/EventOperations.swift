import BedrockCore

extension Port {
    /// One message through a whole attempt: the way of a byte in a stream.
    static func bedrockEvent(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("op", "frame_b64")
        let operation = try arguments.operation("op", where: { $0.isStreaming })
        let frame = try arguments.bytes("frame_b64")
        let message = try eventMessage(frame)
        var attempt = streamingAttempt(operation)
        var position = 0
        switch attempt.next(frame.span, &position, now: 1) {
        case .deliver:
            writer.event(attempt.eventView, of: operation)
        case .ended, .needsInput:
            guard let failure = attempt.failure else {
                throw .failed(kind: "protocol", message: "the message led to nothing")
            }
            try write(failure, message, frame.span, to: &writer)
        }
    }

    /// As far as the head of a successful answer.
    private static func streamingAttempt(_ operation: BedrockCore.Operation) -> Attempt {
        var attempt = Attempt(operation: operation, limits: TimeLimits(), wantsRaw: true, now: 1)
        attempt.started(now: 1)
        let head: [StaticString] = ["HTTP/1.1 200 OK", "content-type: application/vnd.amazon.eventstream", ""]
        for line in head {
            let line = Bytes(line)
            attempt.received(headLine: line.span, now: 1)
        }
        return attempt
    }

    /// A failure that the service reported; any other is the message's fault.
    private static func write(
        _ failure: Failure, _ message: EventMessage, _ frame: Span<UInt8>, to writer: inout JSONWriter
    ) throws(Refusal) {
        let type = Bytes(copying: frame.extracting(message.type))
        if message.kind == .event, failure.service == ServiceError() {
            throw .failed(kind: "protocol", message: failure.message)
        }
        writer.beginObject()
        if message.kind == .error {
            writer.member("kind", Bytes("error"))
            writer.member("code", type)
        } else {
            writer.member("kind", Bytes("exception"))
            // Inside a chunk the failure has a type of its own.
            writer.member("type", type == "chunk" ? failure.service.code ?? type : type)
        }
        writer.member("message", optional: failure.service.message)
        writer.endObject()
    }
}

extension JSONWriter {
    fileprivate mutating func event(_ view: EventView, of operation: BedrockCore.Operation) {
        let type = view.type.bytes
        let json = view.json.bytes
        beginObject()
        member("kind", Bytes("event"))
        member("type", type)
        if operation.isInvoke, type == "chunk" {
            member("bytes_b64", base64: json.span)
        } else {
            key("json")
            document(json)
        }
        endObject()
    }

    /// A document on one line: texts and numbers as they came, nothing between them. Null for what is no
    /// document, which an event of a type that the library does not know may hold.
    private mutating func document(_ text: Bytes) {
        var copy = JSONWriter()
        do throws(JSONError) {
            try copy.copyDocument(text.span)
            raw(copy.buffer.span)
        } catch {
            null()
        }
    }

    private mutating func copyDocument(_ text: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(text)
        while true {
            switch try reader.next() {
            case .beginObject: beginObject()
            case .endObject: endObject()
            case .beginArray: beginArray()
            case .endArray: endArray()
            case .key(let text):
                let name = reader.bytes(of: text)
                key(name.span)
            case .string(let string): raw(reader.raw((string.start - 1)..<(string.end + 1)))
            case .number(let range): raw(reader.raw(range))
            case .bool(let flag): bool(flag)
            case .null: null()
            case .end: return
            }
        }
    }
}

extension TextView {
    fileprivate var bytes: Bytes { Bytes(UnsafeBufferPointer(start: pointer, count: count)) }
}
