/// A moment of the proleptic Gregorian calendar in UTC, to the second.
public struct CivilTime: Equatable, Sendable {
    public let year: Int
    public let month: Int
    public let day: Int
    public let hour: Int
    public let minute: Int
    public let second: Int

    /// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: years that four digits can hold.
    private static let earliest: Int64 = -62_167_219_200
    private static let latest: Int64 = 253_402_300_799

    /// Moments outside of the years 0 to 9999 become the nearest one inside.
    public init(epochSeconds: Int64) {
        let seconds = min(max(epochSeconds, Self.earliest), Self.latest) &- Self.earliest
        let days = Int(truncatingIfNeeded: seconds / 86_400)
        let rest = Int(truncatingIfNeeded: seconds % 86_400)
        (year, month, day) = Self.date(daysSinceYearZero: days)
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
    }

    /// Seconds since 1970; nil when the parts name no moment (leap seconds included: AWS clocks smear them).
    public static func epochSeconds(
        year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int
    ) -> Int64? {
        guard 0...9999 ~= year, 1...12 ~= month, day >= 1, day <= length(ofMonth: month, year: year),
            0...23 ~= hour, 0...59 ~= minute, 0...59 ~= second
        else { return nil }
        let days = Int64(daysSinceYearZero(year: year, month: month, day: day))
        return earliest &+ days &* 86_400 &+ Int64(hour &* 3600 &+ minute &* 60 &+ second)
    }

    /// ISO 8601 basic format, as `x-amz-date` carries it: 20150830T123600Z.
    public var basic: Bytes { Bytes(copying: basicText.span) }

    /// The day alone, as the credential scope carries it: 20150830.
    public var date: Bytes { Bytes(copying: basicText.span.extracting(0..<8)) }

    /// `basic` without an allocation.
    var basicText: InlineArray<16, UInt8> {
        var text = InlineArray<16, UInt8>(repeating: UInt8(ascii: "T"))
        Self.write(year, digits: 4, at: 0, to: &text)
        Self.write(month, digits: 2, at: 4, to: &text)
        Self.write(day, digits: 2, at: 6, to: &text)
        Self.write(hour, digits: 2, at: 9, to: &text)
        Self.write(minute, digits: 2, at: 11, to: &text)
        Self.write(second, digits: 2, at: 13, to: &text)
        text[15] = UInt8(ascii: "Z")
        return text
    }

    /// RFC 3339, as files carry it: 2015-08-30T12:36:00Z.
    var dateTime: Bytes {
        var text = Bytes()
        for (at, byte) in basic.enumerated() {
            if at == 4 || at == 6 { text.append(UInt8(ascii: "-")) }
            if at == 11 || at == 13 { text.append(UInt8(ascii: ":")) }
            text.append(byte)
        }
        return text
    }

    /// Seconds since 1970 of a text like 20150830T123600Z; nil for any other text.
    public static func parseBasic(_ text: Span<UInt8>) -> Int64? {
        guard text.count == 16, text[8] == UInt8(ascii: "T"), text[15] == UInt8(ascii: "Z") else { return nil }
        guard let year = number(text, 0..<4), let month = number(text, 4..<6), let day = number(text, 6..<8),
            let hour = number(text, 9..<11), let minute = number(text, 11..<13), let second = number(text, 13..<15)
        else { return nil }
        return epochSeconds(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    }

    private static func number(_ text: Span<UInt8>, _ range: Range<Int>) -> Int? {
        var value = 0
        for at in range {
            let digit = text[at] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value &* 10 &+ Int(digit)
        }
        return value
    }

    private static func write(_ number: Int, digits: Int, at start: Int, to text: inout InlineArray<16, UInt8>) {
        var rest = number
        var at = start &+ digits
        while at > start {
            at &-= 1
            text[at] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
            rest /= 10
        }
    }
}

// The calendar repeats every 400 years of 146,097 days. Years are taken to begin in March, so that the leap day is
// the last of its year and the months before it follow one formula.
extension CivilTime {
    private static let daysBeforeMarchOfYearZero = 60

    private static func date(daysSinceYearZero: Int) -> (year: Int, month: Int, day: Int) {
        let days = daysSinceYearZero &- daysBeforeMarchOfYearZero &+ 146_097
        let ofCycle = days % 146_097
        let yearOfCycle = (ofCycle &- ofCycle / 1460 &+ ofCycle / 36_524 &- ofCycle / 146_096) / 365
        let ofYear = ofCycle &- (365 &* yearOfCycle &+ yearOfCycle / 4 &- yearOfCycle / 100)
        let monthFromMarch = (5 &* ofYear &+ 2) / 153
        let day = ofYear &- (153 &* monthFromMarch &+ 2) / 5 &+ 1
        let month = monthFromMarch < 10 ? monthFromMarch &+ 3 : monthFromMarch &- 9
        let year = (days / 146_097 &- 1) &* 400 &+ yearOfCycle &+ (month <= 2 ? 1 : 0)
        return (year, month, day)
    }

    private static func daysSinceYearZero(year: Int, month: Int, day: Int) -> Int {
        let marchYear = (month <= 2 ? year &- 1 : year) &+ 400
        let monthFromMarch = month <= 2 ? month &+ 9 : month &- 3
        let ofYear = (153 &* monthFromMarch &+ 2) / 5 &+ day &- 1
        let days = marchYear &* 365 &+ marchYear / 4 &- marchYear / 100 &+ marchYear / 400 &+ ofYear
        return days &- 146_097 &+ daysBeforeMarchOfYearZero
    }

    private static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
