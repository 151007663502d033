import Foundation
import Testing

@testable import BedrockCore

/// Two loops of a client: the first finds out who asks, the second asks it.
private final class Pair {
    let lead: SharedState
    let other: SharedState
    let settings: Settings
    var clock = Clock(now: 1_000_000_000_000, wall: 1_700_000_000)
    /// How often the host was asked.
    var asked = 0
    var answer: String? = "AKID"
    var life: Int64 = 3600

    init() throws {
        settings = try BedrockCoreTests.settings([:], ["AWS_EC2_METADATA_DISABLED": "true"])
        lead = SharedState(signer: try #require(RequestSigner()), seed: 1)
        lead.hostKinds = .credentials
        lead.settings = settings
        other = SharedState(signer: try #require(RequestSigner()), seed: 2)
        other.settings = settings
        other.hasLead = true
    }

    deinit { for keeper in lead.keepers + other.keepers { keeper.close() } }

    /// Carries questions and answers until nobody asks any more; what the second loop's calls see then.
    func look(since: Int64 = .max) -> IdentityKeeper.Look {
        var look = other.credentials.look(settings, other, clock, since: since)
        while case .wait = look {
            if let ask = other.credentials.takeAsk() { carry(ask) }
            look = other.credentials.look(settings, other, clock, since: since)
        }
        if let ask = other.credentials.takeAsk() { carry(ask) }
        return look
    }

    private func carry(_ ask: Ask) {
        #expect(ask.kind == .lead)
        let since = clock.now
        while true {
            if let finding = lead.answer(ask, clock, since: since) { return other.credentials.found(finding, clock) }
            while let question = lead.credentials.takeAsk() { tell(question) }
        }
    }

    private func tell(_ question: Ask) {
        let finding = Finding(failure: answer == nil ? "is out of order" : nil)
        if question.kind == .sources { finding.settings = settings }
        if question.kind == .host {
            asked += 1
            finding.identity = answer.map {
                ResolvedIdentity(
                    credentials: Credentials(accessKeyID: Bytes($0.utf8), secretAccessKey: Bytes("s")),
                    expiry: clock.wall + life, source: "the host")
            }
        }
        lead.credentials.found(finding, clock)
    }

    func pass(_ seconds: Int64) {
        clock.now += seconds * 1_000_000_000
        clock.wall += seconds
    }

    var id: String { other.credentials.current?.credentials.map { String($0.accessKeyID) } ?? "" }
}

@Suite struct LoopsThatAskTheFirst {
    @Test("what the first one knows is not asked for again")
    func once() throws {
        let pair = try Pair()
        #expect(pair.look() == .ready && pair.id == "AKID" && pair.asked == 1)
        #expect(pair.lead.credentials.current === pair.other.credentials.current)
        pair.pass(60)
        #expect(pair.look() == .ready && pair.asked == 1)
    }

    @Test("the first one renews, the others have what it has")
    func renewed() throws {
        let pair = try Pair()
        _ = pair.look()
        pair.answer = "AKID2"
        pair.pass(3600 - 590)
        #expect(pair.look() == .ready && pair.id == "AKID2" && pair.asked == 2)
    }

    @Test("its failure is theirs, word for word")
    func failed() throws {
        let pair = try Pair()
        pair.answer = nil
        #expect(pair.look() == .failed && pair.asked == 1)
        #expect(pair.other.credentials.failure == pair.lead.credentials.failure)
        #expect("\(pair.other.credentials.failure)".components == 1)
        #expect(!pair.other.credentials.isUnconfigured)
    }

    @Test("what nobody has configured is known as that")
    func unconfigured() throws {
        let pair = try Pair()
        pair.lead.hostKinds = []
        #expect(pair.look() == .failed && pair.other.credentials.isUnconfigured && pair.asked == 0)
    }

    @Test("what the service has refused is looked for once more, by the first one")
    func refused() throws {
        let pair = try Pair()
        _ = pair.look()
        let old = try #require(pair.other.credentials.current)
        pair.answer = "AKID2"
        #expect(pair.other.credentials.refuse(old, pair.settings, pair.other, pair.clock))
        #expect(pair.look() == .ready && pair.id == "AKID2" && pair.asked == 2)
    }
}

extension String {
    /// How often it says what is missing.
    fileprivate var components: Int { components(of: "no credentials: ") }

    private func components(of part: String) -> Int {
        var (count, rest) = (0, self[...])
        while let found = rest.range(of: part) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
