import BedrockCore

/// The first byte chooses where an identity is looked for, the second what HTTP statuses there are; then, with NULs
/// between them, what files, services and programs answer, in the order in which they are asked.
func fuzzIdentity(_ input: Bytes) -> [String] {
    var faults = Faults()
    guard input.count >= 2, let signer = RequestSigner() else { return [] }
    let place = places[Int(input[0]) % places.count]
    var answers = input.dropFirst(2).split(separator: 0, omittingEmptySubsequences: false).map { Bytes($0) }
    guard let settings = settings(place, &faults) else { return faults.list }
    let inquiry = Inquiry(
        place.goal, settings, SharedState(signer: signer, seed: UInt64(input[1])), readsSources: false, wall: wall)
    var asked = 0
    while true {
        do throws(Halt) {
            let identity = try inquiry.run(wall: wall)
            guard let ask = inquiry.pending else {
                faults.expect(identity != nil, "neither an identity nor a failure")
                if let identity { check(identity, &faults) }
                break
            }
            inquiry.found(answer(ask, &answers, input[1], asked, &faults))
            asked += 1
        } catch {
            faults.expectLine(inquiry.explained(error.failure ?? ""), "a message")
            break
        }
    }
    faults.expect(asked <= Limits.identityAskCount, "\(asked) questions")
    return faults.list
}

/// 2026-01-02T03:04:05Z
private let wall: Int64 = 1_767_323_045

private struct Place {
    var goal = Inquiry.Goal.credentials
    var environment: [(StaticString, StaticString)] = []
    var config: StaticString = ""
}

private let session: StaticString = """
    [default]
    sso_session = corp
    sso_account_id = 1
    sso_role_name = R
    [sso-session corp]
    sso_region = eu-west-1
    sso_start_url = https://x
    """

private let role: StaticString = """
    [default]
    region = us-east-1
    role_arn = arn:aws:iam::1:role/a
    source_profile = b
    [profile b]
    role_arn = arn:aws:iam::1:role/b
    credential_source = EcsContainer
    """

private let places: [Place] = [
    Place(environment: [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x")]),
    Place(environment: [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/"), ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t"),
    ]),
    Place(),
    Place(goal: .region),
    Place(config: session),
    Place(goal: .token, config: session),
    Place(config: "[default]\nsso_start_url = x\nsso_region = y\nsso_account_id = 1\nsso_role_name = R"),
    Place(config: "[default]\nlogin_session = me\nregion = us-east-1"),
    Place(config: "[default]\ncredential_process = tool 'a b'"),
    Place(environment: [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x")], config: role),
    Place(environment: [("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ("AWS_ROLE_ARN", "arn"), ("AWS_REGION", "us-east-1")]),
]

private func settings(_ place: Place, _ faults: inout Faults) -> Settings? {
    var environment = Environment()
    environment.add("HOME", Bytes("/h"))
    for (name, value) in place.environment { environment.add(name, Bytes(value)) }
    let config = try? ProfileFile.parse(Bytes(place.config).span, .config)
    let files = ProfileFiles(config: config, credentials: nil)
    guard let profile = try? Profile(files, FileLocations(environment)),
        let settings = try? Settings.make(Config(), environment, profile)
    else {
        faults.expect(false, "no settings")
        return nil
    }
    return settings
}

private func answer(
    _ ask: Ask, _ answers: inout [Bytes], _ statuses: UInt8, _ number: Int, _ faults: inout Faults
) -> Finding {
    faults.expectLine(ask.subject, "a subject")
    if let contents = ask.contents { checkWritten(contents, &faults) }
    if let request = ask.request { check(request, &faults) }
    if ask.kind == .wait || ask.kind == .write { return Finding() }
    guard !answers.isEmpty else {
        let finding = Finding(failure: "is not there", isMissing: true)
        finding.isTimeout = statuses & 1 == 1
        return finding
    }
    var bytes = ByteBuffer()
    bytes.append(answers.removeFirst())
    let statusOfHTTP = [200, 200, 200, 400, 401, 403, 404, 500][Int(statuses &>> UInt8(number & 1) &* 3) & 7]
    return Finding(status: ask.kind == .http ? statusOfHTTP : 0, bytes: bytes)
}

private func check(_ identity: ResolvedIdentity, _ faults: inout Faults) {
    faults.expectLine(identity.source, "a source")
    faults.expect(identity.source.bytes.count < 2000, "a source of \(identity.source.bytes.count) bytes")
    if let credentials = identity.credentials {
        faults.expect(!credentials.accessKeyID.isEmpty && !credentials.secretAccessKey.isEmpty, "empty keys")
    } else if let token = identity.token {
        faults.expect(token.count > 0, "an empty token")
        faults.expect(token.copy.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a token with a control character")
    } else {
        faults.expect(!identity.region.isEmpty, "an empty identity")
    }
}

private func checkWritten(_ contents: Secret, _ faults: inout Faults) {
    do throws(JSONError) {
        try JSONReader.validate(contents.span)
    } catch {
        faults.expect(false, "no JSON is written")
    }
    faults.expect(contents.copy.first == UInt8(ascii: "{"), "no object is written")
    faults.expect(contents.count <= 4 * Limits.identityAnswerLength, "\(contents.count) bytes are written")
}

private func check(_ request: IdentityRequest, _ faults: inout Faults) {
    faults.expect(request.url.allSatisfy { 0x21...0x7E ~= $0 }, "a URL with blanks or controls")
    for header in request.headers {
        faults.expect(header.value.allSatisfy { ($0 >= 0x20 || $0 == 9) && $0 != 0x7F }, "a header's value")
    }
}
