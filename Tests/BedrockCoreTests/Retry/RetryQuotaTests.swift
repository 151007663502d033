import Testing

@testable import BedrockCore

@Suite struct RetryQuotas {
    @Test func costs() {
        let quota = RetryQuota()
        func take(_ class: RetryClass) -> Int? { quota.take(`class`) }
        #expect(quota.available == 500)
        #expect(take(.transient) == 14 && quota.available == 486)
        #expect(take(.throttling) == 5 && quota.available == 481)
        #expect(take(.none) == 14 && quota.available == 467, "a retry that is forced costs what others do")
    }

    @Test func tooLittleLeft() {
        let quota = RetryQuota(capacity: 20)
        func take(_ class: RetryClass) -> Int? { quota.take(`class`) }
        #expect(take(.transient) == 14)
        #expect(take(.transient) == nil && quota.available == 6, "what is refused costs nothing")
        #expect(take(.throttling) == 5 && quota.available == 1)
        #expect(take(.throttling) == nil)
        let empty = RetryQuota(capacity: 0)
        let nothing = empty.take(.throttling)
        #expect(nothing == nil)
        empty.giveBack(nil)
        #expect(empty.available == 0)
        let negative = RetryQuota(capacity: -1)
        #expect(negative.available == 0)
    }

    @Test func successGivesBack() {
        let quota = RetryQuota()
        func take(_ class: RetryClass) -> Int? { quota.take(`class`) }
        quota.giveBack(nil)
        #expect(quota.available == 500, "never above the capacity")
        let first = take(.transient)
        let second = take(.throttling)
        quota.giveBack(second)
        #expect(first == 14 && quota.available == 486, "what the last retry took, no more")
        quota.giveBack(nil)
        #expect(quota.available == 487)
        quota.giveBack(.max)
        #expect(quota.available == 500)
        quota.giveBack(-5)
        #expect(quota.available == 500)
    }
}
