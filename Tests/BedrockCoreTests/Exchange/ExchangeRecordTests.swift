import Testing

@testable import BedrockCore

private let second: Int64 = 1_000_000_000

private func request(
    url: String = "https://h.example/model/m/converse", _ headers: [(StaticString, String)] = [], body: Bytes = []
) throws -> PreparedRequest {
    let edge = try Edge()
    edge.begin()
    var request = try #require(edge.requests.first)
    request.url = Bytes(url.utf8)
    request.headers = headers.map { HTTPHeader($0.0, Bytes($0.1.utf8)) }
    var bytes = ByteBuffer()
    bytes.append(body)
    request.body = RequestBody(bytes)
    return request
}

/// "" for no line.
private func text(_ line: consuming ByteBuffer?) -> String {
    guard let line = line.take() else { return "" }
    return String(line.array)
}

/// A record whose request was sent at second 5, of process 10.
private func begun(_ request: PreparedRequest, number: Int64 = 7, attempt: UInt32 = 2) -> (ExchangeRecord, String) {
    var record = ExchangeRecord(process: 10)
    let line = record.begin(request, number: number, attempt: attempt, now: 5 * second)
    return (record, text(line))
}

private let front = #"{"exchange":7,"process":"000000000000000a""#

@Suite struct ExchangeRecordTests {
    @Test func requests() throws {
        let (_, line) = begun(try request([("content-type", "a/b"), ("x", "\"q\"")], body: Bytes(#"{"é":"\n"}"#.utf8)))
        #expect(
            line == front + #","attempt":2,"t_us":0,"request":{"method":"POST","#
                + #""url":"https://h.example/model/m/converse","headers":[["content-type","a/b"],["x","\"q\""]],"#
                + #""body":"{\"é\":\"\\n\"}"}}"# + "\n")
    }

    @Test func bodiesThatAreNoText() throws {
        let (_, line) = begun(try request(body: [0xFF, 0x00, 0x01]))
        #expect(line.hasSuffix(#""headers":[],"body_b64":"/wAB"}}"# + "\n"))
    }

    @Test func secrets() throws {
        let names: [StaticString] = [
            "authorization", "Authorization", "X-Amz-Security-Token", "proxy-authorization", "cookie", "Set-Cookie",
        ]
        let (_, line) = begun(try request([("host", "h")] + names.map { ($0, "hidden") } + [("x-amz-date", "d")]))
        #expect(line.contains(#""headers":[["host","h"],["x-amz-date","d"]]"#) && !line.contains("hidden"))
        var (record, _) = begun(try request())
        _ = record.head("HTTP/1.1 200 OK".utf8.span, now: 5 * second)
        let cookie = text(record.head("set-cookie: hidden".utf8.span, now: 5 * second))
        #expect(cookie == "")
    }

    @Test(arguments: [
        ("http://user:pass@h/p@q", "http://h/p@q"), ("http://a@b@h", "http://h"), ("user:p@h/x", "h/x"),
        ("https://h/a@b://c@d", "https://h/a@b://c@d"), ("", ""), ("://", "://"), ("@", ""),
    ])
    func credentialsInURLs(_ url: String, _ written: String) throws {
        let (_, line) = begun(try request(url: url))
        #expect(line.contains("\"url\":\"\(written)\","))
    }

    @Test func heads() throws {
        var (record, _) = begun(try request())
        let head = [
            "trailer: early", "HTTP/1.1 100 Continue\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "a: b\r\n", "\r\n",
            "trailer: late\r\n", "\r\n",
        ]
        var lines: [String] = []
        for (at, part) in head.enumerated() {
            lines.append(text(record.head(part.utf8.span, now: 5 * second + Int64(at) * 1000)))
        }
        let texts = [(1, "HTTP/1.1 100 Continue"), (2, ""), (3, "HTTP/1.1 200 OK"), (4, "a: b"), (5, "")]
        #expect(lines == [""] + texts.map { front + ",\"t_us\":\($0.0),\"head\":\"\($0.1)\"}\n" } + ["", ""])
    }

    @Test func bytesAndEnds() throws {
        var (record, _) = begun(try request())
        let bytes: Bytes = [1, 2]
        #expect(
            text(record.bytes(bytes.span, now: 6 * second)) == front + #","t_us":1000000,"bytes_b64":"AQI="}"# + "\n")
        #expect(
            text(record.end(cut: "no \"luck\"", now: 7 * second))
                == front + #","t_us":2000000,"end":"cut","message":"no \"luck\""}"# + "\n")
        let late = [
            text(record.end(cut: nil, now: 8 * second)), text(record.bytes(bytes.span, now: 8 * second)),
            text(record.head("HTTP/1.1 200 OK".utf8.span, now: 8 * second)),
        ]
        #expect(late == ["", "", ""])
        let next = text(record.begin(try request(), number: 8, attempt: 1, now: 9 * second))
        #expect(next.hasPrefix(#"{"exchange":8,"process":"000000000000000a","attempt":1,"t_us":0,"#))
        let end = text(record.end(cut: nil, now: 8 * second))
        #expect(end == #"{"exchange":8,"process":"000000000000000a","t_us":0,"end":"complete"}"# + "\n")
    }

    @Test func nothingBeforeARequest() {
        var record = ExchangeRecord(process: .max)
        let bytes: Bytes = [1]
        let lines = [
            text(record.head("HTTP/1.1 200 OK".utf8.span, now: 1)), text(record.bytes(bytes.span, now: 1)),
            text(record.end(cut: nil, now: 1)),
        ]
        #expect(lines == ["", "", ""])
    }
}
