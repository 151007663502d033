/// Where the members of a Converse response stand (Bedrock API, ConverseResponse). Nova's own, on the invoke route, has
/// the same.
struct ConverseBody {
    var message: Range<Int>?
    /// A string.
    var stopReason: Range<Int>?
    var additionalFields: Range<Int>?
    /// What the metadata event of a stream has, `"name":value` each, with their names.
    var metadata: [Range<Int>] = []

    init(_ body: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(body)
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "output") {
                try readOutput(&reader)
            } else if reader.isEqual(key, to: "stopReason") {
                let value = try reader.skipValue()
                stopReason = body.byteOrNUL(value.lowerBound) == UInt8(ascii: "\"") ? value : nil
            } else if reader.isEqual(key, to: "additionalModelResponseFields") {
                additionalFields = try reader.skipValue()
            } else {
                let isMetadata = Self.isMetadata(reader.bytes(of: key).span)
                let end = try reader.skipValue().upperBound
                if isMetadata, metadata.count < 16 { metadata.append((key.start &- 1)..<end) }
            }
        }
    }

    private static func isMetadata(_ name: Span<UInt8>) -> Bool {
        name.isEqual(to: "usage") || name.isEqual(to: "metrics") || name.isEqual(to: "trace")
            || name.isEqual(to: "performanceConfig") || name.isEqual(to: "serviceTier")
    }

    @_lifetime(reader: copy reader)
    private mutating func readOutput(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            let isMessage = reader.isEqual(key, to: "message")
            let value = try reader.skipValue()
            if isMessage { message = reader.raw(value).byteOrNUL(0) == UInt8(ascii: "{") ? value : nil }
        }
    }
}

extension BatchScript {
    mutating func add(
        converse answer: ConverseBody, message: Range<Int>, stopReason: Range<Int>, of body: Span<UInt8>
    ) throws(JSONError) {
        let message = body.extracting(message)
        var reader = JSONReader(message)
        guard try reader.enterObject() else { return }
        var role: Range<Int>?
        var content: Range<Int>?
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "role") {
                role = try reader.skipValue()
            } else if reader.isEqual(key, to: "content") {
                content = try reader.skipValue()
            }
        }
        addStart(role, of: message)
        if let content { try addContent(message.extracting(content)) }
        addStop(stopReason, answer.additionalFields, of: body)
        addMetadata(answer.metadata, body)
    }

    private mutating func addStart(_ role: Range<Int>?, of message: Span<UInt8>) {
        let start = open(.messageStart)
        append("{\"role\":")
        append(role, of: message, otherwise: "\"assistant\"")
        append("}")
        closeEvent(.messageStart, from: start)
    }

    private mutating func addStop(_ reason: Range<Int>, _ additionalFields: Range<Int>?, of body: Span<UInt8>) {
        let start = open(.messageStop)
        append("{\"stopReason\":")
        append(reason, of: body)
        if let additionalFields {
            append(",\"additionalModelResponseFields\":")
            append(additionalFields, of: body)
        }
        append("}")
        closeEvent(.messageStop, from: start)
    }

    private mutating func addMetadata(_ members: [Range<Int>], _ body: Span<UInt8>) {
        guard !members.isEmpty else { return }
        let start = open(.metadata)
        append("{")
        for (at, member) in members.enumerated() {
            if at > 0 { append(",") }
            append(body.extracting(member))
        }
        append("}")
        closeEvent(.metadata, from: start)
    }

    // MARK: Content blocks

    private mutating func addContent(_ content: Span<UInt8>) throws(JSONError) {
        var reader = JSONReader(content)
        guard try reader.enterArray() else { return }
        var index = 0
        while try reader.nextElement(), exceeded == nil {
            let block = try reader.skipValue()
            if index >= Limits.blockCount { return refuseBlocks() }
            try addBlock(content.extracting(block), index)
            index &+= 1
        }
    }

    /// What is no object is no block, though it is counted as one.
    private mutating func addBlock(_ block: Span<UInt8>, _ index: Int) throws(JSONError) {
        var reader = JSONReader(block)
        guard try reader.enterObject() else { return }
        var unknown: Range<Int>?
        var isKnown = false
        while let key = try reader.nextKey() {
            let name = reader.bytes(of: key)
            let value = try reader.skipValue()
            if reader.raw(value).isEqual(to: "null") { continue }
            if try addMember(name.span, block.extracting(value), index) {
                isKnown = true
            } else {
                unknown = (key.start &- 1)..<value.upperBound
            }
        }
        // As in a stream, a member that is not known says nothing beside one that is.
        if !isKnown, let unknown {
            addDelta(index, "{", block.extracting(unknown), "}")
        }
        let start = open(.blockStop)
        append("{\"contentBlockIndex\":")
        append(decimal: index)
        append("}")
        closeEvent(.blockStop, from: start)
    }

    /// False for a member that has no form of its own in a stream.
    private mutating func addMember(_ name: Span<UInt8>, _ value: Span<UInt8>, _ index: Int) throws(JSONError) -> Bool {
        if name.isEqual(to: "text") {
            addDelta(index, "{\"text\":", value, "}")
        } else if name.isEqual(to: "toolUse") {
            try addParts(index, "toolUse", value, rest: "input") { (script: inout BatchScript, input) in
                script.append("{\"input\":")
                script.append(quoting: input)
                script.append("}")
            }
        } else if name.isEqual(to: "toolResult") {
            try addParts(index, "toolResult", value, rest: "content") { (script: inout BatchScript, content) in
                script.append(content)
            }
        } else if name.isEqual(to: "image") {
            try addImage(value, index)
        } else if name.isEqual(to: "reasoningContent") {
            try addReasoning(value, index)
        } else if name.isEqual(to: "citationsContent") {
            try addCited(value, index)
        } else {
            return false
        }
        return true
    }

    /// A block whose start has all members but one, which is its delta.
    private mutating func addParts(
        _ index: Int, _ name: StaticString, _ value: Span<UInt8>, rest: StaticString,
        _ writeRest: (inout BatchScript, Span<UInt8>) -> Void
    ) throws(JSONError) {
        let start = openStart(index, name)
        let delta = try appendMembers(of: value, but: rest)
        append("}}}")
        closeEvent(.blockStart, from: start)
        guard let delta else { return }
        let place = openDelta(index)
        append("{\"")
        append(name)
        append("\":")
        writeRest(&self, value.extracting(delta))
        append("}}")
        closeEvent(.delta, from: place)
    }

    /// The format is the start's, the rest the delta's.
    private mutating func addImage(_ value: Span<UInt8>, _ index: Int) throws(JSONError) {
        let start = openStart(index, "image")
        var reader = JSONReader(value)
        var format: Range<Int>?
        if try reader.enterObject() {
            while let key = try reader.nextKey() {
                if reader.isEqual(key, to: "format") { format = try reader.skipValue() }
            }
        }
        if let format {
            append("\"format\":")
            append(value.extracting(format))
        }
        append("}}}")
        closeEvent(.blockStart, from: start)
        let delta = openDelta(index)
        append("{\"image\":{")
        _ = try appendMembers(of: value, but: "format")
        append("}}}")
        closeEvent(.delta, from: delta)
    }

    private mutating func addReasoning(_ value: Span<UInt8>, _ index: Int) throws(JSONError) {
        var reader = JSONReader(value)
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            guard reader.isEqual(key, to: "reasoningText") else {
                let name = reader.bytes(of: key)
                let member = try reader.skipValue()
                addReasoningDelta(index, name.span, value.extracting(member))
                continue
            }
            guard try reader.enterObject() else { continue }
            while let key = try reader.nextKey() {
                let name = reader.bytes(of: key)
                let member = try reader.skipValue()
                addReasoningDelta(index, name.span, value.extracting(member))
            }
        }
    }

    private mutating func addReasoningDelta(_ index: Int, _ name: Span<UInt8>, _ value: Span<UInt8>) {
        let start = openDelta(index)
        append("{\"reasoningContent\":{")
        append(quoting: name)
        append(":")
        append(value)
        append("}}}")
        closeEvent(.delta, from: start)
    }

    /// The texts, then what they are taken from.
    private mutating func addCited(_ value: Span<UInt8>, _ index: Int) throws(JSONError) {
        try addElements(of: "content", value) { (script: inout BatchScript, text) in
            script.addDelta(index, "", text, "")
        }
        try addElements(of: "citations", value) { (script: inout BatchScript, citation) in
            script.addDelta(index, "{\"citation\":", citation, "}")
        }
    }

    private mutating func addElements(
        of name: StaticString, _ value: Span<UInt8>, _ add: (inout BatchScript, Span<UInt8>) -> Void
    ) throws(JSONError) {
        var reader = JSONReader(value)
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            guard reader.isEqual(key, to: name), try reader.enterArray() else { continue }
            while try reader.nextElement() {
                let element = try reader.skipValue()
                add(&self, value.extracting(element))
            }
        }
    }

    // MARK: Parts of events

    /// Appends the members of an object but one, and tells where its value stands.
    private mutating func appendMembers(of value: Span<UInt8>, but left: StaticString) throws(JSONError) -> Range<Int>?
    {
        var reader = JSONReader(value)
        guard try reader.enterObject() else { return nil }
        var place: Range<Int>?
        var isFirst = true
        while let key = try reader.nextKey() {
            let member = try reader.skipValue()
            if reader.isEqual(key, to: left) {
                place = member
                continue
            }
            if !isFirst { append(",") }
            isFirst = false
            append(value.extracting((key.start &- 1)..<member.upperBound))
        }
        return place
    }

    private mutating func addDelta(_ index: Int, _ before: StaticString, _ json: Span<UInt8>, _ after: StaticString) {
        let start = openDelta(index)
        append(before)
        append(json)
        append(after)
        append("}")
        closeEvent(.delta, from: start)
    }

    private mutating func openDelta(_ index: Int) -> Int {
        let start = open(.delta)
        append("{\"contentBlockIndex\":")
        append(decimal: index)
        append(",\"delta\":")
        return start
    }

    private mutating func openStart(_ index: Int, _ name: StaticString) -> Int {
        let start = open(.blockStart)
        append("{\"contentBlockIndex\":")
        append(decimal: index)
        append(",\"start\":{\"")
        append(name)
        append("\":{")
        return start
    }

    private mutating func open(_ kind: EventKind) -> Int {
        let start = count
        if isWrapped {
            append("{\"")
            append(kind.converseName)
            append("\":")
        }
        return start
    }

    private mutating func closeEvent(_ kind: EventKind, from start: Int) {
        if isWrapped { append("}") }
        close(kind, from: start)
    }
}

extension EventKind {
    /// The name of the event in ConverseStream.
    var converseName: StaticString {
        switch self {
        case .messageStart: "messageStart"
        case .blockStart: "contentBlockStart"
        case .delta: "contentBlockDelta"
        case .blockStop: "contentBlockStop"
        case .messageStop: "messageStop"
        default: "metadata"
        }
    }
}
