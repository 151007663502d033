/// Tool calls whose blocks are open, and those that wait to be handed over. What they hold is the transcript's.
struct ToolCalls: ~Copyable {
    private var open: [BlockPart] = []
    /// Calls whose block has ended and which have not been handed over.
    private var complete: [BlockPart] = []

    var hasComplete: Bool { !complete.isEmpty }

    /// The bound that the call exceeds, if it does.
    mutating func start(_ call: BlockPart) -> AnswerLimit? {
        finish(index: call.index)
        guard call.id.count <= Limits.toolNameLength, call.name.count <= Limits.toolNameLength else {
            return .toolName
        }
        guard open.count < Limits.blockCount, complete.count < Limits.blockCount else { return .toolCount }
        open.append(call)
        return nil
    }

    /// The open call of a block.
    func call(_ index: Int32) -> BlockPart? {
        if let last = open.last, last.index == index { return last }
        return open.last { $0.index == index }
    }

    mutating func finish(index: Int32) {
        var at = 0
        while at < open.count {
            if open[at].index == index {
                complete.append(open.remove(at: at))
            } else {
                at &+= 1
            }
        }
    }

    /// The answer has ended: blocks that were never closed are taken as they are.
    mutating func finishAll() {
        complete.append(contentsOf: open)
        open.removeAll()
    }

    /// Writes the oldest complete call to `scratch` and describes it.
    mutating func takeComplete(into scratch: inout ByteBuffer) -> StreamEvent? {
        guard !complete.isEmpty else { return nil }
        let call = complete.removeFirst()
        var event = StreamEvent()
        event.kind = .tool
        event.blockIndex = call.index
        event.isServerTool = call.isServerTool
        event.toolID = scratch.appendSlice(call.id)
        event.toolName = scratch.appendSlice(call.name)
        let start = scratch.count
        call.appendInput(to: &scratch)
        event.text = scratch.closeSlice(from: start)
        event.isValidTool = scratch.span(event.text.range).isJSON
        event.json = event.text
        return event
    }
}

extension BlockPart {
    /// Writes a call's input as it came. One without input is a call with no arguments.
    func appendInput(to buffer: inout ByteBuffer) {
        if !data.isEmpty {
            Self.append(data, to: &buffer)
        } else if !given.isEmpty {
            Self.append(given, to: &buffer)
        } else {
            buffer.append("{}" as StaticString)
        }
    }

    private static func append(_ text: borrowing ByteBuffer, to buffer: inout ByteBuffer) {
        buffer.append(text.span)
    }
}

extension Span where Element == UInt8 {
    /// One JSON document, and nothing else.
    var isJSON: Bool {
        do throws(JSONError) {
            try JSONReader.validate(self)
            return true
        } catch {
            return false
        }
    }
}

extension ByteBuffer {
    /// Appends a text and a NUL behind it.
    mutating func appendSlice(_ text: Span<UInt8>) -> Slice {
        let start = count
        append(text)
        return closeSlice(from: start)
    }

    mutating func appendSlice(_ other: borrowing ByteBuffer) -> Slice {
        appendSlice(other.span)
    }

    mutating func appendSlice(_ text: Bytes) -> Slice {
        appendSlice(text.span)
    }

    /// One JSON document, and nothing else.
    var isJSON: Bool { span.isJSON }

    /// Ends the text that was appended since `start` with a NUL; without room for that there is no text.
    @inline(__always)
    mutating func closeSlice(from start: Int) -> Slice {
        let slice = Slice(start: start, count: max(count &- start, 0))
        append(0)
        return isExhausted ? Slice() : slice
    }
}
