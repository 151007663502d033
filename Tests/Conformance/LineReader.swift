import BedrockCore
import Glibc

/// Standard input by lines, without their line feeds. A last line needs none.
struct LineReader: ~Copyable {
    /// Longer than any request that has a reason: the rest of such a line is thrown away.
    static let longest = 64 * 1024 * 1024
    private static let step = 256 * 1024

    enum Line {
        case whole([UInt8])
        case tooLong
    }

    private var buffer = ByteBuffer()
    /// Where the line begins that comes next, and up to where there is no line feed.
    private var start = 0
    private var scanned = 0
    private var isTooLong = false
    private var hasEnded = false

    /// Nil at the end of input.
    mutating func next() -> Line? {
        while true {
            if let end = lineFeed() { return take(upTo: end, next: end + 1) }
            if hasEnded {
                guard start < buffer.count || isTooLong else { return nil }
                return take(upTo: buffer.count, next: buffer.count)
            }
            compact()
            fill()
        }
    }

    private mutating func lineFeed() -> Int? {
        let found = buffer.span(scanned..<buffer.count).withUnsafeBytes { bytes -> Int? in
            guard let base = bytes.baseAddress, let place = memchr(base, 0x0A, bytes.count) else { return nil }
            return UnsafeRawPointer(place) - base
        }
        scanned = found.map { scanned + $0 } ?? buffer.count
        return found == nil ? nil : scanned
    }

    private mutating func take(upTo end: Int, next: Int) -> Line {
        let isShort = !isTooLong && end - start <= Self.longest
        let line: Line = isShort ? .whole([UInt8](copying: buffer.span(start..<end))) : .tooLong
        isTooLong = false
        start = next
        scanned = next
        return line
    }

    /// Forgets the lines that were taken, and what there is of one that is too long.
    private mutating func compact() {
        if buffer.count - start > Self.longest { isTooLong = true }
        buffer.removeFirst(isTooLong ? buffer.count : start)
        start = 0
        scanned = buffer.count
    }

    private mutating func fill() {
        var count = 0
        buffer.append(upTo: Self.step) { room in
            count = room.withUnsafeMutableBytes { read(0, $0.baseAddress, $0.count) }
            return max(count, 0)
        }
        if count == 0 || count < 0 && errno != EINTR { hasEnded = true }
    }
}

/// Writes all of it to standard output, past any buffer.
func writeOut(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBytes { bytes in
        var at = 0
        while at < bytes.count, let base = bytes.baseAddress {
            let count = write(1, base + at, bytes.count - at)
            if count > 0 { at += count }
            if count < 0, errno != EINTR { return }
        }
    }
}
