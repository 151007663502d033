/// Streams by the moment at which the next of their limits may pass, nearest first.
///
/// A stream that waits longer than its entry says is put back when the entry comes up: bytes that arrive cost nothing.
struct TimerHeap: ~Copyable {
    private var entries: [Stream] = []

    var nearest: Int64? { entries.first?.timerDeadline }

    mutating func insert(_ stream: Stream, deadline: Int64) {
        if stream.timerIndex >= 0 { remove(stream) }
        stream.timerDeadline = deadline
        stream.timerIndex = entries.count
        entries.append(stream)
        siftUp(from: entries.count &- 1)
    }

    mutating func remove(_ stream: Stream) {
        let index = stream.timerIndex
        guard index >= 0, index < entries.count, let last = entries.popLast() else { return }
        stream.timerIndex = -1
        guard index < entries.count else { return }
        place(last, at: index)
        siftUp(from: index)
        siftDown(from: last.timerIndex)
    }

    mutating func popDue(_ now: Int64) -> Stream? {
        guard let first = entries.first, first.timerDeadline <= now else { return nil }
        remove(first)
        return first
    }

    private mutating func place(_ stream: Stream, at index: Int) {
        entries[index] = stream
        stream.timerIndex = index
    }

    private mutating func siftUp(from start: Int) {
        var index = start
        while index > 0 {
            let parent = (index &- 1) / 2
            guard entries[index].timerDeadline < entries[parent].timerDeadline else { return }
            exchange(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(from start: Int) {
        var index = start
        while true {
            var least = index
            for child in [index &* 2 &+ 1, index &* 2 &+ 2] where child < entries.count {
                if entries[child].timerDeadline < entries[least].timerDeadline { least = child }
            }
            guard least != index else { return }
            exchange(index, least)
            index = least
        }
    }

    private mutating func exchange(_ first: Int, _ second: Int) {
        let moved = entries[first]
        place(entries[second], at: first)
        place(moved, at: second)
    }
}
