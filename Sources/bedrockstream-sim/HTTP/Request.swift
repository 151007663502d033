/// A header of a request or an answer. Names of requests are kept in lower case.
struct Header: Equatable {
    var name: String
    var value: String
}

/// One request, complete.
struct Request {
    var method = ""
    /// As on the request line, still percent-encoded.
    var path = ""
    /// As on the request line, without the question mark.
    var query = ""
    var headers: [Header] = []
    var body: [UInt8] = []
    var isHTTP10 = false

    /// The value of the first header of that name, which is in lower case.
    func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }

    /// Whether the connection serves another request after this one (RFC 9112, section 9.3).
    var keepsAlive: Bool {
        let options = (header("connection") ?? "").lowercased()
        return isHTTP10 ? options.contains("keep-alive") : !options.contains("close")
    }
}
