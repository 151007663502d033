import BedrockCore
import BedrockIO
import CBedrockStream

/// Waits until streams of a client have events, and hands over what there is of all of them in one call; for clients
/// made with `delivery.queue` client, whose streams are opened without callbacks.
///
/// Streams take turns; the events of one stream come in their order, its terminal event once. A stream whose events are
/// not fetched is held back once `delivery.queue_bytes` of it are waiting; it holds up no other one. A stream whose own
/// reader has enough is left out by `brs_stream_pause`. At most 256 events come in one call, whatever the capacity. In
/// a client without threads this turns the loop while it waits; with a timeout of 0 it hands over what
/// `brs_client_dispatch` brought.
///
/// One thread at a time may call this for a client, and no stream of the client may be freed meanwhile, though it may
/// be cancelled; its terminal event still comes. What was handed out of a stream lives no longer than the stream.
///
/// - Parameters:
///   - client: the client.
///   - ready: gets the events.
///   - capacity: how many there is room for.
///   - timeout_ms: how long to wait when there is none; 0 not at all, negative without limit.
///   - count: gets how many came.
/// - Returns: BRS_OK, BRS_E_TIMEOUT (then `count` is 0), BRS_E_CLOSED where the client was freed meanwhile (too),
///   BRS_E_ARGUMENT, BRS_E_FORKED, or BRS_E_STATE for a client of another kind.
@c(brs_client_next)
public func brs_client_next(
    _ client: UnsafeMutablePointer<brs_client>?, _ ready: UnsafeMutablePointer<brs_ready>?, _ capacity: UInt,
    _ timeout_ms: Int64, _ count: UnsafeMutablePointer<UInt>?
) -> brs_code {
    guard let handle = borrow(client, as: ClientHandle.self), let ready, let count, capacity > 0 else {
        return BRS_E_ARGUMENT
    }
    guard !handle.client.isForked else { return BRS_E_FORKED }
    guard let reader = handle.reader else { return BRS_E_STATE }
    let timeout = timeout_ms < 0 ? -1 : min(timeout_ms, 1_000_000_000) &* 1_000_000
    // Callbacks of other streams may run meanwhile, in a client without threads.
    let found = withExtendedLifetime(handle) {
        reader.next(ready, Int(clamping: capacity), timeout: timeout, of: handle.client)
    }
    count.pointee = UInt(found)
    if found > 0 { return BRS_OK }
    return reader.list.hasClosed ? BRS_E_CLOSED : BRS_E_TIMEOUT
}
