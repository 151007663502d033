import BedrockCore
import BedrockIO
import CBedrockStream

/// Gives the result of a tool call to a stream that runs tools: one opened with `turn` set to auto.
///
/// When each call of a round has its result, the stream sends the conversation with the assistant's message and the
/// results behind it, and goes on with the next round. Any thread, any order, from `on_tool` or the event that tells of
/// the call on, inside that callback included, while the round's answer is still coming in too; the wait is bounded by
/// `timeout.tool_ms`. Calls with `is_server_tool` have no result to give. A call whose id holds a NUL cannot be named:
/// the stream ends with BRS_STOP_TOOL_USE, as with manual.
///
/// What becomes of the result in a Converse request: BRS_TOOL_TEXT is {"text": ...}; BRS_TOOL_JSON is {"json": ...} for
/// an object, and any other value goes as {"text": its JSON text}, as Converse takes objects alone; BRS_TOOL_BLOCKS is
/// sent as it is. In a request of Anthropic Messages text and JSON are the content as a string, and blocks are sent as
/// they are. Whether a block has the right members is for the service to say.
///
/// - Parameters:
///   - stream: the stream.
///   - tool_use_id: `id` of the call, NUL-terminated. Where several calls have the same one, the oldest without a
///     result is meant.
///   - content: what `text` is.
///   - text: the result, UTF-8; copied. May be NULL where `len` is 0.
///   - len: its length in bytes; at most `turn.max_result_bytes`.
///   - is_error: not 0 where the tool failed: the model is told so, and `text` says how.
///   - diagnostic: (Optional) gets the reason of a failure.
/// - Returns: BRS_OK; BRS_E_UNKNOWN_TOOL_CALL; BRS_E_TOOL_ANSWERED for a second result; BRS_E_ARGUMENT, also for what
///   is not UTF-8, not JSON, no array of objects as `content` says, or too long; BRS_E_STATE for a stream that has
///   ended or does not run tools; BRS_E_FORKED; BRS_E_MEMORY. After a failure the call still waits for its result.
@c(brs_tool_result)
public func brs_tool_result(
    _ stream: UnsafeMutablePointer<brs_stream>?, _ tool_use_id: UnsafePointer<CChar>?, _ content: brs_tool_content,
    _ text: UnsafePointer<CChar>?, _ len: UInt, _ is_error: Int32, _ diagnostic: UnsafeMutablePointer<brs_diagnostic>?
) -> brs_code {
    answering(diagnostic) { () throws(Refusal) in
        guard let handle = borrow(stream, as: StreamHandle.self) else { throw .null("stream") }
        guard !handle.stream.isForked else { throw .forked }
        let id = try BedrockStream.text(tool_use_id, "tool_use_id", limit: Limits.toolNameLength)
        guard let kind = ToolContent(rawValue: Int32(truncatingIfNeeded: content.rawValue)) else {
            throw Refusal(BRS_E_ARGUMENT, "content: \(content.rawValue) is no brs_tool_content")
        }
        let maxLength = handle.stream.maxResultLength
        do throws(ArgumentError) {
            try ToolAnswer.checkLength(len, maxLength: maxLength)
        } catch {
            throw Refusal(error)
        }
        let copy = try copied(text, Int(clamping: len), "text", limit: maxLength)
        let answer = try ToolAnswer.checked(id, kind, copy.span, isError: is_error != 0, maxLength: maxLength)
        try refuse(handle.stream.answer(answer))
    }
}

extension ToolAnswer {
    fileprivate static func checked(
        _ id: Bytes, _ content: ToolContent, _ text: Span<UInt8>, isError: Bool, maxLength: Int
    ) throws(Refusal) -> ToolAnswer {
        let answer: ToolAnswer?
        do throws(ArgumentError) {
            answer = try make(id: id.span, content: content, text: text, isError: isError, maxLength: maxLength)
        } catch {
            throw Refusal(error)
        }
        guard let answer else { throw .memory }
        return answer
    }
}

/// Why a stream does not take a result.
private func refuse(_ code: ErrorCode) throws(Refusal) {
    switch code {
    case .ok: return
    case .unknownToolCall:
        throw Refusal(BRS_E_UNKNOWN_TOOL_CALL, "tool_use_id: the stream waits for no result of such a call")
    case .toolAnswered: throw Refusal(BRS_E_TOOL_ANSWERED, "tool_use_id: the call has its result already")
    case .state: throw Refusal(BRS_E_STATE, "the stream has ended, or was opened without turn set to auto")
    default: throw Refusal(brs_code(UInt32(code.rawValue)), "the result is not taken")
    }
}
