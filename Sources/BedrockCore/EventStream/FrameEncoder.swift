/// Writes messages, for event signing, for the simulator and for tests; reads the headers of whole ones.
public enum FrameEncoder {
    /// Appends one message to `buffer`; what is thrown for leaves the buffer as it was.
    public static func encode(
        headers: [FrameHeader], payload: Span<UInt8>, into buffer: inout ByteBuffer
    ) throws(FrameError) {
        let start = buffer.count
        do throws(FrameError) {
            try append(headers, payload, to: &buffer)
            try HeaderNames.check(buffer.span(start..<buffer.count))
        } catch {
            buffer.truncate(to: start)
            throw error
        }
    }

    /// Copies of all headers of a whole message; each name may be there once.
    public static func headers(of frame: Span<UInt8>) throws(FrameError) -> [FrameHeader] {
        try HeaderNames.check(frame)
        var reader = try HeaderReader(frame)
        var headers: [FrameHeader] = []
        while let field = try reader.next() { headers.append(FrameHeader(field, in: frame)) }
        return headers
    }

    private static func append(
        _ headers: [FrameHeader], _ payload: Span<UInt8>, to buffer: inout ByteBuffer
    ) throws(FrameError) {
        guard headers.count <= Limits.headerCount else {
            throw FrameError(.tooManyHeaders, at: 0, found: headers.count, expected: Limits.headerCount)
        }
        let start = buffer.count
        let headersLength = try lengthOnWire(headers)
        try require(payload.count, atMost: Limits.payloadLength)
        buffer.append(bigEndian: UInt32(headersLength &+ payload.count &+ Limits.frameOverhead))
        buffer.append(bigEndian: UInt32(headersLength))
        buffer.append(bigEndian: CRC32.checksum(buffer.span(start..<buffer.count)))
        for header in headers { append(header, to: &buffer) }
        buffer.append(payload)
        buffer.append(bigEndian: CRC32.checksum(buffer.span(start..<buffer.count)))
        guard !buffer.isExhausted else { throw FrameError(.outOfMemory, at: 0) }
    }

    /// Checks all headers, so that writing them cannot fail.
    private static func lengthOnWire(_ headers: [FrameHeader]) throws(FrameError) -> Int {
        var length = 0
        for header in headers {
            guard header.name.count >= 1, header.name.count <= Int(UInt8.max) else {
                throw FrameError(.headerName, at: FrameLayout.prelude &+ length)
            }
            length &+= 2 &+ header.name.count
            length &+= try valueLength(header.value)
            try require(length, atMost: Limits.headersLength)
        }
        return length
    }

    private static func valueLength(_ value: HeaderValue) throws(FrameError) -> Int {
        if let length = value.type.length {
            guard case .uuid(let bytes) = value, bytes.count != length else { return length }
            throw FrameError(.headerValue, at: 0, found: bytes.count, expected: length)
        }
        switch value {
        case .byteArray(let bytes), .string(let bytes):
            try require(bytes.count, atMost: Limits.headerValueLength)
            return 2 &+ bytes.count
        default:
            return 0
        }
    }

    private static func require(_ length: Int, atMost limit: Int) throws(FrameError) {
        guard length <= limit else { throw FrameError(.tooLarge, at: 0, found: length, expected: limit) }
    }

    static func append(_ header: FrameHeader, to buffer: inout ByteBuffer) {
        buffer.append(UInt8(truncatingIfNeeded: header.name.count))
        buffer.append(header.name)
        buffer.append(header.value.type.rawValue)
        switch header.value {
        case .bool: break
        case .byte(let number): buffer.append(UInt8(bitPattern: number))
        case .short(let number): buffer.append(bigEndian: UInt16(bitPattern: number))
        case .integer(let number): buffer.append(bigEndian: UInt32(bitPattern: number))
        case .long(let number), .timestamp(let number): buffer.append(bigEndian: UInt64(bitPattern: number))
        case .byteArray(let bytes), .string(let bytes):
            buffer.append(bigEndian: UInt16(truncatingIfNeeded: bytes.count))
            buffer.append(bytes)
        case .uuid(let bytes): buffer.append(bytes)
        }
    }
}

extension ByteBuffer {
    /// Appends the bytes of a number, the highest first.
    fileprivate mutating func append<Number: FixedWidthInteger>(bigEndian number: Number) {
        var shift = Number.bitWidth
        while shift > 0 {
            shift &-= 8
            append(UInt8(truncatingIfNeeded: number >> Number(truncatingIfNeeded: shift)))
        }
    }
}
