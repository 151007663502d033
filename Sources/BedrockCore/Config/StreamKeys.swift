// What is to be known of each key, as one constant: name, type, default, environment variables, property of a
// profile, meaning; of integers also the least and the greatest. A NUL ends each part, as C wants it.

extension ConfigKey {
    /// How long, how often, how much.
    var limitText: StaticString {
        switch self {
        case .connectTimeout:
            """
            timeout.connect_ms\0integer\03100\0\0\0\
            Milliseconds for resolving the name, connecting and TLS; 0 for no limit.\00\086400000
            """
        case .firstByteTimeout:
            """
            timeout.first_byte_ms\0integer\060000\0\0\0\
            Milliseconds from the connection to the first byte of the response; 0 for no limit.\00\086400000
            """
        case .betweenBytesTimeout:
            """
            timeout.between_bytes_ms\0integer\060000\0\0\0\
            Milliseconds of silence of the server within a response; 0 for no limit. Not while the caller \
            pauses.\00\086400000
            """
        case .totalTimeout:
            """
            timeout.total_ms\0integer\00\0\0\0\
            Milliseconds from brs_stream_open to the end, the body included; 0 for no limit.\00\086400000
            """
        case .toolTimeout:
            """
            timeout.tool_ms\0integer\0600000\0\0\0\
            Milliseconds that the results of a round's tool calls may take; 0 for no limit.\00\086400000
            """
        case .queueBytes:
            """
            delivery.queue_bytes\0integer\0262144\0\0\0\
            Bytes of events that wait for brs_stream_next before the transfer is held back.\04096\01073741824
            """
        case .turn:
            """
            turn\0one of: manual, auto\0manual\0\0\0\
            Whether tool calls end the stream, or it goes on with their results, given by brs_tool_result.
            """
        case .maxRounds:
            "turn.max_rounds\0integer\010\0\0\0Most times that results of tools are sent in one stream.\01\01000"
        case .maxResultBytes:
            "turn.max_result_bytes\0integer\01048576\0\0\0Most bytes of the result of one tool call.\01\025000000"
        case .tapPath:
            """
            tap.path\0path\0\0\0\0\
            File that requests, without secrets, and responses are appended to as JSON lines while it can be \
            written.
            """
        case .ioThreads:
            """
            io.threads\0integer\01\0\0\0\
            Threads that serve the streams of a client; 0 for none: the host's own loop calls \
            brs_client_dispatch.\00\016
            """
        case .deliveryQueue:
            """
            delivery.queue\0one of: stream, client\0stream\0\0\0\
            Who fetches the events of streams without callbacks: brs_stream_next for each, or brs_client_next for all.
            """
        default: ""
        }
    }

    /// What the invoke routes have in headers.
    var invokeText: StaticString {
        switch self {
        case .contentType:
            "invoke.content_type\0text\0application/json\0\0\0Content type of the body on the invoke route."
        case .accept:
            "invoke.accept\0text\0\0\0\0Content type wanted of the chunks on the invoke route."
        case .trace:
            "invoke.trace\0text\0\0\0\0Guardrail trace on the invoke route: ENABLED, DISABLED or ENABLED_FULL."
        case .guardrailIdentifier:
            "invoke.guardrail_identifier\0text\0\0\0\0Guardrail to apply on the invoke route."
        case .guardrailVersion:
            "invoke.guardrail_version\0text\0\0\0\0Version of that guardrail."
        case .performanceLatency:
            "invoke.performance_latency\0text\0\0\0\0Latency setting on the invoke route: standard or optimized."
        case .serviceTier:
            "invoke.service_tier\0text\0\0\0\0Service tier on the invoke route: priority, default, flex or reserved."
        case .requestMetadata:
            "invoke.request_metadata\0text\0\0\0\0Request metadata on the invoke route: JSON of at most 8,500 bytes."
        default: ""
        }
    }
}
