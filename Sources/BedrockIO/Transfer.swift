import BedrockCore
import CSystem.Curl
import CSystem.Memory

/// One request of a stream in libcurl's hands.
final class Transfer: EasyHandle {
    let loop: Loop
    /// Whose request it is; nil once the rest of the answer is read for nobody.
    unowned(unsafe) var stream: Stream?
    /// Where the stream has it.
    let lane: Lane
    /// How many bytes may still be read for nobody, and until when.
    var drainLength = Limits.drainLength
    var drainDeadline: Int64 = 0
    /// Nil once it is out and will not be sent again.
    private var body: RequestBody?
    private var upload = Upload()
    private var isUploaded = false
    /// It has or had a connection; libcurl is done with it.
    private var (hasConnection, hasEnded) = (false, false)

    /// Nil without memory.
    init?(easy: UnsafeMutableRawPointer, body: RequestBody, for stream: Stream, in lane: Lane, on loop: Loop) {
        self.body = body
        self.stream = stream
        self.lane = lane
        self.loop = loop
        super.init(easy: easy)
    }

    /// It is not the one of its stream's attempt.
    var isBeside: Bool { stream.map { $0.exchange.lane != lane } ?? false }

    /// One that is removed before its end takes its connection with it.
    override var losesConnection: Bool {
        hasConnection && (!hasEnded || sys_connection_is_open(easy) == 0)
    }

    override func ended(_ result: CURLcode) {
        hasEnded = true
        loop.ended(self, result)
    }

    /// Sets everything that a request needs; false without memory.
    func prepare(_ request: PreparedRequest, settings: Settings, isFresh: Bool) -> Bool {
        guard begin() else { return false }
        // Refused where libcurl has kept the buffer of a used handle: that one will do.
        _ = set(CURLOPT_BUFFERSIZE, loop.readLength)
        return setUpCallbacks() && setHeaders(request.headers) && setBody(request.body)
            && set(CURLOPT_URL, request.url)
            && setUpConnection(settings, proxy: request.proxy, isFresh: isFresh)
    }

    private func setUpCallbacks() -> Bool {
        let user = Unmanaged.passUnretained(self).toOpaque()
        return set(CURLOPT_PREREQDATA, user) && sys_setopt_write(easy, CURLOPT_WRITEFUNCTION, bodyArrived) == CURLE_OK
            && sys_setopt_write(easy, CURLOPT_HEADERFUNCTION, headLineArrived) == CURLE_OK
            && sys_setopt_prereq(easy, connectionReady) == CURLE_OK && set(CURLOPT_XFERINFODATA, user)
            && sys_setopt_progress(easy, progressMade) == CURLE_OK
    }

    // MARK: The request on its way

    /// Before the request goes out, also where it goes out again on another connection.
    func beginUpload() {
        hasConnection = true
        upload = Upload(earlierLength: sys_getinfo_long(easy, CURLINFO_REQUEST_SIZE))
        isUploaded = false
        watchUpload(true)
    }

    /// How many bytes have gone out since it was last asked, and whether these are all, when libcurl has sent so many
    /// of the body. When they are, libcurl need not tell any more, which it would for each piece of the answer.
    func uploaded(_ bodyLength: Int64) -> (length: Int64, isWhole: Bool) {
        let isWhole = bodyLength >= Int64(body?.bytes.count ?? 0)
        isUploaded = isUploaded || isWhole
        if isWhole { watchUpload(false) }
        return (upload.take(bodyLength, requestLength: sys_getinfo_long(easy, CURLINFO_REQUEST_SIZE)), isWhole)
    }

    /// The answer has begun and nothing is sent again: gives back what the request took. A server may answer before it
    /// has read all of it; then that stays.
    func forgetRequest() {
        guard body != nil, isUploaded, forgetHeaders() else { return }
        _ = sys_setopt_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, 0)
        _ = set(CURLOPT_POSTFIELDS, nil)
        body = nil
    }

    func watchUpload(_ isWatched: Bool) {
        _ = set(CURLOPT_NOPROGRESS, isWatched ? 0 : 1)
    }
}

/// How much of a request has gone out.
private struct Upload {
    /// What libcurl sent before: to a proxy, or on a connection that turned out to be dead.
    var earlierLength = 0
    private var headLength: Int64 = -1
    private var sentLength: Int64 = 0

    init(earlierLength: Int = 0) {
        self.earlierLength = earlierLength
    }

    /// `requestLength` counts the head and, in libcurl 7, what of the body is sent with it; when libcurl first tells,
    /// that is all of the body that has gone out.
    mutating func take(_ bodyLength: Int64, requestLength: Int) -> Int64 {
        if headLength < 0 { headLength = max(Int64(requestLength &- earlierLength) &- bodyLength, 0) }
        let length = headLength &+ bodyLength
        defer { sentLength = max(sentLength, length) }
        return max(length &- sentLength, 0)
    }
}

extension ConnectionTimes {
    /// What libcurl measured of a connection that it made; it has 0 for what it did not do.
    init(_ easy: UnsafeMutableRawPointer) {
        func time(_ info: CURLINFO) -> Int64 {
            let microseconds = sys_getinfo_offset(easy, info)
            return microseconds > 0 ? microseconds &* 1000 : -1
        }
        self.init(
            resolved: time(CURLINFO_NAMELOOKUP_TIME_T), tcpConnected: time(CURLINFO_CONNECT_TIME_T),
            tlsConnected: time(CURLINFO_APPCONNECT_TIME_T))
    }
}

extension TransportFailure {
    init(_ result: CURLcode, _ message: Message) {
        let kind: Kind
        switch result {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: kind = .resolve
        case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_INTERFACE_FAILED: kind = .connect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED:
            kind = .tls
        // libcurl says so as well of a line that is longer than its buffers may become.
        case CURLE_OUT_OF_MEMORY where sys_is_memory_short() != 0: kind = .memory
        case CURLE_OUT_OF_MEMORY:
            self.init(.other, "libcurl has no room for what came: a line of the response is too long")
            return
        default: kind = .other
        }
        self.init(kind, message)
    }
}

// MARK: What libcurl calls

private func transfer(_ user: UnsafeMutableRawPointer?) -> Transfer? {
    user.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private func bodyArrived(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?
) -> Int {
    // libcurl's size is always 1 (CURLOPT_WRITEFUNCTION).
    guard let bytes, let user else { return 0 }
    // The loop lets go of no transfer in here: no reference need be counted, for each piece of an answer.
    return Unmanaged<Transfer>.fromOpaque(user)._withUnsafeGuaranteedRef { transfer in
        bytes.withMemoryRebound(to: UInt8.self, capacity: count) {
            transfer.loop.received(Span(_unsafeStart: UnsafePointer($0), count: count), from: transfer)
        }
    }
}

private func headLineArrived(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let transfer = transfer(user) else { return 0 }
    return bytes.withMemoryRebound(to: UInt8.self, capacity: count) {
        let line = Span(_unsafeStart: UnsafePointer($0), count: count)
        return transfer.loop.received(headLine: line, from: transfer) ? count : 0
    }
}

private func connectionReady(
    _ user: UnsafeMutableRawPointer?, _ remote: UnsafeMutablePointer<CChar>?, _ local: UnsafeMutablePointer<CChar>?,
    _ remotePort: Int32, _ localPort: Int32
) -> Int32 {
    guard let transfer = transfer(user) else { return Int32(CURL_PREREQFUNC_ABORT) }
    return Int32(transfer.loop.connected(transfer) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT)
}

private func progressMade(
    _ user: UnsafeMutableRawPointer?, _ toReceive: curl_off_t, _ received: curl_off_t, _ toSend: curl_off_t,
    _ sent: curl_off_t
) -> Int32 {
    if let transfer = transfer(user) { transfer.loop.uploaded(Int64(sent), of: transfer) }
    return 0
}
