import CSystem.Sim
import Glibc

/// One client: reads requests, sends answers, one after the other.
final class Connection {
    /// What the connection needs next.
    enum Wish {
        case keep(reads: Bool, writes: Bool, wake: Int64?)
        case close
        case reset
    }

    private enum Phase {
        case reading
        case answering(Transfer, Request?, since: Int64)
        /// Waits until the peer has everything, then resets.
        case resetting(triesLeft: Int)
        /// Everything is sent; reads until the peer has closed, so that the kernel does not reset what it holds.
        case lingering(until: Int64)
    }

    /// No more is composed while this much waits to be sent.
    private static let highWater = 64 * 1024
    /// A connection gives way to others after this much.
    private static let turn: Int64 = 512 * 1024

    let fd: Int32
    let serial: UInt64
    private let service: Service
    private var parser = RequestParser()
    private var outbox = Outbox()
    private var phase = Phase.reading
    /// What the poller was told last.
    var reads = true
    var writes = false
    var wakeSerial: UInt64 = 0

    init(fd: Int32, serial: UInt64, service: Service) {
        self.fd = fd
        self.serial = serial
        self.service = service
    }

    /// Reads what has come. False: the peer has gone.
    func receive(into room: UnsafeMutableRawBufferPointer) -> Bool {
        for _ in 0..<16 {
            let count = recv(fd, room.baseAddress, room.count, 0)
            if count == 0 { return false }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            if case .lingering = phase { continue }
            parser.append(UnsafeRawBufferPointer(rebasing: room[0..<count]))
            if count < room.count { return true }
        }
        return true
    }

    /// The peer has ended its side. True: an answer was under way.
    func abandon(now: Int64) {
        guard case .answering(let transfer, let request, let since) = phase else { return }
        service.finished(transfer, request, took: now - since, outcome: .abandoned)
    }

    /// Does what can be done without waiting.
    func step(now: Int64) -> Wish {
        let sentBefore = outbox.sentTotal
        while true {
            switch outbox.flush(to: fd, now: now) {
            case .emptied: break
            case .broken:
                abandon(now: now)
                return .close
            case .full: return .keep(reads: false, writes: true, wake: nil)
            case .wait(let until): return .keep(reads: false, writes: false, wake: until)
            }
            if outbox.sentTotal - sentBefore > Self.turn { return .keep(reads: false, writes: true, wake: nil) }
            if let wish = advance(now) { return wish }
        }
    }

    private func advance(_ now: Int64) -> Wish? {
        switch phase {
        case .reading:
            return readNext(now)
        case .answering(let transfer, let request, let since):
            return answer(transfer, request, since, now)
        case .resetting(let triesLeft):
            if triesLeft == 0 || sim_unsent(fd) == 0 { return .reset }
            phase = .resetting(triesLeft: triesLeft - 1)
            return .keep(reads: false, writes: false, wake: now + 1_000_000)
        case .lingering(let until):
            return now >= until ? .close : .keep(reads: true, writes: false, wake: until)
        }
    }

    private func readNext(_ now: Int64) -> Wish? {
        switch parser.next() {
        case .incomplete:
            guard parser.awaitsContinue else { return .keep(reads: true, writes: false, wake: nil) }
            parser.continued()
            outbox.append(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        case .request(let request):
            let reply = service.reply(to: request, now: now)
            phase = .answering(Transfer(reply, for: request, now: now), request, since: now)
        case .refused(let status, let message):
            let reply = service.refuse(status: status, message: message)
            phase = .answering(Transfer(reply, for: nil, now: now), nil, since: now)
        }
        return nil
    }

    private func answer(_ transfer: Transfer, _ request: Request?, _ since: Int64, _ now: Int64) -> Wish? {
        while outbox.count < Self.highWater {
            switch transfer.fill(&outbox, now: now, wallSeconds: sim_wall_s()) {
            case .more:
                if transfer.delivery.sendsEachWrite { return nil }
            case .wait(let until):
                return outbox.count > 0 ? nil : .keep(reads: false, writes: false, wake: until)
            case .stall:
                return outbox.count > 0 ? nil : .keep(reads: false, writes: false, wake: nil)
            case .ended(let ending):
                guard outbox.count == 0 else { return nil }
                service.finished(transfer, request, took: now - since, outcome: transfer.wasCut ? .cut : .complete)
                return end(ending, now)
            }
        }
        return nil
    }

    private func end(_ ending: Transfer.Ending, _ now: Int64) -> Wish? {
        outbox.pace = Outbox.Pace()
        switch ending {
        case .keepAlive: phase = .reading
        case .reset: phase = .resetting(triesLeft: 2000)
        case .close:
            shutdown(fd, Int32(SHUT_WR))
            phase = .lingering(until: now + 1_000_000_000)
        }
        return nil
    }
}
