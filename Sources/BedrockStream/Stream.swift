import BedrockCore
import BedrockIO
import CBedrockStream

/// Sends a request and streams the answer.
///
/// Returns at once. With callbacks, they run on the client's thread, possibly before this returns; exactly one of
/// `on_stop` and `on_error` runs, and nothing after it. Without, the caller fetches events with `brs_stream_next`.
/// Failures after the arguments were checked, a missing region or credentials included, come as the stream's error.
///
/// The batch operations BRS_CONVERSE and BRS_INVOKE_MODEL run through the same callbacks, so that `operation` alone
/// switches between streaming and batch: when the whole answer is there, first comes one BRS_EVENT_OTHER whose `type`
/// is "Converse" or "InvokeModel" and whose `json` is the answer as the service sent it, at most 32 MiB; then come the
/// events that would have streamed it, with a delta for each block, tool calls, and the end. Limits, retries, `turn`
/// and the result work as for a stream. A body of InvokeModel whose format is not known is a success without deltas;
/// a page of HTML in place of one is BRS_E_PROTOCOL.
///
/// With `turn` set to auto, an answer that stops for tool calls of the caller's is not the end of the stream: see
/// `brs_tool_result`.
///
/// - Parameters:
///   - client: the client.
///   - request: what to ask; copied.
///   - callbacks: (Optional) what to call, copied; NULL for `brs_stream_next`, or with `delivery.queue` client for
///     `brs_client_next`.
///   - stream: where the new object's pointer goes; free it with `brs_stream_free`.
///   - diagnostic: (Optional) gets the reason of a failure.
/// - Returns: BRS_OK, BRS_E_ARGUMENT (also for a body that is not JSON), BRS_E_CONFIG, BRS_E_MEMORY, BRS_E_CLOSED or
///   BRS_E_FORKED. On failure there is no stream and no callback runs.
@c(brs_stream_open)
public func brs_stream_open(
    _ client: UnsafeMutablePointer<brs_client>?, _ request: UnsafePointer<brs_request>?,
    _ callbacks: UnsafePointer<brs_callbacks>?, _ stream: UnsafeMutablePointer<UnsafeMutablePointer<brs_stream>?>?,
    _ diagnostic: UnsafeMutablePointer<brs_diagnostic>?
) -> brs_code {
    answering(diagnostic) { () throws(Refusal) in
        guard let stream else { throw .null("stream") }
        guard let handle = borrow(client, as: ClientHandle.self) else { throw .null("client") }
        guard !handle.client.isForked else { throw .forked }
        let opening = try Opening(request, handle.client)
        stream.pointee = try opening.open(callbacks, handle)
    }
}

/// Waits for the next event of a stream that was opened without callbacks.
///
/// The terminal event (BRS_EVENT_STOP or BRS_EVENT_ERROR) comes exactly once; a stream's failure is an event, not a
/// code of this call. Events that are not fetched hold the transfer back once `delivery.queue_bytes` are waiting.
/// One thread at a time may call this for a stream; `brs_stream_cancel` from any thread wakes it.
///
/// - Parameters:
///   - stream: the stream.
///   - timeout_ms: how long to wait; 0 not at all, negative without limit.
///   - event: gets the event; it and what it points to live until the next call for this stream, or its end.
/// - Returns: BRS_OK, BRS_E_TIMEOUT, BRS_E_END after the terminal event, BRS_E_ARGUMENT, BRS_E_FORKED, or BRS_E_STATE
///   for a stream with callbacks, or one that `brs_client_next` reads.
@c(brs_stream_next)
public func brs_stream_next(
    _ stream: UnsafeMutablePointer<brs_stream>?, _ timeout_ms: Int64,
    _ event: UnsafeMutablePointer<UnsafePointer<brs_event>?>?
) -> brs_code {
    answering(nil) { () throws(Refusal) in
        guard let handle = borrow(stream, as: StreamHandle.self) else { throw .null("stream") }
        guard let event else { throw .null("event") }
        guard !handle.stream.isForked else { throw .forked }
        guard let pull = handle.pull, pull.queue.readyList == nil else {
            throw Refusal(BRS_E_STATE, "the stream has callbacks, or brs_client_next reads it")
        }
        let timeout = timeout_ms < 0 ? -1 : min(timeout_ms, 1_000_000_000) &* 1_000_000
        // Callbacks of other streams may run meanwhile, in a client without threads.
        event.pointee = try withExtendedLifetime(handle) { () throws(Refusal) in
            try pull.next(timeout: timeout, of: handle.stream)
        }
    }
}

/// Holds a stream back that `brs_client_next` reads, as for one whose events nobody has room for: none of it is handed
/// out until `brs_stream_resume`, its terminal event neither.
///
/// What comes meanwhile waits, and the server is slowed down once `delivery.queue_bytes` are waiting; no other stream
/// is. Cancelling and detaching resume it. Any thread; events that another thread is just being handed still come.
///
/// - Parameter stream: the stream.
/// - Returns: BRS_OK, BRS_E_ARGUMENT, BRS_E_FORKED, or BRS_E_STATE for a stream of another kind: callbacks return
///   BRS_FLOW_PAUSE, and `brs_stream_next` need not be called.
@c(brs_stream_pause)
public func brs_stream_pause(_ stream: UnsafeMutablePointer<brs_stream>?) -> brs_code {
    guard let handle = borrow(stream, as: StreamHandle.self) else { return BRS_E_ARGUMENT }
    guard !handle.stream.isForked else { return BRS_E_FORKED }
    guard let queue = handle.pull?.queue, let list = queue.readyList else { return BRS_E_STATE }
    list.pause(queue)
    return BRS_OK
}

/// Lets a stream go on whose callback returned BRS_FLOW_PAUSE, or that `brs_stream_pause` holds back. Any thread, a
/// callback of the stream included. In a client without threads the descriptor becomes readable.
///
/// - Parameter stream: the stream; one that is not paused is left alone.
/// - Returns: BRS_OK, BRS_E_ARGUMENT or BRS_E_FORKED.
@c(brs_stream_resume)
public func brs_stream_resume(_ stream: UnsafeMutablePointer<brs_stream>?) -> brs_code {
    guard let handle = borrow(stream, as: StreamHandle.self) else { return BRS_E_ARGUMENT }
    guard !handle.stream.isForked else { return BRS_E_FORKED }
    if !handle.resumeReading() { handle.stream.resume() }
    return BRS_OK
}

/// Lets go of the answer without ending the stream: it is read on to its end, for the usage figures of the result.
///
/// No event is delivered any more, no delta and no tool call: with callbacks only the terminal one runs, without, only
/// the terminal event comes, and events that are waiting to be fetched are dropped. Callbacks of the one event that is
/// being delivered may still run. A stream that is paused goes on. Limits, retries, `on_failure` and
/// `brs_stream_cancel` work as before. Tool calls that were handed over, or fetched, are still waited for with `turn`
/// set to auto; where one was not, nobody can answer it, and the stream ends with its round. Any thread, any time, a
/// callback of the stream included; again does nothing.
///
/// - Parameter stream: the stream.
/// - Returns: BRS_OK, BRS_E_ARGUMENT or BRS_E_FORKED.
@c(brs_stream_detach)
public func brs_stream_detach(_ stream: UnsafeMutablePointer<brs_stream>?) -> brs_code {
    guard let handle = borrow(stream, as: StreamHandle.self) else { return BRS_E_ARGUMENT }
    guard !handle.stream.isForked else { return BRS_E_FORKED }
    handle.pull?.queue.drop()
    handle.stream.detach()
    // What waits for the caller need not wait any longer.
    handle.stream.resume()
    _ = handle.resumeReading()
    return BRS_OK
}

/// Cancels a stream. Any thread, any time, a callback of the stream included; again does nothing.
///
/// The terminal event with BRS_E_CANCELLED follows, unless the stream has ended on its own before.
///
/// - Parameter stream: the stream.
/// - Returns: BRS_OK, BRS_E_ARGUMENT or BRS_E_FORKED.
@c(brs_stream_cancel)
public func brs_stream_cancel(_ stream: UnsafeMutablePointer<brs_stream>?) -> brs_code {
    guard let handle = borrow(stream, as: StreamHandle.self) else { return BRS_E_ARGUMENT }
    guard !handle.stream.isForked else { return BRS_E_FORKED }
    handle.stream.cancel()
    _ = handle.resumeReading()
    return BRS_OK
}

/// Frees a stream; one that has not ended is cancelled first.
///
/// With callbacks: its `on_error` with BRS_E_CANCELLED runs before this returns, and after it no callback of the stream
/// runs; nor does `on_failure` of a stream without. Inside one of the stream's own callbacks that `on_error` is called
/// from within this call, and the event that the callback was given stays readable until the callback returns. On
/// another thread this waits for a callback that is running: do not hold a lock that it waits for. Two callbacks on
/// threads of their own (several clients, `io.threads`) that free each other's stream wait for ever: cancel there, free
/// elsewhere. The stream must not be used afterwards.
///
/// - Parameter stream: the stream; NULL does nothing.
@c(brs_stream_free)
public func brs_stream_free(_ stream: UnsafeMutablePointer<brs_stream>?) {
    guard let handle = takeBack(stream, as: StreamHandle.self) else { return }
    // In a forked child nobody would ever open a lock that another thread held.
    if let queue = handle.pull?.queue, !handle.stream.isForked { queue.readyList?.forget(queue) }
    // Callbacks that run meanwhile may use the handle, which would otherwise go with the last mention of it.
    withExtendedLifetime(handle) { handle.stream.release() }
}
