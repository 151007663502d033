import CSystem.Memory

/// Writes JSON text without blanks. The commas are its business, the balance of brackets its user's.
public struct JSONWriter: ~Copyable {
    public var buffer: ByteBuffer
    /// The next value or name needs a comma before it.
    private var needsComma = false

    public init(limit: Int = Int(Int32.max), isSecret: Bool = false) {
        buffer = ByteBuffer(limit: limit, isSecret: isSecret)
    }

    public mutating func beginObject() { begin(UInt8(ascii: "{")) }
    public mutating func endObject() { end(UInt8(ascii: "}")) }
    public mutating func beginArray() { begin(UInt8(ascii: "[")) }
    public mutating func endArray() { end(UInt8(ascii: "]")) }

    public mutating func key(_ name: StaticString) {
        string(name)
        finishKey()
    }

    public mutating func key(_ name: Span<UInt8>) {
        string(name)
        finishKey()
    }

    public mutating func string(_ text: StaticString) {
        let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        string(Span(_unsafeElements: bytes))
    }

    public mutating func string(_ text: Bytes) {
        string(text.span)
    }

    /// Bytes that are no UTF-8 become U+FFFD.
    public mutating func string(_ text: Span<UInt8>) {
        separate()
        buffer.append(UInt8(ascii: "\""))
        buffer.append(escaping: text)
        buffer.append(UInt8(ascii: "\""))
    }

    public mutating func integer(_ number: Int64) {
        separate()
        buffer.append(decimal: number)
    }

    /// A finite number.
    public mutating func number(_ number: Double) {
        separate()
        buffer.append(upTo: 32) { room in
            room.withUnsafeMutableBytes { text in
                text.baseAddress.map { sys_number_text(number, $0.assumingMemoryBound(to: CChar.self)) } ?? 0
            }
        }
    }

    public mutating func bool(_ bool: Bool) {
        separate()
        buffer.append(bool ? "true" as StaticString : "false")
    }

    public mutating func null() {
        separate()
        buffer.append("null" as StaticString)
    }

    /// A value that is JSON text already.
    public mutating func raw(_ json: Span<UInt8>) {
        separate()
        buffer.append(json)
    }

    /// What was written; the writer begins anew.
    public mutating func take() -> ByteBuffer {
        var text = ByteBuffer()
        swap(&text, &buffer)
        needsComma = false
        return text
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        buffer.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        buffer.append(bracket)
        needsComma = true
    }

    private mutating func finishKey() {
        buffer.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func separate() {
        if needsComma { buffer.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}

extension ByteBuffer {
    /// Appends the content of a JSON string (RFC 8259, section 7).
    @_optimize(speed)
    mutating func append(escaping text: Span<UInt8>) {
        var at = 0
        while at < text.count {
            let stop = text.firstJSONStringStop(from: at)
            append(text.extracting(unchecked: at..<stop))
            at = stop
            guard at < text.count else { return }
            if text[unchecked: at] < 0x80 {
                append(escaped: text[unchecked: at])
                at &+= 1
            } else {
                at &+= append(nonASCII: text, from: at)
            }
        }
    }

    /// Appends the non-ASCII characters from `start` on, or U+FFFD for what is none; returns how many bytes that were.
    @_optimize(speed)
    private mutating func append(nonASCII text: Span<UInt8>, from start: Int) -> Int {
        var at = start
        while at < text.count, text[unchecked: at] >= 0x80 {
            let length = text.utf8SequenceLength(at: at)
            if length == 0 { break }
            at &+= length
        }
        if at > start {
            append(text.extracting(unchecked: start..<at))
            return at &- start
        }
        append("\u{FFFD}" as StaticString)
        return text.invalidUTF8Length(at: start)
    }

    private mutating func append(escaped byte: UInt8) {
        append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
        case 0x08: append(UInt8(ascii: "b"))
        case 0x0C: append(UInt8(ascii: "f"))
        case 0x0A: append(UInt8(ascii: "n"))
        case 0x0D: append(UInt8(ascii: "r"))
        case 0x09: append(UInt8(ascii: "t"))
        default:
            append("u00" as StaticString)
            append(Hex.digit(byte &>> 4))
            append(Hex.digit(byte & 15))
        }
    }
}
