/// A request's body, kept as long as a transfer may read it.
public final class RequestBody {
    public let bytes: ByteBuffer

    public init(_ bytes: consuming ByteBuffer) {
        self.bytes = bytes
    }

    /// The limit of tokens that it names; nil for none that is clear.
    func maxTokens(_ operation: Operation) -> Int64? { Self.maxTokens(bytes, operation) }

    private static func maxTokens(_ bytes: borrowing ByteBuffer, _ operation: Operation) -> Int64? {
        MaxTokens.limit(bytes.span, operation)
    }

    /// Asks for half as much; nil where that cannot be.
    func halvingMaxTokens(_ operation: Operation, floor: Int64) -> RequestBody? {
        Self.halved(bytes, operation, floor)
    }

    private static func halved(
        _ bytes: borrowing ByteBuffer, _ operation: Operation, _ floor: Int64
    ) -> RequestBody? {
        guard let shorter = MaxTokens.halved(bytes.span, operation: operation, floor: floor) else { return nil }
        return RequestBody(shorter)
    }

    /// Whether results of tool calls could be sent behind an answer: this is a conversation of a format that is
    /// known.
    func takesToolResults(_ operation: Operation, _ transcript: borrowing Transcript) -> Bool {
        do throws(ContinuationError) {
            _ = try Self.format(bytes, operation, transcript)
            return true
        } catch {
            return false
        }
    }

    private static func format(
        _ bytes: borrowing ByteBuffer, _ operation: Operation, _ transcript: borrowing Transcript
    ) throws(ContinuationError) -> TurnFormat {
        try Conversation(bytes.span).format(operation, transcript.family)
    }

    /// Sends results of tools behind the answer that called them; both new messages go to `messages` as well.
    func answered(
        _ operation: Operation, _ transcript: borrowing Transcript, _ answers: [ToolAnswer],
        messages: inout ByteBuffer
    ) throws(ContinuationError) -> RequestBody {
        try Self.answered(bytes, operation, transcript, answers, &messages)
    }

    private static func answered(
        _ bytes: borrowing ByteBuffer, _ operation: Operation, _ transcript: borrowing Transcript,
        _ answers: [ToolAnswer], _ messages: inout ByteBuffer
    ) throws(ContinuationError) -> RequestBody {
        RequestBody(
            try ToolTurn.make(
                original: bytes.span, operation: operation, transcript: transcript, answers: answers,
                messages: &messages))
    }

    /// Asks for the rest of an answer, with what there is of it as the beginning of the assistant's turn; with a
    /// `nudge` behind that as a message of the user.
    func continued(
        _ operation: Operation, _ transcript: borrowing Transcript, nudge: Bytes?
    ) throws(ContinuationError) -> RequestBody {
        try Self.continued(bytes, operation, transcript, nudge)
    }

    private static func continued(
        _ bytes: borrowing ByteBuffer, _ operation: Operation, _ transcript: borrowing Transcript, _ nudge: Bytes?
    ) throws(ContinuationError) -> RequestBody {
        let text = nudge ?? []
        return RequestBody(
            try ContinuationBody.make(
                original: bytes.span, operation: operation, transcript: transcript, asNudge: nudge != nil,
                nudge: text.span))
    }
}
