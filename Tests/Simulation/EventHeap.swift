/// What is going to happen outside of the exchanges, the earliest first; what happens at the same moment, in the order
/// in which it was planned.
struct EventHeap {
    private struct Entry {
        let time: Int64
        let number: Int
        let happen: () -> Void

        func isBefore(_ other: Entry) -> Bool { time != other.time ? time < other.time : number < other.number }
    }

    private var entries: [Entry] = []
    private var count = 0

    var nearest: Int64? { entries.first?.time }

    mutating func add(_ time: Int64, _ happen: @escaping () -> Void) {
        count += 1
        entries.append(Entry(time: time, number: count, happen: happen))
        var at = entries.count - 1
        while at > 0, entries[at].isBefore(entries[(at - 1) / 2]) {
            entries.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    /// The first one, if its time has come.
    mutating func pop(_ now: Int64) -> (() -> Void)? {
        guard let first = entries.first, first.time <= now else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            sink()
        }
        return first.happen
    }

    private mutating func sink() {
        var at = 0
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < entries.count && entries[child].isBefore(entries[least])
            {
                least = child
            }
            if least == at { return }
            entries.swapAt(at, least)
            at = least
        }
    }
}
