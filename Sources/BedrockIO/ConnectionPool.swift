import BedrockCore
import CSystem.Curl

/// A loop's connections while no stream uses them: closed when they have been idle for long enough, kept ready where
/// the host wants some to be, and the TLS sessions that new ones resume. The loop's thread alone.
final class ConnectionPool {
    private let multi: UnsafeMutableRawPointer
    private let sessions: UnsafeMutableRawPointer
    /// Transfers that libcurl has, and how many connections it keeps: as many as were of use at once.
    private var transferCount = 0
    private var capacity = 0

    private static let fewTransfers = 64

    private var calls: [UpkeepCall] = []
    private var closeAt = Int64.max
    private var lastEnd: Int64 = 0
    private var looksAgain = false
    /// libcurl looks through its pool at most once a second: if it has just done so, the first time was for nothing.
    private static let lookInterval: Int64 = 1_100_000_000
    /// Its clock was read a little later than the loop's.
    private static let slack: Int64 = 20_000_000

    /// How many streams at once shall find a connection; 0 for what there happens to be.
    private var warmCount = 0
    private var warmAt = Int64.max
    private var hasFailed = false
    /// It begins: where streams share connections, requests that come first would all find room on one of them.
    private var isOpening = false
    /// The region is being found out.
    private(set) var isResolving = false
    /// Streams that have taken their connection with them since the last round.
    private var lostCount = 0
    private var topUpAt = Int64.max
    private var lastTopUp: Int64 = 0
    /// Where streams are cancelled all the time, what replaces their connections is not to become a load.
    private static let topUpInterval: Int64 = 1_000_000_000
    /// Between two rounds where connections may idle for ever.
    private static let longestWarmInterval: Int64 = 30_000_000_000

    /// Nil without memory.
    init?(_ multi: UnsafeMutableRawPointer) {
        guard let sessions = sys_share_new() else { return nil }
        self.multi = multi
        self.sessions = sessions
    }

    func stop(_ loop: Loop) {
        while let call = calls.popLast() { loop.recycle(call) }
    }

    /// When no handle is left.
    func shutDown() {
        _ = curl_share_cleanup(sessions)
    }

    /// A handle that resumes the TLS sessions of others; nil without memory.
    func makeHandle() -> UnsafeMutableRawPointer? {
        guard let easy = curl_easy_init() else { return nil }
        _ = sys_setopt_pointer(easy, CURLOPT_SHARE, sessions)
        return easy
    }

    /// Bytes that libcurl reads at once: of few streams one may be fast. Many are slow, each for itself, and before 8.7
    /// libcurl has a buffer for each.
    var readLength: Int {
        transferCount < Self.fewTransfers || sys_curl_shares_buffers() != 0 ? 16 * 1024 : 1536
    }

    // MARK: Transfers come and go

    func began(_ handle: EasyHandle) {
        guard !handle.isIdle else { return }
        transferCount &+= 1
        // With less, libcurl closes connections of a burst while it ends.
        if transferCount > capacity { setCapacity(transferCount) }
    }

    /// libcurl is about to let go of it.
    func ends(_ handle: EasyHandle) {
        if warmCount > 0, handle.losesConnection { lostCount &+= 1 }
    }

    func ended(_ handle: EasyHandle, _ loop: Loop) {
        guard !handle.isIdle else { return }
        transferCount &-= 1
        lastEnd = loop.now
        if lostCount > 0 { topUpAt = max(lastEnd, lastTopUp &+ Self.topUpInterval) }
        looksAgain = true
        let limit = idleLimit(loop)
        if limit > 0 { closeAt = min(closeAt, lastEnd &+ limit &+ Self.slack) }
    }

    private func setCapacity(_ count: Int) {
        capacity = max(count, warmCount)
        _ = sys_multi_capacity(multi, capacity)
    }

    /// Nanoseconds; 0 for no limit.
    private func idleLimit(_ loop: Loop) -> Int64 {
        Int64(loop.shared.settings?.connection.maxIdleSeconds ?? 0) &* 1_000_000_000
    }

    // MARK: Time

    /// When `timePassed` is to be called; `.max` for never.
    var nearest: Int64 { min(closeAt, warmAt, topUpAt) }

    func timePassed(_ loop: Loop) {
        if closeAt <= loop.now { closeIdle(loop) }
        if warmAt <= loop.now { warmUp(loop) }
        if topUpAt <= loop.now { topUp(loop) }
    }

    /// libcurl ends what was idle for too long when a transfer begins, and at no other time.
    private func closeIdle(_ loop: Loop) {
        closeAt = .max
        let limit = idleLimit(loop)
        guard limit > 0 else { return }
        if lastEnd &+ limit > loop.now {
            closeAt = lastEnd &+ limit &+ Self.slack
        } else if looksAgain {
            looksAgain = false
            closeAt = loop.now &+ Self.lookInterval
        }
        setCapacity(transferCount)
        guard let call = makeCall(loop) else { return }
        call.isIdle = true
        start(call, call.prepareClosing(idleSeconds: Int(limit / 1_000_000_000)))
    }

    private func makeCall(_ loop: Loop) -> UpkeepCall? {
        guard let call = UpkeepCall.make(self, loop) else { return nil }
        calls.append(call)
        return call
    }

    private func start(_ call: UpkeepCall, _ isPrepared: Bool) {
        if !isPrepared || !call.loop.start(call) { ended(call, "out of memory") }
    }

    /// Without a message when it went well.
    func ended(_ call: UpkeepCall, _ failure: Message?) {
        guard let at = calls.firstIndex(where: { $0 === call }) else { return }
        calls.remove(at: at)
        call.loop.recycle(call)
        if let failure, !call.isIdle { report(failure, call.loop) }
        guard isOpening, calls.isEmpty, warmCount > 0 else { return }
        // Each has its connection. What more it takes, where they turn out not to be shared, takes a second round.
        isOpening = false
        warmAt = call.loop.now
    }

    // MARK: Warm connections

    /// From now on so many streams at once find connections.
    func warm(_ count: Int, _ loop: Loop) {
        warmCount = count
        isResolving = false
        isOpening = true
        if count == 0 { (warmAt, topUpAt) = (.max, .max) } else { warmUp(loop) }
    }

    func regionSettled(_ loop: Loop) {
        if isResolving { warmUp(loop) }
    }

    /// Requests that all connections are used for at once: each that is missing is made, none is idle for too long.
    private func warmUp(_ loop: Loop) {
        let limit = idleLimit(loop)
        warmAt = loop.now &+ (limit > 0 ? min(limit / 2, Self.longestWarmInterval) : Self.longestWarmInterval)
        hasFailed = false
        lostCount = 0
        topUpAt = .max
        setCapacity(transferCount)
        open(loop, lost: nil)
    }

    /// One more for each that is lost; those that are idle are left alone. After a failure that is the next round's.
    private func topUp(_ loop: Loop) {
        topUpAt = .max
        lastTopUp = loop.now
        if !hasFailed, !isResolving { open(loop, lost: lostCount) }
        lostCount = 0
    }

    private func open(_ loop: Loop, lost: Int?) {
        do throws(Failure) {
            let place = try loop.shared.placeOfCalls(loop.clock)
            isResolving = place == nil
            guard let place else { return }
            let endpoint = try place.endpoint()
            let proxy = try place.proxy(for: endpoint)
            var left = warmCount &- transferCount
            isOpening = isOpening && place.sharesConnections
            if isOpening { left = (left &+ place.http2Streams &- 1) / place.http2Streams }
            // Where streams share connections, these outlive them.
            if let lost { left = place.sharesConnections ? 0 : min(left, lost) }
            while left > 0, !hasFailed, let call = makeCall(loop) {
                start(call, call.prepareWarming(place, endpoint, proxy, isFresh: isOpening || lost != nil))
                left &-= 1
            }
        } catch {
            isResolving = false
            report(error.message, loop)
        }
    }

    /// Once a round.
    private func report(_ failure: Message, _ loop: Loop) {
        if !hasFailed { loop.shared.log(.warning) { "no warm connection: \(failure)" } }
        hasFailed = true
    }
}
