// What is to be known of each key, as one constant: name, type, default, environment variables, property of a
// profile, meaning; of integers also the least and the greatest. A NUL ends each part, as C wants it.

extension ConfigKey {
    /// What a client allows itself, over all its streams.
    var gateText: StaticString {
        switch self {
        case .maxStreams:
            """
            limit.streams\0integer\00\0\0\0\
            Most streams of a client that are under way at a time, others wait; 0 for no limit.\00\01000000
            """
        case .queuedStreams:
            """
            limit.queued_streams\0integer\00\0\0\0\
            Most streams of a client that wait, one more ends at once; 0 for no limit.\00\010000000
            """
        case .requestsPerMinute:
            """
            limit.requests_per_minute\0integer\00\0\0\0\
            Most requests of a client in a minute, lowered while the service throttles; 0 for no limit.\00\01000000000
            """
        case .tokensPerMinute:
            """
            limit.tokens_per_minute\0integer\00\0\0\0\
            Most tokens of a client in a minute, input and output, lowered while the service throttles; 0 for no \
            limit.\00\01000000000000
            """
        case .queueTime:
            """
            limit.queue_ms\0integer\00\0\0\0\
            Milliseconds that a stream may wait before its first attempt; 0 for no limit.\00\086400000
            """
        case .group:
            """
            limit.group\0text\0\0\0\0\
            Whose a stream is. Of streams that wait those of one group go in the order of their coming, and groups \
            take turns.
            """
        default: ""
        }
    }
}
