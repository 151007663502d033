import BedrockCore
import CSystem.Curl
import CSystem.Posix

/// Everything of a client that its thread alone touches: libcurl's multi handle, the streams in flight, their timers.
///
/// What each stream does, its exchange decides. Callbacks of the library's user run inside libcurl's callbacks,
/// straight from its buffer. libcurl must not be asked to add or remove a transfer from there: a stream whose exchange
/// wants something done is put on `waiting` and served when libcurl has returned.
final class Loop: @unchecked Sendable {
    let poller: Poller
    private let multi: UnsafeMutableRawPointer
    let connections: ConnectionPool
    let shared: SharedState
    private(set) var now: Int64 = 0
    /// A callback has run since the clock was read.
    private var isClockStale = false
    /// The address where the bytes end that came last.
    private var lastEnd: UInt = 0
    var clock: Clock { Clock(now: now, wall: sys_wall_s() &+ wallOffset) }
    /// Seconds that the wall clock is to be taken for wrong by; 0 but in tests.
    var wallOffset: Int64 = 0
    /// Whose loop this is; it outlives the thread.
    unowned(unsafe) var client: Client?
    unowned(unsafe) var worker: Worker?
    var host: (any IdentityHost)?
    var investigator: Investigator?
    /// Streams that wait until it is known who asks, and threads that only want to know.
    var unidentified: [Stream] = []
    var lookups: [Lookup] = []
    /// What other loops of the client want to know.
    var petitions: [Petition] = []
    /// When the loop last knew of all sockets with bytes. Limits are judged by that: what came since then, while a
    /// callback took its time, is no silence of the server.
    private var lookedAt: Int64 = 0
    private var crowdedTurns = 0
    private static let crowdedTurnCount = 64
    /// More bytes than stand between two pieces of a body.
    private static let chunkBorder: UInt = 64
    /// When libcurl wants to be called even if no socket is ready; nil for never.
    private var curlDeadline: Int64?
    private var timers = TimerHeap()
    private var active: [Stream] = []
    /// Streams that want something done which cannot be done inside libcurl's callbacks.
    private var waiting: [Stream] = []
    /// Transfers that are read on for nobody, so that their connections can be used again.
    private var draining: [Transfer] = []
    private var idleHandles: [UnsafeMutableRawPointer] = []
    private static let idleHandleCount = 64

    /// Nil without memory or descriptors.
    static func make(isHosted: Bool) -> Loop? {
        guard sys_curl_global() == 0, let poller = Poller.make(isHosted: isHosted), let signer = RequestSigner(),
            let multi = curl_multi_init()
        else { return nil }
        guard let connections = ConnectionPool(multi) else {
            curl_multi_cleanup(multi)
            return nil
        }
        let loop = Loop(poller, multi, connections, signer)
        let user = Unmanaged.passUnretained(loop).toOpaque()
        if sys_multi_callbacks(multi, watchSocket, setTimer, user) == CURLM_OK { return loop }
        loop.shutDown()
        return nil
    }

    private init(
        _ poller: Poller, _ multi: UnsafeMutableRawPointer, _ connections: ConnectionPool, _ signer: RequestSigner
    ) {
        self.poller = poller
        self.multi = multi
        self.connections = connections
        shared = SharedState(signer: signer, seed: sys_random())
        investigator = Investigator(self)
    }

    /// Ends the transfers and connections; the loop's thread, last.
    func shutDown() {
        investigator?.shutDown()
        investigator = nil
        host = nil
        while let transfer = draining.last { endDraining(transfer) }
        connections.stop(self)
        for handle in idleHandles { curl_easy_cleanup(handle) }
        idleHandles.removeAll()
        curl_multi_cleanup(multi)
        connections.shutDown()
    }

    /// What the host is called for is gone with the client: nothing more is asked or told.
    func forgetHost() {
        host = nil
        shared.log = nil
    }

    // MARK: A turn

    /// Waits for something to do, at most so many nanoseconds, and does it.
    func turn(longest: Int64) {
        let isAll = poller.wait(milliseconds: waitTime(longest))
        readClock()
        // Sockets take turns at being told of; what is left out long enough has to be judged nevertheless.
        crowdedTurns = isAll || crowdedTurns == Self.crowdedTurnCount ? 0 : crowdedTurns &+ 1
        if crowdedTurns == 0 { lookedAt = now }
        poller.handOver { socket, bits in
            refreshClock()
            if investigator?.readable(socket) ?? false { return }
            var running: Int32 = 0
            _ = curl_multi_socket_action(multi, socket, bits, &running)
        }
        refreshClock()
        runTimers()
        collectDone()
        sweep()
    }

    func readClock() {
        now = sys_now_ns()
        isClockStale = false
    }

    /// Reads it where something has been done since the last time that may have taken long.
    private func refreshClock() {
        if isClockStale { readClock() }
    }

    /// When something is to be done even if no socket is ready; `.max` for never.
    private var nearest: Int64 {
        var nearest = min(curlDeadline ?? .max, timers.nearest ?? .max)
        // In the order in which they began, and each has the same time.
        if let transfer = draining.first { nearest = min(nearest, transfer.drainDeadline) }
        if let investigator { nearest = min(nearest, investigator.nearest) }
        return min(nearest, connections.nearest, shared.turnDue)
    }

    private func waitTime(_ longest: Int64) -> Int32 {
        if longest == 0 { return 0 }
        let nearest = nearest
        if nearest == .max, longest == .max { return -1 }
        let left = min(max(nearest &- sys_now_ns(), 0), longest, 60_000_000_000)
        return Int32(truncatingIfNeeded: (left &+ 999_999) / 1_000_000)
    }

    /// Something is to be done now.
    var isDue: Bool { !waiting.isEmpty || nearest <= sys_now_ns() }

    /// Has the poller's descriptor become ready when something is to be done; for hosts, before they wait for it.
    func arm() {
        poller.arm(waiting.isEmpty ? nearest : 0)
    }

    private func runTimers() {
        if let due = curlDeadline, due <= now {
            curlDeadline = nil
            var running: Int32 = 0
            _ = curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
        }
        while let stream = timers.popDue(lookedAt) {
            tell(stream) { $0.timePassed(now: lookedAt) }
        }
        for transfer in draining where transfer.drainDeadline <= now { endDraining(transfer) }
        if let investigator, investigator.nearest <= now { investigator.timePassed() }
        connections.timePassed(self)
    }

    private func collectDone() {
        var result = CURLE_OK
        while let easy = sys_multi_done(multi, &result) {
            guard let user = sys_getinfo_private(easy) else { continue }
            Unmanaged<EasyHandle>.fromOpaque(user).takeUnretainedValue().ended(result)
        }
    }

    /// libcurl is done with a stream's transfer.
    func ended(_ transfer: Transfer, _ result: CURLcode) {
        guard let stream = transfer.stream else { return endDraining(transfer) }
        if transfer.isBeside { return tell(stream) { $0.hedgeEnded(now: now) } }
        if result == CURLE_OK {
            stream.recorder?.end(now: now)
            tell(stream) { $0.bodyEnded(now: now) }
        } else {
            let failure = TransportFailure(result, transfer.message(result))
            stream.recorder?.end(cut: stream.exchange.releaseReason ?? failure.message, now: now)
            tell(stream) { $0.transportFailed(failure, now: now) }
        }
    }

    // MARK: A stream's way

    /// Gives an exchange an input, and sees to what follows from it.
    @inline(__always)
    func tell(_ stream: Stream, _ input: (Exchange) -> Void) {
        stream.depth &+= 1
        input(stream.exchange)
        stream.depth &-= 1
        isClockStale = true
        follow(stream)
    }

    private func follow(_ stream: Stream, isArmed: Bool = false) {
        stream.consumer.flush()
        if let recorder = stream.recorder { recorder.follow(stream.exchange.lane, now: now) }
        markIfEnded(stream)
        if stream.exchange.hasAction, !stream.isQueued {
            stream.isQueued = true
            waiting.append(stream)
        }
        if !isArmed { arm(stream) }
    }

    /// An end inside another callback of the stream is over when that one is.
    private func markIfEnded(_ stream: Stream) {
        guard stream.exchange.hasEnded, stream.depth == 0 else { return }
        // Whoever waits for the end finds all of the recording.
        endRecord(stream)
        stream.markEnded()
    }

    private func endRecord(_ stream: Stream) {
        stream.recorder?.end(cut: stream.exchange.releaseReason ?? "", now: now)
    }

    private func arm(_ stream: Stream) {
        guard let deadline = stream.exchange.deadline else { return }
        if stream.timerIndex < 0 || deadline < stream.timerDeadline { timers.insert(stream, deadline: deadline) }
    }

    func start(_ stream: Stream) {
        // A callback may free a stream that it has just opened.
        guard !stream.exchange.hasEnded else { return }
        readClock()
        add(stream)
        tell(stream) { $0.begin(now: now) }
    }

    private func add(_ stream: Stream) {
        stream.activeIndex = active.count
        active.append(stream)
    }

    /// False when the request must not go out.
    func connected(_ transfer: Transfer) -> Bool {
        guard let stream = transfer.stream else { return false }
        let isReused = sys_getinfo_long(transfer.easy, CURLINFO_NUM_CONNECTS) == 0
        // libcurl has measured on until now.
        readClock()
        let times = isReused ? ConnectionTimes() : ConnectionTimes(transfer.easy)
        var goesOut = false
        let isHedge = transfer.isBeside
        tell(stream) {
            goesOut =
                isHedge
                ? $0.hedgeConnected(isReused: isReused, times: times, now: now)
                : $0.connected(isReused: isReused, times: times, now: now)
        }
        if goesOut { transfer.beginUpload() }
        return goesOut
    }

    /// Some of a request went out: so many bytes of its body.
    func uploaded(_ bodyLength: Int64, of transfer: Transfer) {
        guard let stream = transfer.stream else { return transfer.watchUpload(false) }
        readClock()
        let (length, isWhole) = transfer.uploaded(bodyLength)
        if transfer.isBeside { return stream.exchange.hedgeSent(length: length, isWhole: isWhole, now: now) }
        stream.exchange.requestSent(length: length, isWhole: isWhole, now: now)
    }

    /// False when the transfer is to end.
    func received(headLine line: Span<UInt8>, from transfer: Transfer) -> Bool {
        guard let stream = transfer.stream else { return true }
        if transfer.isBeside { return hedgeReceived(headLine: line, from: transfer, of: stream) }
        stream.recorder?.head(line, now: now)
        stream.depth &+= 1
        stream.exchange.received(headLine: line, now: now)
        stream.depth &-= 1
        follow(stream)
        return !stream.exchange.hasEnded
    }

    /// The one that begins an answer makes the hedge the stream's attempt, or is the last.
    private func hedgeReceived(headLine line: Span<UInt8>, from transfer: Transfer, of stream: Stream) -> Bool {
        readClock()
        stream.depth &+= 1
        stream.exchange.hedgeReceived(headLine: line, now: now)
        stream.depth &-= 1
        if !transfer.isBeside {
            stream.recorder?.follow(transfer.lane, now: now)
            stream.recorder?.head(line, now: now)
        }
        follow(stream)
        return !stream.exchange.hasEnded
    }

    /// Bytes of a body, in libcurl's buffer. Returns what a write callback returns.
    func received(_ bytes: Span<UInt8>, from transfer: Transfer) -> Int {
        guard let stream = transfer.stream else { return drained(bytes.count, of: transfer) }
        // Nobody wants what a hedge has taken the place of.
        if transfer.lane != stream.exchange.lane { return 0 }
        // libcurl reads on after a callback that took its time.
        if isNewRead(bytes) { refreshClock() }
        let wasAnswering = stream.exchange.state == .answering
        if let recorder = stream.recorder, !stream.exchange.isPaused { recorder.bytes(bytes, now: now) }
        stream.depth &+= 1
        let intake = stream.exchange.received(bytes, now: now)
        stream.depth &-= 1
        isClockStale = true
        if stream.exchange.hasForgottenRequest { transfer.forgetRequest() }
        // While an answer comes, its limits only move away.
        let isArmed = wasAnswering && stream.exchange.state == .answering && stream.timerIndex >= 0
        follow(stream, isArmed: isArmed)
        switch intake {
        case .taken: return bytes.count
        case .wait: return sys_write_pause()
        case .stop: return 0
        }
    }

    /// False for what lies close behind the bytes before it: both came with one read of the socket, at one time.
    private func isNewRead(_ bytes: Span<UInt8>) -> Bool {
        let start = bytes.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        defer { lastEnd = start &+ UInt(bitPattern: bytes.count) }
        return start &- lastEnd > Self.chunkBorder
    }

    /// Ends a stream from the loop's own thread, inside a callback or outside.
    func cancel(_ stream: Stream, _ reason: StaticString) {
        let moment = sys_now_ns()
        tell(stream) { $0.cancelled(reason, now: moment) }
    }

    func cancelAll(_ reason: StaticString) {
        for stream in active { cancel(stream, reason) }
    }

    /// Ends a stream that was never sent.
    func refuse(_ stream: Stream, _ reason: StaticString) {
        guard !stream.exchange.hasEnded else { return }
        add(stream)
        cancel(stream, reason)
    }

    func turnCame(_ stream: Stream) {
        tell(stream) { $0.turnCame(now: now) }
    }

    func notice(_ stream: Stream) {
        readClock()
        let notice = stream.takeNotice()
        tell(stream) {
            $0.noticed(now: now)
            // Who pauses over a result that has just come wants no earlier resume to end that.
            if notice.isResumed { $0.resume(now: now) }
            if notice.hasAnswers { $0.toolsAnswered(now: now) }
        }
    }

    // MARK: What exchanges want done

    /// Serves the streams that want something; never inside one of libcurl's callbacks.
    func sweep() {
        repeat {
            while !waiting.isEmpty {
                var served: [Stream] = []
                swap(&served, &waiting)
                for stream in served { serve(stream) }
            }
            findIdentities()
            shared.giveTurns(now: now)
        } while !waiting.isEmpty
    }

    /// Lets so many HTTP/2 streams share a connection, where libcurl can be trusted with that.
    func share(_ streamCount: Int) {
        _ = sys_multi_share(multi, streamCount)
    }

    /// Keeps connections for so many streams at once; 0 for none.
    func warm(_ count: Int) {
        readClock()
        connections.warm(count, self)
    }

    private func serve(_ stream: Stream) {
        stream.isQueued = false
        while let action = nextAction(stream) {
            switch action {
            case .dropTransfer: drop(stream)
            case .drainTransfer: drain(stream)
            case .send(let request, let isFresh): send(request, isFresh: isFresh, stream)
            case .sendHedge(let request, let isFresh): sendHedge(request, isFresh: isFresh, stream)
            case .dropHedge: dropOther(stream)
            case .resumeTransfer: if let transfer = stream.transfer { _ = sys_unpause(transfer.easy) }
            case .awaitIdentity: unidentified.append(stream)
            case .finish: letGo(stream)
            }
        }
        arm(stream)
    }

    /// May call back: a request that cannot be made ends its stream.
    private func nextAction(_ stream: Stream) -> Action? {
        readClock()
        stream.depth &+= 1
        let action = stream.exchange.nextAction(clock)
        stream.depth &-= 1
        stream.consumer.flush()
        markIfEnded(stream)
        return action
    }

    private func send(_ request: PreparedRequest, isFresh: Bool, _ stream: Stream) {
        stream.recorder?.begin(request, attempt: stream.exchange.attempts, now: now)
        do throws(Failure) {
            try add(request, isFresh: isFresh, stream, in: stream.exchange.lane)
        } catch {
            tell(stream) { $0.refused(error, now: now) }
        }
    }

    private func sendHedge(_ request: PreparedRequest, isFresh: Bool, _ stream: Stream) {
        stream.recorder?.keep(request, attempt: stream.exchange.attempts, now: now)
        do throws(Failure) {
            try add(request, isFresh: isFresh, stream, in: stream.exchange.lane.other)
        } catch {
            tell(stream) { $0.hedgeEnded(now: now) }
        }
    }

    private func add(
        _ request: PreparedRequest, isFresh: Bool, _ stream: Stream, in lane: Lane
    ) throws(Failure) {
        guard let easy = takeEasy() else { throw Self.shortOfMemory }
        guard let transfer = Transfer(easy: easy, body: request.body, for: stream, in: lane, on: self) else {
            curl_easy_cleanup(easy)
            throw Self.shortOfMemory
        }
        stream.set(transfer, in: lane)
        guard transfer.prepare(request, settings: stream.exchange.settings, isFresh: isFresh) else {
            throw Self.shortOfMemory
        }
        try add(transfer)
    }

    var readLength: Int { connections.readLength }

    static var shortOfMemory: Failure { Failure(.memory, .prepare, "out of memory") }

    func takeEasy() -> UnsafeMutableRawPointer? { idleHandles.popLast() ?? connections.makeHandle() }

    func add(_ handle: EasyHandle) throws(Failure) {
        if !start(handle) { throw Failure(.transport, .prepare, "libcurl does not take the request") }
    }

    func start(_ handle: EasyHandle) -> Bool {
        guard curl_multi_add_handle(multi, handle.easy) == CURLM_OK else { return false }
        handle.isAdded = true
        connections.began(handle)
        return true
    }

    private func letGo(_ stream: Stream) {
        timers.remove(stream)
        drop(stream)
        dropOther(stream)
        // One that ended while it waited: nothing may come of what it waits for.
        if !unidentified.isEmpty { unidentified.removeAll { $0 === stream } }
        stream.recorder?.close()
        remove(stream)
        stream.client.ended(stream)
    }

    private func remove(_ stream: Stream) {
        // One that was freed before it was started was never added.
        guard stream.activeIndex >= 0, let last = active.popLast() else { return }
        if last !== stream {
            active[stream.activeIndex] = last
            last.activeIndex = stream.activeIndex
        }
        stream.activeIndex = -1
    }

    private func drop(_ stream: Stream) {
        guard let transfer = stream.transfer else { return }
        endRecord(stream)
        stream.transfer = nil
        transfer.stream = nil
        recycle(transfer)
    }

    private func dropOther(_ stream: Stream) {
        guard let transfer = stream.otherTransfer else { return }
        stream.otherTransfer = nil
        transfer.stream = nil
        recycle(transfer)
    }

    /// Not inside one of libcurl's callbacks.
    func recycle(_ handle: EasyHandle) {
        if handle.isAdded {
            connections.ends(handle)
            _ = curl_multi_remove_handle(multi, handle.easy)
            connections.ended(handle, self)
        }
        if idleHandles.count < Self.idleHandleCount {
            // Forgets the request's secrets and borrowed memory; keeps what was learned of the connection.
            curl_easy_reset(handle.easy)
            idleHandles.append(handle.easy)
        } else {
            curl_easy_cleanup(handle.easy)
        }
    }

    // MARK: Reading on for the connection's sake

    private func drain(_ stream: Stream) {
        guard let transfer = stream.transfer, draining.count < Limits.drainCount else { return drop(stream) }
        endRecord(stream)
        stream.transfer = nil
        transfer.stream = nil
        transfer.drainDeadline = now &+ Limits.drainMilliseconds &* 1_000_000
        draining.append(transfer)
        // It may have been paused.
        _ = sys_unpause(transfer.easy)
    }

    /// What the write callback returns for bytes that nobody wants.
    private func drained(_ count: Int, of transfer: Transfer) -> Int {
        transfer.drainLength &-= min(count, transfer.drainLength)
        return transfer.drainLength > 0 ? count : 0
    }

    private func endDraining(_ transfer: Transfer) {
        guard let index = draining.firstIndex(where: { $0 === transfer }) else { return }
        draining.remove(at: index)
        recycle(transfer)
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
