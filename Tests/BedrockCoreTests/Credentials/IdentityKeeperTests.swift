import Testing

@testable import BedrockCore

/// A keeper whose host answers: the shortest way from a question to an identity.
private final class Kept {
    let shared: SharedState
    let settings: Settings
    var clock = Clock(now: 1_000_000_000_000, wall: 1_700_000_000)
    var keeper: IdentityKeeper { shared.credentials }

    init(seed: UInt64 = 1, _ code: [String: String] = [:]) throws {
        shared = SharedState(signer: try #require(RequestSigner()), seed: seed)
        shared.hostKinds = .credentials
        settings = try BedrockCoreTests.settings(code, ["AWS_EC2_METADATA_DISABLED": "true"])
    }

    /// An inquiry holds what holds its keeper.
    deinit { for keeper in shared.keepers { keeper.close() } }

    func look() -> IdentityKeeper.Look { keeper.look(settings, shared, clock) }

    func pass(_ seconds: Int64) {
        clock.now += seconds * 1_000_000_000
        clock.wall += seconds
    }

    /// Reads environment and files where that is asked, and says what is to be found out after that.
    func nextAsk() -> Ask? {
        guard let ask = keeper.takeAsk() else { return nil }
        guard ask.kind == .sources else { return ask }
        let finding = Finding()
        finding.settings = settings
        keeper.found(finding, clock)
        return keeper.takeAsk()
    }

    func answer(_ id: String, life: Int64? = nil) {
        let finding = Finding()
        finding.identity = ResolvedIdentity(
            credentials: Credentials(accessKeyID: Bytes(id.utf8), secretAccessKey: Bytes("s")),
            expiry: life.map { clock.wall + $0 }, source: "the host")
        keeper.found(finding, clock)
    }

    func fail() {
        keeper.found(Finding(failure: "is out of order"), clock)
    }

    var id: String { keeper.current?.credentials.map { String($0.accessKeyID) } ?? "" }

    /// The seconds until the first look that begins an inquiry.
    func secondsUntilAsked(atMost limit: Int64) -> Int64? {
        for second in 0...limit {
            _ = look()
            if keeper.hasAsk { return second }
            pass(1)
        }
        return nil
    }
}

@Suite struct IdentityKeepers {
    @Test("nothing is asked before the first look, and one thing for all who look")
    func one() throws {
        let kept = try Kept()
        #expect(!kept.keeper.hasAsk && !kept.keeper.isInquiring)
        for _ in 0..<50 { #expect(kept.look() == .wait) }
        #expect(kept.keeper.takeAsk()?.host == .credentials && kept.keeper.takeAsk() == nil)
        #expect(!kept.keeper.hasSettled)
        kept.answer("A")
        #expect(kept.keeper.takeSettled() && !kept.keeper.takeSettled() && kept.look() == .ready && kept.id == "A")
        kept.pass(1_000_000)
        #expect(kept.look() == .ready && !kept.keeper.hasAsk)
    }

    @Test("what lives an hour is renewed 15 minutes and up to one more before its end, while calls go on")
    func advisory() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let kept = try Kept(seed: seed)
            _ = kept.look()
            _ = kept.nextAsk()
            kept.answer("A", life: 3600)
            let second = try #require(kept.secondsUntilAsked(atMost: 3600))
            #expect(2640...2700 ~= second, "asked after \(second) s")
            #expect(kept.look() == .ready && kept.nextAsk() != nil)
            kept.answer("B", life: 3600)
            #expect(kept.look() == .ready && kept.id == "B")
        }
    }

    @Test("10 minutes before the end calls wait for the renewal, and go on with what they have where it fails")
    func mandatory() throws {
        let kept = try Kept()
        _ = kept.look()
        _ = kept.nextAsk()
        kept.answer("A", life: 3600)
        kept.pass(2999)
        #expect(kept.look() == .ready && kept.nextAsk() != nil)
        kept.pass(2)
        #expect(kept.look() == .wait)
        kept.fail()
        #expect(kept.keeper.takeSettled() && kept.look() == .ready && kept.id == "A")
        kept.pass(598)
        #expect(kept.look() == .wait && kept.nextAsk() != nil)
        kept.pass(2)
        kept.fail()
        #expect(kept.look() == .failed)
        #expect("\(kept.keeper.failure)".contains("the host's callback: is out of order"))
    }

    @Test("short lives are not renewed before half of them, nor waited for before three quarters")
    func shortLives() throws {
        let kept = try Kept()
        _ = kept.look()
        _ = kept.nextAsk()
        kept.answer("A", life: 100)
        #expect(kept.secondsUntilAsked(atMost: 100) == 50)
        #expect(kept.look() == .ready)
        kept.pass(25)
        #expect(kept.look() == .wait)
        kept.pass(25)
        #expect(kept.look() == .wait)
        _ = kept.nextAsk()
        kept.answer("B", life: 0)
        #expect(kept.look() != .ready)
    }

    @Test("a source that fails is asked again after a while, later each time, half a minute at most")
    func backoff() throws {
        let kept = try Kept()
        var waits: [Int64] = []
        for _ in 0..<12 {
            #expect(kept.look() == .wait && kept.nextAsk() != nil)
            kept.fail()
            let began = kept.clock.now
            while kept.look() == .failed { kept.clock.now += 10_000_000 }
            waits.append((kept.clock.now - began) / 1_000_000)
            #expect(kept.keeper.isInquiring)
        }
        for (at, wait) in waits.enumerated() {
            let longest = min(Int64(250) << min(at, 7), 30_000)
            #expect(longest / 2...longest + 10 ~= wait, "waits \(waits)")
        }
    }

    @Test("a refused identity is looked for again, once for all who were refused")
    func refused() throws {
        let kept = try Kept()
        _ = kept.look()
        _ = kept.nextAsk()
        kept.answer("A")
        let old = try #require(kept.keeper.current)
        for _ in 0..<50 { #expect(kept.keeper.refuse(old, kept.settings, kept.shared, kept.clock)) }
        #expect(kept.look() == .wait && kept.nextAsk()?.kind == .host && kept.nextAsk() == nil)
        kept.answer("B")
        #expect(kept.look() == .ready && kept.id == "B")
        #expect(kept.keeper.refuse(old, kept.settings, kept.shared, kept.clock) && !kept.keeper.hasAsk)
    }

    @Test("where nothing newer is known the source is left alone for a second")
    func refusedAgain() throws {
        let kept = try Kept()
        _ = kept.look()
        _ = kept.nextAsk()
        kept.answer("A")
        let first = try #require(kept.keeper.current)
        #expect(kept.keeper.refuse(first, kept.settings, kept.shared, kept.clock))
        _ = kept.nextAsk()
        kept.answer("A")
        let second = try #require(kept.keeper.current)
        #expect(!kept.keeper.refuse(second, kept.settings, kept.shared, kept.clock) && kept.look() == .ready)
        kept.pass(1)
        #expect(kept.keeper.refuse(second, kept.settings, kept.shared, kept.clock) && kept.look() == .wait)
    }

    @Test("another way to prove who asks is tried where nothing is configured, not where a source is broken")
    func otherWays() throws {
        let broken = try Kept()
        #expect(try broken.shared.whoAsks(broken.settings, broken.clock) == nil)
        _ = broken.nextAsk()
        broken.fail()
        #expect(throws: Failure.self) { try broken.shared.whoAsks(broken.settings, broken.clock) }
        #expect(broken.shared.token.failure.isEmpty && !broken.keeper.isUnconfigured)
        let bare = try Kept()
        bare.shared.hostKinds = []
        let failure = #expect(throws: Failure.self) { try bare.shared.whoAsks(bare.settings, bare.clock) }
        #expect(failure?.message.description.contains("no credentials: ") == true)
        #expect(failure?.message.description.contains("no bearer token: ") == true && bare.keeper.isUnconfigured)
    }

    @Test("what nothing can be signed with is a failure of its source")
    func unusable() throws {
        let kept = try Kept()
        #expect(kept.look() == .wait && kept.nextAsk() != nil)
        kept.answer("A\nB")
        #expect(kept.look() == .failed && "\(kept.keeper.failure)".contains("the host: the access key id is"))
    }

    @Test(
        "what expires right after its source gave it once more is asked for again, and is no failure without a reason")
    func sameUntilTheEnd() throws {
        let kept = try Kept()
        #expect(kept.look() == .wait && kept.nextAsk() != nil)
        kept.answer("A", life: 4)
        kept.pass(3)
        #expect(kept.look() == .wait && kept.nextAsk() != nil)
        kept.answer("A", life: 1)
        kept.clock.wall += 1
        kept.clock.now += 500_000_000
        #expect(kept.look() == .wait && kept.nextAsk() != nil)
        kept.answer("B", life: 3600)
        #expect(kept.look() == .ready && kept.id == "B")
    }

    @Test("who has waited for an inquiry that failed begins no other one, however late it looks again")
    func failedSince() throws {
        let kept = try Kept()
        let since = kept.clock.now
        #expect(kept.look() == .wait && kept.nextAsk() != nil)
        kept.pass(100)
        kept.fail()
        kept.pass(100)
        let (keeper, settings, shared) = (kept.keeper, kept.settings, kept.shared)
        #expect(keeper.look(settings, shared, kept.clock, since: since) == .failed)
        #expect(keeper.look(settings, shared, kept.clock, since: kept.clock.now) == .wait)
    }

    @Test("an inquiry that takes too long is given up, and says what it waited for")
    func tooLong() throws {
        let kept = try Kept(["credentials.timeout_ms": "5000"])
        #expect(kept.look() == .wait && kept.nextAsk() != nil)
        #expect(kept.keeper.deadline == kept.clock.now + 5_000_000_000)
        kept.pass(4)
        #expect(!kept.keeper.timePassed(kept.clock))
        kept.pass(1)
        #expect(kept.keeper.timePassed(kept.clock) && kept.look() == .failed && kept.keeper.deadline == nil)
        let message = "\(kept.keeper.failure)"
        #expect(message.contains("credentials.timeout_ms=5000") && message.contains("the host's callback"))
        kept.answer("late")
        #expect(kept.look() == .failed && kept.id == "")
    }
}
