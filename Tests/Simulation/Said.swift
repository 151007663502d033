import BedrockCore

/// One thing that an assistant has said, and how a request says it again.
struct Said {
    let kind: Answer.Kind
    let index: Int
    var text: Bytes
    var signature: Bytes
    var toolID: Bytes = []
    var toolName: Bytes = []
    var isServerTool = false

    init(_ block: Answer.Block) {
        kind = block.kind
        index = block.index
        text = block.content
        signature = block.signature
        (toolID, toolName, isServerTool) = (block.toolID, block.toolName, block.isServerTool)
    }

    init(_ kind: Answer.Kind, index: Int, text: Bytes = []) {
        self.kind = kind
        self.index = index
        self.text = text
        signature = []
    }

    /// Services refuse texts of white space alone, and Anthropic reasoning that nobody has signed.
    private func isSentBack(isInvoke: Bool) -> Bool {
        switch kind {
        case .text: !text.trimmedAtEnd.isEmpty
        case .reasoning: !signature.isEmpty || (!isInvoke && !text.isEmpty)
        case .tool: true
        }
    }

    private var input: JSONTree {
        if text.isEmpty { return .object([:]) }
        if let read = JSONTree.read(text), case .object = read { return read }
        return .object(["INVALID_JSON": .string(text)])
    }

    var converse: JSONTree {
        switch kind {
        case .text: return .object(["text": .string(text)])
        case .reasoning:
            let said: JSONTree =
                signature.isEmpty
                ? .object(["text": .string(text)])
                : .object(["text": .string(text), "signature": .string(signature)])
            return .object(["reasoningContent": .object(["reasoningText": said])])
        case .tool:
            let (id, name) = (JSONTree.string(toolID), JSONTree.string(toolName))
            let call: JSONTree =
                isServerTool
                ? .object(["toolUseId": id, "name": name, "input": input, "type": .string("server_tool_use")])
                : .object(["toolUseId": id, "name": name, "input": input])
            return .object(["toolUse": call])
        }
    }

    var anthropic: JSONTree {
        switch kind {
        case .text: .object(["type": .string("text"), "text": .string(text)])
        case .reasoning:
            .object([
                "type": .string("thinking"), "thinking": .string(text), "signature": .string(signature),
            ])
        case .tool:
            .object([
                "type": .string(isServerTool ? "server_tool_use" : "tool_use"), "id": .string(toolID),
                "name": .string(toolName), "input": input,
            ])
        }
    }

    /// The assistant's message; nil where it says nothing.
    static func message(_ all: [Said], isInvoke: Bool) -> JSONTree? {
        let content = all.filter { $0.isSentBack(isInvoke: isInvoke) }.map { isInvoke ? $0.anthropic : $0.converse }
        return content.isEmpty
            ? nil : .object(["role": .string("assistant"), "content": .list(content)])
    }
}

/// What a caller's tool gave.
struct GivenResult {
    let id: Bytes
    let content: ToolContent
    let text: Bytes
    let isError: Bool

    static func drawn(_ id: Bytes, isInvoke: Bool, _ dice: inout Dice) -> GivenResult {
        let words = JSONTree.string(Words.piece(&dice))
        let content = dice.pick(ToolContent.allCases)
        let text: Bytes
        switch content {
        case .text: text = Words.piece(&dice)
        case .json:
            let object = JSONTree.object(["said": words, "n": .number(Bytes("1.50"))])
            text = dice.pick([object, object, .list([words]), .null, .number(Bytes("1e3")), words]).json
        case .blocks:
            let block: JSONTree =
                isInvoke ? .object(["type": .string("text"), "text": words]) : .object(["text": words])
            text = JSONTree.list(dice.pick([[], [block], [block, block]])).json
        }
        return GivenResult(id: id, content: content, text: text, isError: dice.percent(20))
    }

    var answer: ToolAnswer? {
        do {
            return try ToolAnswer.make(
                id: id.span, content: content, text: text.span, isError: isError, maxLength: 1 << 20)
        } catch {
            return nil
        }
    }

    /// As a request says it.
    func block(isInvoke: Bool) -> JSONTree {
        let tree = content == .text ? nil : JSONTree.read(text)
        return isInvoke ? anthropic(tree) : converse(tree)
    }

    private func converse(_ tree: JSONTree?) -> JSONTree {
        var list = JSONTree.list([.object(["text": .string(text)])])
        if case .object? = tree, content == .json, let tree { list = .list([.object(["json": tree])]) }
        if content == .blocks, let tree { list = tree }
        return .object([
            "toolResult": .object([
                "toolUseId": .string(id), "content": list, "status": .string(isError ? "error" : "success"),
            ])
        ])
    }

    private func anthropic(_ tree: JSONTree?) -> JSONTree {
        let given = content == .blocks ? tree ?? .null : .string(text)
        return .object([
            "type": .string("tool_result"), "tool_use_id": .string(id), "content": given, "is_error": .bool(isError),
        ])
    }
}
