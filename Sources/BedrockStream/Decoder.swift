import BedrockCore
import CBedrockStream

/// Makes a decoder of a response body, for bytes that came some other way: the same events and ends as of a stream.
///
/// - Parameters:
///   - operation: whose response it is; with a batch operation the body is a whole answer.
///   - callbacks: what to call; copied.
///   - decoder: where the new object's pointer goes; free it with `brs_decoder_free`.
///   - diagnostic: (Optional) gets the reason of a failure.
/// - Returns: BRS_OK, BRS_E_ARGUMENT or BRS_E_MEMORY.
@c(brs_decoder_new)
public func brs_decoder_new(
    _ operation: brs_operation, _ callbacks: UnsafePointer<brs_callbacks>?,
    _ decoder: UnsafeMutablePointer<UnsafeMutablePointer<brs_decoder>?>?,
    _ diagnostic: UnsafeMutablePointer<brs_diagnostic>?
) -> brs_code {
    answering(diagnostic) { () throws(Refusal) in
        guard let decoder else { throw .null("decoder") }
        let consumer = try CallbackConsumer.make(callbacks)
        let made = BodyDecoder(operation: try BedrockStream.operation(operation, "operation"), consumer: consumer)
        decoder.pointee = handOut(made, as: brs_decoder.self)
    }
}

/// Hands bytes of the body over, in pieces of any size. Callbacks run inside this call.
///
/// - Parameters:
///   - decoder: the decoder.
///   - bytes: the bytes; read before this returns.
///   - len: how many.
/// - Returns: BRS_OK, BRS_E_ARGUMENT, or BRS_E_STATE after the terminal callback. BRS_FLOW_PAUSE is ignored.
@c(brs_decoder_feed)
public func brs_decoder_feed(
    _ decoder: UnsafeMutablePointer<brs_decoder>?, _ bytes: UnsafePointer<UInt8>?, _ len: UInt
) -> brs_code {
    guard let object = borrow(decoder, as: BodyDecoder.self), let count = Int(exactly: len) else {
        return BRS_E_ARGUMENT
    }
    guard let bytes else { return count == 0 ? BRS_OK : BRS_E_ARGUMENT }
    return object.feed(Span(_unsafeStart: bytes, count: count)) ? BRS_OK : BRS_E_STATE
}

/// Says that the body has ended. The terminal callback runs inside this call, unless it ran before.
///
/// - Parameter decoder: the decoder.
/// - Returns: BRS_OK where the answer was complete, else the code of its error.
@c(brs_decoder_finish)
public func brs_decoder_finish(_ decoder: UnsafeMutablePointer<brs_decoder>?) -> brs_code {
    guard let object = borrow(decoder, as: BodyDecoder.self) else { return BRS_E_ARGUMENT }
    return object.finish().map { brs_code(UInt32($0.rawValue)) } ?? BRS_OK
}

/// Makes a decoder ready for another body.
///
/// - Parameter decoder: the decoder.
/// - Returns: BRS_OK or BRS_E_ARGUMENT; BRS_E_STATE inside one of its callbacks.
@c(brs_decoder_reset)
public func brs_decoder_reset(_ decoder: UnsafeMutablePointer<brs_decoder>?) -> brs_code {
    guard let object = borrow(decoder, as: BodyDecoder.self) else { return BRS_E_ARGUMENT }
    return object.reset() ? BRS_OK : BRS_E_STATE
}

/// Frees a decoder, without a terminal callback. Not inside one of its callbacks.
///
/// - Parameter decoder: the decoder; NULL does nothing.
@c(brs_decoder_free)
public func brs_decoder_free(_ decoder: UnsafeMutablePointer<brs_decoder>?) {
    _ = takeBack(decoder, as: BodyDecoder.self)
}
