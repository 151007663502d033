/// Who waits for a turn of a `Gate`.
public protocol TurnTaker: AnyObject {
    /// It has come; called by `SharedState.giveTurns`.
    func turnCame()
}

/// A place in a line, kept by who waits there; or a group of places, kept by the line. Each is one of a ring.
final class LineNode {
    unowned(unsafe) fileprivate var next: LineNode?
    unowned(unsafe) fileprivate var previous: LineNode?
    /// Of a place: its group, and who waits.
    unowned(unsafe) fileprivate var group: LineNode?
    unowned(unsafe) fileprivate var taker: (any TurnTaker)?
    /// The tokens that its first request may come to.
    fileprivate(set) var estimate = 0.0
    /// Of a group: its name, its oldest place, and the next group in its bucket.
    fileprivate let name: Bytes
    unowned(unsafe) fileprivate var first: LineNode?
    fileprivate var alike: LineNode?

    fileprivate init(_ name: Bytes) {
        self.name = name
    }

    /// At the end of a ring, which is in front of its head; nil for a ring of its own.
    fileprivate func join(before head: LineNode?) {
        next = head ?? self
        previous = head?.previous ?? self
        previous?.next = self
        next?.previous = self
    }

    /// What the ring begins with afterwards; nil where nothing is left of it.
    fileprivate func leave(_ head: LineNode?) -> LineNode? {
        let rest = next === self ? nil : head === self ? next : head
        previous?.next = next
        next?.previous = previous
        return rest
    }
}

/// A line of many groups: within a group the first to come is the first to go, and the groups take turns.
///
/// The groups stand in a ring, and so do the places of each: to come, to go and to give up cost the same however many
/// wait.
struct WaitingLine: ~Copyable {
    private static let bucketCount = 1024

    /// Groups by the hash of their name.
    private var buckets = [LineNode?](repeating: nil, count: bucketCount)
    /// The group whose turn is next.
    unowned(unsafe) private var current: LineNode?
    /// How many wait.
    private(set) var count = 0
    /// Names come from anywhere: none should be found to share a bucket on purpose.
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
    }

    /// A place behind all others of its group. It has to be removed before anybody lets go of it, or of the taker.
    mutating func add(_ taker: any TurnTaker, group name: Bytes, _ estimate: Double) -> LineNode {
        let (group, place) = (group(name), LineNode([]))
        (place.group, place.taker, place.estimate) = (group, taker, estimate)
        place.join(before: group.first)
        if group.first == nil { group.first = place }
        count &+= 1
        return place
    }

    /// Of whoever is next; nil where nobody waits.
    var firstEstimate: Double? { current?.first?.estimate }

    /// Whose turn is next.
    mutating func popFirst() -> (any TurnTaker)? {
        guard let place = current?.first else { return nil }
        current = current?.next
        remove(place)
        return place.taker
    }

    /// Whoever has this place waits no more.
    mutating func remove(_ place: LineNode) {
        guard let group = place.group else { return }
        place.group = nil
        count &-= 1
        group.first = place.leave(group.first)
        if group.first == nil { forget(group) }
    }

    /// The group of that name: one that is new goes behind all others.
    private mutating func group(_ name: Bytes) -> LineNode {
        let bucket = bucket(of: name)
        var known = buckets[bucket]
        while let group = known {
            if group.name == name { return group }
            known = group.alike
        }
        let group = LineNode(name)
        group.alike = buckets[bucket]
        buckets[bucket] = group
        group.join(before: current)
        if current == nil { current = group }
        return group
    }

    private mutating func forget(_ group: LineNode) {
        current = group.leave(current)
        let bucket = bucket(of: group.name)
        guard var other = buckets[bucket], other !== group else {
            buckets[bucket] = group.alike
            return
        }
        while let next = other.alike, next !== group { other = next }
        other.alike = group.alike
    }

    private func bucket(of name: Bytes) -> Int {
        var hash = seed
        for byte in name {
            let product = (hash ^ UInt64(byte)).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            hash = product.high ^ product.low
        }
        return Int(truncatingIfNeeded: hash % UInt64(Self.bucketCount))
    }
}
