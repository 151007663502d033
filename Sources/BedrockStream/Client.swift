import BedrockCore
import BedrockIO
import CBedrockStream

/// Makes a client: reads environment and profile, starts the threads that serve its streams: one, or as many as
/// `io.threads` says, over which streams are spread; with 0 the host's own loop serves them, see `brs_client_dispatch`.
/// Connects to nothing yet.
///
/// The environment variables it reads are those that `brs_config_describe` names, for keys that are not set,
/// http_proxy, those of the AWS SDKs' sources of credentials, and AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_SSO,
/// AWS_ENDPOINT_URL_SSO_OIDC and AWS_ENDPOINT_URL_SIGNIN for these; in Lambda each stream reads _X_AMZN_TRACE_ID, and
/// sends it as X-Amzn-Trace-Id. It reads them again when the service says that
/// credentials from there have expired. The profile is the one that AWS_PROFILE names, else "default", of the files
/// that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name, else ~/.aws/config and ~/.aws/credentials; a file that
/// does not exist is none. It is read once, and counts where the environment says nothing. Threads block all signals.
///
/// - Parameters:
///   - config: (Optional) the settings, copied; NULL for the defaults.
///   - client: where the new object's pointer goes; free it with `brs_client_free`.
///   - diagnostic: (Optional) gets the reason of a failure.
/// - Returns: BRS_OK, BRS_E_ARGUMENT, BRS_E_MEMORY (also where descriptors or threads are used up), or BRS_E_CONFIG or
///   BRS_E_ENDPOINT where settings, the environment or a profile hold something unusable; the diagnostic names the file
///   and the line.
@c(brs_client_new)
public func brs_client_new(
    _ config: UnsafePointer<brs_config>?, _ client: UnsafeMutablePointer<UnsafeMutablePointer<brs_client>?>?,
    _ diagnostic: UnsafeMutablePointer<brs_diagnostic>?
) -> brs_code {
    answering(diagnostic) { () throws(Refusal) in
        guard let client else { throw .null("client") }
        client.pointee = handOut(try makeClient(borrow(config, as: ConfigHandle.self)), as: brs_client.self)
    }
}

private func makeClient(_ handle: ConfigHandle?) throws(Refusal) -> ClientHandle {
    guard let reader = BatchReader.make() else { throw .memory }
    let made: Client?
    do throws(ConfigError) {
        made = try Client.make(
            handle?.config ?? Config(), host: handle?.host, log: handle?.log, readyList: reader.list)
    } catch {
        throw Refusal(error)
    }
    // Memory, descriptors or threads: what the system said last is why.
    guard let made else { throw Refusal(BRS_E_MEMORY, "the client cannot be made: " + Client.lastSystemError) }
    return ClientHandle(made, made.readyList == nil ? nil : reader)
}

/// Lets the streams of a client come to their ends, as before a process ends: new streams are refused with
/// BRS_E_CLOSED from now on, and this waits until all that were opened have had their terminal callback or event.
///
/// Those that still run at the deadline are cancelled, and their ends are waited for as well. A stream that is read
/// with `brs_stream_next` has ended when its terminal event is there to be fetched; another thread has to read on
/// where more events are waiting than `delivery.queue_bytes`. Several threads may call this. The client is still to be
/// freed.
///
/// - Parameters:
///   - client: the client.
///   - deadline_ms: how long to wait before what still runs is cancelled; 0 not at all, negative without limit.
/// - Returns: BRS_OK when all streams ended by themselves, BRS_E_TIMEOUT when some had to be cancelled, BRS_E_ARGUMENT,
///   BRS_E_FORKED, or BRS_E_STATE inside a callback of the client, where nothing can be waited for.
@c(brs_client_drain)
public func brs_client_drain(_ client: UnsafeMutablePointer<brs_client>?, _ deadline_ms: Int64) -> brs_code {
    guard let client = borrow(client, as: ClientHandle.self)?.client else { return BRS_E_ARGUMENT }
    return brs_code(UInt32(client.drain(milliseconds: deadline_ms).rawValue))
}

/// Keeps connections ready, so that streams need not wait for name lookup, TCP and TLS: as many as `streams` streams
/// at once need, those that streams are using counted.
///
/// Returns at once. The client's thread opens what is missing, with a GET of /ping that is not signed, to the endpoint
/// that its settings lead to (one of a call's own is left alone), and uses each anew after half of
/// `connection.max_idle_s`, so that it stays open. One that goes with a stream, which was cancelled or whose server
/// closed it, is replaced at once, or where that happens all the time once a second. Where nothing names a region, that
/// is found out as for a stream; credentials are not. What fails is logged, and tried again by the next time.
///
/// - Parameters:
///   - client: the client.
///   - streams: how many streams at once, 4096 at most, in place of what an earlier call said; 0 for none any more.
/// - Returns: BRS_OK, BRS_E_ARGUMENT, BRS_E_FORKED, or BRS_E_CLOSED after `brs_client_drain`, which ends this.
@c(brs_client_warm)
public func brs_client_warm(_ client: UnsafeMutablePointer<brs_client>?, _ streams: UInt32) -> brs_code {
    guard let client = borrow(client, as: ClientHandle.self)?.client else { return BRS_E_ARGUMENT }
    return brs_code(UInt32(client.warm(Int(streams)).rawValue))
}

/// Ends a client: cancels its streams, closes its connections, ends its thread.
///
/// Each stream that has not ended gets its `on_error` with BRS_E_CANCELLED before this returns; after it no callback
/// runs. Streams stay valid until `brs_stream_free`, but only that is of use on them. May be called inside a callback
/// of the client, then the thread ends when the callback has returned. Do not hold a lock that a callback waits for.
///
/// - Parameter client: the client; NULL does nothing.
@c(brs_client_free)
public func brs_client_free(_ client: UnsafeMutablePointer<brs_client>?) {
    guard let handle = takeBack(client, as: ClientHandle.self) else { return }
    withExtendedLifetime(handle) { handle.client.close() }
}
