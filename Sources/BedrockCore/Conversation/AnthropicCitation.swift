/// Citations of Anthropic Messages (platform documentation, "Citations", "Search results") in the shape of Converse.
struct AnthropicCitation {
    // Places in the citation; nil for what is not there.
    private var title: JSONText?
    private var source: JSONText?
    private var url: JSONText?
    private var citedText: JSONText?
    private var document: Int64?
    private var searchResult: Int64?
    private var start: Int64?
    private var end: Int64?
    private var unit = Unit.none

    /// What start and end count.
    private enum Unit { case none, characters, pages, blocks }

    /// Writes an array of what are objects with commas between them.
    static func append(_ citations: borrowing ByteBuffer, to writer: inout JSONWriter) {
        var array = ByteBuffer()
        array.append(UInt8(ascii: "["))
        array.append(citations.span)
        array.append(UInt8(ascii: "]"))
        writer.beginArray()
        do throws(JSONError) {
            var reader = JSONReader(array.span)
            guard try reader.enterArray() else { return writer.endArray() }
            while try reader.nextElement() {
                var citation = AnthropicCitation()
                try citation.read(&reader)
                citation.append(to: &writer, reader)
            }
        } catch {
            writer.buffer.exhaust()  // they were read before: what was kept is not whole
        }
        writer.endArray()
    }

    @_lifetime(reader: copy reader)
    private mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        guard try reader.enterObject() else { return }
        while let key = try reader.nextKey() {
            if reader.isEqual(key, to: "document_title") || reader.isEqual(key, to: "title") {
                title = try reader.stringOrSkip()
            } else if reader.isEqual(key, to: "source") {
                source = try reader.stringOrSkip()
            } else if reader.isEqual(key, to: "url") {
                url = try reader.stringOrSkip()
            } else if reader.isEqual(key, to: "cited_text") {
                citedText = try reader.stringOrSkip()
            } else {
                try readPlace(key, &reader)
            }
        }
    }

    @_lifetime(reader: copy reader)
    private mutating func readPlace(_ key: JSONText, _ reader: inout JSONReader) throws(JSONError) {
        let number = try reader.integerOrSkip()
        if reader.isEqual(key, to: "document_index") {
            document = number
        } else if reader.isEqual(key, to: "search_result_index") {
            searchResult = number
        } else if reader.isEqual(key, to: "start_char_index") {
            (start, unit) = (number, .characters)
        } else if reader.isEqual(key, to: "start_page_number") {
            (start, unit) = (number, .pages)
        } else if reader.isEqual(key, to: "start_block_index") {
            (start, unit) = (number, .blocks)
        } else if reader.isEqual(key, to: "end_char_index") || reader.isEqual(key, to: "end_page_number")
            || reader.isEqual(key, to: "end_block_index")
        {
            end = number
        }
    }

    private func append(to writer: inout JSONWriter, _ reader: borrowing JSONReader) {
        writer.beginObject()
        if let title { writer.member("title", title, reader) }
        if let source { writer.member("source", source, reader) }
        if let citedText {
            writer.key("sourceContent")
            writer.beginArray()
            writer.beginObject()
            writer.member("text", citedText, reader)
            writer.endObject()
            writer.endArray()
        }
        appendLocation(to: &writer, reader)
        writer.endObject()
    }

    private func appendLocation(to writer: inout JSONWriter, _ reader: borrowing JSONReader) {
        if let url {
            beginLocation("web", &writer)
            writer.member("url", url, reader)
        } else if let searchResult {
            beginLocation("searchResultLocation", &writer)
            writer.member("searchResultIndex", searchResult)
        } else if let document, let name = documentLocation {
            beginLocation(name, &writer)
            writer.member("documentIndex", document)
        } else {
            return
        }
        if url == nil, let start, let end {
            writer.member("start", start)
            writer.member("end", end)
        }
        writer.endObject()
        writer.endObject()
    }

    private func beginLocation(_ name: StaticString, _ writer: inout JSONWriter) {
        writer.key("location")
        writer.beginObject()
        writer.key(name)
        writer.beginObject()
    }

    private var documentLocation: StaticString? {
        switch unit {
        case .none: nil
        case .characters: "documentChar"
        case .pages: "documentPage"
        case .blocks: "documentChunk"
        }
    }
}

extension JSONWriter {
    /// The text as it was written, quotes included.
    fileprivate mutating func member(_ name: StaticString, _ text: JSONText, _ reader: borrowing JSONReader) {
        key(name)
        raw(reader.raw((text.start &- 1)..<(text.end &+ 1)))
    }

    fileprivate mutating func member(_ name: StaticString, _ number: Int64) {
        key(name)
        integer(number)
    }
}
