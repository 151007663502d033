import BedrockCore
import BedrockIO
import CBedrockStream

/// Where an event that was fetched lies, with what it points to, until the next one is kept in its place.
struct EventSlot {
    let event: UnsafeMutablePointer<brs_event>
    private let delta: UnsafeMutablePointer<brs_delta>
    private let tool: UnsafeMutablePointer<brs_tool>
    private let result: UnsafeMutablePointer<brs_result>
    private let error: UnsafeMutablePointer<brs_error>
    private let retry: UnsafeMutablePointer<brs_retry>
    private let block: UnsafeMutablePointer<brs_block>

    /// In so many bytes of memory.
    init(_ memory: UnsafeMutableRawPointer) {
        event = memory.bindMemory(to: brs_event.self, capacity: 1)
        delta = UnsafeMutableRawPointer(event + 1).bindMemory(to: brs_delta.self, capacity: 1)
        tool = UnsafeMutableRawPointer(delta + 1).bindMemory(to: brs_tool.self, capacity: 1)
        result = UnsafeMutableRawPointer(tool + 1).bindMemory(to: brs_result.self, capacity: 1)
        error = UnsafeMutableRawPointer(result + 1).bindMemory(to: brs_error.self, capacity: 1)
        retry = UnsafeMutableRawPointer(error + 1).bindMemory(to: brs_retry.self, capacity: 1)
        block = UnsafeMutableRawPointer(retry + 1).bindMemory(to: brs_block.self, capacity: 1)
    }

    /// The structs one behind the other: each is a multiple of a pointer's size, so all are aligned.
    static var length: Int {
        MemoryLayout<brs_event>.stride + MemoryLayout<brs_delta>.stride + MemoryLayout<brs_tool>.stride
            + MemoryLayout<brs_result>.stride + MemoryLayout<brs_error>.stride + MemoryLayout<brs_retry>.stride
            + MemoryLayout<brs_block>.stride
    }

    /// False where there is nothing to keep.
    func keep(_ fetched: EventQueue.Fetched) -> Bool {
        switch fetched {
        case .event(let view): keep(view)
        case .notice(let view): keep(view)
        case .stopped(let view): keep(view)
        case .failed(let view): keep(view)
        case .nothing, .ended: return false
        }
        return true
    }

    private func keep(_ view: EventView) {
        event.pointee = brs_event(view)
        if view.event.hasDelta {
            delta.pointee = brs_delta(view)
            event.pointee.delta = UnsafePointer(delta)
            return
        }
        switch view.event.kind {
        case .tool, .toolWaiting, .toolAnswered:
            tool.pointee = brs_tool(view)
            event.pointee.tool = UnsafePointer(tool)
        case .blockStart:
            block.pointee = brs_block(view)
            event.pointee.block = UnsafePointer(block)
        default: break
        }
    }

    private func keep(_ view: NoticeView) {
        result.pointee = brs_result(view.failure.partial)
        error.pointee = brs_error(view.failure, result)
        retry.pointee = brs_retry(view, error)
        event.pointee = brs_event(view.kind)
        event.pointee.retry = UnsafePointer(retry)
    }

    private func keep(_ view: ResultView) {
        result.pointee = brs_result(view)
        event.pointee = brs_event(.stop)
        event.pointee.result = UnsafePointer(result)
    }

    private func keep(_ view: FailureView) {
        result.pointee = brs_result(view.partial)
        error.pointee = brs_error(view, result)
        event.pointee = brs_event(.error)
        event.pointee.error = UnsafePointer(error)
    }
}
