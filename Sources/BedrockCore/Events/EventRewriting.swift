/// Where an event's JSON keeps the number of its block and its text.
enum EventShape {
    /// `contentBlockIndex` and `delta.text`.
    case converse
    /// The same inside a member that has the event's name.
    case nova
    /// `index` and `delta.text`.
    case anthropic

    fileprivate var indexName: StaticString { self == .anthropic ? "index" : "contentBlockIndex" }
}

extension ByteBuffer {
    /// Appends an event's JSON with the event's index, and with its text (a place in `scratch`) if that is new. All
    /// else stays byte for byte.
    mutating func append(
        event json: Span<UInt8>, _ shape: EventShape, _ event: StreamEvent, _ scratch: borrowing ByteBuffer,
        hasNewText: Bool
    ) {
        let start = count
        var written = 0
        do throws(JSONError) {
            var reader = JSONReader(json)
            guard try reader.enterObject() else { return append(json) }
            let edit = EventEdit(shape: shape, index: event.blockIndex, text: hasNewText ? event.text : nil)
            if shape == .nova {
                while let key = try reader.nextKey() {
                    guard EventDecoder.kind(ofConverse: reader.bytes(of: key).span) != .other else { continue }
                    if try reader.enterObject() { try edit.append(json, &reader, scratch, &written, to: &self) }
                }
            } else {
                try edit.append(json, &reader, scratch, &written, to: &self)
            }
            append(json.extracting(written..<json.count))
        } catch {
            // It was read before, so this does not happen.
            truncate(to: start)
            append(json)
        }
    }
}

private struct EventEdit {
    let shape: EventShape
    let index: Int32
    /// Nil where the text stays.
    let text: Slice?

    /// Copies the object that the reader is in, from `written` up to the last thing that is replaced.
    @_lifetime(reader: copy reader)
    func append(
        _ json: Span<UInt8>, _ reader: inout JSONReader, _ scratch: borrowing ByteBuffer, _ written: inout Int,
        to buffer: inout ByteBuffer
    ) throws(JSONError) {
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: shape.indexName) {
                let place = try reader.skipValue()
                guard let number = reader.raw(place).decimal(), number != Int64(index), Int32(exactly: number) != nil
                else { continue }
                buffer.append(json.extracting(written..<place.lowerBound))
                buffer.append(decimal: Int64(index))
                written = place.upperBound
            } else if let text, reader.isEqual(key, to: "delta"), try reader.enterObject() {
                try appendDelta(json, &reader, scratch.span(text.range), &written, to: &buffer)
            }
        }
    }

    @_lifetime(reader: copy reader)
    private func appendDelta(
        _ json: Span<UInt8>, _ reader: inout JSONReader, _ text: Span<UInt8>, _ written: inout Int,
        to buffer: inout ByteBuffer
    ) throws(JSONError) {
        while let key = try reader.nextKey() {
            guard reader.isEqual(key, to: "text") else { continue }
            let place = try reader.skipValue()
            guard reader.raw(place).byteOrNUL(0) == UInt8(ascii: "\"") else { continue }
            buffer.append(json.extracting(written..<place.lowerBound))
            buffer.append(UInt8(ascii: "\""))
            buffer.append(escaping: text)
            buffer.append(UInt8(ascii: "\""))
            written = place.upperBound
        }
    }
}
