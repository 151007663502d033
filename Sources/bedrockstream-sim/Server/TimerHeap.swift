/// Who wants to be woken, soonest first. A connection that changes its mind pushes again; the old entry is recognised
/// by its serial when it comes up.
struct TimerHeap {
    struct Entry {
        var due: Int64
        var fd: Int32
        var serial: UInt64
    }

    private var entries: [Entry] = []

    var nextDue: Int64? { entries.first?.due }

    mutating func push(_ entry: Entry) {
        entries.append(entry)
        var at = entries.count - 1
        while at > 0, entries[at].due < entries[(at - 1) / 2].due {
            entries.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    /// The next entry that is due at `now`.
    mutating func popDue(_ now: Int64) -> Entry? {
        guard let first = entries.first, first.due <= now else { return nil }
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        sink()
        return first
    }

    private mutating func sink() {
        var at = 0
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < entries.count && entries[child].due < entries[least].due
            {
                least = child
            }
            if least == at { return }
            entries.swapAt(at, least)
            at = least
        }
    }
}
