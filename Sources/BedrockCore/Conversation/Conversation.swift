/// Where the messages of a request stand in its body.
struct Conversation {
    /// The bracket that ends the list of messages.
    private(set) var end = 0
    /// The last message.
    private var last: Range<Int>?
    private var isAnthropic = false
    private var isNova = false

    /// Refuses a body that is no JSON object, and one without a single list of messages.
    init(_ body: Span<UInt8>) throws(ContinuationError) {
        var count = 0
        do throws(JSONError) {
            count = try read(body)
        } catch {
            throw .malformed(error)
        }
        if count > 1 { throw .request("the request has two members called messages") }
        if last == nil { throw .request("the request has no list of messages to go on with") }
    }

    /// Returns how many members are called messages.
    private mutating func read(_ body: Span<UInt8>) throws(JSONError) -> Int {
        var count = 0
        var reader = JSONReader(body)
        if try reader.enterObject() {
            while let key = try reader.nextKey() { try read(key, &reader, &count) }
        }
        _ = try reader.next()  // refuses what stands behind the document
        return count
    }

    @_lifetime(reader: copy reader)
    private mutating func read(_ key: JSONText, _ reader: inout JSONReader, _ count: inout Int) throws(JSONError) {
        if reader.isEqual(key, to: "messages") {
            count &+= 1
            guard try reader.enterArray() else { return }
            while try reader.nextElement() { last = try reader.skipValue() }
            end = max(reader.offset &- 1, 0)
        } else if reader.isEqual(key, to: "anthropic_version") {
            isAnthropic = true
        } else if reader.isEqual(key, to: "schemaVersion") {
            isNova = true
        }
    }

    /// `family` is what the answer has shown.
    func format(_ operation: Operation, _ family: ModelFamily) throws(ContinuationError) -> TurnFormat {
        if !operation.isInvoke { return .converse }
        if isAnthropic || family == .anthropic { return .anthropic }
        guard isNova || family == .nova else { throw .format }
        return .converse
    }

    /// The turn that the caller began for the assistant; nil where the last message is the user's.
    func openTurn(_ body: Span<UInt8>, _ format: TurnFormat) throws(ContinuationError) -> OpenTurn? {
        guard let last else { return nil }
        var message = LastMessage()
        do throws(JSONError) {
            try message.read(body.extracting(last))
        } catch {
            throw .malformed(error)
        }
        if let fault = message.fault(format) { throw .request(fault) }
        return message.isAssistant ? message.turn.moved(by: last.lowerBound) : nil
    }
}

/// The assistant's turn as the caller began it. Places are in the request's body.
struct OpenTurn {
    fileprivate(set) var contentStart = 0
    /// The bracket that ends the content; where it is a text, behind its quote.
    fileprivate(set) var contentEnd = 0
    /// The content is a text, not a list of blocks.
    fileprivate(set) var isText = false
    /// A list without blocks.
    fileprivate(set) var isEmpty = false
    /// The quote that ends the turn's last text; nil where the turn ends in something else.
    fileprivate(set) var textEnd: Int?

    fileprivate func moved(by offset: Int) -> OpenTurn {
        var turn = self
        turn.contentStart &+= offset
        turn.contentEnd &+= offset
        if let textEnd { turn.textEnd = textEnd &+ offset }
        return turn
    }
}

/// A message, as far as going on with it goes.
private struct LastMessage {
    var turn = OpenTurn()
    private var roles = 0
    private var contents = 0
    private var hasDoubleText = false
    private var isList = false
    private var isUser = false
    private(set) var isAssistant = false

    func fault(_ format: TurnFormat) -> StaticString? {
        if roles > 1 || contents > 1 || hasDoubleText { return "the last message has two members of the same name" }
        if !isAssistant { return isUser ? nil : "the last message is neither the user's nor the assistant's" }
        return isList || (turn.isText && format == .anthropic) ? nil : "the last message has no content to go on with"
    }

    mutating func read(_ message: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(message)
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "role") {
                roles &+= 1
                guard let role = try reader.stringOrSkip() else { continue }
                isUser = reader.isEqual(role, to: "user")
                isAssistant = reader.isEqual(role, to: "assistant")
            } else if reader.isEqual(key, to: "content") {
                contents &+= 1
                let place = try reader.skipValue()
                try readContent(message, place)
            }
        }
    }

    private mutating func readContent(_ message: Span<UInt8>, _ place: Range<Int>) throws(JSONError) {
        turn.contentStart = place.lowerBound
        turn.contentEnd = place.upperBound
        turn.isText = message.byteOrNUL(place.lowerBound) == UInt8(ascii: "\"")
        if turn.isText { turn.textEnd = place.upperBound &- 1 }
        var reader = JSONReader(message.extracting(place))
        isList = try reader.enterArray()
        guard isList else { return }
        turn.contentEnd = place.upperBound &- 1
        var last: Range<Int>?
        while try reader.nextElement() { last = try reader.skipValue() }
        turn.isEmpty = last == nil
        guard let last else { return }
        let block = (last.lowerBound &+ place.lowerBound)..<(last.upperBound &+ place.lowerBound)
        try readBlock(message, block)
    }

    private mutating func readBlock(_ message: Span<UInt8>, _ place: Range<Int>) throws(JSONError) {
        var reader = JSONReader(message.extracting(place))
        guard try reader.enterObject() else { return }
        var hasOtherType = false
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "text") {
                if turn.textEnd != nil { hasDoubleText = true }
                if let text = try reader.stringOrSkip() { turn.textEnd = text.end &+ place.lowerBound }
            } else if reader.isEqual(key, to: "type") {
                guard let type = try reader.stringOrSkip() else { continue }
                hasOtherType = !reader.isEqual(type, to: "text")
            }
        }
        if hasOtherType { turn.textEnd = nil }
    }
}
