/// A string of the document, as it stands there: where it begins and ends between its quotes.
public struct JSONText: Equatable, Sendable {
    public var start: Int
    public var end: Int
    /// Some of it is written as `\…`, so that its bytes are not its content.
    public var hasEscapes: Bool

    public init(start: Int, end: Int, hasEscapes: Bool) {
        self.start = start
        self.end = end
        self.hasEscapes = hasEscapes
    }
}

public enum JSONToken: Equatable, Sendable {
    case beginObject, endObject, beginArray, endArray
    case key(JSONText)
    case string(JSONText)
    case number(Range<Int>)
    case bool(Bool)
    case null
    /// The document is complete and nothing follows it.
    case end
}
