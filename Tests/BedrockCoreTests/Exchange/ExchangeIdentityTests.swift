import Recording
import Testing

@testable import BedrockCore

private let old = ["AWS_ACCESS_KEY_ID": "OLD", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T"]
private let new = ["AWS_ACCESS_KEY_ID": "NEW", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "U"]

private func fromEnvironment(_ extra: [String: String] = [:]) throws -> Edge {
    let edge = try Edge(extra, code: ["region": "us-east-1"], environment: old)
    edge.begin()
    return edge
}

@Suite struct ExchangesWhoseCredentialsExpire {
    @Test("read again once, and signed with what is newer")
    func newer() throws {
        let edge = try fromEnvironment()
        edge.reread = new
        edge.refuse(403, "ExpiredTokenException")
        #expect(edge.actions == ["send", "drop", "reread"] && edge.caller.log == ["retry 2/3 expiredToken"])
        edge.wait()
        #expect(edge.header("authorization", 0)?.contains("Credential=OLD/") == true)
        #expect(edge.header("authorization", 1)?.contains("Credential=NEW/") == true)
        #expect(edge.header("x-amz-security-token", 1) == "U")
        edge.succeed()
        #expect(edge.caller.ending?.code == .ok && edge.faults == [])
    }

    @Test("only once in a call")
    func once() throws {
        let edge = try fromEnvironment()
        edge.reread = new
        edge.refuse(403, "ExpiredTokenException")
        edge.wait()
        edge.refuse(403, "ExpiredTokenException")
        #expect(edge.caller.ending?.code == .expiredToken && edge.actions.filter { $0 == "reread" }.count == 1)
        #expect(edge.faults == [])
    }

    @Test("the same ones end it, and the message names their source")
    func same() throws {
        let edge = try fromEnvironment()
        edge.reread = old
        edge.refuse(403, "ExpiredTokenException")
        let message = "why; the credentials come from the environment, which was read again and has no other ones"
        #expect(edge.caller.ending?.code == .expiredToken && edge.caller.ending?.message == message)
        #expect(edge.requests.count == 1 && edge.faults == [])
    }

    @Test("an environment that is unusable by now ends it")
    func unusable() throws {
        let edge = try fromEnvironment()
        edge.reread = new.merging(["AWS_RETRY_MODE": "nonsense"]) { $1 }
        edge.refuse(403, "ExpiredTokenException")
        #expect(edge.caller.ending?.code == .expiredToken && edge.faults == [])
    }

    @Test("those of the configuration are not looked for elsewhere")
    func configured() throws {
        let edge = try Edge()
        edge.begin()
        edge.refuse(403, "ExpiredTokenException")
        let message = "why; the credentials come from the configuration, which has no newer ones"
        #expect(edge.caller.ending?.message == message && edge.requests.count == 1 && edge.faults == [])
    }

    @Test("not without an attempt left, not against a veto, not behind a cancel")
    func notReread() throws {
        let last = try fromEnvironment(["retry.max_attempts": "1"])
        last.refuse(403, "ExpiredTokenException")
        let vetoed = try fromEnvironment()
        vetoed.caller.onPlan = { _ in .fail }
        vetoed.refuse(403, "ExpiredTokenException")
        for edge in [last, vetoed] {
            #expect(edge.caller.ending?.code == .expiredToken && !edge.actions.contains("reread"))
            #expect(edge.caller.ending?.message == "why; the credentials come from the environment")
        }
        let cancelled = try fromEnvironment()
        cancelled.caller.onNotice = { _ in .cancel }
        cancelled.reread = new
        cancelled.refuse(403, "ExpiredTokenException")
        #expect(cancelled.caller.ending?.code == .cancelled && cancelled.requests.count == 1)
        #expect(last.faults + vetoed.faults + cancelled.faults == [])
    }
}

@Suite struct ExchangesWithAWrongClock {
    /// Five minutes and ten seconds behind the simulated clock's 2023-11-14 22:13:20.
    private static let date = "Date: Tue, 14 Nov 2023 22:08:10 GMT"

    @Test(
        "the server's time is learned and signed with, also by later calls",
        arguments: ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException"])
    func learned(_ type: String) throws {
        let shared = try Edge.makeShared()
        let edge = try Edge(shared: shared)
        edge.begin()
        edge.refuse(403, type, [Self.date])
        #expect(edge.exchange.state == .waiting && edge.caller.log.count == 1)
        edge.wait()
        let dates = [edge.header("x-amz-date", 0), edge.header("x-amz-date", 1)]
        #expect(dates[0] == "20231114T221320Z" && dates[1]?.hasPrefix("20231114T22081") == true)
        edge.succeed()
        let next = try Edge(shared: shared)
        next.begin()
        #expect(next.header("x-amz-date", 0) == "20231114T220810Z" && edge.faults + next.faults == [])
    }

    @Test("what is known already is not tried again, nor what is no skew")
    func notLearned() throws {
        let edge = try Edge()
        edge.begin()
        edge.refuse(403, "RequestTimeTooSkewed", [Self.date])
        edge.wait()
        edge.refuse(403, "RequestTimeTooSkewed", [Self.date])
        #expect(edge.caller.ending?.code == .signature && edge.requests.count == 2)
        for headers in [[], ["Date: nonsense"], ["Date: Tue, 14 Nov 2023 22:13:00 GMT"]] {
            let other = try Edge()
            other.begin()
            other.refuse(403, "InvalidSignatureException", headers)
            #expect(other.caller.ending?.code == .signature && other.requests.count == 1, "\(headers)")
        }
        #expect(edge.faults == [])
    }
}

@Suite struct ExchangesThatAdapt {
    private static let adaptive = ["retry.mode": "adaptive", "retry.max_attempts": "2"]

    @Test("throttling slows down the calls of a client, and success gives the speed back")
    func slower() throws {
        let shared = try Edge.makeShared()
        var waits = 0
        for _ in 0..<6 {
            let edge = try Edge(Self.adaptive, shared: shared)
            edge.begin()
            while edge.exchange.state == .waiting, waits < 100 {
                waits += 1
                edge.wait()
            }
            edge.refuse()
            edge.cancel()
            #expect(edge.faults == [])
        }
        #expect(waits > 0)
        let standard = try Edge(shared: shared)
        standard.begin()
        #expect(standard.exchange.state == .connecting && standard.faults == [])
    }

    @Test("the total limit holds while the limiter makes it wait")
    func total() throws {
        let shared = try Edge.makeShared()
        for _ in 0..<20 {
            let edge = try Edge(Self.adaptive.merging(["timeout.total_ms": "1"]) { $1 }, shared: shared)
            edge.begin()
            if edge.exchange.state == .waiting {
                edge.pass(milliseconds: 1)
                #expect(edge.caller.ending?.code == .timeoutTotal && edge.requests.isEmpty && edge.faults == [])
                return
            }
            edge.refuse()
            edge.cancel()
        }
        Issue.record("never made to wait")
    }

    @Test("calls that end before their turn leave it to those who come later")
    func turnsLeft() throws {
        let shared = try Edge.makeShared()
        let throttled = try Edge(Self.adaptive, shared: shared)
        throttled.begin()
        throttled.refuse()
        throttled.cancel()
        let impatient = try (0..<50).map { _ in try Edge(Self.adaptive, shared: shared) }
        for edge in impatient { edge.begin() }
        let isHeldBack = impatient.allSatisfy { $0.exchange.state == .waiting }
        #expect(isHeldBack)
        for edge in impatient { edge.cancel() }
        let late = try Edge(Self.adaptive, shared: shared)
        late.begin()
        let wait = (late.exchange.deadline ?? 0) - late.clock.now
        #expect(wait <= 4_000_000_000, "waits \(wait) ns")
        #expect(late.faults == [])
    }
}
