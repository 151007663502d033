/// The config file and the credentials file as one. What the credentials file says of a profile wins, property by
/// property; sections of the other kinds stand in the config file alone.
public struct ProfileFiles {
    /// Nil for a file that does not exist.
    public let config: ProfileFile?
    public let credentials: ProfileFile?

    public init(config: ProfileFile?, credentials: ProfileFile?) {
        self.config = config
        self.credentials = credentials
    }

    public func contains(_ kind: ProfileFile.SectionKind, _ name: Span<UInt8>) -> Bool {
        credentials?.contains(kind, name) ?? false || config?.contains(kind, name) ?? false
    }

    /// A property, and the file that it is from.
    public func property(
        _ name: Span<UInt8>, of kind: ProfileFile.SectionKind, _ section: Span<UInt8>
    ) -> (property: ProfileProperty, file: ProfileFile.Kind)? {
        if let found = credentials?.property(name, of: kind, section) { return (found, .credentials) }
        if let found = config?.property(name, of: kind, section) { return (found, .config) }
        return nil
    }

    public func property(
        _ name: StaticString, of kind: ProfileFile.SectionKind, _ section: Span<UInt8>
    ) -> (property: ProfileProperty, file: ProfileFile.Kind)? {
        property(Span(_unsafeStart: name.utf8Start, count: name.utf8CodeUnitCount), of: kind, section)
    }

    /// The names of all sections of a kind, sorted.
    public func names(of kind: ProfileFile.SectionKind) -> [Bytes] {
        let names = (config?.names(of: kind) ?? []) + (credentials?.names(of: kind) ?? [])
        return names.sortedWithoutRepeats { $0.span.compared(to: $1.span) }
    }

    /// The properties of a section that count, sorted by name.
    public func properties(of kind: ProfileFile.SectionKind, _ section: Span<UInt8>) -> [ProfileProperty] {
        let all =
            (config?.allProperties(of: kind, section) ?? []) + (credentials?.allProperties(of: kind, section) ?? [])
        return all.sortedWithoutRepeats { $0.name.span.compared(to: $1.name.span) }
    }
}

extension Array {
    /// Sorted; of elements that compare as equal the last is kept.
    func sortedWithoutRepeats(_ compare: (Element, Element) -> Int) -> [Element] {
        var kept: [Element] = []
        for at in [Int](indices).sortedStably({ compare(self[$0], self[$1]) < 0 }) {
            if let last = kept.last, compare(last, self[at]) == 0 { kept.removeLast() }
            kept.append(self[at])
        }
        return kept
    }
}

extension Array where Element == Int {
    /// Merged from runs that double in length. The standard library's sort is many times as much code in the library.
    @inline(never)
    func sortedStably(_ isBefore: (Int, Int) -> Bool) -> [Int] {
        var (from, to) = (self, self)
        var length = 1
        while length < count {
            var start = 0
            while start < count {
                let (middle, end) = (Swift.min(start &+ length, count), Swift.min(start &+ 2 &* length, count))
                var (left, right) = (start, middle)
                for at in start..<end {
                    if left < middle, right >= end || !isBefore(from[right], from[left]) {
                        to[at] = from[left]
                        left &+= 1
                    } else {
                        to[at] = from[right]
                        right &+= 1
                    }
                }
                start = end
            }
            swap(&from, &to)
            length &*= 2
        }
        return from
    }
}
