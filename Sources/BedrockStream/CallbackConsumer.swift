import BedrockCore
import CBedrockStream

/// Hands what a stream delivers to the callbacks of its caller.
final class CallbackConsumer: StreamConsumer {
    private let callbacks: brs_callbacks
    private let onStop: brs_on_stop
    private let onError: brs_on_error
    /// What the callbacks are given; set before the stream is started.
    var handle: UnsafeMutablePointer<brs_stream>?
    /// Set before the stream is started; nil when nobody is to be asked about failures.
    var failureCallback: FailureCallback?
    /// The terminal callback came inside another one: on_event may free the stream, then the typed one must not follow.
    private var hasEnded = false

    /// Not a throwing initialiser: those of classes leak the object in Embedded Swift 6.3.
    static func make(_ callbacks: UnsafePointer<brs_callbacks>?) throws(Refusal) -> CallbackConsumer {
        guard let callbacks else { throw .null("callbacks") }
        try checkSize(callbacks.pointee.size, atLeast: MemoryLayout<brs_callbacks>.size, "callbacks")
        guard let onStop = callbacks.pointee.on_stop else { throw .null("callbacks.on_stop") }
        guard let onError = callbacks.pointee.on_error else { throw .null("callbacks.on_error") }
        return CallbackConsumer(callbacks.pointee, onStop, onError)
    }

    private init(
        _ callbacks: brs_callbacks, _ onStop: @escaping brs_on_stop, _ onError: @escaping brs_on_error
    ) {
        self.callbacks = callbacks
        self.onStop = onStop
        self.onError = onError
    }

    var wantsRaw: Bool { callbacks.on_event != nil }
    var isCalledByLoop: Bool { true }

    func deliver(_ view: EventView) -> Flow {
        hasEnded = false
        var flow = BRS_FLOW_CONTINUE
        // A tool call is made up from events that on_event has seen.
        if view.event.kind != .tool, let onEvent = callbacks.on_event { flow = call(onEvent, view) }
        guard flow != BRS_FLOW_CANCEL, !hasEnded else { return .cancel }
        let typed = deliverTyped(view)
        return strongest(Flow(flow), Flow(typed))
    }

    private func deliverTyped(_ view: EventView) -> brs_flow {
        if view.event.hasDelta, let onDelta = callbacks.on_delta {
            let delta = brs_delta(view)
            return withUnsafePointer(to: delta) { onDelta(callbacks.user, handle, $0) }
        }
        if view.event.kind == .tool, let onTool = callbacks.on_tool {
            let tool = brs_tool(view)
            return withUnsafePointer(to: tool) { onTool(callbacks.user, handle, $0) }
        }
        return BRS_FLOW_CONTINUE
    }

    private func call(_ onEvent: brs_on_event, _ view: EventView) -> brs_flow {
        if view.event.hasDelta {
            let delta = brs_delta(view)
            return withUnsafePointer(to: delta) { call(onEvent, view, delta: $0) }
        }
        switch view.event.kind {
        case .blockStart:
            let block = brs_block(view)
            return withUnsafePointer(to: block) { call(onEvent, view, block: $0) }
        case .toolWaiting, .toolAnswered:
            let tool = brs_tool(view)
            return withUnsafePointer(to: tool) { call(onEvent, view, tool: $0) }
        default: return call(onEvent, view, delta: nil)
        }
    }

    private func call(
        _ onEvent: brs_on_event, _ view: EventView, delta: UnsafePointer<brs_delta>? = nil,
        block: UnsafePointer<brs_block>? = nil, tool: UnsafePointer<brs_tool>? = nil
    ) -> brs_flow {
        var event = brs_event(view)
        event.delta = delta
        event.block = block
        event.tool = tool
        return withUnsafePointer(to: event) { onEvent(callbacks.user, handle, $0) }
    }

    func noticed(_ notice: NoticeView) -> Flow {
        guard let onEvent = callbacks.on_event else { return .goOn }
        hasEnded = false
        let flow = brs_retry.with(notice) { retry in
            var event = brs_event(notice.kind)
            event.retry = retry
            return withUnsafePointer(to: event) { onEvent(callbacks.user, handle, $0) }
        }
        return hasEnded ? .cancel : Flow(flow)
    }

    func judge(_ plan: NoticeView) -> Verdict {
        failureCallback?.judge(plan) ?? .asPlanned
    }

    private func strongest(_ first: Flow, _ second: Flow) -> Flow {
        first.rawValue > second.rawValue ? first : second
    }

    func stopped(_ view: ResultView) {
        hasEnded = true
        let result = brs_result(view)
        withUnsafePointer(to: result) { onStop(callbacks.user, handle, $0) }
    }

    func failed(_ view: FailureView) {
        hasEnded = true
        let partial = brs_result(view.partial)
        withUnsafePointer(to: partial) { partial in
            let error = brs_error(view, partial)
            withUnsafePointer(to: error) { onError(callbacks.user, handle, $0) }
        }
    }
}

extension Flow {
    /// Anything that is no value of the enumeration means to go on.
    init(_ flow: brs_flow) {
        self = flow == BRS_FLOW_PAUSE ? .pause : flow == BRS_FLOW_CANCEL ? .cancel : .goOn
    }
}
