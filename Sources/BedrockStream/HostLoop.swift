import BedrockCore
import BedrockIO
import CBedrockStream

/// The descriptor that a host's own loop waits for, of a client made with `io.threads` 0: it becomes readable when
/// `brs_client_dispatch` has something to do.
///
/// It is an epoll set (Linux), which poll, epoll, libuv, libevent and asyncio's `add_reader` take like any other
/// descriptor; wait for it to be readable, level-triggered, nothing else. It stays the same and belongs to the client:
/// do not close it or read from it, and take it out of the loop before `brs_client_free`.
///
/// - Parameters:
///   - client: the client.
///   - fd: gets the descriptor.
/// - Returns: BRS_OK, BRS_E_ARGUMENT, BRS_E_FORKED, or BRS_E_STATE for a client with threads.
@c(brs_client_fd)
public func brs_client_fd(_ client: UnsafeMutablePointer<brs_client>?, _ fd: UnsafeMutablePointer<Int32>?) -> brs_code {
    guard let client = borrow(client, as: ClientHandle.self)?.client, let fd else { return BRS_E_ARGUMENT }
    guard !client.isForked else { return BRS_E_FORKED }
    guard let descriptor = client.pollDescriptor else { return BRS_E_STATE }
    fd.pointee = descriptor
    return BRS_OK
}

/// Does what is due for the streams of a client made with `io.threads` 0, and returns without waiting: sends, receives,
/// watches time limits, retries. All callbacks of its streams run inside this call, on the calling thread.
///
/// Call it whenever the descriptor of `brs_client_fd` is readable; calling it without need does no harm. Where much has
/// come at once it does a part, and the descriptor stays readable. One thread at a time; which one may change. Other
/// threads may open, cancel, resume and free streams meanwhile, and answer tool calls: the descriptor becomes readable.
///
/// A client without threads does nothing between two calls: time limits pass unseen, and servers are kept waiting. What
/// waits for a stream turns the loop itself as far as it needs to, callbacks included: `brs_stream_next`,
/// `brs_client_identify`, `brs_client_drain`. So a program that only reads one stream after the other needs neither
/// thread nor loop.
///
/// - Parameter client: the client.
/// - Returns: BRS_OK, BRS_E_ARGUMENT, BRS_E_FORKED, or BRS_E_STATE for a client with threads, inside one of its
///   callbacks, and while another thread is in here.
@c(brs_client_dispatch)
public func brs_client_dispatch(_ client: UnsafeMutablePointer<brs_client>?) -> brs_code {
    guard let client = borrow(client, as: ClientHandle.self)?.client else { return BRS_E_ARGUMENT }
    guard !client.isForked else { return BRS_E_FORKED }
    // A callback may free the client.
    return withExtendedLifetime(client) { client.dispatch() ? BRS_OK : BRS_E_STATE }
}
