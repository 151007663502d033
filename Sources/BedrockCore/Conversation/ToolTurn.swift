/// Makes the request of the next round: the original one, with the assistant's message and the results of its calls.
public enum ToolTurn {
    /// `answers` has a result for each call of the client's; their order does not matter. Both new messages are also
    /// appended to `messages`, separated by commas.
    public static func make(
        original: Span<UInt8>, operation: Operation, transcript: borrowing Transcript, answers: [ToolAnswer],
        messages: inout ByteBuffer
    ) throws(ContinuationError) -> ByteBuffer {
        throw .format
    }
}
