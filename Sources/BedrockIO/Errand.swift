import BedrockCore
import CSystem.Curl

/// An HTTP request of an inquiry in libcurl's hands. Redirects are not followed: who has a token sends it nowhere else.
final class Errand: EasyHandle {
    let keeper: IdentityKeeper
    private let investigator: Investigator
    private let request: IdentityRequest
    private var body = ByteBuffer(limit: Limits.identityAnswerLength, isSecret: true)
    private var serverSeconds: Int64?

    /// Nil without memory.
    init?(
        easy: UnsafeMutableRawPointer, _ request: IdentityRequest, for keeper: IdentityKeeper,
        of investigator: Investigator
    ) {
        self.request = request
        self.keeper = keeper
        self.investigator = investigator
        super.init(easy: easy)
    }

    override func ended(_ result: CURLcode) {
        investigator.ended(self, finding(result))
    }

    func prepare(_ settings: Settings, proxy: Bytes) -> Bool {
        begin() && setHeaders(request.headers) && set(CURLOPT_URL, request.url) && setMethod()
            && sys_setopt_write(easy, CURLOPT_WRITEFUNCTION, answerArrived) == CURLE_OK
            && sys_setopt_write(easy, CURLOPT_HEADERFUNCTION, answerLineArrived) == CURLE_OK
            && setUpRoute(settings, proxy: proxy)
            && set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
            && set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connectLimit))
            && set(CURLOPT_TIMEOUT_MS, milliseconds(request.limit))
            && sys_setopt_socket(easy, settings.connection.unacknowledgedMs) == CURLE_OK
    }

    private func setMethod() -> Bool {
        let method = Bytes(request.method)
        if method == "GET" { return set(CURLOPT_HTTPGET, 1) }
        return setBody(request.body) && set(CURLOPT_CUSTOMREQUEST, method)
    }

    /// 0 would be no limit.
    private func milliseconds(_ limit: Int64) -> Int { Int(clamping: max(limit / 1_000_000, 1)) }

    private func finding(_ result: CURLcode) -> Finding {
        if result == CURLE_OK {
            let status = sys_getinfo_long(easy, CURLINFO_RESPONSE_CODE)
            var bytes = ByteBuffer()
            swap(&bytes, &body)
            let finding = Finding(status: status, bytes: bytes)
            finding.serverSeconds = serverSeconds
            return finding
        }
        let isTooLong = body.isExhausted
        let finding = Finding(
            failure: isTooLong ? "the answer is longer than \(Limits.identityAnswerLength) bytes" : message(result))
        finding.isTimeout =
            result == CURLE_OPERATION_TIMEDOUT && sys_getinfo_offset(easy, CURLINFO_CONNECT_TIME_T) > 0
        return finding
    }

    fileprivate func received(_ bytes: Span<UInt8>) -> Bool {
        body.append(bytes)
        return !body.isExhausted
    }

    fileprivate func received(headLine line: Span<UInt8>) {
        let name: StaticString = "date:"
        guard line.startsIgnoringCase(name) else { return }
        serverSeconds = HTTPDate.seconds(line.extracting(name.utf8CodeUnitCount..<line.count).trimmed())
    }
}

private func answerArrived(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let user else { return 0 }
    let errand = Unmanaged<Errand>.fromOpaque(user).takeUnretainedValue()
    return bytes.withMemoryRebound(to: UInt8.self, capacity: count) {
        errand.received(Span(_unsafeStart: UnsafePointer($0), count: count)) ? count : 0
    }
}

private func answerLineArrived(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let user else { return 0 }
    let errand = Unmanaged<Errand>.fromOpaque(user).takeUnretainedValue()
    bytes.withMemoryRebound(to: UInt8.self, capacity: count) {
        errand.received(headLine: Span(_unsafeStart: UnsafePointer($0), count: count))
    }
    return count
}
