import BedrockCore

/// A connection of the pool.
final class Connection {
    let host: String
    /// Its other end is gone; nobody has noticed.
    var isDead = false
    var isUsed = false

    init(host: String) {
        self.host = host
    }
}

/// One request in the network's hands.
final class Transfer {
    let request: PreparedRequest
    let host: String
    /// Whose it is; nil once the rest is read for nobody.
    var call: Call?
    let lane: Lane
    /// It is not the one that the exchange's attempt is in.
    var isBeside: Bool { call.map { $0.exchange.lane != lane } ?? false }
    var connection: Connection
    var response = Response()
    /// The next line of the head, and the next byte of the body.
    var line = 0
    var place = 0
    /// The bytes that were not taken.
    var refused: Range<Int>?
    var hasBrokenSilence = false
    /// Over for the network; what is planned for it does not happen any more.
    var isDone = false
    var result: TransportFailure?
    var drainDeadline: Int64 = 0
    var drainLength = Limits.drainLength

    init(_ request: PreparedRequest, _ call: Call, _ lane: Lane, _ connection: Connection) {
        self.lane = lane
        self.request = request
        self.call = call
        self.connection = connection
        host = connection.host
    }
}

/// The simulated transport: pooled connections that may be dead, bytes in pieces, pauses, failures.
final class Network {
    unowned(unsafe) var world: World!
    private var idle: [Connection] = []
    /// Those that ended since the loop last asked.
    private var done: [Transfer] = []
    private var draining: [Transfer] = []
    private(set) var liveCount = 0

    var isQuiet: Bool { liveCount == 0 && draining.isEmpty && done.isEmpty }

    func letGo() {
        for transfer in done + draining { transfer.call = nil }
        (done, draining, idle) = ([], [], [])
    }

    // MARK: What the loop asks

    func send(_ request: PreparedRequest, isFresh: Bool, _ call: Call, _ lane: Lane) {
        let host = Self.host(of: request)
        let reused = isFresh ? nil : takeIdle(host)
        let transfer = Transfer(request, call, lane, reused ?? Connection(host: host))
        liveCount += 1
        world.ledger.require(call.transfers[lane] == nil, "one transfer in a lane", "call \(call.number)")
        call.transfers[lane] = transfer
        if reused != nil {
            plan(transfer, world.dice.milliseconds(0...1)) { $0.reuse(transfer) }
        } else {
            dial(transfer)
        }
    }

    func resume(_ call: Call) {
        guard let transfer = call.transfer, let bytes = transfer.refused else { return }
        transfer.refused = nil
        // libcurl hands what it kept over inside this very call.
        if world.dice.percent(50) {
            bring(transfer, bytes)
            if transfer.refused == nil { plan(transfer, 0) { $0.advance(transfer) } }
        } else {
            plan(transfer, world.dice.milliseconds(0...2)) {
                $0.bring(transfer, bytes)
                if transfer.refused == nil { $0.advance(transfer) }
            }
        }
    }

    func drop(_ call: Call, _ lane: Lane) {
        guard let transfer = call.transfers.removeValue(forKey: lane) else { return }
        recycle(transfer)
    }

    func drain(_ call: Call) {
        guard let transfer = call.transfer else { return }
        guard draining.count < Limits.drainCount, !transfer.isDone else { return drop(call, call.exchange.lane) }
        call.transfer = nil
        transfer.call = nil
        transfer.drainDeadline = world.now + Limits.drainMilliseconds * 1_000_000
        draining.append(transfer)
        world.after(Limits.drainMilliseconds * 1_000_000) { [unowned self] in endDraining(transfer) }
        guard transfer.refused != nil else { return }
        transfer.refused = nil
        plan(transfer, 0) { $0.advance(transfer) }
    }

    private func endDraining(_ transfer: Transfer) {
        guard let index = draining.firstIndex(where: { $0 === transfer }) else { return }
        draining.remove(at: index)
        recycle(transfer)
    }

    private func recycle(_ transfer: Transfer) {
        transfer.call = nil
        transfer.isDone = true
        liveCount -= 1
    }

    /// Tells of the transfers that have ended, as a loop does when libcurl has returned.
    func collectDone() {
        while !done.isEmpty {
            let transfer = done.removeFirst()
            guard let call = transfer.call else {
                endDraining(transfer)
                continue
            }
            guard call.transfers[transfer.lane] === transfer else { continue }
            if transfer.isBeside {
                world.tell(call) { $0.hedgeEnded(now: self.world.now) }
                continue
            }
            call.watch.transportEnded(transfer.result, transfer)
            world.note("call \(call.number): the transport ends: \(transfer.result?.message ?? "cleanly")")
            if let failure = transfer.result {
                world.tell(call) { $0.transportFailed(failure, now: self.world.now) }
            } else {
                world.tell(call) { $0.bodyEnded(now: self.world.now) }
            }
        }
    }

    // MARK: Connections

    private func takeIdle(_ host: String) -> Connection? {
        guard let index = idle.lastIndex(where: { $0.host == host }) else { return nil }
        return idle.remove(at: index)
    }

    private func dial(_ transfer: Transfer) {
        let kinds: [TransportFailure.Kind?] = [.resolve, .connect, .connect, .tls, .other, nil]
        guard world.dice.percent(world.mood.connectionFaultPercent) else {
            return plan(transfer, world.dice.milliseconds(1...200)) { $0.connected(transfer, isReused: false) }
        }
        // The last one never gets an answer to its first packet.
        guard let kind = world.dice.pick(kinds) else {
            return plan(transfer, 130_000_000_000) { $0.end(transfer, TransportFailure(.connect, "no route")) }
        }
        plan(transfer, world.dice.milliseconds(0...4000)) {
            $0.end(transfer, TransportFailure(kind, .init(text: "no connection: \(kind)")))
        }
    }

    private func reuse(_ transfer: Transfer) {
        guard connected(transfer, isReused: true, asks: false) else { return }
        guard transfer.connection.isDead else { return ask(transfer) }
        switch world.dice.below(5) {
        case 0, 1:
            // The transport notices by itself, and connects anew.
            transfer.connection = Connection(host: transfer.host)
            plan(transfer, world.dice.milliseconds(1...100)) { $0.connected(transfer, isReused: false) }
        case 2:
            plan(transfer, 900_000_000_000) { $0.end(transfer, TransportFailure(.other, "gone for good")) }
        default:
            plan(transfer, world.dice.milliseconds(0...50)) {
                $0.end(transfer, TransportFailure(.other, "connection reset"))
            }
        }
    }

    @discardableResult
    private func connected(_ transfer: Transfer, isReused: Bool, asks: Bool = true) -> Bool {
        guard let call = transfer.call else { return false }
        var goesOut = false
        let isHedge = transfer.isBeside
        call.watch.willConnect(isReused: isReused, transfer.lane)
        world.note("call \(call.number): connected\(isReused ? ", used before" : "")\(isHedge ? ", the hedge" : "")")
        world.tell(call) {
            goesOut =
                isHedge
                ? $0.hedgeConnected(isReused: isReused, now: self.world.now)
                : $0.connected(isReused: isReused, now: self.world.now)
        }
        if !isHedge { call.watch.connected(goesOut) }
        guard goesOut else {
            end(transfer, TransportFailure(.other, "aborted by a callback"))
            return false
        }
        if asks { ask(transfer) }
        return true
    }

    /// The request goes out, in one piece or two; the answer begins some time later.
    private func ask(_ transfer: Transfer) {
        let length = Int64(transfer.request.body.bytes.count) + 500
        let first = world.dice.percent(30) ? length / 3 : length
        sent(transfer, first, isWhole: first == length)
        plan(transfer, world.dice.milliseconds(0...30)) { network in
            guard let call = transfer.call else { return }
            if first < length { network.sent(transfer, length - first, isWhole: true) }
            transfer.response = network.world.server.answer(transfer.request, call, transfer.lane)
            call.watch.answered(transfer.response, transfer.lane)
            let silence = transfer.response.silenceAt == -1 ? transfer.response.silence : 0
            network.plan(transfer, network.world.dice.milliseconds(0...200) + silence) { $0.advance(transfer) }
        }
    }

    private func sent(_ transfer: Transfer, _ length: Int64, isWhole: Bool) {
        guard let call = transfer.call else { return }
        call.watch.requestWent(length, isWhole: isWhole, transfer.lane)
        world.tell(call) {
            if transfer.isBeside {
                $0.hedgeSent(length: length, isWhole: isWhole, now: self.world.now)
            } else {
                $0.requestSent(length: length, isWhole: isWhole, now: self.world.now)
            }
        }
    }

    // MARK: Bytes

    /// Brings what comes next.
    private func advance(_ transfer: Transfer) {
        let response = transfer.response
        if transfer.line < response.head.count { return bringHead(transfer) }
        if transfer.place >= response.body.count { return endBody(transfer) }
        if response.silenceAt == transfer.place, !transfer.hasBrokenSilence {
            transfer.hasBrokenSilence = true
            return plan(transfer, response.silence) { $0.advance(transfer) }
        }
        bring(transfer, nextPiece(transfer))
        if !transfer.isDone, transfer.refused == nil { goOn(transfer) }
    }

    private func goOn(_ transfer: Transfer) {
        if transfer.response.drips { return plan(transfer, world.dice.milliseconds(1...250)) { $0.advance(transfer) } }
        // Often there is more to read at once.
        let delay = world.dice.percent(60) ? 0 : world.dice.time(upTo: 27)
        plan(transfer, delay) { $0.advance(transfer) }
    }

    private func nextPiece(_ transfer: Transfer) -> Range<Int> {
        let response = transfer.response
        var end = response.body.count
        if let silence = response.silenceAt, silence > transfer.place { end = silence }
        var length = response.drips ? world.dice.within(1...200) : world.dice.within(1...world.mood.pieceLength)
        // The longest answers do not come byte by byte.
        length = max(length, response.body.count / 100)
        return transfer.place..<min(end, transfer.place + min(length, 16_384))
    }

    private func bringHead(_ transfer: Transfer) {
        repeat {
            let line = transfer.response.head[transfer.line]
            transfer.line += 1
            guard let call = transfer.call else { continue }
            bring(line, of: transfer, to: call)
            // The loop ends a transfer whose exchange has ended.
            if call.exchange.hasEnded { return end(transfer, TransportFailure(.other, "failed writing header")) }
        } while transfer.line < transfer.response.head.count && !world.dice.percent(5)
        plan(transfer, world.dice.percent(80) ? 0 : world.dice.time(upTo: 27)) { $0.advance(transfer) }
    }

    /// A line of a head; one that begins an answer puts a hedge in the first request's place.
    private func bring(_ line: Bytes, of transfer: Transfer, to call: Call) {
        guard transfer.isBeside else {
            call.watch.bytesArrived(line.count)
            return world.tell(call) { $0.received(headLine: line.span, now: self.world.now) }
        }
        call.watch.hedgeReceives(line)
        world.tell(call) { $0.hedgeReceived(headLine: line.span, now: self.world.now) }
        call.watch.hedgeReceived(line)
    }

    private func bring(_ transfer: Transfer, _ range: Range<Int>) {
        guard let call = transfer.call else { return drained(transfer, range) }
        guard !transfer.isDone else { return }
        if transfer.isBeside { return end(transfer, TransportFailure(.other, "failed writing body")) }
        var intake = Intake.taken
        let isHeld = call.watch.isHolding
        if !isHeld { call.watch.bytesArrived(range.count) }
        world.note("call \(call.number): \(range.count) bytes from \(range.lowerBound)")
        if !isHeld { call.watch.bytesArrive(upTo: range.upperBound) }
        let piece = Bytes(transfer.response.body[range])
        world.tell(call) { intake = $0.received(piece.span, now: self.world.now) }
        call.watch.checkHeld(range.count)
        switch intake {
        case .taken: transfer.place = range.upperBound
        case .wait: transfer.refused = range
        case .stop: end(transfer, TransportFailure(.other, "failed writing body"))
        }
    }

    private func drained(_ transfer: Transfer, _ range: Range<Int>) {
        transfer.place = range.upperBound
        transfer.drainLength -= min(range.count, transfer.drainLength)
        if transfer.drainLength == 0 { end(transfer, TransportFailure(.other, "failed writing body")) }
    }

    private func endBody(_ transfer: Transfer) {
        switch transfer.response.ending {
        case .clean:
            if transfer.response.keepsConnection { keep(transfer.connection) }
            end(transfer, nil)
        case .failure(let kind): end(transfer, TransportFailure(kind, "connection reset by the server"))
        case .startsAnew:
            guard transfer.call != nil else { return end(transfer, nil) }
            connected(transfer, isReused: false)
        }
    }

    private func keep(_ connection: Connection) {
        connection.isDead = world.dice.percent(world.mood.connectionFaultPercent + 10)
        idle.append(connection)
    }

    private func end(_ transfer: Transfer, _ failure: TransportFailure?) {
        guard !transfer.isDone else { return }
        transfer.isDone = true
        transfer.result = failure
        done.append(transfer)
    }

    /// Unless the transfer is over by then.
    private func plan(_ transfer: Transfer, _ delay: Int64, _ happen: @escaping (Network) -> Void) {
        world.after(delay) { [unowned self] in
            if !transfer.isDone { happen(self) }
        }
    }

    private static func host(of request: PreparedRequest) -> String {
        String(request.headers.firstValue(of: "host") ?? [])
    }
}
