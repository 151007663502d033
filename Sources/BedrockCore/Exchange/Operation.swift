/// An operation of the Amazon Bedrock runtime.
public enum Operation: Equatable, CaseIterable, Sendable {
    case converse
    case converseStream
    case invokeModel
    case invokeModelWithResponseStream

    /// The last segment of the operation's path.
    public var suffix: StaticString {
        switch self {
        case .converse: "converse"
        case .converseStream: "converse-stream"
        case .invokeModel: "invoke"
        case .invokeModelWithResponseStream: "invoke-with-response-stream"
        }
    }

    /// The operation's name in the API reference.
    public var name: StaticString {
        switch self {
        case .converse: "Converse"
        case .converseStream: "ConverseStream"
        case .invokeModel: "InvokeModel"
        case .invokeModelWithResponseStream: "InvokeModelWithResponseStream"
        }
    }

    /// The answer is an event stream.
    public var isStreaming: Bool { self == .converseStream || self == .invokeModelWithResponseStream }

    /// The body is the model's own format, not Converse's JSON.
    public var isInvoke: Bool { self == .invokeModel || self == .invokeModelWithResponseStream }
}

/// An argument that cannot be used, and why. `argument` is its name in the public interface.
public struct ArgumentError: Error {
    public var argument: StaticString
    public var message: Message

    public init(_ argument: StaticString, _ message: Message) {
        self.argument = argument
        self.message = message
    }
}
