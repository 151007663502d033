/// Why no request can be made that goes on with a cut answer.
public enum ContinuationError: Error {
    /// What was delivered cannot be sent back.
    case obstacle(StaticString)
    /// The request is not what is known of its format.
    case request(StaticString)
    case malformed(JSONError)
    /// The format of the model's family is not known.
    case format
    case tooLarge

    public var message: Message {
        switch self {
        case .obstacle(let text), .request(let text): Message(text)
        case .malformed(let error): "the request body is not JSON: " + error.message
        case .format: "the answer cannot be put into a request of this model's format"
        case .tooLarge: "with what was answered the request would have more than \(Limits.requestBodyLength) bytes"
        }
    }
}

/// Makes the request that goes on with a cut answer: the original one, with what was delivered as the start of the
/// assistant's turn.
///
/// What services refuse is left out: white space at the end of the text, blocks of nothing else, reasoning at the end.
/// Where nothing remains, nothing needs to be gone on with: the body is the original's, the joint does the rest.
public enum ContinuationBody {
    /// `nudge` is what the user says where the model takes no turn that the assistant has begun.
    public static func make(
        original: Span<UInt8>, operation: Operation, transcript: borrowing Transcript, asNudge: Bool,
        nudge: Span<UInt8>
    ) throws(ContinuationError) -> ByteBuffer {
        if let obstacle = transcript.obstacle { throw .obstacle(obstacle) }
        let conversation = try Conversation(original)
        let format = try conversation.format(operation, transcript.family)
        let turn = try conversation.openTurn(original, format)
        var body = ByteBuffer(limit: Limits.requestBodyLength)
        let blocks = MessageBlocks(begun: transcript, format, joinsText: turn?.textEnd != nil)
        if blocks.isEmpty {
            body.append(original)
        } else {
            blocks.append(to: &body, behind: original, conversation, turn)
            if asNudge { body.append(nudge: nudge, format) }
            body.append(original.extracting(conversation.end..<original.count))
        }
        if body.isExhausted || blocks.isExhausted { throw .tooLarge }
        return body
    }
}

extension ByteBuffer {
    /// Appends a comma and what the user says behind the assistant's turn.
    fileprivate mutating func append(nudge: Span<UInt8>, _ format: TurnFormat) {
        var list = JSONWriter(limit: Limits.requestBodyLength)
        list.text(nudge, format)
        append(",{\"role\":\"user\",\"content\":[" as StaticString)
        append(list.buffer.span)
        append("]}" as StaticString)
    }
}
