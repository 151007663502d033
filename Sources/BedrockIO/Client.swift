import BedrockCore
import CSystem.Posix

/// A loop on a thread of its own, and the letter box through which other threads reach it.
public final class Client: @unchecked Sendable {
    enum Letter {
        case start(Stream)
        /// The stream's flags have changed.
        case notice(Stream)
        case cancelAll
        case answered(HostQuestion, Finding)
        case lookUp(Lookup)
    }

    let loop: Loop
    private let monitor: Monitor
    private let owner: pid_t
    private let config: Config
    private let counter = ExchangeCounter()
    private var thread = pthread_t()

    // Under the monitor.
    private var environment: Environment
    private var profile: Profile
    private var settings: Settings
    private var letters: [Letter] = []
    /// Streams that were started and have not ended.
    private var openCount = 0
    private var isDraining = false
    /// How often a drain's time was over before all streams had ended.
    private var forcedDrainCount = 0
    private var isClosing = false
    private var hasExited = false
    private var loopThread: pthread_t?

    /// The loop's: letters taken out of the box and not yet looked at, the next one last. A callback that ends the
    /// client finds here what it overtook.
    private var unread: [Letter] = []

    /// Reads the environment and the files with profiles, and starts the thread. Nil without memory or threads.
    public static func make(
        _ config: Config, host: (any IdentityHost)? = nil, log: (any LogSink)? = nil, wallOffset: Int64 = 0
    ) throws(ConfigError) -> Client? {
        let config = config.copy()
        let environment = Environment.ofProcess()
        let profile = try Profile.read(for: environment, config)
        let settings = try Settings.make(config, environment, profile)
        guard let monitor = Monitor(), let loop = Loop() else { return nil }
        let client = Client(config, environment, profile, settings, monitor, loop)
        loop.host = host
        loop.wallOffset = wallOffset
        loop.shared.hostKinds = host?.kinds ?? []
        loop.shared.log = log
        return client.startThread() ? client : nil
    }

    private init(
        _ config: Config, _ environment: Environment, _ profile: Profile, _ settings: Settings, _ monitor: Monitor,
        _ loop: Loop
    ) {
        self.config = config
        self.environment = environment
        self.profile = profile
        self.settings = settings
        self.monitor = monitor
        self.loop = loop
        owner = getpid()
        loop.client = self
        loop.shared.settings = settings
    }

    private func startThread() -> Bool {
        let user = Unmanaged.passRetained(self).toOpaque()
        if sys_thread_start(&thread, "bedrockstream", runClient, user) == 0 { return true }
        Unmanaged<Client>.fromOpaque(user).release()
        loop.shutDown()
        return false
    }

    // MARK: Any thread

    /// Used in a process that was forked off: the thread and the sockets are the parent's.
    public var isForked: Bool { getpid() != owner }

    var isLoopThread: Bool {
        monitor.locked {
            guard let loopThread else { return false }
            return pthread_equal(loopThread, pthread_self()) != 0
        }
    }

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
        let isTaken = monitor.locked {
            if !isClosing { letters.append(.lookUp(lookup)) }
            return !isClosing
        }
        guard isTaken else { throw Self.wasFreed }
        loop.poller.wake()
        let limit = milliseconds < 0 ? -1 : min(milliseconds, Int64(Int32.max)) &* 1_000_000
        return try lookup.wait(nanoseconds: limit)
    }

    public var isOnLoopThread: Bool { isLoopThread }

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
            client: self, consumer: consumer, operation: operation, modelID: modelID, body: body, settings: settings,
            recorder: recorder)
    }

    /// False when the client takes no streams any more.
    public func start(_ stream: Stream) -> Bool {
        let isTaken = monitor.locked {
            guard !isClosing, !isDraining else { return false }
            letters.append(.start(stream))
            openCount &+= 1
            return true
        }
        if isTaken { loop.poller.wake() }
        return isTaken
    }

    func post(_ letter: Letter) {
        monitor.locked {
            if !hasExited { letters.append(letter) }
        }
        loop.poller.wake()
    }

    /// The loop has let go of a stream.
    func streamEnded() {
        monitor.locked {
            openCount &-= 1
            if openCount == 0 { monitor.broadcast() }
        }
    }

    /// Takes no more streams, waits for those that run, and cancels what still runs after `milliseconds` (negative
    /// waits without limit). `.timeout` where some had to be cancelled.
    public func drain(milliseconds: Int64) -> ErrorCode {
        guard !isForked else { return .forked }
        guard !isLoopThread else { return .state }
        let forcedBefore = monitor.locked {
            isDraining = true
            return forcedDrainCount
        }
        if !waitForStreams(milliseconds < 0 ? -1 : min(milliseconds, Int64(Int32.max)) &* 1_000_000) {
            monitor.locked { forcedDrainCount &+= 1 }
            post(.cancelAll)
            _ = waitForStreams(-1)
        }
        // Also where the time of another thread's drain was shorter.
        return monitor.locked { forcedDrainCount } == forcedBefore ? .ok : .timeout
    }

    private func waitForStreams(_ limit: Int64) -> Bool {
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

    /// Cancels all streams and ends the thread. When this returns no callback runs, but for the one it was called from.
    public func close() {
        guard !isForked else { return }
        monitor.locked { isClosing = true }
        // Also on the loop's own thread, which may be about to wait when the callback that is running has returned.
        loop.poller.wake()
        if isLoopThread {
            refuseLetters()
            loop.cancelAll(Self.freed)
            loop.forgetHost()
            pthread_detach(pthread_self())
        } else {
            pthread_join(thread, nil)
        }
    }

    // MARK: The loop's thread

    fileprivate func run() {
        monitor.locked { loopThread = pthread_self() }
        while !readLetters() {
            loop.sweep()
            loop.turn()
        }
        refuseLetters()
        loop.cancelAll(Self.freed)
        loop.sweep()
        loop.refuseLookups(Self.wasFreed)
        monitor.locked {
            hasExited = true
            letters.removeAll()
        }
        loop.shutDown()
    }

    /// True when the client is being closed.
    private func readLetters() -> Bool {
        takeLetters()
        while let letter = unread.popLast() {
            switch letter {
            case .start(let stream): loop.start(stream)
            case .notice(let stream): loop.notice(stream)
            case .cancelAll: loop.cancelAll("the client was drained")
            case .answered(let question, let finding): loop.answered(question, finding)
            case .lookUp(let lookup): loop.start(lookup)
            }
        }
        return monitor.locked { isClosing }
    }

    private func takeLetters() {
        var box: [Letter] = []
        monitor.locked { swap(&box, &letters) }
        if !box.isEmpty { unread = box.reversed() + unread }
    }

    /// Streams that were opened just before the end are ended as all others.
    private func refuseLetters() {
        takeLetters()
        while let letter = unread.popLast() {
            switch letter {
            case .start(let stream): loop.refuse(stream, Self.freed)
            case .lookUp(let lookup): lookup.finish(nil, Self.wasFreed)
            default: break
            }
        }
    }

    private static let freed: StaticString = "the client was freed"
    private static var wasFreed: Failure { Failure(.cancelled, .prepare, Message(freed)) }
}

private func runClient(_ user: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let user else { return nil }
    Unmanaged<Client>.fromOpaque(user).takeRetainedValue().run()
    return nil
}
