/// A moment as services and credential files write it: whole seconds since 1970, and what comes on top of them.
public struct Timestamp: Equatable, Sendable {
    public var seconds: Int64
    /// 0 to 999,999,999; counts forward from `seconds`, also before 1970.
    public var nanos: Int32

    public init(seconds: Int64, nanos: Int32 = 0) {
        self.seconds = seconds
        self.nanos = nanos
    }
}

// MARK: - date-time

extension Timestamp {
    /// Reads RFC 3339, 5.6, with an offset or "Z": 2021-08-05T19:58:02.25+02:00. Nil for any other text. Digits behind
    /// the ninth of a fraction are cut off, and a leap second counts as the one before it.
    public init?(dateTime text: Span<UInt8>) {
        guard text.count >= 20, text[10].asciiLowercased == UInt8(ascii: "t"),
            let date = text.numbers(0..<10, lengths: [4, 2, 2], between: UInt8(ascii: "-")),
            let time = text.numbers(11..<19, lengths: [2, 2, 2], between: UInt8(ascii: ":"))
        else { return nil }
        var zone = 19
        var nanos: Int32 = 0
        if text[19] == UInt8(ascii: ".") {
            zone = text.endOfDigits(from: 20)
            guard zone > 20 else { return nil }
            nanos = text.extracting(20..<zone).fraction
        }
        guard let offset = Self.offset(text.extracting(zone..<text.count)), time[2] <= 60,
            let seconds = CivilTime.epochSeconds(
                year: date[0], month: date[1], day: date[2], hour: time[0], minute: time[1], second: min(time[2], 59))
        else { return nil }
        self.init(seconds: seconds &- offset, nanos: nanos)
    }

    /// Seconds that clocks are ahead of UTC.
    private static func offset(_ zone: Span<UInt8>) -> Int64? {
        if zone.isEqualIgnoringCase("z") { return 0 }
        guard zone.count == 6, let parts = zone.numbers(1..<6, lengths: [2, 2], between: UInt8(ascii: ":")),
            parts[0] < 24, parts[1] < 60
        else { return nil }
        let seconds = Int64(parts[0] &* 3600 &+ parts[1] &* 60)
        switch zone[0] {
        case UInt8(ascii: "+"): return seconds
        case UInt8(ascii: "-"): return 0 &- seconds
        default: return nil
        }
    }
}

// MARK: - http-date

extension Timestamp {
    /// Reads the fixed form of RFC 9110, 5.6.7, with up to three digits of a fraction, as Smithy has it:
    /// "Sun, 06 Nov 1994 08:49:37.25 GMT". Nil for any other text.
    public init?(httpDate text: Span<UInt8>) {
        guard text.count >= 29, text[3] == UInt8(ascii: ",") else { return nil }
        guard text[25] == UInt8(ascii: ".") else {
            guard let seconds = HTTPDate.seconds(text) else { return nil }
            self.init(seconds: seconds)
            return
        }
        let end = text.endOfDigits(from: 26)
        guard 27...29 ~= end,
            let seconds = HTTPDate.seconds(
                (Bytes(copying: text.extracting(0..<25)) + Bytes(copying: text.extracting(end..<text.count))).span)
        else { return nil }
        self.init(seconds: seconds, nanos: text.extracting(26..<end).fraction)
    }
}

// MARK: - epoch-seconds

extension Timestamp {
    /// Longest text of such a number, and greatest exponent; far more than any moment needs.
    private static let longestNumber = 40

    /// Reads a JSON number of seconds with at most nine decimals: 1604588357.25 or 1.60458835725e9. Nil for any other
    /// text. A fraction counts forward from the whole seconds as they are written, also behind a minus sign: so
    /// Smithy's published cases have it.
    public init?(epochSeconds text: Span<UInt8>) {
        let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        let point = text.endOfDigits(from: start)
        guard text.count <= Self.longestNumber, point > start else { return nil }
        var digits = Bytes(copying: text.extracting(start..<point))
        var end = point
        if point < text.count, text[point] == UInt8(ascii: ".") {
            end = text.endOfDigits(from: point &+ 1)
            guard end > point &+ 1 else { return nil }
            digits += Bytes(copying: text.extracting((point &+ 1)..<end))
        }
        guard let exponent = Self.exponent(text.extracting(end..<text.count)) else { return nil }
        let whole = point &- start &+ exponent
        guard digits.count &- whole <= 9, let seconds = digits.span.number(0..<max(whole, 0)),
            let nanos = digits.span.number(whole..<(whole &+ 9))
        else { return nil }
        self.init(seconds: isNegative ? 0 &- seconds : seconds, nanos: Int32(truncatingIfNeeded: nanos))
    }

    /// 0 where there is none.
    private static func exponent(_ text: Span<UInt8>) -> Int? {
        if text.isEmpty { return 0 }
        guard text[0].asciiLowercased == UInt8(ascii: "e") else { return nil }
        var signed = 1
        if text.count > 2, text[1] == UInt8(ascii: "+"), text[2] != UInt8(ascii: "-") { signed = 2 }
        guard let value = text.extracting(signed..<text.count).decimal(), abs(value) <= longestNumber else {
            return nil
        }
        return Int(truncatingIfNeeded: value)
    }
}

// MARK: - Digits

extension Span where Element == UInt8 {
    fileprivate func endOfDigits(from start: Int) -> Int {
        var at = start
        while at < count, self[unchecked: at] &- 48 < 10 { at &+= 1 }
        return at
    }

    /// Digits behind a decimal point, as billionths.
    fileprivate var fraction: Int32 { Int32(truncatingIfNeeded: number(0..<9) ?? 0) }

    /// The number that digits are, with zeros where there are none. Nil where it does not fit.
    fileprivate func number(_ places: Range<Int>) -> Int64? {
        var value: Int64 = 0
        for at in places {
            let digit = 0..<count ~= at ? Int64(self[unchecked: at] &- 48) : 0
            let (shifted, tooBig) = value.multipliedReportingOverflow(by: 10)
            let (next, over) = shifted.addingReportingOverflow(digit)
            guard !tooBig, !over else { return nil }
            value = next
        }
        return value
    }

    /// Numbers of so many digits with a byte between each two; nil for anything else.
    fileprivate func numbers(_ range: Range<Int>, lengths: [Int], between separator: UInt8) -> [Int]? {
        var numbers: [Int] = []
        var at = range.lowerBound
        for length in lengths {
            if at > range.lowerBound {
                guard self[at] == separator else { return nil }
                at &+= 1
            }
            guard endOfDigits(from: at) &- at >= length, let value = number(at..<(at &+ length)) else { return nil }
            numbers.append(Int(truncatingIfNeeded: value))
            at &+= length
        }
        return at == range.upperBound ? numbers : nil
    }
}
