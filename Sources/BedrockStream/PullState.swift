import BedrockCore
import BedrockIO
import CBedrockStream
import CSystem.Memory

/// The event that `brs_stream_next` hands out, kept until its next call.
final class PullState {
    let queue: EventQueue
    private let event: UnsafeMutablePointer<brs_event>
    private let delta: UnsafeMutablePointer<brs_delta>
    private let tool: UnsafeMutablePointer<brs_tool>
    private let result: UnsafeMutablePointer<brs_result>
    private let error: UnsafeMutablePointer<brs_error>
    private let retry: UnsafeMutablePointer<brs_retry>
    private let block: UnsafeMutablePointer<brs_block>

    init?(queueLength: Int) {
        guard let queue = EventQueue(limit: queueLength), let memory = calloc(1, Self.length) else { return nil }
        self.queue = queue
        event = memory.bindMemory(to: brs_event.self, capacity: 1)
        delta = UnsafeMutableRawPointer(event + 1).bindMemory(to: brs_delta.self, capacity: 1)
        tool = UnsafeMutableRawPointer(delta + 1).bindMemory(to: brs_tool.self, capacity: 1)
        result = UnsafeMutableRawPointer(tool + 1).bindMemory(to: brs_result.self, capacity: 1)
        error = UnsafeMutableRawPointer(result + 1).bindMemory(to: brs_error.self, capacity: 1)
        retry = UnsafeMutableRawPointer(error + 1).bindMemory(to: brs_retry.self, capacity: 1)
        block = UnsafeMutableRawPointer(retry + 1).bindMemory(to: brs_block.self, capacity: 1)
    }

    /// The structs one behind the other: each is a multiple of a pointer's size, so all are aligned.
    private static var length: Int {
        MemoryLayout<brs_event>.stride + MemoryLayout<brs_delta>.stride + MemoryLayout<brs_tool>.stride
            + MemoryLayout<brs_result>.stride + MemoryLayout<brs_error>.stride + MemoryLayout<brs_retry>.stride
            + MemoryLayout<brs_block>.stride
    }

    deinit {
        free(event)
    }

    func next(timeout: Int64, of stream: Stream) throws(Refusal) -> UnsafePointer<brs_event> {
        switch fetched(timeout, stream) {
        case .event(let view): keep(view)
        case .notice(let view): keep(view)
        case .stopped(let view): keep(view)
        case .failed(let view): keep(view)
        case .nothing: throw Refusal(BRS_E_TIMEOUT, "")
        case .ended: throw Refusal(BRS_E_END, "")
        }
        return UnsafePointer(event)
    }

    private func fetched(_ timeout: Int64, _ stream: Stream) -> EventQueue.Fetched {
        guard stream.isHosted else { return queue.next(timeout: timeout) { stream.resume() } }
        let found = queue.next(timeout: 0) { stream.resume() }
        guard case .nothing = found else { return found }
        stream.attend(nanoseconds: timeout) { queue.hasSomething }
        return queue.next(timeout: 0) { stream.resume() }
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
