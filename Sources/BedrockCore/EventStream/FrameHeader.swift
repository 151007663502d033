/// The value of a header with its type. Timestamps are milliseconds since 1970, a UUID has 16 bytes.
public enum HeaderValue: Equatable, Sendable {
    case bool(Bool)
    case byte(Int8)
    case short(Int16)
    case integer(Int32)
    case long(Int64)
    case byteArray(Bytes)
    case string(Bytes)
    case timestamp(Int64)
    case uuid(Bytes)
}

/// A header that owns its bytes, for building messages and for looking at whole ones at leisure.
public struct FrameHeader: Equatable, Sendable {
    public var name: Bytes
    public var value: HeaderValue

    public init(name: Bytes, value: HeaderValue) {
        self.name = name
        self.value = value
    }
}

extension FrameHeader {
    /// A copy of what lies at the ranges of `field`.
    init(_ field: HeaderField, in frame: Span<UInt8>) {
        name = Bytes(copying: frame.extracting(unchecked: field.name))
        value = HeaderValue(field, in: frame)
    }
}

extension HeaderValue {
    init(_ field: HeaderField, in frame: Span<UInt8>) {
        let at = field.value.lowerBound
        switch field.type {
        case .true: self = .bool(true)
        case .false: self = .bool(false)
        case .byte: self = .byte(Int8(bitPattern: frame[unchecked: at]))
        case .short: self = .short(Int16(bitPattern: frame.bigEndian16(at: at)))
        case .integer: self = .integer(Int32(bitPattern: frame.bigEndian32(at: at)))
        case .long: self = .long(Int64(bitPattern: frame.bigEndian64(at: at)))
        case .timestamp: self = .timestamp(Int64(bitPattern: frame.bigEndian64(at: at)))
        case .byteArray: self = .byteArray(Bytes(copying: frame.extracting(unchecked: field.value)))
        case .string: self = .string(Bytes(copying: frame.extracting(unchecked: field.value)))
        case .uuid: self = .uuid(Bytes(copying: frame.extracting(unchecked: field.value)))
        }
    }

    var type: HeaderType {
        switch self {
        case .bool(let flag): flag ? .true : .false
        case .byte: .byte
        case .short: .short
        case .integer: .integer
        case .long: .long
        case .byteArray: .byteArray
        case .string: .string
        case .timestamp: .timestamp
        case .uuid: .uuid
        }
    }
}
