/// Tool calls whose blocks are open: their input arrives in pieces.
struct ToolCalls: ~Copyable {
    private struct Call {
        let index: Int32
        let id: Bytes
        let name: Bytes
        let isServerTool: Bool
        let input: Input
    }

    /// Pieces joined; a class because an array cannot hold a ~Copyable buffer.
    private final class Input {
        var buffer = ByteBuffer(limit: Limits.answerLength)
    }

    private var open: [Call] = []
    /// Calls whose block has ended and which have not been handed over.
    private var complete: [Call] = []
    /// Bytes of all calls above.
    private var stored = 0

    var isEmpty: Bool { open.isEmpty && complete.isEmpty }
    var hasComplete: Bool { !complete.isEmpty }

    /// The bound that the call exceeds, if it does.
    mutating func start(index: Int32, _ call: PendingTool) -> AnswerLimit? {
        finish(index: index)
        guard call.id.count <= Limits.toolNameLength, call.name.count <= Limits.toolNameLength else {
            return .toolName
        }
        guard open.count < Limits.blockCount, complete.count < Limits.blockCount else { return .toolCount }
        stored &+= call.id.count &+ call.name.count
        open.append(
            Call(index: index, id: call.id, name: call.name, isServerTool: call.isServerTool, input: Input()))
        return stored > Limits.answerLength ? .toolInput : nil
    }

    /// False when the calls are longer than any that are kept.
    mutating func append(_ scratch: borrowing ByteBuffer, _ range: Range<Int>, index: Int32) -> Bool {
        for call in open where call.index == index {
            stored &+= range.count
            guard stored <= Limits.answerLength else { return false }
            call.input.buffer.append(scratch, range)
            return !call.input.buffer.isExhausted
        }
        return true
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
        stored &-= call.id.count &+ call.name.count &+ call.input.buffer.count
        var event = StreamEvent()
        event.kind = .tool
        event.blockIndex = call.index
        event.isServerTool = call.isServerTool
        // A call without input is a call with no arguments.
        if call.input.buffer.isEmpty { call.input.buffer.append("{}") }
        event.toolID = scratch.appendSlice(call.id)
        event.toolName = scratch.appendSlice(call.name)
        event.text = scratch.appendSlice(call.input.buffer)
        event.isValidTool = call.input.buffer.isJSON
        event.json = event.text
        return event
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
    var isJSON: Bool {
        do throws(JSONError) {
            try JSONReader.validate(span)
            return true
        } catch {
            return false
        }
    }

    /// Ends the text that was appended since `start` with a NUL; without room for that there is no text.
    @inline(__always)
    mutating func closeSlice(from start: Int) -> Slice {
        let slice = Slice(start: start, count: max(count &- start, 0))
        append(0)
        return isExhausted ? Slice() : slice
    }
}
