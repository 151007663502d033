/// What a client may still spend on retries. Its calls share it: where many fail, retries stop making it worse.
///
/// Numbers: the AWS SDKs' standard mode of 2026.
public struct RetryQuota: Sendable {
    private static let standardCapacity = 500
    private static let retryCost = 14
    private static let throttledRetryCost = 5
    private static let rewardOfFirstAttempt = 1

    public private(set) var available: Int
    private let capacity: Int

    public init() {
        self.init(capacity: Self.standardCapacity)
    }

    /// It is full at first.
    public init(capacity: Int) {
        self.capacity = max(capacity, 0)
        available = self.capacity
    }

    static func cost(_ class: RetryClass) -> Int {
        `class` == .throttling ? throttledRetryCost : retryCost
    }

    /// Pays for a retry. What it cost is given back when the call succeeds; nil when there is too little left.
    public mutating func take(_ class: RetryClass) -> Int? {
        let cost = Self.cost(`class`)
        guard cost <= available else { return nil }
        available &-= cost
        return cost
    }

    /// A call succeeded. `lastCost` is what its last retry took, nil without one. Calls that fail give nothing back.
    public mutating func giveBack(_ lastCost: Int?) {
        let amount = max(lastCost ?? Self.rewardOfFirstAttempt, 0)
        available &+= min(amount, capacity &- available)
    }
}
