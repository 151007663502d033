import BedrockCore

/// Lines "key=value" of the configuration and "$NAME=value" of the environment; a request is made with them.
func fuzzConfig(_ input: Bytes) -> [String] {
    var faults = Faults()
    let config = Config()
    var environment = Environment()
    for line in input.lines.prefix(64) {
        guard let mark = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
        let (name, value) = (Bytes(line[..<mark]), Bytes(line[(mark + 1)...]))
        if name.first == UInt8(ascii: "$") {
            let wanted = String(Bytes(name.dropFirst()))
            for known in Environment.names where String(Bytes(known)) == wanted { environment.add(known, value) }
        } else {
            set(name, value, config, &faults)
        }
    }
    checkCopies(config, &faults)
    do throws(ConfigError) {
        prepare(try Settings.make(config, environment), &faults)
    } catch {
        faults.expectLine(error.message, "a message")
    }
    return faults.list
}

private func set(_ name: Bytes, _ value: Bytes, _ config: Config, _ faults: inout Faults) {
    let key = ConfigKey.named(name.span)
    let before = key.flatMap { config[$0] }
    do throws(ConfigError) {
        try config.set(name.span, to: value.span)
        guard let key else { return faults.expect(false, "a key that does not exist was set") }
        faults.expect(config[key] == (value.isEmpty ? nil : value), "the value is another")
        faults.expect(value.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a value with a control character")
    } catch {
        faults.expectLine(error.message, "a message")
        faults.expect(error.message.bytes.count < 1000, "a message of \(error.message.bytes.count) bytes")
        if let key { faults.expect(config[key] == before, "a refused value was kept") }
    }
}

private func checkCopies(_ config: Config, _ faults: inout Faults) {
    let copies = [config.copy(), config.over(Config()), Config().over(config), config.over(config)]
    for key in ConfigKey.allCases {
        for copy in copies { faults.expect(copy[key] == config[key], "a copy is another") }
    }
}

private func prepare(_ settings: Settings, _ faults: inout Faults) {
    faults.expect(4096...1_073_741_824 ~= settings.queueLength, "a queue of \(settings.queueLength)")
    let limits = settings.limits
    for limit in [limits.connect, limits.firstByte, limits.betweenBytes, limits.total] {
        faults.expect(0...86_400_000_000_000 ~= limit, "a limit of \(limit)")
    }
    checkRetry(settings, &faults)
    guard let signer = RequestSigner() else { return }
    var body = ByteBuffer()
    body.append("{}")
    do throws(Failure) {
        let request = try PreparedRequest(
            operation: .invokeModelWithResponseStream, modelID: Bytes("m:0"), body: RequestBody(body),
            settings: settings, endpoint: settings.endpoint(),
            identity: .credentials(Credentials(accessKeyID: Bytes("A"), secretAccessKey: Bytes("S"))), signer: signer,
            epochSeconds: 1_440_938_160, attemptHeaders: [])
        check(request, &faults)
    } catch {
        faults.expectLine(error.message, "a message")
        faults.expect(error.phase == .prepare, "phase \(error.phase)")
        let codes: [ErrorCode] = [.argument, .config, .region, .credentials, .endpoint, .signing]
        faults.expect(codes.contains(error.code), "failed with \(error.code)")
    }
}

private func checkRetry(_ settings: Settings, _ faults: inout Faults) {
    let rules = settings.retry
    faults.expect(1...100 ~= rules.maxAttempts, "\(rules.maxAttempts) attempts")
    faults.expect(0...3_600_000_000_000 ~= rules.maxBackoff, "a backoff of \(rules.maxBackoff)")
    faults.expect(1...1_000_000_000 ~= rules.minMaxTokens, "\(rules.minMaxTokens) tokens")
    faults.expect(!settings.recoveryNudge.isEmpty, "an empty nudge")
    faults.expect(settings.fallbacks.count <= Limits.fallbackCount, "\(settings.fallbacks.count) fallbacks")
    for target in settings.fallbacks {
        faults.expect(!target.modelID.isEmpty || !target.region.isEmpty, "a fallback to nothing")
        faults.expect(target.modelID.count <= Limits.modelIDLength, "a fallback of \(target.modelID.count) bytes")
    }
}

/// Nothing that was set can make a header of its own.
func check(_ request: PreparedRequest, _ faults: inout Faults) {
    faults.expect(request.url.allSatisfy { 0x21...0x7E ~= $0 }, "a URL with blanks or controls")
    faults.expect(request.proxy.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a proxy with a control character")
    for header in request.headers {
        faults.expect(header.value.allSatisfy { ($0 >= 0x20 || $0 == 9) && $0 != 0x7F }, "a header's value")
        faults.expect(header.name.allSatisfy { 0x21...0x7E ~= $0 && $0 != 58 }, "a header's name")
    }
    for name in ["host", "authorization"] as [StaticString] {
        let same = request.headers.filter { $0.name.map { $0 | 0x20 } == Bytes(name).map { $0 | 0x20 } }
        faults.expect(same.count == 1, "\(same.count) headers \(name)")
    }
}
