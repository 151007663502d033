import BedrockCore

/// Who may be under way and whose turn is next, worked out apart from the code under test: groups in the order of their
/// turns, each with its calls.
final class WatchQueue {
    let limits: GateLimits
    private let ledger: Ledger
    private var groups: [(name: String, calls: [Int])] = []
    private var running: Set<Int> = []
    private var sentCount = 0
    /// Calls that did not begin at once.
    private(set) var queuedCount = 0

    init(_ limits: GateLimits, _ ledger: Ledger) {
        self.limits = limits
        self.ledger = ledger
    }

    static func drawn(_ dice: inout Dice) -> GateLimits {
        var limits = GateLimits()
        guard dice.percent(25) else { return limits }
        limits.streams = dice.pick([1, 1, 2, 3, .max])
        limits.queuedStreams = dice.pick([.max, .max, .max, 1, 2, 4])
        limits.requestsPerMinute = dice.pick([.max, .max, .max, 30, 120, 1200])
        limits.tokensPerMinute = dice.pick([.max, .max, .max, .max, 6000, 60_000])
        return limits
    }

    private var waitingCount: Int { groups.reduce(0) { $0 + $1.calls.count } }
    /// Calls may have to wait though there is a place.
    var isGoverned: Bool { min(limits.requestsPerMinute, limits.tokensPerMinute) < .max }
    private var hasToWait: Bool { running.count >= limits.streams || !groups.isEmpty }

    func isUnderWay(_ call: Call) -> Bool { running.contains(call.number) }

    // MARK: What happens to a call

    func begun(_ call: Call) {
        switch call.exchange.state {
        case .ended: break
        case .queued:
            ledger.require(hasToWait || isGoverned, "a call waits only where it has to", "call \(call.number)")
            ledger.require(
                waitingCount < limits.queuedStreams, "no more wait than may", "call \(call.number) is one more")
            add(call)
        default:
            ledger.require(!hasToWait, "nobody overtakes those who wait", "call \(call.number)")
            running.insert(call.number)
        }
    }

    private func add(_ call: Call) {
        queuedCount += 1
        let group = call.tuning.group
        if let at = groups.firstIndex(where: { $0.name == group }) {
            groups[at].calls.append(call.number)
        } else {
            groups.append((group, [call.number]))
        }
    }

    func turnCame(_ call: Call) {
        ledger.require(running.count < limits.streams, "no more are under way than may", "call \(call.number)")
        guard !groups.isEmpty else { return ledger.fail("turns come in their order", "nobody waits") }
        var first = groups.removeFirst()
        ledger.require(
            first.calls.removeFirst() == call.number, "turns come in their order",
            "call \(call.number) before others")
        if !first.calls.isEmpty { groups.append(first) }
        running.insert(call.number)
    }

    func ended(_ call: Call, _ code: ErrorCode?) {
        if code == .queueFull {
            let isFull = (hasToWait || isGoverned) && waitingCount >= limits.queuedStreams
            ledger.require(isFull, "the line is full only where it is", "call \(call.number), \(waitingCount) wait")
        }
        running.remove(call.number)
        for at in groups.indices { groups[at].calls.removeAll { $0 == call.number } }
        groups.removeAll { $0.calls.isEmpty }
    }

    /// Another attempt goes out, so long after the beginning of all.
    func sent(_ call: Call, after time: Int64) {
        sentCount += 1
        guard limits.requestsPerMinute < .max else { return }
        let rate = Double(limits.requestsPerMinute) / 60
        let most = max(rate * 3, 1) + rate * Double(time) / 1e9 + 0.001
        ledger.require(
            Double(sentCount) <= most, "no more requests than a minute may have",
            "\(sentCount) of \(most) by call \(call.number)")
    }

    // MARK: At the end of a turn of the loop

    /// `due` is when the line is looked at next though nothing happens.
    func check(_ calls: [Call], due: Int64, _ now: Int64) {
        let isFull = running.count >= limits.streams
        ledger.require(
            groups.isEmpty || isFull || isGoverned && due > now && due < .max, "a free place is given at once",
            "\(waitingCount) wait, \(running.count) are under way")
        let states = calls.map { $0.exchange.state }
        ledger.require(
            states.count { $0 == .queued } == waitingCount, "who waits is known", "\(waitingCount) of \(states)")
        ledger.require(
            states.count { $0 != .opened && $0 != .queued && $0 != .ended } == running.count,
            "no more are under way than may", "\(running.count) of \(states)")
        ledger.require(running.count <= limits.streams, "no more are under way than may", "\(states)")
    }
}
