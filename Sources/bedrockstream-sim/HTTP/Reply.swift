/// How the bytes of one answer leave the simulator.
struct Delivery {
    /// How a connection ends that is cut.
    enum Cut: String, CaseIterable {
        /// A TCP reset.
        case reset
        /// An orderly end of the connection, in the middle of the body.
        case close
        /// The body is ended as HTTP wants it, and the connection goes on.
        case end
    }

    /// Time before the first byte of the head.
    var firstDelay: Int64 = 0
    /// The request is read and never answered.
    var isSilent = false
    /// Bytes of each HTTP chunk, whatever the frames are; 0: a chunk for each write.
    var chunkSize = 0
    var pace = Outbox.Pace()
    /// The body ends with the connection: neither a length nor chunks.
    var isCloseDelimited = false
    /// Every write is a send of its own, also at full speed.
    var sendsEachWrite = false
    /// The length of a body that is made while it is sent, where it is known.
    var length: Int?
    /// Time between the head and a body that is not made while it is sent.
    var bodyDelay: Int64 = 0
    /// Such a body stops after this many bytes, and the connection stays open.
    var stallAt: Int?
    /// The body is cut after this many bytes.
    var cutAt: Int?
    var cut = Cut.reset
    /// The connection is closed after the answer, though nothing in the answer says so.
    var hangsUp = false
    /// The connection ends this way instead of any answer.
    var drop: Cut?
    /// What comes in front of the head, or makes it too large.
    var head: Knobs.OddHead?
}

/// What a body that is made while it is sent gives next.
enum BodyStep {
    case bytes([UInt8])
    case wait(until: Int64)
    /// Nothing more, and no end either.
    case stall
    /// The connection breaks here.
    case cut
    case end
}

protocol BodySource: AnyObject {
    func next(_ now: Int64) -> BodyStep
}

/// An answer to one request.
struct Reply {
    enum Body {
        case bytes([UInt8])
        case source(any BodySource)
    }

    var status = 200
    var headers: [Header] = []
    var body = Body.bytes([])
    var delivery = Delivery()

    static func reason(_ status: Int) -> String {
        let reasons = [
            200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 408: "Request Timeout",
            413: "Content Too Large", 424: "Failed Dependency", 429: "Too Many Requests",
            431: "Request Header Fields Too Large", 500: "Internal Server Error", 502: "Bad Gateway",
            503: "Service Unavailable", 504: "Gateway Timeout",
        ]
        return reasons[status] ?? "Status"
    }
}
