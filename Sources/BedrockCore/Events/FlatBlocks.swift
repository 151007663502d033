/// The content blocks of an answer in a format that has none: one of text and one of reasoning, and one for each tool
/// call, numbered as they appear.
struct FlatBlocks {
    private struct Call {
        /// The wire's number, or -1.
        let number: Int64
        let id: Bytes
        let block: Int32
    }

    private var textBlock: Int32 = -1
    private var reasoningBlock: Int32 = -1
    private var next: Int32 = 0
    private var calls: [Call] = []
    /// The model said why it does not answer.
    var isRefused = false

    var hasText: Bool { textBlock >= 0 }
    var hasCalls: Bool { !calls.isEmpty }

    mutating func text() -> Int32 { Self.number(&textBlock, &next) }
    mutating func reasoning() -> Int32 { Self.number(&reasoningBlock, &next) }

    private static func number(_ block: inout Int32, _ next: inout Int32) -> Int32 {
        if block < 0 {
            block = next
            next &+= 1
        }
        return block
    }

    /// The block of the call that a piece belongs to; nil where the piece begins another call.
    ///
    /// Pieces are told apart by their number; where servers give all calls the same one, or none, by their id. One with
    /// neither, and without a name, goes on with the last call.
    func block(number: Int64, id: Bytes, hasName: Bool) -> Int32? {
        if number < 0, id.isEmpty { return hasName ? nil : calls.last?.block }
        if number < 0 { return calls.last { $0.id == id }?.block }
        guard let call = calls.last(where: { $0.number == number }) else { return nil }
        return id.isEmpty || call.id.isEmpty || call.id == id ? call.block : nil
    }

    /// Nil when there are too many.
    mutating func addCall(number: Int64, id: Bytes) -> Int32? {
        guard calls.count < Limits.blockCount else { return nil }
        calls.append(Call(number: number, id: id, block: next))
        next &+= 1
        return next &- 1
    }
}
