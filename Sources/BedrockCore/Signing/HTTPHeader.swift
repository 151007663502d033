/// One header field of an HTTP message. Names compare without regard to case (RFC 9110, 5.1).
public struct HTTPHeader: Equatable, Sendable {
    public var name: Bytes
    public var value: Bytes
    /// The rest of the value, where that is a key or a token.
    public var secret: Secret?

    public init(name: Bytes, value: Bytes, secret: Secret? = nil) {
        self.name = name
        self.value = value
        self.secret = secret
    }

    /// What goes over the wire, in a copy that nobody overwrites; for verifiers.
    public var wholeValue: Bytes { value + (secret?.copy ?? []) }

    public func appendValue(to buffer: inout ByteBuffer) {
        buffer.append(value)
        if let secret { buffer.append(secret.span) }
    }

    public init(_ name: StaticString, _ value: Bytes, secret: Secret? = nil) {
        self.init(name: Bytes(name), value: value, secret: secret)
    }
}

extension Array where Element == HTTPHeader {
    /// The value of the first header of that name, without what is secret of it.
    public func firstValue(of name: StaticString) -> Bytes? {
        for header in self where header.name.span.isEqualIgnoringCase(name) { return header.value }
        return nil
    }
}

extension UInt8 {
    /// RFC 9110, 5.6.2 "tchar": what header names are made of.
    var isHeaderNameCharacter: Bool {
        if isUnreserved { return true }
        return switch self {
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x5E, 0x60, 0x7C: true  // ! # $ % & ' * + ^ ` |
        default: false
        }
    }

    /// RFC 9110, 5.5: what a header value must not hold. The tab is the one control character it may.
    @inline(__always) var isForbiddenInHeaderValue: Bool { (self < 0x20 && self != 0x09) || self == 0x7F }

    @inline(__always) var isControl: Bool { self < 0x20 || self == 0x7F }

    @inline(__always) var asciiUppercased: UInt8 { self &- 97 < 26 ? self & 0xDF : self }
}

extension Span where Element == UInt8 {
    var isHeaderName: Bool {
        for at in 0..<count where !self[unchecked: at].isHeaderNameCharacter { return false }
        return count > 0
    }

    var isHeaderValue: Bool {
        for at in 0..<count where self[unchecked: at].isForbiddenInHeaderValue { return false }
        return true
    }

    @_optimize(speed)
    public var hasControlCharacter: Bool {
        for at in 0..<count where self[unchecked: at].isControl { return true }
        return false
    }

    /// Compares as ASCII without regard to case.
    func isEqualIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for at in 0..<count where self[unchecked: at].asciiLowercased != other[unchecked: at].asciiLowercased {
            return false
        }
        return true
    }

    func ends(with literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        return count >= length && extracting((count &- length)..<count).isEqual(to: literal)
    }

    /// Fit to stand in a credential scope, whose parts are set apart by slashes.
    var isScopePart: Bool { count > 0 && !hasControlCharacter && firstIndex(of: UInt8(ascii: "/")) == nil }

    /// Before `other` in the order of byte values.
    func precedes(_ other: Span<UInt8>) -> Bool {
        let common = Swift.min(count, other.count)
        for at in 0..<common where self[unchecked: at] != other[unchecked: at] {
            return self[unchecked: at] < other[unchecked: at]
        }
        return count < other.count
    }
}
