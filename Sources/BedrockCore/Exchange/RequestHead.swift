/// A request without its body.
public struct RequestHead: Equatable, Sendable {
    public var method: Bytes
    /// As on the request line, percent-encoded, the endpoint's base path included.
    public var path: Bytes
    public var query: Bytes
    public var headers: [HTTPHeader]

    public init(method: Bytes, path: Bytes, query: Bytes, headers: [HTTPHeader]) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
    }
}

/// Members of InvokeModel and InvokeModelWithResponseStream that travel as headers (Bedrock API model). nil: not sent.
/// Converse carries its own of these in the body.
public struct InvokeOptions: Equatable, Sendable {
    public var contentType: Bytes?
    public var accept: Bytes?
    public var trace: Bytes?
    public var guardrailIdentifier: Bytes?
    public var guardrailVersion: Bytes?
    public var performanceConfigLatency: Bytes?
    public var serviceTier: Bytes?
    public var requestMetadata: Bytes?

    public init() {}
}

extension InvokeOptions {
    /// One of the options: its names in the API reference, in this library's interface and on the wire.
    struct Member {
        let name: StaticString
        let argument: StaticString
        let header: StaticString
        var value: Bytes?
    }

    /// The options by number, in the order in which their headers are sent; nil past the last.
    func member(_ index: Int, of operation: Operation) -> Member? {
        switch index {
        case 0: Member(name: "contentType", argument: "content_type", header: "Content-Type", value: contentType)
        case 1: Member(name: "accept", argument: "accept", header: Self.acceptHeader(operation), value: accept)
        case 2: Member(name: "trace", argument: "trace", header: "X-Amzn-Bedrock-Trace", value: trace)
        case 3:
            Member(
                name: "guardrailIdentifier", argument: "guardrail_identifier",
                header: "X-Amzn-Bedrock-GuardrailIdentifier", value: guardrailIdentifier)
        case 4:
            Member(
                name: "guardrailVersion", argument: "guardrail_version", header: "X-Amzn-Bedrock-GuardrailVersion",
                value: guardrailVersion)
        case 5:
            Member(
                name: "performanceConfigLatency", argument: "performance_config_latency",
                header: "X-Amzn-Bedrock-PerformanceConfig-Latency", value: performanceConfigLatency)
        case 6:
            Member(
                name: "serviceTier", argument: "service_tier", header: "X-Amzn-Bedrock-Service-Tier",
                value: serviceTier)
        case 7:
            Member(
                name: "requestMetadata", argument: "request_metadata", header: "X-Amzn-Bedrock-Request-Metadata",
                value: requestMetadata)
        default: nil
        }
    }

    mutating func set(_ index: Int, to value: Bytes?) {
        switch index {
        case 0: contentType = value
        case 1: accept = value
        case 2: trace = value
        case 3: guardrailIdentifier = value
        case 4: guardrailVersion = value
        case 5: performanceConfigLatency = value
        case 6: serviceTier = value
        case 7: requestMetadata = value
        default: break
        }
    }

    /// A streamed answer's own type is the event stream: what it carries is asked for in another header.
    private static func acceptHeader(_ operation: Operation) -> StaticString {
        operation == .invokeModelWithResponseStream ? "X-Amzn-Bedrock-Accept" : "Accept"
    }
}
