/// Reads a request body in chunked transfer coding (RFC 9112, section 7.1). Trailer fields are read and dropped.
struct ChunkedBody {
    enum Outcome { case incomplete, complete, malformed, tooLong }

    private enum Stage { case size, data(left: Int), dataEnd, trailer }

    private(set) var body: [UInt8] = []
    private var stage = Stage.size

    /// Takes what it can from `input`, from `at` on.
    mutating func take(from input: [UInt8], at: inout Int) -> Outcome {
        while true {
            switch stage {
            case .data(let left):
                let count = min(left, input.count - at)
                body.append(contentsOf: input[at..<at + count])
                at += count
                guard count == left else {
                    stage = .data(left: left - count)
                    return .incomplete
                }
                stage = .dataEnd
            case .size, .dataEnd, .trailer:
                guard let line = Self.line(of: input, at: &at) else { return .incomplete }
                if let outcome = takeLine(line) { return outcome }
            }
        }
    }

    private mutating func takeLine(_ line: ArraySlice<UInt8>) -> Outcome? {
        switch stage {
        case .data: return nil
        case .dataEnd:
            stage = .size
            return line.isEmpty ? nil : .malformed
        case .trailer:
            return line.isEmpty ? .complete : nil
        case .size:
            let digits = String(decoding: line.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self).trimmed
            guard let size = Int(digits, radix: 16), size >= 0 else { return .malformed }
            guard size <= RequestParser.bodyLimit - body.count else { return .tooLong }
            stage = size == 0 ? .trailer : .data(left: size)
            return nil
        }
    }

    private static func line(of input: [UInt8], at: inout Int) -> ArraySlice<UInt8>? {
        guard let end = input[at...].firstIndex(of: 10) else { return nil }
        let line = input[at..<end]
        at = end + 1
        return line.last == 13 ? line.dropLast() : line
    }
}
