import BedrockCore
import BedrockIO
import CBedrockStream
import CSystem.Memory

/// Fetches the events of all streams of a client, many at a time; for `brs_client_next`.
final class BatchReader {
    let list: ReadyList
    private let memory: UnsafeMutableRawPointer
    /// Most events of one call.
    private static let capacity = 256

    private init(_ list: ReadyList, _ memory: UnsafeMutableRawPointer) {
        self.list = list
        self.memory = memory
    }

    deinit {
        free(memory)
    }

    /// Nil without memory.
    static func make() -> BatchReader? {
        guard let list = ReadyList.make(), let memory = calloc(capacity, EventSlot.length) else { return nil }
        return BatchReader(list, memory)
    }

    /// Waits until there is something, and hands over what there is. How many events that is; none when the client is
    /// freed, on another thread or by a callback: they would lie in what goes with it.
    func next(_ ready: UnsafeMutablePointer<brs_ready>, _ capacity: Int, timeout: Int64, of client: Client) -> Int {
        var count = fill(ready, capacity)
        let end = timeout < 0 ? -1 : client.now &+ timeout
        while count == 0 {
            let left = end < 0 ? -1 : max(end &- client.now, 0)
            // Inside a callback nothing can be waited for.
            if left == 0 || client.isOnLoopThread { return 0 }
            client.wait(for: list, nanoseconds: left)
            if list.hasClosed { return 0 }
            count = fill(ready, capacity)
        }
        return count
    }

    /// Streams take turns: each gives what it has in hand, what has come since then is for the next call.
    private func fill(_ ready: UnsafeMutablePointer<brs_ready>, _ capacity: Int) -> Int {
        let capacity = min(capacity, Self.capacity)
        var count = 0
        var seen: [EventQueue] = []
        while count < capacity, let queue = list.take() {
            count &+= drain(queue, ready + count, capacity &- count, slot: count)
            seen.append(queue)
        }
        list.finish(seen)
        return count
    }

    /// The events of one stream.
    private func drain(
        _ queue: EventQueue, _ ready: UnsafeMutablePointer<brs_ready>, _ capacity: Int, slot first: Int
    ) -> Int {
        guard let pointer = queue.handle else { return 0 }
        let handle = pointer.assumingMemoryBound(to: brs_stream.self)
        var count = 0
        var fetched = queue.nextInHand() ?? queue.refill(0) { borrow(handle, as: StreamHandle.self)?.stream.resume() }
        if fetched == nil { fetched = queue.nextInHand() }
        while let found = fetched {
            let slot = EventSlot(memory + (first &+ count) * EventSlot.length)
            guard slot.keep(found) else { break }
            ready[count] = brs_ready(stream: handle, user: queue.user, event: UnsafePointer(slot.event))
            count &+= 1
            fetched = count < capacity ? queue.nextInHand() : nil
        }
        return count
    }
}
