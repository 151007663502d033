import BedrockCore
import CBedrockStream

// The core's views as C structs: pointers are handed on, nothing is copied.

extension TextView {
    var chars: UnsafePointer<CChar> { UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self) }
}

extension brs_delta {
    init(_ view: EventView) {
        self.init(
            size: MemoryLayout<brs_delta>.size, kind: brs_delta_kind(UInt32(view.event.deltaKind.rawValue)),
            block_index: view.event.blockIndex, text: view.text.chars, text_len: view.text.count,
            round: view.event.round)
    }
}

extension brs_tool {
    init(_ view: EventView) {
        self.init(
            size: MemoryLayout<brs_tool>.size, block_index: view.event.blockIndex,
            is_server_tool: view.event.isServerTool ? 1 : 0, is_valid: view.event.isValidTool ? 1 : 0,
            id: view.toolID.chars, id_len: view.toolID.count, name: view.toolName.chars,
            name_len: view.toolName.count, input_json: view.text.chars, input_json_len: view.text.count,
            round: view.event.round)
    }
}

extension brs_block {
    init(_ view: EventView) {
        let event = view.event
        let kind = event.blockKind == .unknown ? BRS_BLOCK_OTHER : brs_block_kind(UInt32(event.blockKind.rawValue))
        self.init(
            size: MemoryLayout<brs_block>.size, kind: kind, block_index: event.blockIndex,
            is_server_tool: event.isServerTool ? 1 : 0, is_error: event.isErrorResult ? 1 : 0,
            type: view.blockType.chars, type_len: view.blockType.count, tool_use_id: view.toolID.chars,
            tool_use_id_len: view.toolID.count, name: view.toolName.chars, name_len: view.toolName.count)
    }
}

extension brs_event {
    /// Without the typed parts, which the caller points to.
    init(_ view: EventView) {
        self.init()
        size = MemoryLayout<brs_event>.size
        kind = brs_event_kind(UInt32(view.event.kind.rawValue))
        block_index = view.event.blockIndex
        type = view.type.chars
        type_len = view.type.count
        round = view.event.round
        let json = view.event.kind == .tool ? view.text : view.json
        self.json = json.chars
        json_len = json.count
    }

    /// An end, or a notice.
    init(_ kind: EventKind) {
        let empty = TextView()
        self.init(
            EventView(
                event: StreamEvent(kind: kind), type: empty, json: empty, text: empty, toolID: empty, toolName: empty))
    }
}

extension brs_result {
    init(_ view: ResultView) {
        self.init()
        size = MemoryLayout<brs_result>.size
        stop_reason = brs_stop_reason(UInt32(view.stopReason.rawValue))
        stop_reason_text = view.stopReasonText.chars
        stop_reason_text_len = view.stopReasonText.count
        text = view.text.chars
        text_len = view.text.count
        usage = brs_usage(view.usage)
        timings = brs_timings(view.timings)
        queued_us = view.timings.queued
        request_id = view.requestID.chars
        request_id_len = view.requestID.count
        model_id = view.modelID.chars
        model_id_len = view.modelID.count
        delivered = view.delivered
        attempts = view.attempts
        hedges = view.hedges.sent
        hedges_won = view.hedges.won
        connection_reused = view.isConnectionReused ? 1 : 0
        metadata_json = view.metadata.chars
        metadata_json_len = view.metadata.count
        region = view.region.chars
        region_len = view.region.count
        is_truncated = view.stopReason.isTruncation ? 1 : 0
        is_refused = view.stopReason.isRefusal ? 1 : 0
        fill(view.details)
    }

    private mutating func fill(_ details: ResultDetails) {
        is_interrupted = details.isInterrupted ? 1 : 0
        rounds = details.rounds
        message_json = details.message.chars
        message_json_len = details.message.count
        new_messages_json = details.newMessages.chars
        new_messages_json_len = details.newMessages.count
        answered_model_id = details.answeredModelID.chars
        answered_model_id_len = details.answeredModelID.count
        service_tier = details.serviceTier.chars
        service_tier_len = details.serviceTier.count
        performance_latency = details.performanceLatency.chars
        performance_latency_len = details.performanceLatency.count
        trace_json = details.trace.chars
        trace_json_len = details.trace.count
        additional_fields_json = details.additionalFields.chars
        additional_fields_json_len = details.additionalFields.count
    }
}

extension brs_usage {
    init(_ usage: Usage) {
        self.init(
            input_tokens: usage.inputTokens, output_tokens: usage.outputTokens, total_tokens: usage.totalTokens,
            cache_read_input_tokens: usage.cacheReadInputTokens,
            cache_write_input_tokens: usage.cacheWriteInputTokens,
            cache_write_5m_input_tokens: usage.cacheWrite5mInputTokens,
            cache_write_1h_input_tokens: usage.cacheWrite1hInputTokens)
    }
}

extension brs_timings {
    init(_ timings: Timings) {
        self.init(
            resolved_us: timings.resolved, tcp_connected_us: timings.tcpConnected,
            tls_connected_us: timings.tlsConnected, connected_us: timings.connected,
            request_sent_us: timings.requestSent, first_byte_us: timings.firstByte,
            first_delta_us: timings.firstDelta, longest_gap_us: timings.longestGap, total_us: timings.total,
            server_latency_ms: timings.serverLatencyMs, bytes_sent: timings.bytesSent,
            bytes_received: timings.bytesReceived, output_tokens_per_s: timings.outputTokensPerSecond)
    }
}

extension brs_error {
    /// `partial` lives where the caller keeps it.
    init(_ view: FailureView, _ partial: UnsafePointer<brs_result>) {
        self.init()
        size = MemoryLayout<brs_error>.size
        code = brs_code(UInt32(view.code.rawValue))
        phase = brs_phase(UInt32(view.phase.rawValue))
        name = cString(view.code.name)
        message = view.message.chars
        message_len = view.message.count
        http_status = Int32(truncatingIfNeeded: view.httpStatus)
        retryable = view.isRetryable ? 1 : 0
        service_code = view.serviceCode.chars
        service_code_len = view.serviceCode.count
        request_id = view.partial.requestID.chars
        request_id_len = view.partial.requestID.count
        delivered = view.partial.delivered
        attempts = view.partial.attempts
        original_status = Int32(truncatingIfNeeded: view.originalStatus)
        original_message = view.originalMessage.chars
        original_message_len = view.originalMessage.count
        self.partial = partial
    }
}

extension brs_retry {
    /// `error` lives where the caller keeps it.
    init(_ view: NoticeView, _ error: UnsafePointer<brs_error>) {
        self.init()
        size = MemoryLayout<brs_retry>.size
        kind = brs_event_kind(UInt32(view.kind.rawValue))
        attempt = view.attempt
        max_attempts = view.maxAttempts
        // A wait is never told shorter than it is.
        delay_ms = view.delay / 1_000_000 &+ (view.delay % 1_000_000 > 0 ? 1 : 0)
        self.error = error
        model_id = view.modelID.chars
        model_id_len = view.modelID.count
        region = view.region.chars
        region_len = view.region.count
    }

    /// Hands a notice to C for the time of a call.
    static func with<Answer>(_ view: NoticeView, _ body: (UnsafePointer<brs_retry>) -> Answer) -> Answer {
        let partial = brs_result(view.failure.partial)
        return withUnsafePointer(to: partial) { partial in
            let error = brs_error(view.failure, partial)
            return withUnsafePointer(to: error) { error in
                let retry = brs_retry(view, error)
                return withUnsafePointer(to: retry) { body($0) }
            }
        }
    }
}
