/// What an inquiry has to know next, for the edge to find out. One at a time.
public struct Ask {
    public enum Kind: Sendable {
        /// The environment and the profile files once more. Answered with settings.
        case sources
        /// The bytes of the file at `text`, no more than `Limits.identityAnswerLength`.
        case file
        /// Puts `contents` in the place of the file at `text`, whole or not at all, readable by its owner alone.
        case write
        /// An HTTP exchange, `request`. Redirects are answers like others.
        case http
        /// The standard output of the program `words`; it is ended after `time`.
        case process
        /// Nothing but `time`.
        case wait
        /// Something that the host knows, by its callback: `host` says what, of the device `text` for a code.
        case host
        /// What the client's first loop knows or finds out, `goal`; of other loops, so that nothing is found out twice.
        case lead
    }

    public let kind: Kind
    /// What it is about, for messages: no secrets.
    public let subject: Message
    public private(set) var text: Bytes = []
    public private(set) var contents: Secret?
    public private(set) var request: IdentityRequest?
    public private(set) var words: [Bytes] = []
    public private(set) var host: HostKinds = []
    /// Nanoseconds.
    public private(set) var time: Int64 = 0
    public private(set) var goal = Inquiry.Goal.credentials
    /// What the service says has expired.
    public private(set) var refused: ResolvedIdentity?

    private init(_ kind: Kind, _ subject: Message) {
        self.kind = kind
        self.subject = subject
    }

    static func sources() -> Ask { Ask(.sources, "the environment and the profile files") }

    static func file(_ path: Bytes) -> Ask {
        var ask = Ask(.file, "the file \(Message.shown(path))")
        ask.text = path
        return ask
    }

    static func write(_ path: Bytes, _ contents: Secret) -> Ask {
        var ask = Ask(.write, "the file \(Message.shown(path))")
        ask.text = path
        ask.contents = contents
        return ask
    }

    static func http(_ request: IdentityRequest) -> Ask {
        var ask = Ask(.http, Message.shown(request.url))
        ask.request = request
        return ask
    }

    /// `words[0]` is the program, looked for along PATH where it has no slash.
    static func process(_ words: [Bytes], limit: Int64) -> Ask {
        var ask = Ask(.process, "the credential process")
        ask.words = words
        ask.time = limit
        return ask
    }

    static func wait(_ time: Int64) -> Ask {
        var ask = Ask(.wait, "a wait")
        ask.time = time
        return ask
    }

    /// In the region of a call, where the client has none of its own.
    static func lead(_ goal: Inquiry.Goal, refused: ResolvedIdentity?, region: Bytes?) -> Ask {
        var ask = Ask(.lead, "the client's first thread")
        ask.goal = goal
        ask.refused = refused
        ask.text = region ?? []
        return ask
    }

    static func host(_ kind: HostKinds, _ detail: Bytes = []) -> Ask {
        var ask = Ask(.host, "the host's callback")
        ask.host = kind
        ask.text = detail
        return ask
    }
}

/// An HTTP request of an inquiry.
public struct IdentityRequest {
    public let method: StaticString
    public let url: Bytes
    /// Without Host and Content-Length, which the transport adds.
    public var headers: [HTTPHeader]
    public let body: RequestBody
    /// Nanoseconds for the connection, and for all of it.
    public var connectLimit: Int64
    public var limit: Int64
    /// Goes through the proxy that the settings name; what is on the machine's own link does not.
    public var usesProxy: Bool

    public init(
        _ method: StaticString, _ url: Bytes, headers: [HTTPHeader] = [], body: RequestBody? = nil,
        connectLimit: Int64 = 3_100_000_000, limit: Int64 = 10_000_000_000, usesProxy: Bool = true
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body ?? RequestBody(ByteBuffer())
        self.connectLimit = connectLimit
        self.limit = limit
        // In the clear tokens go to this machine alone, and a proxy may be another.
        self.usesProxy = usesProxy && url.span.startsIgnoringCase(with: "https:")
    }
}
