import BedrockCore
import BedrockIO
import CBedrockStream
import CSystem.Memory

/// The events of a stream that is read, and the one of them that `brs_stream_next` has handed out.
final class PullState {
    let queue: EventQueue
    private let memory: UnsafeMutableRawPointer

    init?(queueLength: Int) {
        guard let queue = EventQueue(limit: queueLength), let memory = calloc(1, EventSlot.length) else { return nil }
        self.queue = queue
        self.memory = memory
    }

    deinit {
        free(memory)
    }

    func next(timeout: Int64, of stream: Stream) throws(Refusal) -> UnsafePointer<brs_event> {
        let slot = EventSlot(memory)
        let fetched = fetched(timeout, stream)
        if slot.keep(fetched) { return UnsafePointer(slot.event) }
        if case .ended = fetched { throw Refusal(BRS_E_END, "") }
        throw Refusal(BRS_E_TIMEOUT, "")
    }

    private func fetched(_ timeout: Int64, _ stream: Stream) -> EventQueue.Fetched {
        guard stream.isHosted else { return queue.next(timeout: timeout) { stream.resume() } }
        let found = queue.next(timeout: 0) { stream.resume() }
        guard case .nothing = found else { return found }
        stream.attend(nanoseconds: timeout) { queue.hasSomething }
        return queue.next(timeout: 0) { stream.resume() }
    }
}
