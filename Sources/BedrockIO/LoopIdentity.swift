import BedrockCore
import CSystem.Curl

// Who asks, and where: what a loop's streams, and threads that only want to know, wait for.
extension Loop {
    func findIdentities() {
        investigator?.work()
        let isWaitedFor = !unidentified.isEmpty || !lookups.isEmpty || !petitions.isEmpty || connections.isResolving
        guard isWaitedFor, shared.takeSettled() else { return }
        connections.regionSettled(self)
        var woken: [Stream] = []
        swap(&woken, &unidentified)
        for stream in woken {
            tell(stream) { $0.identitySettled(now: now) }
        }
        lookups.removeAll { isAnswered($0) }
        petitions.removeAll { isAnswered($0) }
    }

    func start(_ petition: Petition) {
        readClock()
        if !isAnswered(petition) { petitions.append(petition) }
    }

    private func isAnswered(_ petition: Petition) -> Bool {
        guard let finding = shared.answer(petition.ask, clock, since: petition.begunAt) else { return false }
        petition.question.answer(finding)
        return true
    }

    func start(_ lookup: Lookup) {
        readClock()
        if !isAnswered(lookup) { lookups.append(lookup) }
    }

    private func isAnswered(_ lookup: Lookup) -> Bool {
        do throws(Failure) {
            guard let settings = shared.settings,
                let found = try shared.whoAsks(settings, clock, since: lookup.begunAt)
            else { return false }
            lookup.finish(found, nil)
        } catch {
            lookup.finish(nil, error)
        }
        return true
    }

    func refuseLookups(_ failure: Failure) {
        while let lookup = lookups.popLast() { lookup.finish(nil, failure) }
    }

    func answered(_ question: HostQuestion, _ finding: Finding) {
        readClock()
        investigator?.answered(question, finding)
    }

    /// The environment and the files as they are now, for this inquiry and for the calls to come.
    func readSources() -> Finding {
        let finding = Finding()
        do throws(ConfigError) {
            guard let settings = try client?.readSources() else { return Finding(failure: "the client is gone") }
            shared.settings = settings
            finding.settings = settings
            return finding
        } catch {
            return Finding(failure: error.message)
        }
    }

    func send(
        _ request: IdentityRequest, _ settings: Settings, for keeper: IdentityKeeper, of investigator: Investigator
    ) throws(Failure) -> Errand {
        let proxy = request.usesProxy ? try settings.proxy(forURL: request.url.span) : []
        guard let easy = takeEasy() else { throw Self.shortOfMemory }
        guard let errand = Errand(easy: easy, request, for: keeper, of: investigator) else {
            curl_easy_cleanup(easy)
            throw Self.shortOfMemory
        }
        guard errand.prepare(settings, proxy: proxy) else {
            recycle(errand)
            throw Self.shortOfMemory
        }
        try add(errand)
        return errand
    }
}
