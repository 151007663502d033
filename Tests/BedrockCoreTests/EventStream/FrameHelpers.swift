@testable import BedrockCore

/// A message from raw parts, right in its checksums only: whatever else is wrong is up to the test.
func rawFrame(headers: [UInt8], payload: [UInt8] = [], headersLength: Int? = nil) -> [UInt8] {
    var frame = rawPrelude(total: headers.count + payload.count + 16, headers: headersLength ?? headers.count)
    frame += headers + payload
    return frame + bigEndianBytes(CRC32.checksum(frame.span))
}

/// Twelve bytes with a right checksum.
func rawPrelude(total: Int, headers: Int) -> [UInt8] {
    let lengths = bigEndianBytes(UInt32(total)) + bigEndianBytes(UInt32(headers))
    return lengths + bigEndianBytes(CRC32.checksum(lengths.span))
}

func rawHeader(_ name: String, _ type: UInt8, _ value: [UInt8] = []) -> [UInt8] {
    [UInt8(name.utf8.count)] + name.utf8 + [type] + value
}

func textHeader(_ name: String, _ text: String) -> [UInt8] {
    rawHeader(name, 7, bigEndianBytes(UInt16(text.utf8.count)) + text.utf8)
}

func bigEndianBytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) }
}

/// What a decoder made of a stream.
struct Decoded: Equatable {
    var frames: [[UInt8]] = []
    var offsets: [Int] = []
    var error: FrameError?
}

/// Feeds `chunks` to one decoder, each until it is used up, then ends the stream.
func decodeFrames(_ chunks: [[UInt8]], limit: Int = Limits.messageLength) -> Decoded {
    var decoder = FrameDecoder(maxMessageLength: limit)
    var result = Decoded()
    do throws(FrameError) {
        for chunk in chunks { try feedFrames(chunk, to: &decoder, &result) }
        try decoder.finish()
    } catch {
        result.error = error
    }
    return result
}

func feedFrames(_ chunk: [UInt8], to decoder: inout FrameDecoder, _ result: inout Decoded) throws(FrameError) {
    let input = chunk.span
    var position = 0
    while let frame = try decoder.next(input, &position) {
        result.frames.append([UInt8](copying: decoder.bytes(of: frame, in: input)))
        result.offsets.append(decoder.streamOffset)
    }
}

/// `bytes` cut at `cuts`, which ascend.
func pieces(_ bytes: [UInt8], at cuts: [Int]) -> [[UInt8]] {
    zip([0] + cuts, cuts + [bytes.count]).map { [UInt8](bytes[$0..<$1]) }
}

// Expectations cannot hold spans: these take arrays.

func frameChecksum(_ bytes: [UInt8]) -> UInt32 { CRC32.checksum(bytes.span) }

func parseMessage(_ frame: [UInt8]) throws(FrameError) -> EventMessage { try EventMessage(frame.span) }

func parseHeaders(of frame: [UInt8]) throws(FrameError) -> [FrameHeader] { try FrameEncoder.headers(of: frame.span) }

func parsePayload(of frame: [UInt8]) throws(FrameError) -> [UInt8] {
    let range = try HeaderReader(frame.span).payload
    return [UInt8](frame[range])
}

/// The error that `body` throws.
func frameError(_ body: () throws(FrameError) -> Void) -> FrameError? {
    do throws(FrameError) {
        try body()
        return nil
    } catch {
        return error
    }
}
