import CSystem.Sim
import Glibc

/// The loop: one thread, one readiness queue, every connection of one listener.
final class Server {
    let port: UInt16
    private let listener: Int32
    private let signals: Int32
    private let poller: Poller
    private let service: Service
    private var connections: [Int32: Connection] = [:]
    private var timers = TimerHeap()
    private var serial: UInt64 = 0
    private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)

    init?(options: Options, service: Service) {
        _ = sim_raise_file_limit()
        var port = options.port
        guard let poller = Poller() else { return nil }
        listener = sim_listen(options.isIPv6 ? 1 : 0, &port)
        guard listener >= 0 else { return nil }
        self.port = port
        self.poller = poller
        self.service = service
        signals = sim_stop_signals()
        poller.add(listener, serial: 0, reads: true, writes: false)
        poller.add(signals, serial: 0, reads: true, writes: false)
    }

    deinit {
        for fd in connections.keys { close(fd) }
        close(listener)
        close(signals)
        room.deallocate()
    }

    /// Serves until a signal asks for the end.
    func run() {
        while true {
            var now = sim_monotonic_ns()
            let events = poller.wait(timeout: timers.nextDue.map { max($0 - now, 0) })
            now = sim_monotonic_ns()
            for event in events {
                if event.fd == signals { return }
                if event.fd == listener { accept(now) } else { handle(event, now) }
            }
            while let entry = timers.popDue(now) { wake(entry) }
        }
    }

    private func accept(_ now: Int64) {
        for _ in 0..<256 {
            let fd = sim_accept(listener)
            guard fd >= 0 else { return }
            serial += 1
            connections[fd] = Connection(fd: fd, serial: serial, service: service)
            service.stats.opened()
            poller.add(fd, serial: serial, reads: true, writes: false)
        }
    }

    private func handle(_ event: Poller.Event, _ now: Int64) {
        guard let connection = connections[event.fd], UInt32(truncatingIfNeeded: connection.serial) == event.serial
        else { return }
        if connection.reads, event.isReadable || event.isHangup {
            guard connection.receive(into: room) else { return gone(connection, now) }
        } else if event.isHangup {
            return gone(connection, now)
        }
        settle(connection, connection.step(now: now), now)
    }

    private func gone(_ connection: Connection, _ now: Int64) {
        connection.abandon(now: now)
        drop(connection)
    }

    private func wake(_ entry: TimerHeap.Entry) {
        guard let connection = connections[entry.fd], connection.wakeSerial == entry.serial else { return }
        let now = sim_monotonic_ns()
        settle(connection, connection.step(now: now), now)
    }

    private func settle(_ connection: Connection, _ wish: Connection.Wish, _ now: Int64) {
        switch wish {
        case .keep(let reads, let writes, let wake):
            if reads != connection.reads || writes != connection.writes {
                connection.reads = reads
                connection.writes = writes
                poller.change(connection.fd, serial: connection.serial, reads: reads, writes: writes)
            }
            serial += 1
            connection.wakeSerial = serial
            if let wake { timers.push(TimerHeap.Entry(due: wake, fd: connection.fd, serial: serial)) }
        case .close: drop(connection)
        case .reset:
            sim_reset_on_close(connection.fd)
            drop(connection)
        }
    }

    private func drop(_ connection: Connection) {
        connections[connection.fd] = nil
        close(connection.fd)
        service.stats.closed()
    }
}
