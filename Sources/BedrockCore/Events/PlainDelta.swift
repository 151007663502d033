/// A piece of text as ConverseStream writes it, `{"contentBlockIndex":0,"delta":{"text":"…"},"p":"…"}`, with or without
/// the padding. Nearly all events of an answer are one: this reads them in one go.
struct PlainDelta {
    var index: Int32
    var text: JSONText

    /// Nil for all else, also where the same is written in another way, or badly: that is for `JSONReader`.
    @inline(__always)
    init?(_ payload: Span<UInt8>) {
        let digit = payload.byteOrNUL(Self.start.utf8CodeUnitCount) &- UInt8(ascii: "0")
        let begin = Self.start.utf8CodeUnitCount &+ 1
        let textStart = begin &+ Self.middle.utf8CodeUnitCount
        guard digit < 10, payload.holds(Self.start, at: 0), payload.holds(Self.middle, at: begin),
            let text = payload.text(at: textStart), payload.ends(behind: text)
        else { return nil }
        index = Int32(digit)
        self.text = text
    }

    fileprivate static var start: StaticString { #"{"contentBlockIndex":"# }
    fileprivate static var middle: StaticString { #","delta":{"text":""# }
    fileprivate static var padding: StaticString { #","p":""# }
}

extension Span where Element == UInt8 {
    /// Whether the object ends behind its text: at once, or behind its padding.
    @inline(__always)
    fileprivate func ends(behind text: JSONText) -> Bool {
        var end = text.end &+ 2
        guard byteOrNUL(text.end &+ 1) == UInt8(ascii: "}") else { return false }
        if holds(PlainDelta.padding, at: end) {
            guard let padding = self.text(at: end &+ PlainDelta.padding.utf8CodeUnitCount) else { return false }
            end = padding.end &+ 1
        }
        return end &+ 1 == count && self[unchecked: end] == UInt8(ascii: "}")
    }

    /// The string whose opening quote stands just before `start`, which lies inside.
    @inline(__always)
    fileprivate func text(at start: Int) -> JSONText? {
        do throws(JSONError) {
            return try scanJSONString(from: start)
        } catch {
            return nil
        }
    }

    @inline(__always)
    fileprivate func holds(_ literal: StaticString, at start: Int) -> Bool {
        let end = start &+ literal.utf8CodeUnitCount
        return end < count && extracting(unchecked: Range(uncheckedBounds: (start, end))).isEqual(to: literal)
    }
}
