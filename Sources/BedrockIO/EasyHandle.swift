import BedrockCore
import CSystem.Curl
import CSystem.Memory
import CSystem.Posix

/// One of libcurl's easy handles, with what it borrows until it is done. Its address is the handle's private pointer.
class EasyHandle {
    let easy: UnsafeMutableRawPointer
    /// The multi handle has it.
    var isAdded = false
    /// It uses no connection.
    var isIdle = false
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var redirections: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>

    /// Takes a handle over, fresh or used before. Nil without memory.
    init?(easy: UnsafeMutableRawPointer) {
        guard let text = malloc(Int(CURL_ERROR_SIZE)) else { return nil }
        self.easy = easy
        errorText = text.assumingMemoryBound(to: CChar.self)
        errorText[0] = 0
    }

    deinit {
        freeHeaders()
        curl_slist_free_all(redirections)
        free(errorText)
    }

    private func freeHeaders() {
        Self.wipe(headers)
        curl_slist_free_all(headers)
        headers = nil
    }

    /// The head has gone out and will not be sent again.
    func forgetHeaders() -> Bool {
        guard set(CURLOPT_HTTPHEADER, nil) else { return false }
        freeHeaders()
        return true
    }

    /// The connection that a stream used is of no use to another one; asked when the handle is about to be removed.
    var losesConnection: Bool { false }

    /// libcurl is done with it.
    func ended(_ result: CURLcode) {}

    /// What libcurl says went wrong, in its words, which say nothing of descriptors that are used up.
    func message(_ result: CURLcode) -> Message {
        let shortage = sys_descriptor_shortage()
        return shortage == 0 ? text(of: result) : text(of: result) + "; " + Message(systemError: shortage)
    }

    private func text(of result: CURLcode) -> Message {
        if errorText[0] != 0 { return Message(cString: errorText) }
        return curl_easy_strerror(result).map { Message(cString: $0) } ?? "libcurl error \(result.rawValue)"
    }

    /// Keys and tokens travel in headers.
    private static func wipe(_ list: UnsafeMutablePointer<curl_slist>?) {
        var item = list
        while let line = item {
            if let text = line.pointee.data { sys_zero(text, strlen(text)) }
            item = line.pointee.next
        }
    }

    // MARK: Setting up; each false without memory

    private static let protocols: StaticString = "http,https\0"

    /// Forgets all that was set before, but for what libcurl learned of connections.
    func begin() -> Bool {
        curl_easy_reset(easy)
        let user = Unmanaged.passUnretained(self).toOpaque()
        return set(CURLOPT_PRIVATE, user) && set(CURLOPT_WRITEDATA, user) && set(CURLOPT_HEADERDATA, user)
            && set(CURLOPT_ERRORBUFFER, errorText) && set(CURLOPT_NOSIGNAL, 1)
            && set(CURLOPT_PROTOCOLS_STR, Self.protocols.utf8Start) && set(CURLOPT_PATH_AS_IS, 1)
            && set(CURLOPT_QUICK_EXIT, 1) && set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    }

    /// The headers of a request, and none that libcurl would add by itself but Host and Content-Length.
    func setHeaders(_ fields: [HTTPHeader]) -> Bool {
        var line = ByteBuffer(isSecret: true)
        for header in fields {
            line.removeAll()
            line.append(header.name)
            // libcurl spells a header without a value with a semicolon, and takes a colon for its removal.
            if header.value.isEmpty, header.secret?.isEmpty ?? true {
                line.append(";")
            } else {
                line.append(": ")
                header.appendValue(to: &line)
            }
            guard Self.append(&line, to: &headers) else { return false }
        }
        for name: StaticString in ["Expect", "Accept", "Content-Type"] {
            guard fields.firstValue(of: name) == nil else { continue }
            line.removeAll()
            line.append(name)
            line.append(":")
            guard Self.append(&line, to: &headers) else { return false }
        }
        return set(CURLOPT_HTTPHEADER, headers)
    }

    /// A body that is posted. It must live as long as the transfer.
    func setBody(_ body: RequestBody) -> Bool {
        sys_setopt_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, Int64(body.bytes.count)) == CURLE_OK
            && set(CURLOPT_POSTFIELDS, body.bytes.pointer) && set(CURLOPT_POST, 1)
    }

    /// Where connections go instead of the host and port of a URL.
    func connect(to places: [Bytes]) -> Bool {
        var line = ByteBuffer()
        for place in places {
            line.removeAll()
            line.append(place)
            guard Self.append(&line, to: &redirections) else { return false }
        }
        return places.isEmpty || set(CURLOPT_CONNECT_TO, redirections)
    }

    func set(_ option: CURLoption, _ value: Int) -> Bool {
        sys_setopt_long(easy, option, value) == CURLE_OK
    }

    func set(_ option: CURLoption, _ value: UnsafeRawPointer?) -> Bool {
        sys_setopt_pointer(easy, option, value) == CURLE_OK
    }

    /// libcurl copies the text.
    func set(_ option: CURLoption, _ text: Bytes) -> Bool {
        var text = text
        text.append(0)
        defer { text.wipe() }
        return text.withUnsafeBytes { set(option, $0.baseAddress) }
    }

    private static func append(
        _ line: inout ByteBuffer, to list: inout UnsafeMutablePointer<curl_slist>?
    ) -> Bool {
        line.terminate()
        guard !line.isExhausted, let grown = sys_slist_append(list, line.pointer) else { return false }
        list = grown
        return true
    }
}
