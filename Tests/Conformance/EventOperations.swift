import BedrockCore

extension Port {
    /// One message through a whole attempt: the way of a byte in a stream. A piece of a tool's input belongs to a call,
    /// so that one is opened for it.
    static func bedrockEvent(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("op", "frame_b64")
        let operation = try arguments.operation("op", where: { $0.isStreaming })
        let frame = try arguments.bytes("frame_b64")
        let message = try eventMessage(frame)
        var attempt = streamingAttempt(operation)
        if let index = blockIndex(ofDelta: message, frame.span) {
            let opening = openingCall(operation, index)
            var position = 0
            while case .deliver = attempt.next(opening.span, &position, now: 1) {}
        }
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

    /// The block of a delta of Converse, or of Anthropic Messages in a chunk; nil for any other message.
    private static func blockIndex(ofDelta message: EventMessage, _ frame: Span<UInt8>) -> Int64? {
        guard message.kind == .event else { return nil }
        let payload = frame.extracting(message.payload)
        let type = frame.extracting(message.type)
        do throws(JSONError) {
            if type.isEqual(to: "contentBlockDelta") {
                return try Members(payload).converseIndex ?? -1
            }
            guard type.isEqual(to: "chunk"), let bytes = try Members(payload).bytes else { return nil }
            let chunk = try Members(bytes.span)
            return chunk.isAnthropicDelta ? chunk.anthropicIndex ?? -1 : nil
        } catch {
            return nil
        }
    }

    private static func openingCall(_ operation: BedrockCore.Operation, _ index: Int64) -> Bytes {
        var json = ByteBuffer()
        let isInvoke = operation.isInvoke
        json.append(isInvoke ? #"{"type":"content_block_start","index":"# : #"{"contentBlockIndex":"# as StaticString)
        json.append(decimal: index)
        json.append(isInvoke ? #","content_block":{"type":"tool_use"}}"# : #","start":{"toolUse":{}}}"# as StaticString)
        var payload = json.array
        if isInvoke {
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("bytes", base64: json.span)
            writer.endObject()
            payload = writer.buffer.array
        }
        var frame = ByteBuffer()
        let headers = [
            FrameHeader(name: Bytes(":event-type"), value: .string(Bytes(isInvoke ? "chunk" : "contentBlockStart"))),
            FrameHeader(name: Bytes(":message-type"), value: .string(Bytes("event"))),
        ]
        do throws(FrameError) {
            try FrameEncoder.encode(headers: headers, payload: payload.span, into: &frame)
        } catch {
            return []
        }
        return frame.array
    }

    /// A failure that the service reported; any other is the message's fault.
    private static func write(
        _ failure: Failure, _ message: EventMessage, _ frame: Span<UInt8>, to writer: inout JSONWriter
    ) throws(Refusal) {
        let type = Bytes(copying: frame.extracting(message.type))
        if message.kind == .event, failure.service == ServiceError() {
            throw .failed(kind: "protocol", message: failure.message.description)
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

/// The outermost members of an event that say which block it belongs to.
private struct Members {
    var converseIndex: Int64?
    var anthropicIndex: Int64?
    var isAnthropicDelta = false
    var bytes: Bytes?

    init(_ json: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(json)
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "contentBlockIndex") {
                converseIndex = try reader.integerOrSkip()
            } else if reader.isEqual(key, to: "index") {
                anthropicIndex = try reader.integerOrSkip()
            } else if reader.isEqual(key, to: "type") {
                guard let text = try reader.stringOrSkip() else { continue }
                isAnthropicDelta = reader.isEqual(text, to: "content_block_delta")
            } else if reader.isEqual(key, to: "bytes") {
                guard let text = try reader.stringOrSkip() else { continue }
                var decoded = ByteBuffer()
                if Base64.decode(reader.bytes(of: text).span, into: &decoded) { bytes = decoded.array }
            } else {
                _ = try reader.skipValue()
            }
        }
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
