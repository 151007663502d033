/// What a property of a profile holds.
public enum ProfileValue: Equatable, Sendable {
    /// Lines of a continued value are joined by line feeds.
    case text(Bytes)
    /// Nested properties, sorted by name.
    case group([NestedProperty])

    /// The value as one text: nested properties as the lines that they stand in.
    var lines: Bytes {
        switch self {
        case .text(let text): text
        case .group(let nested): nested.flatMap { [0x0A] + $0.name + Bytes(" = ") + $0.value }
        }
    }

    /// What is nested there by that name; nil also for a blank value.
    func nested(_ name: StaticString) -> Bytes? {
        guard case .group(let properties) = self else { return nil }
        for property in properties where property.name == name && !property.value.span.trimmed().isEmpty {
            return property.value
        }
        return nil
    }
}

public struct NestedProperty: Equatable, Sendable {
    /// In lower case.
    public var name: Bytes
    public var value: Bytes
}

/// A property and the line that it begins in.
public struct ProfileProperty: Equatable, Sendable {
    /// In lower case: names are the same whatever their case.
    public var name: Bytes
    public var value: ProfileValue
    /// From 1.
    public var line: Int
}

/// One of the two files in which AWS tools keep profiles, parsed. It may hold secrets: its text is kept once, values
/// are copied out of it when they are asked for, and it is overwritten when the object is dropped.
///
/// Looking something up takes time that grows with the logarithm of the file and the length of the section found.
public final class ProfileFile {
    public enum Kind: Sendable { case config, credentials }
    public enum SectionKind: UInt8, CaseIterable, Sendable { case profile, ssoSession, services }

    struct Section {
        let kind: SectionKind
        let name: Range<Int>
        /// "[profile default]" counts where there is a "[default]" too.
        let hasPrefix: Bool
        var properties: Range<Int>
    }

    struct Property {
        let name: Range<Int>
        let value: Range<Int>
        /// What continues it.
        var continuations: Range<Int>
        var isGroup: Bool
        let line: Int
    }

    /// A line of a continued value, whose name is empty, or a nested property.
    struct Continuation {
        let name: Range<Int>
        let value: Range<Int>
    }

    private let text: Secret
    private let sections: [Section]
    private let properties: [Property]
    private let continuations: [Continuation]
    /// The sections by kind and name; those that are the same in the order of the file.
    private let order: [Int]

    /// Reads a whole file.
    public static func parse(_ bytes: Span<UInt8>, _ kind: Kind) throws(ProfileFileError) -> ProfileFile {
        guard bytes.count <= Limits.profileFileLength else {
            throw ProfileFileError(line: 0, message: "is larger than \(Limits.profileFileLength) bytes")
        }
        var parser = ProfileParser(kind)
        try parser.parse(bytes)
        let file = ProfileFile(bytes, parser)
        guard file.text.count == bytes.count else {
            throw ProfileFileError(line: 0, message: "does not fit into memory")
        }
        return file
    }

    private init(_ bytes: Span<UInt8>, _ parser: ProfileParser) {
        text = Secret(bytes)
        sections = parser.sections
        properties = parser.properties
        continuations = parser.continuations
        order = Self.order(parser.sections, bytes)
    }

    private static func order(_ sections: [Section], _ bytes: Span<UInt8>) -> [Int] {
        let isPrefixed = sections.contains { $0.hasPrefix && bytes.extracting($0.name).isEqual(to: "default") }
        var order: [Int] = []
        order.reserveCapacity(sections.count)
        for (at, section) in sections.enumerated() {
            let isDefault = section.kind == .profile && bytes.extracting(section.name).isEqual(to: "default")
            if !isDefault || section.hasPrefix || !isPrefixed { order.append(at) }
        }
        // Not by a closure that captures the span: it cannot escape.
        return bytes.withUnsafeBufferPointer { bytes in
            order.sortedStably { left, right in
                let span = Span(_unsafeElements: bytes)
                let (first, second) = (sections[left], sections[right])
                if first.kind != second.kind { return first.kind.rawValue < second.kind.rawValue }
                return span.extracting(first.name).compared(to: span.extracting(second.name)) < 0
            }
        }
    }

    // MARK: Sections

    public func contains(_ kind: SectionKind, _ name: Span<UInt8>) -> Bool { !find(kind, name).isEmpty }

    /// The names of the sections of a kind, sorted, each once.
    public func names(of kind: SectionKind) -> [Bytes] {
        var names: [Bytes] = []
        for at in order where sections[at].kind == kind {
            if let last = names.last, text.compare(sections[at].name, to: last.span) == 0 { continue }
            names.append(text.copy(sections[at].name))
        }
        return names
    }

    /// Where in `order` the sections stand that have this name.
    private func find(_ kind: SectionKind, _ name: Span<UInt8>) -> Range<Int> {
        let start = firstPlace { compare(sections[order[$0]], kind, name) >= 0 }
        let end = firstPlace { compare(sections[order[$0]], kind, name) > 0 }
        return start..<max(start, end)
    }

    /// The first place of `order` for which the condition holds; it holds for all behind it.
    private func firstPlace(where holds: (Int) -> Bool) -> Int {
        var (lower, upper) = (0, order.count)
        while lower < upper {
            let middle = lower &+ (upper &- lower) / 2
            if holds(middle) { upper = middle } else { lower = middle &+ 1 }
        }
        return lower
    }

    private func compare(_ section: Section, _ kind: SectionKind, _ name: Span<UInt8>) -> Int {
        if section.kind != kind { return Int(section.kind.rawValue) &- Int(kind.rawValue) }
        return text.compare(section.name, to: name)
    }

    // MARK: Properties

    /// A property of the section of that name; of those with the same name the last counts.
    public func property(_ name: Span<UInt8>, of kind: SectionKind, _ section: Span<UInt8>) -> ProfileProperty? {
        for place in find(kind, section).reversed() {
            for at in sections[order[place]].properties.reversed()
            where text.isEqualIgnoringCase(properties[at].name, name) {
                return property(properties[at])
            }
        }
        return nil
    }

    /// All properties of the section of that name, in the order of the file, also those that a later one replaces.
    func allProperties(of kind: SectionKind, _ section: Span<UInt8>) -> [ProfileProperty] {
        var found: [ProfileProperty] = []
        for place in find(kind, section) {
            for at in sections[order[place]].properties { found.append(property(properties[at])) }
        }
        return found
    }

    private func property(_ property: Property) -> ProfileProperty {
        ProfileProperty(
            name: text.lowercased(property.name),
            value: property.isGroup ? .group(nested(property)) : .text(joined(property)), line: property.line)
    }

    private func joined(_ property: Property) -> Bytes {
        var value = text.copy(property.value)
        for line in continuations[property.continuations] {
            value.append(0x0A)
            value += text.copy(line.value)
        }
        return value
    }

    private func nested(_ property: Property) -> [NestedProperty] {
        var nested: [NestedProperty] = []
        for line in continuations[property.continuations] {
            nested.append(NestedProperty(name: text.lowercased(line.name), value: text.copy(line.value)))
        }
        return nested.sortedWithoutRepeats { $0.name.span.compared(to: $1.name.span) }
    }
}

extension Secret {
    fileprivate func copy(_ range: Range<Int>) -> Bytes { Bytes(copying: span.extracting(range)) }

    fileprivate func lowercased(_ range: Range<Int>) -> Bytes { copy(range).map { $0.asciiLowercased } }

    fileprivate func compare(_ range: Range<Int>, to other: Span<UInt8>) -> Int {
        span.extracting(range).compared(to: other)
    }

    fileprivate func isEqualIgnoringCase(_ range: Range<Int>, _ name: Span<UInt8>) -> Bool {
        span.extracting(range).isEqualIgnoringCase(name)
    }
}

extension Span where Element == UInt8 {
    /// Negative, zero or positive as these bytes come before, with or behind the others.
    func compared(to other: Span<UInt8>) -> Int {
        var at = 0
        while at < count, at < other.count {
            let (left, right) = (self[unchecked: at], other[unchecked: at])
            if left != right { return Int(left) &- Int(right) }
            at &+= 1
        }
        return count &- other.count
    }
}
