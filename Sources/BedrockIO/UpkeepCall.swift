import BedrockCore
import CSystem.Curl

/// A transfer for the connections' sake, whose answer nobody wants.
final class UpkeepCall: EasyHandle {
    let loop: Loop
    private let pool: ConnectionPool

    /// Nil without memory.
    static func make(_ pool: ConnectionPool, _ loop: Loop) -> UpkeepCall? {
        guard let easy = loop.takeEasy() else { return nil }
        guard let call = UpkeepCall(easy: easy, pool, loop) else {
            curl_easy_cleanup(easy)
            return nil
        }
        return call
    }

    private init?(easy: UnsafeMutableRawPointer, _ pool: ConnectionPool, _ loop: Loop) {
        self.pool = pool
        self.loop = loop
        super.init(easy: easy)
    }

    override func ended(_ result: CURLcode) {
        pool.ended(self, result == CURLE_OK ? nil : message(result))
    }

    /// One that opens no socket: it begins, libcurl closes what has been idle for so long, it fails. The address is no
    /// server's, so that no connection to it can be there. (Told to make a fresh one, libcurl 8.22 would look at none.)
    func prepareClosing(idleSeconds: Int) -> Bool {
        begin() && set(CURLOPT_URL, Bytes("http://255.255.255.255:9/")) && set(CURLOPT_PROXY, Bytes())
            && sys_setopt_idle(easy, idleSeconds) == CURLE_OK
            && sys_setopt_no_socket(easy) == CURLE_OK
    }

    /// One that is answered at once, whatever the answer is, on a connection as a stream would use it.
    func prepareWarming(_ settings: Settings, _ endpoint: Endpoint, _ proxy: Bytes, isFresh: Bool) -> Bool {
        begin() && setHeaders([HTTPHeader("user-agent", settings.userAgent)])
            && set(CURLOPT_URL, endpoint.url(path: (endpoint.basePath + Bytes("/ping")).span))
            && sys_setopt_write(easy, CURLOPT_WRITEFUNCTION, drop) == CURLE_OK
            && setUpConnection(settings, proxy: proxy, isFresh: isFresh)
            && set(CURLOPT_TIMEOUT_MS, Limits.warmMilliseconds)
    }
}

private func drop(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ user: UnsafeMutableRawPointer?
) -> Int { count }
