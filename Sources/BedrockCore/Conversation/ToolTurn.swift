/// Makes the request of the next round: the original one, with the assistant's message and the results of its calls.
public enum ToolTurn {
    /// `answers` has a result for each call of the client's; their order does not matter. Both new messages, the
    /// assistant's without what the caller had begun of it, are also appended to `messages`, separated by commas.
    public static func make(
        original: Span<UInt8>, operation: Operation, transcript: borrowing Transcript, answers: [ToolAnswer],
        messages: inout ByteBuffer
    ) throws(ContinuationError) -> ByteBuffer {
        let conversation = try Conversation(original)
        let format = try conversation.format(operation, transcript.family)
        let turn = try conversation.openTurn(original, format)
        let results = try results(transcript, answers, format)
        var body = ByteBuffer(limit: Limits.requestBodyLength)
        let blocks = MessageBlocks(whole: transcript, format, joinsText: turn?.textEnd != nil)
        blocks.append(to: &body, behind: original, conversation, turn)
        body.append(element: results)
        body.append(original.extracting(conversation.end..<original.count))
        var added = ByteBuffer(limit: max(Limits.requestBodyLength &- messages.count &- 1, 0))
        added.append(element: MessageWriter.message(transcript, format))
        added.append(element: results)
        // The messages of earlier rounds stay whole: the end tells of them.
        if body.isExhausted || added.isExhausted { throw .tooLarge }
        messages.append(element: added)
        return body
    }

    /// The user's message with a result for each call of the client's, in the order of the calls.
    private static func results(
        _ transcript: borrowing Transcript, _ answers: [ToolAnswer], _ format: TurnFormat
    ) throws(ContinuationError) -> ByteBuffer {
        var writer = JSONWriter(limit: Limits.requestBodyLength)
        var unused = answers
        writer.beginObject()
        writer.member("role", "user")
        writer.key("content")
        writer.beginArray()
        for block in transcript.blocks {
            for call in block.parts where call.isClientCall {
                guard let place = unused.firstIndex(where: { $0.id == call.id }) else {
                    throw .obstacle("a tool call has no result")
                }
                writer.result(unused.remove(at: place), format)
            }
        }
        writer.endArray()
        writer.endObject()
        return writer.buffer
    }
}

extension JSONWriter {
    fileprivate mutating func result(_ answer: ToolAnswer, _ format: TurnFormat) {
        beginObject()
        switch format {
        case .converse:
            key("toolResult")
            beginObject()
            member("toolUseId", answer.id)
            key("content")
            content(answer.content, answer.text)
            if answer.isError { member("status", "error") }
            endObject()
        case .anthropic:
            member("type", "tool_result")
            member("tool_use_id", answer.id)
            key("content")
            anthropicContent(answer.content, answer.text)
            if answer.isError {
                key("is_error")
                bool(true)
            }
        }
        endObject()
    }

    private mutating func content(_ content: ToolContent, _ text: borrowing ByteBuffer) {
        if content == .blocks { return raw(text.span) }
        beginArray()
        beginObject()
        // Converse takes an object only.
        if content == .json, text.span.trimmed().byteOrNUL(0) == UInt8(ascii: "{") {
            key("json")
            raw(text.span)
        } else {
            member("text", text)
        }
        endObject()
        endArray()
    }

    private mutating func anthropicContent(_ content: ToolContent, _ text: borrowing ByteBuffer) {
        if content == .blocks { raw(text.span) } else { string(text.span) }
    }
}

extension ByteBuffer {
    /// Appends a JSON value to a list of such. One that is not whole makes the list so.
    fileprivate mutating func append(element json: borrowing ByteBuffer) {
        append(element: json.span)
        if json.isExhausted { exhaust() }
    }
}
