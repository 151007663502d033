/// The start of a content block, while its event is read. Texts are places in the decoder's scratch memory.
struct StartedBlock: BitwiseCopyable {
    var kind = BlockKind.unknown
    /// The wire's word: the block's type where it has one, or an image's format.
    var type = Slice()
    /// Of a tool call, or of the call that a result belongs to.
    var id = Slice()
    var name = Slice()
    var isServerTool = false
    /// Of a tool's result.
    var status = Slice()
    /// The input of a tool call that comes whole, as JSON: it counts where no piece of an input follows.
    var input = Slice()
    /// Anthropic's redacted reasoning comes whole, with its block's start.
    var redacted = Slice()
    /// The start as it came: where it is the only thing that is known of the block.
    var raw = Slice()
    /// `raw` is a member of a message's content, which can be sent back as it is.
    var isMember = false
}

/// A thing within a block that a start begins: a call of a tool, a tool's result, an image, what is not known.
///
/// A class so that the list of open calls and the transcript have the same one: an input is kept once.
final class BlockPart {
    let kind: BlockKind
    let index: Int32
    let id: Bytes
    let name: Bytes
    let type: Bytes
    let status: Bytes
    let isServerTool: Bool
    let isMember: Bool
    /// The call's input, the result's elements with commas between them, the image's bytes in base64.
    var data = ByteBuffer(limit: Limits.answerLength)
    /// The call's input that came with its start, or the image's source where that is no bytes. JSON.
    var given = ByteBuffer(limit: Limits.answerLength)
    /// What the image says of its failure. JSON.
    var fault = ByteBuffer(limit: Limits.answerLength)
    /// The start as it came.
    var raw = ByteBuffer(limit: Limits.answerLength)

    init(_ start: StartedBlock, index: Int32, _ scratch: borrowing ByteBuffer) {
        kind = start.kind
        self.index = index
        id = Bytes(copying: scratch.span(start.id.range))
        name = Bytes(copying: scratch.span(start.name.range))
        type = Bytes(copying: scratch.span(start.type.range))
        status = Bytes(copying: scratch.span(start.status.range))
        isServerTool = start.isServerTool
        isMember = start.isMember
        given.append(scratch, start.input.range)
        raw.append(scratch, start.raw.range)
    }

    var isExhausted: Bool { data.isExhausted || given.isExhausted || fault.isExhausted || raw.isExhausted }
    /// A call that somebody else than the service has to carry out.
    var isClientCall: Bool { kind == .toolUse && !isServerTool }
}

/// What was delivered of one block. A class because an array cannot hold what is not copyable.
final class Block {
    let index: Int32
    var text = ByteBuffer(limit: Limits.answerLength, isLasting: true)
    var reasoning = ByteBuffer(limit: Limits.answerLength, isLasting: true)
    var signature = ByteBuffer(limit: Limits.answerLength)
    /// Base64, as the service sent it.
    var redacted = ByteBuffer(limit: Limits.answerLength)
    /// Those of the text: JSON objects with commas between them.
    var citations = ByteBuffer(limit: Limits.answerLength)
    /// What else it holds, in the order in which it came. Services give a block one such thing at most.
    var parts: [BlockPart] = []
    /// The block's end came.
    var isComplete = false
    /// Text, or what belongs to a text, has come.
    var isText = false
    /// It began as something that is neither text nor reasoning, or held nothing else.
    var hasOther = false

    init(index: Int32) {
        self.index = index
    }

    /// False where there is no memory for the piece.
    @inline(__always)
    func keep(text scratch: borrowing ByteBuffer, _ piece: Range<Int>) -> Bool {
        isText = true
        text.append(scratch, piece)
        return !text.isExhausted
    }

    var hasReasoning: Bool { !reasoning.isEmpty || !signature.isEmpty || !redacted.isEmpty }
    /// Reasoning that may be cut off in the middle.
    var endsInReasoning: Bool {
        text.isEmpty && !reasoning.isEmpty && !isComplete && signature.isEmpty && redacted.isEmpty
    }

    /// The last part, where it is of that kind.
    func lastPart(_ kind: BlockKind) -> BlockPart? {
        guard let last = parts.last, last.kind == kind else { return nil }
        return last
    }
}

extension ByteBuffer {
    /// Appends base64 to base64, so that the whole stands for the bytes of both. False, and nothing appended, where
    /// that cannot be. Only the last group of what is there is looked at.
    mutating func append(base64 piece: Span<UInt8>) -> Bool {
        guard count & 3 == 0 else { return false }
        var bytes = ByteBuffer(limit: Limits.answerLength)
        let hasPadding = span.byteOrNUL(max(count &- 1, 0)) == UInt8(ascii: "=")
        let start = hasPadding ? count &- 4 : count
        guard Base64.decode(span(start..<count), into: &bytes), Base64.decode(piece, into: &bytes),
            !bytes.isExhausted
        else { return false }
        if hasPadding {
            truncate(to: start)
            Base64.encode(bytes.span, into: &self)
        } else {
            append(piece)
        }
        return true
    }

    /// Appends a JSON value to a list of such.
    mutating func append(element json: Span<UInt8>) {
        if !isEmpty { append(UInt8(ascii: ",")) }
        append(json)
    }
}
