import BedrockCore
import BedrockIO
import CBedrockStream

/// The streaming operation of a C number.
func streaming(_ operation: brs_operation, _ name: StaticString) throws(Refusal) -> BedrockCore.Operation {
    switch operation {
    case BRS_CONVERSE_STREAM: return .converseStream
    case BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM: return .invokeModelWithResponseStream
    default: throw Refusal(BRS_E_ARGUMENT, "\(name): \(operation.rawValue) is no operation")
    }
}

/// A request of the caller, on its way to a stream.
struct Opening {
    private let request: brs_request
    private let operation: BedrockCore.Operation
    private let modelID: Bytes
    private let settings: Settings

    init(_ pointer: UnsafePointer<brs_request>?, _ client: Client) throws(Refusal) {
        guard let pointer else { throw .null("request") }
        try checkSize(pointer.pointee.size, atLeast: MemoryLayout<brs_request>.size, "request")
        request = pointer.pointee
        operation = try streaming(request.operation, "request.operation")
        modelID = try text(request.model_id, "request.model_id", limit: Limits.modelIDLength)
        do throws(ConfigError) {
            settings = try client.settings(with: borrow(request.config, as: Config.self))
        } catch {
            throw Refusal(error)
        }
    }

    /// Checks and copies the body, makes the stream and starts it.
    func open(
        _ callbacks: UnsafePointer<brs_callbacks>?, _ client: Client
    ) throws(Refusal) -> UnsafeMutablePointer<brs_stream> {
        let body = try copied(request.body, request.body_len, "request.body", limit: Limits.requestBodyLength)
        try check(body)
        let called = callbacks == nil ? nil : try CallbackConsumer.make(callbacks)
        let pull = called == nil ? PullState(queueLength: settings.queueLength) : nil
        let failureCallback = FailureCallback.make(request)
        called?.failureCallback = failureCallback
        pull?.queue.judge = failureCallback
        guard let consumer: any StreamConsumer = called ?? pull?.queue,
            let stream = client.makeStream(
                consumer: consumer, operation: operation, modelID: modelID, body: body, settings: settings)
        else { throw .memory }
        let handle = handOut(StreamHandle(stream, pull), as: brs_stream.self)
        called?.handle = handle
        failureCallback?.handle = handle
        guard client.start(stream) else {
            _ = takeBack(handle, as: StreamHandle.self)
            throw Refusal(BRS_E_CLOSED, "the client is being freed")
        }
        return handle
    }

    private func check(_ body: borrowing ByteBuffer) throws(Refusal) {
        do throws(ArgumentError) {
            try RequestBuilder.checkBody(body.span, operation: operation)
            _ = try RequestBuilder.head(
                operation: operation, modelID: modelID.span, basePath: Bytes().span, options: settings.invokeOptions)
        } catch {
            throw Refusal(error)
        }
    }
}
