import Synchronization

/// What a client may still spend on retries. Its calls share it, on whichever loop they are: where many fail, retries
/// stop making it worse.
///
/// Numbers: the AWS SDKs' standard mode of 2026.
public final class RetryQuota: Sendable {
    private static let standardCapacity = 500
    private static let retryCost = 14
    private static let throttledRetryCost = 5
    private static let rewardOfFirstAttempt = 1
    /// Of a request beside a late one: a hundred calls may have one at a time, so that a slow service is not asked
    /// twice for everything.
    static let hedgeCost = 5

    private let left: Atomic<Int>
    private let capacity: Int

    public convenience init() {
        self.init(capacity: Self.standardCapacity)
    }

    /// It is full at first.
    public init(capacity: Int) {
        self.capacity = max(capacity, 0)
        left = Atomic(max(capacity, 0))
    }

    public var available: Int { left.load(ordering: .relaxed) }

    static func cost(_ class: RetryClass) -> Int {
        `class` == .throttling ? throttledRetryCost : retryCost
    }

    /// Pays for a retry. What it cost is given back when the call succeeds; nil when there is too little left.
    public func take(_ class: RetryClass) -> Int? {
        let cost = Self.cost(`class`)
        return take(cost) ? cost : nil
    }

    /// False when there is too little left.
    func take(_ cost: Int) -> Bool {
        change { $0 < cost ? nil : $0 &- cost }
    }

    /// A call succeeded. `lastCost` is what its last retry took, nil without one. Calls that fail give nothing back.
    public func giveBack(_ lastCost: Int?) {
        let amount = max(lastCost ?? Self.rewardOfFirstAttempt, 0)
        _ = change { $0 == capacity ? nil : $0 &+ min(amount, capacity &- $0) }
    }

    /// False when there was nothing to change.
    private func change(_ next: (Int) -> Int?) -> Bool {
        var known = available
        while let wanted = next(known) {
            let (isDone, found) = left.compareExchange(expected: known, desired: wanted, ordering: .relaxed)
            if isDone { return true }
            known = found
        }
        return false
    }
}
