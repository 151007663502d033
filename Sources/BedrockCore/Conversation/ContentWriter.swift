// The blocks of a message, as JSON in the format of a request.

extension JSONWriter {
    mutating func text(_ text: Span<UInt8>, _ format: TurnFormat) {
        beginObject()
        if format == .anthropic { member("type", "text") }
        key("text")
        string(text)
        endObject()
    }

    mutating func text(_ buffer: borrowing ByteBuffer, _ range: Range<Int>, _ format: TurnFormat) {
        text(buffer.span(range), format)
    }

    /// Writes a text with what it cites; `isAnthropic` says in whose shape the citations came.
    mutating func citedText(of block: Block, _ format: TurnFormat, isAnthropic: Bool) {
        beginObject()
        if format == .anthropic {
            member("type", "text")
            member("text", block.text)
            key("citations")
            list(block.citations)
        } else {
            key("citationsContent")
            beginObject()
            key("content")
            beginArray()
            text(block.text, 0..<block.text.count, .converse)
            endArray()
            key("citations")
            if isAnthropic { AnthropicCitation.append(block.citations, to: &self) } else { list(block.citations) }
            endObject()
        }
        endObject()
    }

    // MARK: Reasoning

    /// Writes a block's reasoning, if there is any. Anthropic takes none that is not signed.
    mutating func reasoning(of block: Block, _ format: TurnFormat) {
        let isSigned = !block.signature.isEmpty
        if isSigned || (format == .converse && !block.reasoning.isEmpty) {
            switch format {
            case .converse: reasoningText(block)
            case .anthropic: thinking(block)
            }
        }
        guard !block.redacted.isEmpty else { return }
        beginObject()
        if format == .converse {
            key("reasoningContent")
            beginObject()
            member("redactedContent", block.redacted)
            endObject()
        } else {
            member("type", "redacted_thinking")
            member("data", block.redacted)
        }
        endObject()
    }

    private mutating func reasoningText(_ block: Block) {
        beginObject()
        key("reasoningContent")
        beginObject()
        key("reasoningText")
        beginObject()
        member("text", block.reasoning)
        if !block.signature.isEmpty { member("signature", block.signature) }
        endObject()
        endObject()
        endObject()
    }

    private mutating func thinking(_ block: Block) {
        beginObject()
        member("type", "thinking")
        member("thinking", block.reasoning)
        member("signature", block.signature)
        endObject()
    }

    // MARK: Tools, images

    /// Writes a part of a block; nothing where the format has no form for it.
    mutating func part(_ part: BlockPart, _ format: TurnFormat) {
        switch (format, part.kind) {
        case (.converse, .toolUse): toolUse(part)
        case (.anthropic, .toolUse): anthropicToolUse(part)
        // Without the call that it belongs to a result would be refused; so would an image of no format.
        case (.converse, .toolResult): if part.raw.isEmpty, !part.id.isEmpty { toolResult(part) }
        case (.converse, .other): if part.isMember { raw(whole: part.raw) }
        case (.converse, .image): image(part)
        case (.anthropic, .toolResult), (.anthropic, .other):
            if !part.raw.isEmpty, !part.isMember { raw(whole: part.raw) }
        default: break
        }
    }

    private mutating func toolUse(_ call: BlockPart) {
        beginObject()
        key("toolUse")
        beginObject()
        member("toolUseId", call.id)
        member("name", call.name)
        key("input")
        input(of: call)
        if call.isServerTool { member("type", "server_tool_use") }
        endObject()
        endObject()
    }

    private mutating func anthropicToolUse(_ call: BlockPart) {
        beginObject()
        // There are more words for a tool of the service's than one.
        member("type", call.type.isEmpty ? Bytes("tool_use") : call.type)
        member("id", call.id)
        member("name", call.name)
        key("input")
        input(of: call)
        endObject()
    }

    /// Writes the arguments of a call. Services take an object only: anything else goes into one as Anthropic's
    /// documentation says of what is no JSON ("Handling invalid JSON in tool responses").
    private mutating func input(of call: BlockPart) {
        if !call.data.isEmpty {
            argument(call.data)
        } else if !call.given.isEmpty {
            argument(call.given)
        } else {
            emptyObject()
        }
    }

    private mutating func argument(_ text: borrowing ByteBuffer) {
        if text.span.trimmed().byteOrNUL(0) == UInt8(ascii: "{"), text.isJSON { return raw(whole: text) }
        beginObject()
        member("INVALID_JSON", text)
        endObject()
    }

    private mutating func toolResult(_ result: BlockPart) {
        beginObject()
        key("toolResult")
        beginObject()
        member("toolUseId", result.id)
        key("content")
        list(result.data)
        if !result.status.isEmpty { member("status", result.status) }
        if !result.type.isEmpty { member("type", result.type) }
        endObject()
        endObject()
    }

    /// An image without a source, as one that failed may be, has no form.
    private mutating func image(_ image: BlockPart) {
        if image.type.isEmpty || (image.data.isEmpty && image.given.isEmpty) { return }
        beginObject()
        key("image")
        beginObject()
        member("format", image.type)
        key("source")
        if image.data.isEmpty {
            raw(whole: image.given)
        } else {
            beginObject()
            member("bytes", image.data)
            endObject()
        }
        if !image.fault.isEmpty {
            key("error")
            raw(whole: image.fault)
        }
        endObject()
        endObject()
    }

    // MARK: Pieces

    private mutating func emptyObject() {
        beginObject()
        endObject()
    }

    /// Writes values with commas between them as an array.
    private mutating func list(_ elements: borrowing ByteBuffer) {
        beginArray()
        if !elements.isEmpty { raw(elements.span) }
        endArray()
    }

    private mutating func raw(whole json: borrowing ByteBuffer) { raw(json.span) }

    mutating func member(_ name: StaticString, _ value: StaticString) {
        key(name)
        string(value)
    }

    mutating func member(_ name: StaticString, _ value: Bytes) {
        key(name)
        string(value)
    }

    mutating func member(_ name: StaticString, _ value: borrowing ByteBuffer) {
        key(name)
        string(value.span)
    }
}
