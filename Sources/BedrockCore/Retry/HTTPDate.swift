/// Dates of HTTP headers (RFC 9110, 5.6.7), in all three forms that there were:
///
///     Sun, 06 Nov 1994 08:49:37 GMT
///     Sunday, 06-Nov-94 08:49:37 GMT
///     Sun Nov  6 08:49:37 1994
public enum HTTPDate {
    /// Seconds since 1970; nil for any other text. The day's name must be one, and need not be the right one.
    public static func seconds(_ text: Span<UInt8>) -> Int64? {
        guard let comma = text.firstIndex(of: UInt8(ascii: ",")) else { return asctime(text) }
        let day = text.extracting(0..<comma)
        let rest = text.extracting((comma &+ 1)..<text.count)
        if isName(day, short: true) { return fixed(rest) }
        return isName(day, short: false) ? obsolete(rest) : nil
    }

    /// " 06 Nov 1994 08:49:37 GMT"
    private static func fixed(_ text: Span<UInt8>) -> Int64? {
        guard text.count == 25, text[0] == 0x20, text[3] == 0x20, text[7] == 0x20, text[12] == 0x20,
            text.extracting(21..<25).isEqual(to: " GMT"), let year = number(text.extracting(8..<12))
        else { return nil }
        return seconds(year, text.extracting(4..<7), text.extracting(1..<3), text.extracting(13..<21))
    }

    /// " 06-Nov-94 08:49:37 GMT". Two digits of a year are taken as in this century below 70: without a clock that is
    /// the best that can be said, and nobody has sent them for long.
    private static func obsolete(_ text: Span<UInt8>) -> Int64? {
        guard text.count == 23, text[0] == 0x20, text[3] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == 0x20, text.extracting(19..<23).isEqual(to: " GMT"), let year = number(text.extracting(8..<10))
        else { return nil }
        let whole = year &+ (year < 70 ? 2000 : 1900)
        return seconds(whole, text.extracting(4..<7), text.extracting(1..<3), text.extracting(11..<19))
    }

    /// "Sun Nov  6 08:49:37 1994"
    private static func asctime(_ text: Span<UInt8>) -> Int64? {
        guard text.count == 24, text[3] == 0x20, text[7] == 0x20, text[10] == 0x20, text[19] == 0x20,
            isName(text.extracting(0..<3), short: true), let year = number(text.extracting(20..<24))
        else { return nil }
        let day = text.extracting((text[8] == 0x20 ? 9 : 8)..<10)
        return seconds(year, text.extracting(4..<7), day, text.extracting(11..<19))
    }

    private static func seconds(
        _ year: Int, _ monthName: Span<UInt8>, _ dayText: Span<UInt8>, _ time: Span<UInt8>
    ) -> Int64? {
        guard time.count == 8, time[2] == UInt8(ascii: ":"), time[5] == UInt8(ascii: ":"),
            let month = month(monthName), let day = number(dayText), let hour = number(time.extracting(0..<2)),
            let minute = number(time.extracting(3..<5)), let second = number(time.extracting(6..<8)), second <= 60
        else { return nil }
        // A leap second counts as the one before it.
        return CivilTime.epochSeconds(
            year: year, month: month, day: day, hour: hour, minute: minute, second: min(second, 59))
    }

    private static func month(_ name: Span<UInt8>) -> Int? {
        let names: [StaticString] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        for at in 0..<names.count where name.isEqualIgnoringCase(names[at]) { return at &+ 1 }
        return nil
    }

    private static func isName(_ text: Span<UInt8>, short: Bool) -> Bool {
        let names: [StaticString] =
            short
            ? ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
            : ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
        for name in names where text.isEqualIgnoringCase(name) { return true }
        return false
    }

    /// Digits alone: no sign, no blank.
    private static func number(_ digits: Span<UInt8>) -> Int? {
        var value = 0
        for at in 0..<digits.count {
            let digit = digits[at] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value &* 10 &+ Int(digit)
        }
        return digits.isEmpty ? nil : value
    }
}
