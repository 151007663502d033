/// A number's decimal digits.
struct Decimal {
    private var places: InlineArray<20, UInt8> = .init(repeating: 0)
    private var start = 20

    @inline(never)
    init(_ number: Int64) {
        var rest = number.magnitude
        repeat {
            start &-= 1
            places[start] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
            rest /= 10
        } while rest > 0
        if number < 0 {
            start &-= 1
            places[start] = UInt8(ascii: "-")
        }
    }

    /// With a sign before a negative one.
    var digits: Span<UInt8> {
        @_lifetime(borrow self)
        get { places.span.extracting(start..<20) }
    }
}
