/// One answer on its way: head, body, chunks, and where the body is cut.
final class Transfer {
    enum Ending { case keepAlive, close, reset }

    enum Progress {
        /// Something was put into the outbox.
        case more
        case wait(until: Int64)
        case stall
        case ended(Ending)
    }

    private enum Framing { case length, chunked, close }
    private enum Stage { case head, body, ended(Ending) }

    let status: Int
    let delivery: Delivery
    private let reply: Reply
    private let framing: Framing
    private let keepsAlive: Bool
    private let headDue: Int64
    private var stage = Stage.head
    /// Body bytes that wait for a chunk to be full.
    private var held: [UInt8] = []
    private(set) var bodySent = 0
    /// The body was broken off.
    private(set) var wasCut = false

    init(_ reply: Reply, for request: Request?, now: Int64) {
        self.reply = reply
        status = reply.status
        delivery = reply.delivery
        headDue = now + reply.delivery.firstDelay
        if delivery.isCloseDelimited {
            framing = .close
        } else if case .bytes = reply.body {
            framing = .length
        } else if delivery.length != nil {
            framing = .length
        } else {
            framing = request?.isHTTP10 == true ? .close : .chunked
        }
        keepsAlive = framing != .close && request?.keepsAlive == true
    }

    /// Whether the answer is one of the streaming routes'.
    var isStream: Bool {
        if case .source = reply.body { return true }
        return false
    }

    func fill(_ outbox: inout Outbox, now: Int64, wallSeconds: Int64) -> Progress {
        switch stage {
        case .head:
            if delivery.isSilent { return .stall }
            guard now >= headDue else { return .wait(until: headDue) }
            if delivery.drop != nil { return drop() }
            outbox.appendHead(Array(head(wallSeconds).utf8))
            outbox.pace = delivery.pace
            stage = .body
            return .more
        case .body:
            return fillBody(&outbox, now)
        case .ended(let ending):
            return .ended(ending)
        }
    }

    private func drop() -> Progress {
        wasCut = true
        stage = .ended(delivery.drop == .reset ? .reset : .close)
        return .more
    }

    private func head(_ wallSeconds: Int64) -> String {
        var text = delivery.head == .garbage ? "\u{1}not HTTP\r\n\r\n" : ""
        if delivery.head == .interim { text += "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" }
        text += "HTTP/1.1 \(status) \(Reply.reason(status))\r\n"
        text += "Date: \(WallClock.httpDate(wallSeconds))\r\n"
        if delivery.head == .huge { text += "X-Huge: " + String(repeating: "x", count: 100_000) + "\r\n" }
        for header in reply.headers { text += "\(header.name): \(header.value)\r\n" }
        switch framing {
        case .chunked: text += "Transfer-Encoding: chunked\r\n"
        case .close: break
        case .length:
            if case .bytes(let bytes) = reply.body { text += "Content-Length: \(bytes.count)\r\n" }
            if let length = delivery.length { text += "Content-Length: \(length)\r\n" }
        }
        return text + "Connection: \(keepsAlive ? "keep-alive" : "close")\r\n\r\n"
    }

    private func fillBody(_ outbox: inout Outbox, _ now: Int64) -> Progress {
        switch nextStep(now) {
        case .bytes(let bytes):
            return put(bytes, into: &outbox)
        case .wait(let until):
            return .wait(until: until)
        case .stall:
            releaseHeld(&outbox)
            return .stall
        case .cut:
            releaseHeld(&outbox)
            return cut(&outbox)
        case .end:
            releaseHeld(&outbox)
            return end(&outbox)
        }
    }

    private func nextStep(_ now: Int64) -> BodyStep {
        switch reply.body {
        case .source(let source): return source.next(now)
        case .bytes(let bytes):
            let due = headDue + delivery.bodyDelay
            if now < due { return .wait(until: due) }
            guard let stall = delivery.stallAt, stall < bytes.count else {
                return bodySent < bytes.count ? .bytes(bytes) : .end
            }
            return bodySent < stall ? .bytes(Array(bytes.prefix(stall))) : .stall
        }
    }

    private func put(_ bytes: [UInt8], into outbox: inout Outbox) -> Progress {
        var portion = bytes[...]
        if let limit = delivery.cutAt, limit - bodySent <= bytes.count {
            portion = bytes.prefix(max(limit - bodySent, 0))
        }
        bodySent += portion.count
        if delivery.chunkSize > 0, framing == .chunked {
            held.append(contentsOf: portion)
            splitHeld(&outbox)
        } else {
            write(portion, &outbox)
        }
        guard let limit = delivery.cutAt, bodySent >= limit else { return .more }
        releaseHeld(&outbox)
        return cut(&outbox)
    }

    private func splitHeld(_ outbox: inout Outbox) {
        var at = 0
        while held.count - at >= delivery.chunkSize {
            write(held[at..<at + delivery.chunkSize], &outbox)
            at += delivery.chunkSize
        }
        held.removeFirst(at)
    }

    private func releaseHeld(_ outbox: inout Outbox) {
        if !held.isEmpty { write(held[...], &outbox) }
        held = []
    }

    private func write(_ portion: ArraySlice<UInt8>, _ outbox: inout Outbox) {
        guard !portion.isEmpty else { return }
        if framing == .chunked { outbox.append(Array("\(String(portion.count, radix: 16))\r\n".utf8)) }
        outbox.append(portion)
        if framing == .chunked { outbox.append([13, 10]) }
    }

    private func cut(_ outbox: inout Outbox) -> Progress {
        wasCut = true
        switch delivery.cut {
        case .reset: stage = .ended(.reset)
        case .close: stage = .ended(.close)
        case .end: return end(&outbox)
        }
        return .more
    }

    private func end(_ outbox: inout Outbox) -> Progress {
        if framing == .chunked { outbox.append(Array("0\r\n\r\n".utf8)) }
        stage = .ended(keepsAlive && !delivery.hangsUp ? .keepAlive : .close)
        return .more
    }
}
