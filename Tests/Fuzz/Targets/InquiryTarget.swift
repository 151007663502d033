import BedrockCore

/// The first byte says what the rest is: "s" an answer of STS, "p" what a credential process prints; "c", "t" and "r"
/// variables, a config file and what is found for each question on the way to credentials, a token or a region, each
/// behind a NUL. A finding begins with "2", "3", "4" or "5" for its status, "-" for a file that is missing, or anything
/// else for a failure.
func fuzzInquiry(_ input: Bytes) -> [String] {
    var faults = Faults()
    let rest = Bytes(input.dropFirst())
    switch input.first {
    case UInt8(ascii: "s"):
        checkRole(search("", roleProfile, [Bytes("2") + rest], .credentials, &faults), rest, &faults)
    case UInt8(ascii: "p"):
        checkProcess(search("", processProfile, [Bytes("2") + rest], .credentials, &faults), &faults)
    case UInt8(ascii: "c"), UInt8(ascii: "t"), UInt8(ascii: "r"):
        let parts = rest.split(separator: 0, omittingEmptySubsequences: false).map { Bytes($0) }
        let goal: Inquiry.Goal =
            input.first == UInt8(ascii: "c") ? .credentials : input.first == UInt8(ascii: "t") ? .token : .region
        let (variables, config) = (parts[0], parts.count > 1 ? parts[1] : [])
        _ = search(String(variables), String(config), [Bytes](parts.dropFirst(2)), goal, &faults)
    default: break
    }
    return faults.list
}

private let roleProfile = """
    [default]
    role_arn = arn:aws:iam::123456789012:role/r
    source_profile = default
    aws_access_key_id = AKID
    aws_secret_access_key = SECRET
    """
private let processProfile = "[default]\ncredential_process = p"

/// What an inquiry came to, and what it asked.
private struct Outcome: Equatable {
    var keys: [Bytes] = []
    var expiry: Int64?
    var failure: String?
    var asks: [String] = []
}

/// Nil where the config file, or what is set, is no such thing.
private func search(
    _ variables: String, _ config: String, _ answers: [Bytes], _ goal: Inquiry.Goal,
    _ faults: inout Faults
) -> Outcome? {
    guard let settings = settings(variables, config) else { return nil }
    let outcome = run(settings, answers, goal, &faults)
    faults.expect(run(settings, answers, goal, &faults) == outcome, "the same findings came to something else")
    faults.expect(outcome.failure?.utf8.count ?? 0 < 16_000, "a message of \(outcome.failure?.utf8.count ?? 0) bytes")
    if let failure = outcome.failure { faults.expectLine(failure, "a message") }
    return outcome
}

private func settings(_ variables: String, _ config: String) -> Settings? {
    var environment = Environment()
    var values = ["AWS_REGION": "us-east-1", "HOME": "/h"]
    for line in variables.utf8.lines.prefix(32) {
        guard let mark = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
        values[String(Bytes(line[..<mark]))] = String(Bytes(line[(mark + 1)...]))
    }
    for name in Environment.names {
        if let value = values[String(Bytes(name))] { environment.add(name, Bytes(value.utf8)) }
    }
    do throws(ProfileFileError) {
        let file = try ProfileFile.parse(Bytes(config.utf8).span, .config)
        return made(environment, ProfileFiles(config: file, credentials: nil))
    } catch {
        return nil
    }
}

private func made(_ environment: Environment, _ files: ProfileFiles) -> Settings? {
    do throws(ConfigError) {
        return try Settings.make(Config(), environment, try Profile(files, FileLocations(environment)))
    } catch {
        return nil
    }
}

private func run(
    _ settings: Settings, _ answers: [Bytes], _ goal: Inquiry.Goal, _ faults: inout Faults
) -> Outcome {
    var outcome = Outcome()
    guard let signer = RequestSigner() else { return outcome }
    let shared = SharedState(signer: signer, seed: 1)
    shared.hostKinds = .mfaCode
    let inquiry = Inquiry(goal, settings, shared, readsSources: false, wall: 1_767_323_045)
    while outcome.asks.count <= 1000 {
        do throws(Halt) {
            let found = try inquiry.run(wall: 1_767_323_045)
            guard let ask = inquiry.pending else {
                outcome.take(found, &faults)
                return outcome
            }
            check(ask, &faults)
            let at = outcome.asks.count
            outcome.asks.append("\(ask.kind) \(ask.subject)")
            inquiry.found(finding(at < answers.count ? answers[at] : [], ask.kind))
        } catch {
            outcome.failure = "\(inquiry.explained(error.failure ?? ""))"
            return outcome
        }
    }
    faults.expect(false, "it does not end")
    return outcome
}

private func finding(_ answer: Bytes, _ kind: Ask.Kind) -> Finding {
    let statuses: [UInt8: Int] = [
        UInt8(ascii: "2"): 200, UInt8(ascii: "3"): 301, UInt8(ascii: "4"): 403, UInt8(ascii: "5"): 503,
    ]
    guard let first = answer.first, let status = statuses[first] else {
        return Finding(failure: "does not work", isMissing: answer.first == UInt8(ascii: "-"))
    }
    var bytes = ByteBuffer()
    bytes.append(Bytes(answer.dropFirst()))
    let finding = Finding(status: kind == .http ? status : status == 200 ? 0 : 3, bytes: bytes)
    finding.serverSeconds = 1_767_330_000
    return finding
}

/// Nothing that is sent or run holds what it must not.
private func check(_ ask: Ask, _ faults: inout Faults) {
    faults.expectLine("\(ask.subject)", "a subject")
    if let request = ask.request {
        faults.expect(request.url.allSatisfy { 0x21...0x7E ~= $0 }, "a URL with blanks or controls")
        for header in request.headers {
            faults.expect(header.value.allSatisfy { ($0 >= 0x20 || $0 == 9) && $0 != 0x7F }, "a header's value")
            faults.expect(header.name.allSatisfy { 0x21...0x7E ~= $0 && $0 != 58 }, "a header's name")
        }
    }
    if ask.kind == .process { faults.expect(ask.words.first?.isEmpty == false, "no program") }
    faults.expect(ask.time >= 0, "a wait of \(ask.time)")
}

extension Outcome {
    fileprivate mutating func take(_ identity: ResolvedIdentity?, _ faults: inout Faults) {
        guard let identity else { return faults.expect(false, "nothing, and no error") }
        if let credentials = identity.credentials {
            keys = [credentials.accessKeyID, credentials.secretAccessKey.copy, credentials.sessionToken?.copy ?? []]
            faults.expect(!keys[0].isEmpty && !keys[1].isEmpty, "credentials without keys")
        }
        faults.expect(identity.token?.isEmpty != true, "an empty token")
        faults.expectLine("\(identity.source)", "a source")
        expiry = identity.expiry
    }
}

// MARK: - One answer

private func checkRole(_ outcome: Outcome?, _ answer: Bytes, _ faults: inout Faults) {
    guard let outcome else { return faults.expect(false, "no outcome") }
    faults.expect(outcome.asks.count == 1, "\(outcome.asks.count) questions")
    guard outcome.failure == nil else { return }
    faults.expect(outcome.keys.allSatisfy { !$0.isEmpty } && outcome.expiry != nil, "half of it")
    let text = String(decoding: answer, as: UTF8.self)
    for name in ["Credentials", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"] {
        faults.expect(text.contains(name), "credentials without \(name)")
    }
    faults.expect(!text.contains("<!DOCTYPE"), "a document type")
}

/// What may be said of output, all of which may be secret.
private func checkProcess(_ outcome: Outcome?, _ faults: inout Faults) {
    guard let outcome else { return faults.expect(false, "no outcome") }
    guard let failure = outcome.failure else { return }
    let wrongs = [
        "is no JSON object", "has a Version that is not 1, or none", "has no AccessKeyId", "has no SecretAccessKey",
        "has a time in Expiration that is not written as in RFC 3339", "has expired already",
    ]
    faults.expect(wrongs.contains { failure.contains("the program's output: \($0); before") }, failure)
}
