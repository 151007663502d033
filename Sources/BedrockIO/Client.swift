import BedrockCore
import CSystem.Posix

/// What streams have in common: settings, and the workers that they are spread over.
public final class Client: @unchecked Sendable {
    private let workers: [Worker]
    private let monitor: Monitor
    private let owner: pid_t
    private let config: Config
    private let counter = ExchangeCounter()
    /// Streams that are read together; nil where each is read by itself.
    public let readyList: ReadyList?

    // Under the monitor.
    private var environment: Environment
    private var profile: Profile
    private var settings: Settings
    /// Streams that were started and have not ended.
    private var openCount = 0
    private var isDraining = false
    /// How often a drain's time was over before all streams had ended.
    private var forcedDrainCount = 0

    /// Reads the environment and the files with profiles, and starts the threads. Nil without memory or threads.
    public static func make(
        _ config: Config, host: (any IdentityHost)? = nil, log: (any LogSink)? = nil, readyList: ReadyList? = nil,
        wallOffset: Int64 = 0
    ) throws(ConfigError) -> Client? {
        let config = config.copy()
        let environment = Environment.ofProcess()
        let profile = try Profile.read(for: environment, config)
        let settings = try Settings.make(config, environment, profile)
        let limits = settings.gateLimits
        guard let monitor = Monitor(), let workers = makeWorkers(settings.threadCount, limits) else { return nil }
        let client = Client(
            config, environment, profile, settings, monitor, workers, settings.sharesQueue ? readyList : nil)
        for (number, worker) in workers.enumerated() {
            worker.loop.client = client
            worker.loop.worker = worker
            worker.loop.host = host
            worker.loop.wallOffset = wallOffset
            worker.loop.shared.settings = settings
            worker.loop.share(settings.http2Streams)
            worker.loop.shared.hasLead = worker !== workers.first
            worker.loop.shared.hostKinds = host?.kinds ?? []
            worker.loop.shared.log = log
            worker.loop.shared.limit(limits.part(number, of: workers.count))
            if let first = workers.first { worker.loop.shared.shareQuota(of: first.loop.shared) }
        }
        return client.startThreads() ? client : nil
    }

    /// One for each thread that the limits leave something to do, or the one that has none.
    private static func makeWorkers(_ threadCount: Int, _ limits: GateLimits) -> [Worker]? {
        var workers: [Worker] = []
        for _ in 0..<limits.loopCount(most: threadCount) {
            guard let worker = Worker.make(hasThread: threadCount > 0) else {
                keepingSystemError { for made in workers { made.loop.shutDown() } }
                return nil
            }
            workers.append(worker)
        }
        return workers
    }

    private init(
        _ config: Config, _ environment: Environment, _ profile: Profile, _ settings: Settings, _ monitor: Monitor,
        _ workers: [Worker], _ readyList: ReadyList?
    ) {
        self.readyList = readyList
        self.config = config
        self.environment = environment
        self.profile = profile
        self.settings = settings
        self.monitor = monitor
        self.workers = workers
        owner = getpid()
    }

    private func startThreads() -> Bool {
        for (at, worker) in workers.enumerated() where !worker.start(self) {
            keepingSystemError {
                for started in workers[..<at] { started.end() }
                for other in workers[at...] { other.loop.shutDown() }
            }
            return false
        }
        return true
    }

    // MARK: Any thread

    /// Used in a process that was forked off: the thread and the sockets are the parent's.
    public var isForked: Bool { getpid() != owner }

    /// Inside one of its callbacks.
    public var isOnLoopThread: Bool { workers.contains { $0.isMine } }

    /// Settings for one stream: those of the client, with `overrides` over them.
    public func settings(with overrides: Config?) throws(ConfigError) -> Settings {
        let settings = monitor.locked { self.settings }
        guard let overrides else { return settings }
        return try settings.with(overrides)
    }

    /// The environment and the profile files as they are now, for the calls to come.
    func readSources() throws(ConfigError) -> Settings {
        let environment = Environment.ofProcess()
        let profile = try Profile.read(for: environment, config)
        let settings = try Settings.make(config, environment, profile)
        monitor.locked {
            self.environment = environment
            self.profile = profile
            self.settings = settings
        }
        return settings
    }

    /// Finds out who asks, as the next stream would. Nil when that takes longer than `milliseconds`; negative waits
    /// without limit. Not on the loop's thread.
    public func whoAsks(milliseconds: Int64) throws(Failure) -> FoundIdentity? {
        guard let lookup = Lookup.make() else { throw Failure(.memory, .prepare, "out of memory") }
        guard let lead = workers.first, lead.post(.lookUp(lookup)) else { throw Worker.wasFreed }
        let limit = milliseconds < 0 ? -1 : min(milliseconds, Int64(Int32.max)) &* 1_000_000
        if lead.hasThread { return try lookup.wait(nanoseconds: limit) }
        _ = lead.attend(limit) { lookup.isFinished }
        return try lookup.wait(nanoseconds: 0)
    }

    /// What records the exchanges of a stream; nil where they are not to be recorded. The file is opened now, so that
    /// who asked for it hears when it cannot be.
    public func recorder(_ settings: Settings) throws(ConfigError) -> Recorder? {
        guard let path = settings.tapPath else { return nil }
        return try Recorder.open(path, counter)
    }

    /// A stream that is not started; nil without memory.
    public func makeStream(
        consumer: any StreamConsumer, operation: BedrockCore.Operation, modelID: Bytes, body: consuming ByteBuffer,
        settings: Settings, recorder: Recorder?
    ) -> Stream? {
        Stream(
            client: self, worker: leastBusyWorker, consumer: consumer, operation: operation, modelID: modelID,
            body: body, settings: settings,
            recorder: recorder)
    }

    func askLead(_ petition: Petition) {
        workers.first?.postLate(.ask(petition))
    }

    private var leastBusyWorker: Worker {
        guard workers.count > 1 else { return workers[0] }
        return monitor.locked {
            var least = workers[0]
            for worker in workers where worker.openCount < least.openCount { least = worker }
            return least
        }
    }

    /// False when the client takes no streams any more.
    public func start(_ stream: Stream) -> Bool {
        let isOpen = monitor.locked {
            guard !isDraining else { return false }
            openCount &+= 1
            stream.worker.openCount &+= 1
            return true
        }
        guard isOpen else { return false }
        if stream.worker.post(.start(stream)) { return true }
        ended(stream)
        return false
    }

    /// Keeps connections ready for so many streams at once; 0 for none.
    public func warm(_ count: Int) -> ErrorCode {
        guard !isForked else { return .forked }
        guard 0...Limits.warmCount ~= count else { return .argument }
        return !monitor.locked({ isDraining }) && keepWarm(count) ? .ok : .closed
    }

    /// In the order in which they are given streams. False when the client is being freed.
    private func keepWarm(_ count: Int) -> Bool {
        var left = count
        for (at, worker) in workers.enumerated() {
            let part = (left &+ workers.count &- at &- 1) / (workers.count &- at)
            guard worker.post(.warm(part)) else { return false }
            left &-= part
        }
        return true
    }

    /// The loop has let go of a stream.
    func ended(_ stream: Stream) {
        monitor.locked {
            openCount &-= 1
            stream.worker.openCount &-= 1
            if openCount == 0 { monitor.broadcast() }
        }
    }

    /// Takes no more streams, waits for those that run, and cancels what still runs after `milliseconds` (negative
    /// waits without limit). `.timeout` where some had to be cancelled.
    public func drain(milliseconds: Int64) -> ErrorCode {
        guard !isForked else { return .forked }
        guard !isOnLoopThread else { return .state }
        let forcedBefore = monitor.locked {
            isDraining = true
            return forcedDrainCount
        }
        _ = keepWarm(0)
        if !waitForStreams(milliseconds < 0 ? -1 : min(milliseconds, Int64(Int32.max)) &* 1_000_000) {
            monitor.locked { forcedDrainCount &+= 1 }
            for worker in workers { worker.postLate(.cancelAll) }
            _ = waitForStreams(-1)
        }
        // Also where the time of another thread's drain was shorter.
        return monitor.locked { forcedDrainCount } == forcedBefore ? .ok : .timeout
    }

    private func waitForStreams(_ limit: Int64) -> Bool {
        if let hosted = workers.first, !hosted.hasThread {
            return hosted.attend(limit) { monitor.locked { openCount == 0 } }
        }
        let start = sys_now_ns()
        return monitor.locked {
            while openCount > 0 {
                let left = limit < 0 ? -1 : max(limit &- (sys_now_ns() &- start), 0)
                if left == 0 { return false }
                _ = monitor.wait(timeout: left)
            }
            return true
        }
    }

    /// Cancels all streams and ends the threads. When this returns no callback runs, but for the one that it is in.
    public func close() {
        guard !isForked else { return }
        readyList?.close()
        for worker in workers { worker.beginClose() }
        for worker in workers { worker.close() }
    }

    /// Nanoseconds of the clock that its limits are measured by.
    public var now: Int64 { sys_now_ns() }

    /// Waits until a stream of the list has something, at most so long; negative waits without limit.
    public func wait(for list: ReadyList, nanoseconds limit: Int64) {
        guard let hosted = workers.first, !hosted.hasThread else { return list.wait(limit) }
        _ = hosted.attend(limit) { !list.isEmpty || list.hasClosed }
    }

    // MARK: Without threads

    /// What a host's own loop waits for; nil where there are threads.
    public var pollDescriptor: Int32? {
        guard let hosted = workers.first, !hosted.hasThread else { return nil }
        return hosted.loop.poller.descriptor
    }

    /// Does what is due, without waiting. False where there are threads, inside a callback, and while another thread
    /// is in here.
    public func dispatch() -> Bool {
        guard let hosted = workers.first, !hosted.hasThread else { return false }
        return hosted.dispatch()
    }
}
