/// Finds out whether two of many header names are equal, in a fixed amount of memory and n log n comparisons,
/// whatever the names are: a sender that wants to be slow to read gets nothing for it.
struct HeaderNames: ~Escapable {
    private let frame: Span<UInt8>
    /// Where each name starts; the byte before holds its length.
    private var starts = InlineArray<1024, UInt32>(repeating: 0)
    private var count = 0

    /// Throws `duplicateHeader` when two headers of the message have the same name.
    static func check(_ frame: Span<UInt8>) throws(FrameError) {
        var names = HeaderNames(frame)
        var reader = try HeaderReader(frame)
        while let field = try reader.next() { names.add(field.name) }
        if let start = names.duplicate() { throw FrameError(.duplicateHeader, at: start &- 1) }
    }

    @_lifetime(copy frame)
    private init(_ frame: Span<UInt8>) {
        self.frame = frame
    }

    private mutating func add(_ name: Range<Int>) {
        guard count < starts.count else { return }
        starts[unchecked: count] = UInt32(truncatingIfNeeded: name.lowerBound)
        count &+= 1
    }

    /// The start of a name that another one before it equals.
    private mutating func duplicate() -> Int? {
        sort()
        var at = 1
        while at < count {
            let (one, other) = (starts[unchecked: at &- 1], starts[unchecked: at])
            if order(one, other) == 0 { return Int(max(one, other)) }
            at &+= 1
        }
        return nil
    }

    /// Heap sort.
    private mutating func sort() {
        var root = count / 2
        while root > 0 {
            root &-= 1
            sift(root, below: count)
        }
        var end = count
        while end > 1 {
            end &-= 1
            exchange(0, end)
            sift(0, below: end)
        }
    }

    private mutating func sift(_ root: Int, below end: Int) {
        var root = root
        while true {
            var child = 2 &* root &+ 1
            guard child < end else { return }
            if child &+ 1 < end, order(starts[unchecked: child], starts[unchecked: child &+ 1]) < 0 { child &+= 1 }
            guard order(starts[unchecked: root], starts[unchecked: child]) < 0 else { return }
            exchange(root, child)
            root = child
        }
    }

    private mutating func exchange(_ one: Int, _ other: Int) {
        let kept = starts[unchecked: one]
        starts[unchecked: one] = starts[unchecked: other]
        starts[unchecked: other] = kept
    }

    /// By length, then by what the bytes are, a word at a time: any order does.
    private func order(_ one: UInt32, _ other: UInt32) -> Int {
        let (left, right) = (Int(one), Int(other))
        let length = Int(frame[unchecked: left &- 1])
        let difference = length &- Int(frame[unchecked: right &- 1])
        guard difference == 0 else { return difference }
        var at = 0
        while length &- at > 8 {
            let difference = Self.order(frame.word(at: left &+ at), frame.word(at: right &+ at))
            guard difference == 0 else { return difference }
            at &+= 8
        }
        return Self.order(
            frame.lastWord(of: Range(uncheckedBounds: (left, left &+ length))),
            frame.lastWord(of: Range(uncheckedBounds: (right, right &+ length))))
    }

    @inline(__always)
    private static func order(_ one: UInt64, _ other: UInt64) -> Int {
        one == other ? 0 : one < other ? -1 : 1
    }
}
