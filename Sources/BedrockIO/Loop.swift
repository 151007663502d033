import BedrockCore
import CSystem.Curl
import CSystem.Posix

/// Everything of a client that its thread alone touches: libcurl's multi handle, the streams in flight, their timers.
///
/// Callbacks of the library's user run inside libcurl's callbacks, straight from its buffer. libcurl must not be asked
/// to remove a transfer from there: a stream that ends is put on `finished` and swept when libcurl has returned.
final class Loop: @unchecked Sendable {
    let poller: Poller
    private let multi: UnsafeMutableRawPointer
    private let signer: RequestSigner
    private var now: Int64 = 0
    /// When the loop last knew of all sockets with bytes. Limits are judged by that: what came since then, while a
    /// callback took its time, is no silence of the server.
    private var lookedAt: Int64 = 0
    private var crowdedTurns = 0
    private static let crowdedTurnCount = 64
    /// When libcurl wants to be called even if no socket is ready; nil for never.
    private var curlDeadline: Int64?
    private var timers = TimerHeap()
    private var active: [Stream] = []
    private var finished: [Stream] = []
    private var idleHandles: [UnsafeMutableRawPointer] = []
    private static let idleHandleCount = 64

    init?() {
        guard sys_curl_global() == 0, let poller = Poller(), let signer = RequestSigner(), let multi = curl_multi_init()
        else { return nil }
        self.poller = poller
        self.multi = multi
        self.signer = signer
        let user = Unmanaged.passUnretained(self).toOpaque()
        guard sys_multi_callbacks(multi, watchSocket, setTimer, user) == CURLM_OK else {
            curl_multi_cleanup(multi)
            return nil
        }
    }

    /// Ends the transfers and connections; the loop's thread, last.
    func shutDown() {
        for handle in idleHandles { curl_easy_cleanup(handle) }
        idleHandles.removeAll()
        curl_multi_cleanup(multi)
    }

    var isIdle: Bool { active.isEmpty && finished.isEmpty }

    // MARK: A turn

    /// Waits for something to do, and does it.
    func turn() {
        let isAll = poller.wait(milliseconds: waitTime())
        readClock()
        // Sockets take turns at being told of; what is left out long enough has to be judged nevertheless.
        crowdedTurns = isAll || crowdedTurns == Self.crowdedTurnCount ? 0 : crowdedTurns &+ 1
        if crowdedTurns == 0 { lookedAt = now }
        poller.handOver { socket, bits in
            readClock()
            var running: Int32 = 0
            _ = curl_multi_socket_action(multi, socket, bits, &running)
        }
        readClock()
        runTimers()
        collectDone()
        sweep()
    }

    private func readClock() {
        now = sys_now_ns()
    }

    private func waitTime() -> Int32 {
        let nearest: Int64? =
            switch (curlDeadline, timers.nearest) {
            case (let a?, let b?): min(a, b)
            case (let a, let b): a ?? b
            }
        guard let nearest else { return -1 }
        let left = max(nearest &- sys_now_ns(), 0)
        return Int32(truncatingIfNeeded: min((left &+ 999_999) / 1_000_000, 60_000))
    }

    private func runTimers() {
        if let due = curlDeadline, due <= now {
            curlDeadline = nil
            var running: Int32 = 0
            _ = curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
        }
        while let stream = timers.popDue(lookedAt) {
            stream.exchange.timePassed(now: lookedAt)
            settle(stream)
        }
    }

    private func collectDone() {
        var result = CURLE_OK
        while let easy = sys_multi_done(multi, &result) {
            guard let user = sys_getinfo_private(easy) else { continue }
            let stream = Unmanaged<Stream>.fromOpaque(user).takeUnretainedValue()
            stream.doneResult = result
            if !stream.isPaused { complete(stream) }
        }
    }

    // MARK: A stream's way

    func start(_ stream: Stream) {
        // A callback may free a stream that it has just opened.
        guard !stream.isTerminalDelivered else { return }
        readClock()
        stream.activeIndex = active.count
        active.append(stream)
        do throws(Failure) {
            let request = try PreparedRequest(
                operation: stream.operation, modelID: stream.modelID, body: stream.body,
                settings: stream.settings, signer: signer, epochSeconds: sys_wall_s())
            try send(request, stream)
        } catch {
            stream.exchange.refused(error, now: now)
        }
        settle(stream)
    }

    private func send(_ request: PreparedRequest, _ stream: Stream) throws(Failure) {
        let shortOfMemory = Failure(.memory, .prepare, "out of memory")
        guard let easy = idleHandles.popLast() ?? curl_easy_init() else { throw shortOfMemory }
        guard let transfer = Transfer(easy: easy) else {
            curl_easy_cleanup(easy)
            throw shortOfMemory
        }
        stream.transfer = transfer
        guard transfer.prepare(request, for: stream) else { throw shortOfMemory }
        stream.exchange.started(now: now)
        let added = curl_multi_add_handle(multi, easy)
        guard added == CURLM_OK else {
            throw Failure(.transport, .prepare, "libcurl does not take the request: code \(added.rawValue)")
        }
        transfer.isAdded = true
    }

    /// False when the request must not go out.
    func connected(_ stream: Stream) -> Bool {
        guard let transfer = stream.transfer else { return false }
        let isReused = sys_getinfo_long(transfer.easy, CURLINFO_NUM_CONNECTS) == 0
        let goesOut = stream.exchange.connected(isReused: isReused, now: now)
        settle(stream)
        return goesOut
    }

    /// False when the transfer is to end.
    func received(headLine line: Span<UInt8>, for stream: Stream) -> Bool {
        stream.exchange.received(headLine: line, now: now)
        settle(stream)
        return !stream.isTerminalDelivered
    }

    /// Bytes of a body, in libcurl's buffer. Returns what a write callback returns.
    func received(_ bytes: Span<UInt8>, for stream: Stream) -> Int {
        // Bytes that came while an event was held back wait in libcurl: nothing of these has been taken.
        if stream.isPaused || stream.isPumping { return sys_write_pause() }
        // libcurl reads on after a callback that took its time.
        readClock()
        pump(bytes, stream)
        return stream.isTerminalDelivered ? 0 : bytes.count
    }

    /// Hands over every event that the bytes complete, unless the consumer wants otherwise after one of them.
    private func pump(_ bytes: Span<UInt8>, _ stream: Stream) {
        var position = 0
        stream.isPumping = true
        defer {
            stream.isPumping = false
            if stream.isTerminalDelivered { stream.markEnded() }
        }
        while true {
            switch stream.exchange.next(bytes, &position, now: now) {
            case .needsInput: return
            case .ended: return settle(stream)
            case .deliver:
                if !deliver(stream) { return hold(bytes.extracting(min(position, bytes.count)..<bytes.count), stream) }
            }
        }
    }

    /// Keeps what lies behind the event that its consumer paused at.
    private func hold(_ rest: Span<UInt8>, _ stream: Stream) {
        stream.held.append(rest)
        guard stream.held.isExhausted else { return }
        stream.exchange.refused(Failure(.memory, .stream, "out of memory"), now: now)
        settle(stream)
    }

    /// False when the rest has to wait.
    private func deliver(_ stream: Stream) -> Bool {
        let flow = stream.consumer.deliver(stream.exchange.eventView)
        if flow == .cancel, stream.consumer.isOutOfMemory {
            stream.exchange.refused(Failure(.memory, .stream, "out of memory"), now: now)
        } else if flow == .cancel {
            stream.exchange.cancelled("the callback cancelled the stream", now: now)
        } else if stream.isCancelled {
            stream.exchange.cancelled("the caller cancelled the stream", now: now)
        }
        guard flow == .pause, !stream.exchange.hasEnded else { return true }
        stream.isPaused = true
        stream.exchange.paused(true, now: now)
        return false
    }

    private func resume(_ stream: Stream) {
        guard stream.isPaused, !stream.isPumping, !stream.isTerminalDelivered else { return }
        stream.isPaused = false
        stream.exchange.paused(false, now: now)
        var waiting = ByteBuffer(limit: Limits.messageLength)
        swap(&waiting, &stream.held)
        pump(waiting.span, stream)
        guard !stream.isPaused, !stream.isTerminalDelivered else { return }
        if stream.doneResult != nil {
            complete(stream)
        } else if let transfer = stream.transfer {
            _ = sys_unpause(transfer.easy)
        }
        arm(stream)
    }

    /// The transport is done and everything that it brought was handed over.
    private func complete(_ stream: Stream) {
        let result = stream.doneResult ?? CURLE_OK
        if result == CURLE_OK {
            stream.exchange.bodyEnded(now: now)
        } else {
            let text = stream.transfer?.message(result) ?? "libcurl error \(result.rawValue)"
            stream.exchange.transportFailed(TransportFailure(result, text), now: now)
        }
        settle(stream)
    }

    /// Ends a stream from the loop's own thread, inside a callback or outside.
    func cancel(_ stream: Stream, _ reason: StaticString) {
        stream.exchange.cancelled(reason, now: sys_now_ns())
        settle(stream)
    }

    func cancelAll(_ reason: StaticString) {
        for stream in active { cancel(stream, reason) }
    }

    /// Ends a stream that was never sent.
    func refuse(_ stream: Stream, _ reason: StaticString) {
        guard !stream.isTerminalDelivered else { return }
        stream.activeIndex = active.count
        active.append(stream)
        cancel(stream, reason)
    }

    func notice(_ stream: Stream) {
        readClock()
        let notice = stream.takeNotice()
        guard !stream.isTerminalDelivered else { return }
        if notice.isCancelled { return cancel(stream, "the caller cancelled the stream") }
        if notice.isResumed { resume(stream) }
    }

    // MARK: Ends

    /// Delivers the end where there is one, else sees to the stream's next limit.
    private func settle(_ stream: Stream) {
        guard stream.exchange.hasEnded else { return arm(stream) }
        guard !stream.isTerminalDelivered else { return }
        stream.isTerminalDelivered = true
        stream.exchange.seal(modelID: stream.modelID)
        if let failure = stream.exchange.failureView {
            stream.consumer.failed(failure)
        } else {
            stream.consumer.stopped(stream.exchange.resultView)
        }
        finished.append(stream)
        // An end inside another callback of the stream is over when that one is.
        if !stream.isPumping { stream.markEnded() }
    }

    private func arm(_ stream: Stream) {
        guard let deadline = stream.exchange.deadline else { return }
        if stream.timerIndex < 0 || deadline < stream.timerDeadline { timers.insert(stream, deadline: deadline) }
    }

    /// Takes streams that have ended out of libcurl and lets them go; never inside one of libcurl's callbacks.
    func sweep() {
        while let stream = finished.popLast() {
            timers.remove(stream)
            if let transfer = stream.transfer { recycle(transfer) }
            stream.transfer = nil
            guard stream.activeIndex >= 0, let last = active.popLast() else { continue }
            if last !== stream {
                active[stream.activeIndex] = last
                last.activeIndex = stream.activeIndex
            }
            stream.activeIndex = -1
        }
    }

    private func recycle(_ transfer: Transfer) {
        if transfer.isAdded { _ = curl_multi_remove_handle(multi, transfer.easy) }
        if idleHandles.count < Self.idleHandleCount {
            // Forgets the request's secrets and borrowed memory; keeps what was learned of the connection.
            curl_easy_reset(transfer.easy)
            idleHandles.append(transfer.easy)
        } else {
            curl_easy_cleanup(transfer.easy)
        }
    }

    // MARK: libcurl's wishes

    fileprivate func socketChanged(_ socket: Int32, _ what: Int32, isKnown: Bool) {
        if what == CURL_POLL_REMOVE {
            poller.forget(socket)
            return
        }
        poller.watch(socket, for: what, isKnown: isKnown)
        if !isKnown { _ = curl_multi_assign(multi, socket, Unmanaged.passUnretained(self).toOpaque()) }
    }

    fileprivate func timerChanged(_ milliseconds: Int) {
        curlDeadline = milliseconds < 0 ? nil : sys_now_ns() &+ Int64(milliseconds) &* 1_000_000
    }
}

private func watchSocket(
    _ easy: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ what: Int32, _ user: UnsafeMutableRawPointer?,
    _ perSocket: UnsafeMutableRawPointer?
) -> Int32 {
    guard let user else { return 0 }
    Unmanaged<Loop>.fromOpaque(user).takeUnretainedValue().socketChanged(socket, what, isKnown: perSocket != nil)
    return 0
}

private func setTimer(
    _ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ user: UnsafeMutableRawPointer?
) -> Int32 {
    guard let user else { return 0 }
    Unmanaged<Loop>.fromOpaque(user).takeUnretainedValue().timerChanged(milliseconds)
    return 0
}
