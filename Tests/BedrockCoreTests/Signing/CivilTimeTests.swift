import Testing

@testable import BedrockCore

@Suite struct CivilTimes {
    @Test(arguments: [
        (0, "19700101T000000Z"), (-1, "19691231T235959Z"), (1_440_938_160, "20150830T123600Z"),
        (951_782_399, "20000228T235959Z"), (951_782_400, "20000229T000000Z"), (951_868_800, "20000301T000000Z"),
        (1_709_164_800, "20240229T000000Z"), (4_107_542_400, "21000301T000000Z"), (4_107_456_000, "21000228T000000Z"),
        (253_402_300_799, "99991231T235959Z"), (-62_167_219_200, "00000101T000000Z"),
        (-62_162_035_201, "00000229T235959Z"),
    ])
    func knownMoment(_ seconds: Int64, _ text: String) {
        let time = CivilTime(epochSeconds: seconds)
        #expect(String(time.basic) == text)
        #expect(String(time.date) == String(text.prefix(8)))
        #expect(CivilTime.parseBasic(Bytes(text.utf8).span) == seconds)
    }

    @Test func everyDayOf800Years() {
        var expected = (year: 1600, month: 1, day: 1)
        let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        var seconds: Int64 = -11_676_096_000
        while expected.year < 2400 {
            let time = CivilTime(epochSeconds: seconds)
            guard time.year == expected.year, time.month == expected.month, time.day == expected.day else {
                Issue.record("\(seconds) gave \(time), not \(expected)")
                return
            }
            #expect(CivilTime.parseBasic(time.basic.span) == seconds)
            let isLeap = expected.year % 4 == 0 && (expected.year % 100 != 0 || expected.year % 400 == 0)
            expected.day += 1
            if expected.day > lengths[expected.month - 1] + (isLeap && expected.month == 2 ? 1 : 0) {
                expected = (expected.year, expected.month + 1, 1)
            }
            if expected.month > 12 { expected = (expected.year + 1, 1, 1) }
            seconds += 86_400
        }
    }

    @Test func momentsBeyondFourDigitsAreTheNearestInside() {
        #expect(String(CivilTime(epochSeconds: .max).basic) == "99991231T235959Z")
        #expect(String(CivilTime(epochSeconds: .min).basic) == "00000101T000000Z")
    }

    @Test(arguments: [
        "", "20150830T123600", "20150830 123600Z", "20150830T123600z", "20151330T123600Z", "20150832T123600Z",
        "20150229T000000Z", "20150830T240000Z", "20150830T006000Z", "20150830T000060Z", "2015083oT123600Z",
        "20150800T000000Z", "20150030T000000Z", "+2150830T123600Z", "20150830T123600ZZ",
    ])
    func textThatIsNoMoment(_ text: String) {
        #expect(CivilTime.parseBasic(Bytes(text.utf8).span) == nil)
    }
}
