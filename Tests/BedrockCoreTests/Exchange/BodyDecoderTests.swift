import Recording
import Testing

@testable import BedrockCore

private final class Consumer: StreamConsumer {
    var wantsRaw = true
    var isCalledByLoop: Bool { false }
    var kinds: [EventKind] = []
    var ends: [ErrorCode] = []
    var text = ""
    /// What to answer at the event of that number.
    var flows: [Int: Flow] = [:]
    weak var decoder: BodyDecoder?
    /// What the decoder said when it was called from inside a callback.
    var inside: [Bool] = []

    func deliver(_ event: EventView) -> Flow {
        kinds.append(event.event.kind)
        callInside()
        return flows[kinds.count] ?? .goOn
    }

    func stopped(_ result: ResultView) {
        ends.append(.ok)
        text = String(
            decoding: UnsafeBufferPointer(start: result.text.pointer, count: result.text.count), as: UTF8.self)
        callInside()
    }

    func failed(_ failure: FailureView) {
        ends.append(failure.code)
        callInside()
    }

    private func callInside() {
        guard let decoder else { return }
        inside += [decoder.feed(bytes: [1]), decoder.finish() != .state, decoder.reset()]
    }
}

extension BodyDecoder {
    // Expectations cannot hold spans.
    fileprivate func feed(bytes: some Sequence<UInt8>) -> Bool { feed(Bytes(bytes).span) }
}

private let body = answer(textDelta("Hi")).flatMap { $0 }

@Suite struct BodyDecoderTests {
    private let consumer = Consumer()
    private var decoder: BodyDecoder { BodyDecoder(operation: .converseStream, consumer: consumer) }

    @Test func wholeAndTorn() {
        for chunks in [[body], body.singly] {
            let consumer = Consumer()
            let decoder = BodyDecoder(operation: .converseStream, consumer: consumer)
            for chunk in chunks { #expect(decoder.feed(bytes: chunk)) }
            #expect(consumer.ends == [])
            #expect(decoder.finish() == nil && decoder.finish() == nil)
            #expect(consumer.ends == [.ok] && consumer.text == "Hi")
            #expect(consumer.kinds == [.messageStart, .delta, .messageStop])
            #expect(!decoder.feed(bytes: body) && consumer.ends == [.ok])
        }
    }

    @Test func failures() {
        let decoder = decoder
        #expect(decoder.feed(bytes: body.dropLast()))
        #expect(decoder.finish() == .incomplete && consumer.ends == [.incomplete])
        #expect(decoder.finish() == .incomplete && consumer.ends == [.incomplete])
    }

    @Test func failsAsSoonAsItIsKnown() {
        let decoder = decoder
        #expect(decoder.feed(bytes: textDelta("a") + Bytes(repeating: 0xFF, count: 12)))
        #expect(consumer.ends == [.protocol] && consumer.kinds == [.delta])
        #expect(!decoder.feed(bytes: body))
        #expect(decoder.finish() == .protocol && consumer.ends == [.protocol])
    }

    @Test func nothing() {
        let decoder = decoder
        #expect(decoder.feed(bytes: []))
        #expect(decoder.finish() == .incomplete)
    }

    @Test func cancel() {
        consumer.flows = [2: .cancel]
        let decoder = decoder
        #expect(decoder.feed(bytes: body))
        #expect(consumer.kinds.count == 2 && consumer.ends == [.cancelled])
        #expect(decoder.finish() == .cancelled && consumer.ends == [.cancelled])
    }

    @Test func pauseMeansNothingHere() {
        consumer.flows = [1: .pause, 2: .pause]
        let decoder = decoder
        #expect(decoder.feed(bytes: body) && decoder.finish() == nil)
        #expect(consumer.kinds.count == 3 && consumer.ends == [.ok])
    }

    @Test func callsFromInsideACallbackAreRefused() {
        let decoder = decoder
        consumer.decoder = decoder
        #expect(decoder.feed(bytes: body) && decoder.finish() == nil)
        #expect(consumer.inside == [Bool](repeating: false, count: 12) && consumer.ends == [.ok])
    }

    @Test func reset() {
        let decoder = decoder
        for part in [body, Bytes(body.dropLast()), Bytes(repeating: 1, count: 20), []] {
            _ = decoder.feed(bytes: part)
            _ = decoder.finish()
            #expect(decoder.reset())
        }
        #expect(consumer.ends == [.ok, .incomplete, .protocol, .incomplete])
        // Also in the middle, where no end was delivered.
        #expect(decoder.feed(bytes: Bytes(body.prefix(30))) && decoder.reset())
        #expect(decoder.feed(bytes: body) && decoder.finish() == nil)
        #expect(consumer.ends.count == 5 && consumer.text == "Hi")
    }

    @Test func invokeRoute() {
        let decoder = BodyDecoder(operation: .invokeModelWithResponseStream, consumer: consumer)
        #expect(decoder.feed(bytes: Wire.chunk(#"{"type":"message_stop"}"#)) && decoder.finish() == nil)
        #expect(consumer.kinds == [.messageStop])
    }
}
