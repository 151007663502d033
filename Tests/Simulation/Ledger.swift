import BedrockCore

/// What a run has been found to do wrong, and the client's quota as it should be.
final class Ledger {
    private(set) var fault: (invariant: String, detail: String)?
    /// What is left for retries: an independent count.
    private(set) var quota = 500
    private(set) var leastQuota = 500

    var isBroken: Bool { fault != nil }

    /// The first fault counts; others mostly follow from it.
    func fail(_ invariant: StaticString, _ detail: String) {
        if fault == nil { fault = ("\(invariant)", detail) }
    }

    @inline(__always)
    func require(_ isTrue: Bool, _ invariant: StaticString, _ detail: @autoclosure () -> String) {
        if !isTrue { fail(invariant, detail()) }
    }

    func pay(_ cost: Int) {
        quota -= cost
        leastQuota = min(leastQuota, quota)
        require(quota >= 0, "the quota is never overdrawn", "\(quota) left")
    }

    func giveBack(_ amount: Int) {
        quota = min(500, quota + amount)
    }
}
