import Foundation
import Testing

@testable import BedrockCore

private func seconds(_ text: String) -> Int64? { HTTPDate.seconds(text.utf8.span) }

@Suite struct HTTPDates {
    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1), ("Sun Nov 16 08:49:37 1994", 784_975_777),
            ("Friday, 31-Dec-99 23:59:59 GMT", 946_684_799), ("Saturday, 01-Jan-00 00:00:00 GMT", 946_684_800),
            ("Thursday, 01-Jan-70 00:00:00 GMT", 0), ("Tuesday, 01-Jan-69 00:00:00 GMT", 3_124_224_000),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_799), ("Thu, 29 Feb 2024 00:00:00 GMT", 1_709_164_800),
            ("sun, 06 nov 1994 08:49:37 GMT", 784_111_777), ("Mon, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ] as [(String, Int64)])
    func forms(_ text: String, _ expected: Int64) {
        #expect(seconds(text) == expected)
    }

    @Test(arguments: [
        "", ",", "Sun", "Sun,", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000", "Son, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Now 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08-49-37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994  8:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT", "Sunday, 06 Nov 94 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 UTC",
        "Sun Nov  6 08:49:37 94", "Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 1994 ", "Xyz Nov  6 08:49:37 1994",
        "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 29 Feb 2023 00:00:00 GMT", "1994-11-06T08:49:37Z", "784111777",
    ])
    func noDates(_ text: String) {
        #expect(seconds(text) == nil)
    }

    @Test(
        "what Foundation writes is read",
        arguments: [
            "EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'",
        ])
    func byFoundation(_ format: String) {
        var random = SeededRandom(for: "byFoundation")
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = format
        let century = 0..<Int64(3_155_673_600)
        for _ in 0..<1000 {
            let moment = Int64.random(in: century, using: &random)
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(moment)))
            #expect(seconds(text) == moment, "\(text)")
        }
    }

    @Test func noise() {
        var random = SeededRandom(for: "noise")
        let good = Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8)
        for _ in 0..<20_000 {
            var text = random.isTrue(oneIn: 2) ? good : random.bytes(random.below(40))
            for _ in 0..<random.below(3) where !text.isEmpty {
                text[random.below(text.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.isTrue(oneIn: 4) { text.removeLast(min(random.below(30), text.count)) }
            _ = HTTPDate.seconds(text.span)
        }
    }
}
