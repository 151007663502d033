/// The whole answer of a batch operation as the events that would have streamed it.
struct BatchScript: ~Copyable {
    init() {}

    static func make(_ body: Span<UInt8>, operation: Operation) throws(BatchError) -> BatchScript {
        throw .foreign("the answer cannot be read")
    }

    /// What the next event comes to; nil behind the last one.
    mutating func next(_ events: inout EventDecoder) throws(JSONError) -> EventDecoder.Outcome? { nil }
}
