/// Why a file of profiles cannot be used.
public struct ProfileFileError: Error, Equatable {
    /// From 1; 0 where it is the whole file.
    public let line: Int
    /// Goes on a sentence that begins with the file.
    public let message: Message

    public init(line: Int, message: Message) {
        self.line = line
        self.message = message
    }
}

/// Reads the lines of a config or credentials file by the grammar that the AWS SDKs share. Time grows with the length
/// of the file alone.
///
/// - A line that begins with a blank goes on the property before it, or is a nested property where that one has no
///   value; all of it counts, what looks like a comment too. Without a property to go on with, a comment is one.
/// - A comment is a line that begins with # or ;, what follows them behind a section's bracket, and what follows them
///   and a blank behind a value.
/// - Sections and properties whose names have other characters than the SDKs take are read and left out, as are
///   sections of other kinds.
struct ProfileParser {
    private(set) var sections: [ProfileFile.Section] = []
    private(set) var properties: [ProfileFile.Property] = []
    private(set) var continuations: [ProfileFile.Continuation] = []

    private enum Place {
        case beforeSections, inSection, inProperty
    }

    private let kind: ProfileFile.Kind
    private var line = 0
    private var place = Place.beforeSections
    private var isSectionKept = false
    private var isPropertyNamed = false
    /// Nothing stands behind the property's equals sign.
    private var isPropertyEmpty = false
    /// Of the property that is being read, in bytes.
    private var length = 0

    init(_ kind: ProfileFile.Kind) {
        self.kind = kind
    }

    mutating func parse(_ text: Span<UInt8>) throws(ProfileFileError) {
        var start = text.starts(with: "\u{FEFF}") ? 3 : 0
        while start < text.count {
            let end = text.firstIndex(of: 0x0A, from: start) ?? text.count
            line &+= 1
            try read(text, start..<end)
            start = end &+ 1
        }
    }

    private mutating func read(_ text: Span<UInt8>, _ range: Range<Int>) throws(ProfileFileError) {
        let line = text.trimmed(range)
        guard !line.isEmpty else { return }
        let first = text[line.lowerBound]
        if text[range.lowerBound] == 0x20 || text[range.lowerBound] == 0x09 {
            try readContinuation(text, line)
        } else if first == UInt8(ascii: "[") {
            try readSection(text, line)
        } else if !first.beginsComment {
            try readProperty(text, line)
        }
    }

    // MARK: Sections

    private mutating func readSection(_ text: Span<UInt8>, _ line: Range<Int>) throws(ProfileFileError) {
        let comment = line.first { text[$0].beginsComment } ?? line.upperBound
        let header = text.trimmed(line.lowerBound..<comment)
        guard header.count > 1, text[header.upperBound &- 1] == UInt8(ascii: "]") else {
            throw error("a section without a closing bracket")
        }
        let name = text.trimmed((header.lowerBound &+ 1)..<(header.upperBound &- 1))
        guard !name.isEmpty else { throw error("a section without a name") }
        place = .inSection
        isSectionKept = false
        if let section = section(text, name) {
            try count(text, section.name)
            sections.append(section)
            isSectionKept = true
        }
    }

    /// Nil for a section that is none of ours.
    private func section(_ text: Span<UInt8>, _ header: Range<Int>) -> ProfileFile.Section? {
        if kind == .credentials || text.extracting(header).isEqual(to: "default") {
            return section(text, .profile, header, hasPrefix: false)
        }
        guard let blank = header.first(where: { text[$0].isBlank }) else { return nil }
        let name = text.trimmed(blank..<header.upperBound)
        let word = text.extracting(header.lowerBound..<blank)
        if word.isEqual(to: "profile") { return section(text, .profile, name, hasPrefix: true) }
        if word.isEqual(to: "sso-session") { return section(text, .ssoSession, name, hasPrefix: true) }
        return word.isEqual(to: "services") ? section(text, .services, name, hasPrefix: true) : nil
    }

    private func section(
        _ text: Span<UInt8>, _ kind: ProfileFile.SectionKind, _ name: Range<Int>, hasPrefix: Bool
    ) -> ProfileFile.Section? {
        guard text.extracting(name).isProfileName else { return nil }
        return ProfileFile.Section(
            kind: kind, name: name, hasPrefix: hasPrefix, properties: properties.count..<properties.count)
    }

    // MARK: Properties

    private mutating func readProperty(_ text: Span<UInt8>, _ line: Range<Int>) throws(ProfileFileError) {
        guard place != .beforeSections else { throw error("a property in front of all sections") }
        let (name, value) = try split(text, text.trimmed(line.lowerBound..<text.commentStart(line)), "property")
        place = .inProperty
        isPropertyNamed = text.extracting(name).isProfileName
        isPropertyEmpty = value.isEmpty
        length = 0
        guard isSectionKept, isPropertyNamed else { return }
        try count(text, name)
        try measure(text, value)
        properties.append(
            ProfileFile.Property(
                name: name, value: value, continuations: continuations.count..<continuations.count, isGroup: false,
                line: self.line))
        if let last = sections.indices.last {
            sections[last].properties = sections[last].properties.lowerBound..<properties.count
        }
    }

    private mutating func readContinuation(_ text: Span<UInt8>, _ line: Range<Int>) throws(ProfileFileError) {
        let goesOn = place == .inProperty && !isPropertyEmpty
        if !goesOn, text[line.lowerBound].beginsComment { return }
        switch place {
        case .beforeSections: throw error("a continued value in front of all sections")
        case .inSection: throw error("a continued value without a property")
        case .inProperty: break
        }
        // Also where it is left out, a nested property must be one.
        let nested = isPropertyEmpty && isPropertyNamed ? try split(text, line, "nested property") : nil
        guard isSectionKept, isPropertyNamed, let last = properties.indices.last else { return }
        if let (name, value) = nested {
            properties[last].isGroup = true
            guard text.extracting(name).isProfileName else { return }
            try keep(text, name, value, of: last)
        } else {
            try keep(text, line.lowerBound..<line.lowerBound, line, of: last)
        }
    }

    private mutating func keep(
        _ text: Span<UInt8>, _ name: Range<Int>, _ value: Range<Int>, of last: Int
    ) throws(ProfileFileError) {
        try count(text, name)
        try measure(text, value)
        continuations.append(ProfileFile.Continuation(name: name, value: value))
        properties[last].continuations = properties[last].continuations.lowerBound..<continuations.count
    }

    /// Name and value on both sides of the equals sign.
    private func split(
        _ text: Span<UInt8>, _ line: Range<Int>, _ what: StaticString
    ) throws(ProfileFileError) -> (name: Range<Int>, value: Range<Int>) {
        guard let sign = line.first(where: { text[$0] == UInt8(ascii: "=") }) else {
            throw error("a \(what) without an equals sign")
        }
        let name = text.trimmed(line.lowerBound..<sign)
        guard !name.isEmpty else { throw error("a \(what) without a name") }
        return (name, text.trimmed((sign &+ 1)..<line.upperBound))
    }

    // MARK: Limits

    private func count(_ text: Span<UInt8>, _ name: Range<Int>) throws(ProfileFileError) {
        guard name.count <= Limits.profileNameLength else {
            throw error("a name of more than \(Limits.profileNameLength) bytes")
        }
        guard sections.count &+ properties.count &+ continuations.count < Limits.profileEntries else {
            throw error("more than \(Limits.profileEntries) sections, properties and lines that go on with them")
        }
    }

    private mutating func measure(_ text: Span<UInt8>, _ value: Range<Int>) throws(ProfileFileError) {
        length &+= value.count &+ 1
        guard length <= Limits.configValueLength else {
            throw error("a value of more than \(Limits.configValueLength) bytes")
        }
        guard text.extracting(value).isValidUTF8 else { throw error("a value that is no UTF-8") }
    }

    private func error(_ what: Message) -> ProfileFileError {
        ProfileFileError(line: line, message: what)
    }
}

extension Span where Element == UInt8 {
    /// The range without blanks, tabs and line ends at both sides.
    fileprivate func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (lower, upper) = (range.lowerBound, range.upperBound)
        while lower < upper, self[lower].isBlank { lower &+= 1 }
        while upper > lower, self[upper &- 1].isBlank { upper &-= 1 }
        return lower..<upper
    }

    /// Where behind a blank a comment begins in this range; its end without one.
    fileprivate func commentStart(_ range: Range<Int>) -> Int {
        var isBehindBlank = false
        for at in range {
            let byte = self[at]
            if isBehindBlank, byte.beginsComment { return at }
            isBehindBlank = byte == 0x20 || byte == 0x09
        }
        return range.upperBound
    }

    /// Whether the SDKs take this as the name of a profile or a property.
    fileprivate var isProfileName: Bool {
        for at in 0..<count where !self[unchecked: at].isInProfileNames { return false }
        return !isEmpty
    }
}

extension UInt8 {
    fileprivate var beginsComment: Bool { self == UInt8(ascii: "#") || self == UInt8(ascii: ";") }

    /// A-Z a-z 0-9 _ - / . % @ : +
    fileprivate var isInProfileNames: Bool {
        isUnreserved && self != UInt8(ascii: "~") || self == UInt8(ascii: "/") || self == UInt8(ascii: "%")
            || self == UInt8(ascii: "@") || self == UInt8(ascii: ":") || self == UInt8(ascii: "+")
    }
}
