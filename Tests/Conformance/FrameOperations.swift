import BedrockCore

extension Port {
    static func decode(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("chunks_b64")
        var chunks: [Bytes] = []
        for chunk in try arguments.list("chunks_b64") {
            chunks.append(try arguments.bytes(of: chunk, "args.chunks_b64[]"))
        }
        var messages = JSONWriter()
        messages.beginArray()
        do throws(FrameError) {
            try decode(chunks, into: &messages)
        } catch {
            messages.endArray()
            throw .failed(
                kind: error.isIncomplete ? "incomplete" : "protocol", message: error.message.description,
                messages: messages.buffer.array)
        }
        messages.endArray()
        writer.beginObject()
        writer.key("messages")
        writer.raw(messages.buffer.span)
        writer.endObject()
    }

    private static func decode(_ chunks: [Bytes], into messages: inout JSONWriter) throws(FrameError) {
        var decoder = FrameDecoder()
        for chunk in chunks {
            var position = 0
            while let frame = try decoder.next(chunk.span, &position) {
                try write(decoder.bytes(of: frame, in: chunk.span), at: decoder.streamOffset, to: &messages)
            }
        }
        try decoder.finish()
    }

    private static func write(
        _ frame: Span<UInt8>, at start: Int, to messages: inout JSONWriter
    ) throws(FrameError) {
        do throws(FrameError) {
            let headers = try FrameEncoder.headers(of: frame)
            messages.message(headers, payload: frame.extracting(try HeaderReader(frame).payload))
        } catch {
            throw error.inStream(at: start)
        }
    }

    static func encode(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("message")
        let message = try arguments.object("message")
        let headers = try message.frameHeaders("headers")
        let payload = try message.bytes("payload_b64")
        var frame = ByteBuffer()
        do throws(FrameError) {
            try FrameEncoder.encode(headers: headers, payload: payload.span, into: &frame)
        } catch {
            throw .failed(kind: "encode", message: error.message.description)
        }
        writer.beginObject()
        writer.member("frame_b64", base64: frame.span)
        writer.endObject()
    }

    static func classify(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("frame_b64")
        let frame = try arguments.bytes("frame_b64")
        let message = try eventMessage(frame)
        let bytes = frame.span
        writer.beginObject()
        writer.member("kind", Bytes(message.kind.name))
        if message.kind == .error {
            writer.member("code", Bytes(copying: bytes.extracting(message.type)))
            writer.member("message", optional: message.errorMessage.map { Bytes(copying: bytes.extracting($0)) })
        } else {
            writer.member("type", Bytes(copying: bytes.extracting(message.type)))
            writer.member("content_type", optional: message.contentType.map { Bytes(copying: bytes.extracting($0)) })
            writer.member("payload_b64", base64: bytes.extracting(message.payload))
        }
        writer.endObject()
    }

    /// What the one message of `frame` is.
    static func eventMessage(_ frame: Bytes) throws(Refusal) -> EventMessage {
        do throws(FrameError) {
            var decoder = FrameDecoder()
            var position = 0
            if let range = try decoder.next(frame.span, &position), position == frame.count {
                return try EventMessage(decoder.bytes(of: range, in: frame.span))
            }
            try decoder.finish()
        } catch {
            throw .failed(kind: "protocol", message: error.message.description)
        }
        throw .failed(kind: "protocol", message: "there is not exactly one message")
    }
}

extension EventMessage.Kind {
    var name: StaticString {
        switch self {
        case .event: "event"
        case .exception: "exception"
        case .error: "error"
        }
    }
}
