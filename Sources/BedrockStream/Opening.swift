import BedrockCore
import BedrockIO
import CBedrockStream
import CSystem.Memory

/// The operation of a C number.
func operation(_ number: brs_operation, _ name: StaticString) throws(Refusal) -> BedrockCore.Operation {
    switch number {
    case BRS_CONVERSE_STREAM: return .converseStream
    case BRS_INVOKE_MODEL_WITH_RESPONSE_STREAM: return .invokeModelWithResponseStream
    case BRS_CONVERSE: return .converse
    case BRS_INVOKE_MODEL: return .invokeModel
    default: throw Refusal(BRS_E_ARGUMENT, "\(name): \(number.rawValue) is no operation")
    }
}

/// A request of the caller, on its way to a stream.
struct Opening {
    private let request: brs_request
    private let called: BedrockCore.Operation
    private let modelID: Bytes
    private let settings: Settings

    init(_ pointer: UnsafePointer<brs_request>?, _ client: Client) throws(Refusal) {
        guard let pointer else { throw .null("request") }
        try checkSize(pointer.pointee.size, atLeast: MemoryLayout<brs_request>.size, "request")
        request = pointer.pointee
        called = try operation(request.operation, "request.operation")
        modelID = try text(request.model_id, "request.model_id", limit: Limits.modelIDLength)
        do throws(ConfigError) {
            settings = try client.settings(with: borrow(request.config, as: ConfigHandle.self)?.config)
        } catch {
            throw Refusal(error)
        }
    }

    /// Checks and copies the body, makes the stream and starts it.
    func open(
        _ callbacks: UnsafePointer<brs_callbacks>?, _ owner: ClientHandle
    ) throws(Refusal) -> UnsafeMutablePointer<brs_stream> {
        let client = owner.client
        let body = try body()
        try check(body)
        let callee = callbacks == nil ? nil : try CallbackConsumer.make(callbacks)
        let pull = callee == nil ? PullState(queueLength: settings.queueLength) : nil
        let failureCallback = FailureCallback.make(request)
        callee?.failureCallback = failureCallback
        pull?.queue.judge = failureCallback
        let recorder = try recorder(client)
        guard let consumer: any StreamConsumer = callee ?? pull?.queue,
            let stream = client.makeStream(
                consumer: consumer, operation: called, modelID: modelID, body: body, settings: settings,
                recorder: recorder)
        else { throw .memory }
        let handle = handOut(StreamHandle(stream, pull), as: brs_stream.self)
        callee?.handle = handle
        if let list = owner.reader?.list { pull?.queue.join(list, handle: handle, user: request.user) }
        failureCallback?.handle = handle
        guard client.start(stream) else {
            _ = takeBack(handle, as: StreamHandle.self)
            throw Refusal(BRS_E_CLOSED, "the client is being freed")
        }
        return handle
    }

    private func recorder(_ client: Client) throws(Refusal) -> Recorder? {
        do throws(ConfigError) {
            return try client.recorder(settings)
        } catch {
            throw Refusal(error)
        }
    }

    private func body() throws(Refusal) -> ByteBuffer {
        if request.prompt != nil { return try promptBody() }
        if request.body == nil, !called.isInvoke {
            throw Refusal(BRS_E_ARGUMENT, "request.body: is NULL, and there is no request.prompt")
        }
        return try copied(request.body, request.body_len, "request.body", limit: Limits.requestBodyLength)
    }

    /// The body that the library writes.
    private func promptBody() throws(Refusal) -> ByteBuffer {
        if request.body != nil || request.body_len != 0 {
            throw Refusal(BRS_E_ARGUMENT, "request.prompt: goes instead of request.body, and both are set")
        }
        if called.isInvoke {
            throw Refusal(BRS_E_ARGUMENT, "request.prompt: goes with Converse and ConverseStream alone")
        }
        var body = PromptBody()
        body.maxTokens = request.max_tokens
        body.temperature = request.has_temperature == 0 ? nil : request.temperature
        let (prompt, system) = (bytes(request.prompt), bytes(request.system))
        do throws(ArgumentError) {
            return try body.make(prompt: Span(_unsafeElements: prompt), system: Span(_unsafeElements: system))
        } catch {
            throw Refusal(BRS_E_ARGUMENT, "request.\(error.argument): \(error.message)")
        }
    }

    /// A C string where it lies, or nothing; of one that is too long for a body, enough to show it.
    private func bytes(_ text: UnsafePointer<CChar>?) -> UnsafeBufferPointer<UInt8> {
        guard let text else { return UnsafeBufferPointer(start: nil, count: 0) }
        let start = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
        return UnsafeBufferPointer(start: start, count: strnlen(text, Limits.requestBodyLength + 1))
    }

    private func check(_ body: borrowing ByteBuffer) throws(Refusal) {
        do throws(ArgumentError) {
            try RequestBuilder.checkBody(body.span, operation: called)
            try RequestBuilder.check(operation: called, modelID: modelID.span, options: settings.invokeOptions)
        } catch {
            throw Refusal(error)
        }
    }
}
