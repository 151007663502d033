import BedrockCore

/// What a consumer saw of a stream, in values that can be compared.
public struct Recording: Equatable {
    public var events: [RecordedEvent] = []
    /// Nil while it runs.
    public var end: RecordedEnd?
    /// What no stream may ever do; empty for a sound one.
    public var faults: [String] = []

    /// Deltas and tool calls alone, without what raw events add: what a consumer without `wantsRaw` sees.
    public var withoutRaw: Recording {
        var recording = self
        recording.events = events.filter { $0.delta != nil || $0.kind == .tool }.map {
            var event = $0
            event.type = ""
            event.json = $0.kind == .tool ? $0.json : ""
            return event
        }
        return recording
    }

    /// The text deltas joined, in the order of their blocks.
    public var text: String {
        let deltas = events.filter { $0.delta == .text }
        return Dictionary(grouping: deltas, by: \.block).sorted { $0.key < $1.key }.flatMap(\.value).map(\.text)
            .joined()
    }

    public var tools: [RecordedEvent] { events.filter { $0.kind == .tool } }
}

/// One event. Texts are kept as bytes would be: invalid UTF-8 shows as a fault, not as a difference lost.
public struct RecordedEvent: Equatable {
    public var kind: EventKind
    public var delta: DeltaKind?
    public var block: Int32 = -1
    public var type = ""
    public var json = ""
    public var text = ""
    public var tool: RecordedTool?
    /// Of the start of a block whose kind is known.
    public var start: RecordedStart?

    public init(
        _ kind: EventKind, delta: DeltaKind? = nil, block: Int32 = -1, type: String = "", json: String = "",
        text: String = "", tool: RecordedTool? = nil
    ) {
        self.kind = kind
        self.delta = delta
        self.block = block
        self.type = type
        self.json = json
        self.text = text
        self.tool = tool
    }
}

public struct RecordedTool: Equatable {
    public var id: String
    public var name: String
    public var isServer = false
    public var isValid = true

    public init(_ id: String, _ name: String, isServer: Bool = false, isValid: Bool = true) {
        self.id = id
        self.name = name
        self.isServer = isServer
        self.isValid = isValid
    }
}

/// What the start of a block tells.
public struct RecordedStart: Equatable {
    public var kind: BlockKind
    public var type: String
    public var id: String
    public var name: String
    public var isServer: Bool
    public var isError: Bool

    public init(
        _ kind: BlockKind, type: String = "", id: String = "", name: String = "", isServer: Bool = false,
        isError: Bool = false
    ) {
        self.kind = kind
        self.type = type
        self.id = id
        self.name = name
        self.isServer = isServer
        self.isError = isError
    }
}

/// How a stream ended.
public struct RecordedEnd: Equatable {
    /// Nil for success.
    public var failure: RecordedFailure?
    public var stopReason = StopReason.none
    public var stopWord = ""
    public var text = ""
    public var usage: Usage
    public var serverLatency: Int64 = -1
    public var requestID = ""
    public var modelID = ""
    public var delivered: UInt64 = 0
    public var attempts: UInt32 = 0
    public var metadata = ""
    public var isInterrupted = false
    public var message = ""
    public var newMessages = ""
    public var answeredModelID = ""
    public var serviceTier = ""
    public var performanceLatency = ""
    public var trace = ""
    public var additionalFields = ""
}

public struct RecordedFailure: Equatable {
    public var code: ErrorCode
    public var phase: Phase
    public var message: String
    public var status: Int
    public var isRetryable: Bool
    public var serviceCode: String
    public var originalStatus: Int
    public var originalMessage: String
}
