import Recording
import Testing

@testable import BedrockCore

/// Answers made up at random, cut and gone on with, by the seed that is printed.
@Suite struct GeneratedContinuations {
    private struct Kind: CustomStringConvertible {
        let isAnthropic: Bool
        let asNudge: Bool
        let manner: ModelServer.Manner
        let wantsRaw: Bool

        var operation: BedrockCore.Operation { isAnthropic ? .invokeModelWithResponseStream : .converseStream }
        var original: String {
            isAnthropic
                ? #"{"anthropic_version":"x","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#
                : #"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#
        }
        var description: String { "anthropic \(isAnthropic), nudge \(asNudge), \(manner), raw \(wantsRaw)" }

        static let all: [Kind] = [true, false].flatMap { isAnthropic in
            [true, false].flatMap { asNudge in
                ModelServer.Manner.allCases.flatMap { manner in
                    [true, false].map {
                        Kind(isAnthropic: isAnthropic, asNudge: asNudge, manner: manner, wantsRaw: $0)
                    }
                }
            }
        }
    }

    @Test("one cut at every border of an event, and inside it")
    func everyCut() {
        var random = SeededRandom(for: "every cut")
        var whole = 0
        for kind in Kind.all {
            for _ in 0..<4 {
                let meant = MeantAnswer.random(&random)
                var server = ModelServer(
                    meant: meant, isAnthropic: kind.isAnthropic, asNudge: kind.asNudge, random: random)
                let events = server.answer(Bytes(kind.original.utf8), .resends, delivered: 0)
                for count in 0..<events.count {
                    let inside = random.isTrue(oneIn: 2) ? random.below(events[count].count) : 0
                    if complete(kind, &server, cuts: [(count, inside)]) { whole += 1 }
                }
                random = server.random
            }
        }
        #expect(whole > 500)
    }

    @Test("up to four cuts anywhere")
    func manyCuts() {
        var random = SeededRandom(for: "many cuts")
        var whole = 0
        for kind in Kind.all {
            for _ in 0..<40 {
                let meant = MeantAnswer.random(&random)
                var server = ModelServer(
                    meant: meant, isAnthropic: kind.isAnthropic, asNudge: kind.asNudge, random: random)
                let cuts = (0...random.below(4)).map { _ in (1 + random.below(20), random.below(30)) }
                if complete(kind, &server, cuts: cuts) { whole += 1 }
                random = SeededRandom(copying: server.random.next())
            }
        }
        #expect(whole > 500)
    }

    /// Goes through the attempts; false where what was delivered cannot be sent back. A cut says how many events
    /// arrive, and how many bytes of the next.
    private func complete(_ kind: Kind, _ server: inout ModelServer, cuts: [(Int, Int)]) -> Bool {
        var call = ContinuedCall(kind.operation, wantsRaw: kind.wantsRaw, original: kind.original)
        var body = call.original
        var cuts = cuts[...]
        while true {
            let delivered = String(call.text).unicodeScalars.count
            let events = server.answer(body, call.events.isEmpty ? .resends : kind.manner, delivered: delivered)
            if let cut = cuts.popFirst(), cut.0 < events.count {
                call.run(events[..<cut.0] + [Bytes(events[cut.0].prefix(cut.1))])
            } else {
                call.run(events, isCut: false)
                break
            }
            guard call.attempt.events.transcript.obstacle == nil, !call.attempt.events.answer.isComplete,
                let next = try? call.body(asNudge: kind.asNudge)
            else { return false }
            if call.events.isEmpty {
                call.attempt.renew(.fresh)
            } else {
                body = next
                call.attempt.renew(.continuation(isNudge: kind.asNudge))
            }
        }
        check(call, kind, server)
        return true
    }

    private func check(_ call: borrowing ContinuedCall, _ kind: Kind, _ server: ModelServer) {
        let meant = Bytes(String(String.UnicodeScalarView(server.meant.text)).utf8)
        let (text, faults) = (call.text, call.allFaults)
        let failure = call.attempt.failure?.message
        if text == meant, faults.isEmpty, failure == nil, server.faults.isEmpty { return }
        Issue.record(
            """
            \(kind): \(faults + server.faults) \(failure ?? "")
            meant     \(String(meant).debugDescription)
            delivered \(call.events.filter { $0.delta == .text }.map(\.text))
            """)
    }
}
