import Testing

@testable import BedrockCore

/// What is known of headers changes nothing about what a message is.
@Suite struct RepeatedHeadersTests {
    /// What a message is, or why it is none.
    private func described(_ read: () throws(FrameError) -> EventMessage) -> String {
        do throws(FrameError) {
            let message = try read()
            return "\(message.kind) \(message.type) \(String(describing: message.errorMessage))"
                + " \(String(describing: message.contentType)) \(message.payload)"
        } catch {
            return "\(error)"
        }
    }

    private func check(_ frames: [[UInt8]], location: SourceLocation = #_sourceLocation) {
        var headers = RepeatedHeaders()
        for frame in frames {
            let found = described { () throws(FrameError) in try headers.message(frame.span) }
            let wanted = described { () throws(FrameError) in try parseMessage(frame) }
            #expect(found == wanted, sourceLocation: location)
        }
    }

    private let event = textHeader(":message-type", "event") + textHeader(":event-type", "x")

    @Test func vectors() {
        let all = FrameVectors.all
        check(all + all.reversed() + all.flatMap { [$0, $0] })
    }

    @Test("payloads of any length")
    func payloads() {
        check((0..<40).map { rawFrame(headers: event, payload: [UInt8](repeating: 7, count: $0)) })
    }

    @Test("headers of any length, those that are too long to be kept among them")
    func lengths() {
        for length in 0..<120 {
            let long = rawFrame(headers: event + textHeader("a", String(repeating: "b", count: length)), payload: [1])
            check([long, long, rawFrame(headers: event), long])
        }
    }

    @Test("whatever becomes of a byte")
    func mutated() {
        let frame = FrameVectors.delta
        for place in frame.indices {
            for bit in 0..<8 {
                var other = frame
                other[place] ^= 1 << UInt8(bit)
                check([frame, other, frame])
            }
            check([frame, [UInt8](frame[..<place]), frame])
        }
    }
}
