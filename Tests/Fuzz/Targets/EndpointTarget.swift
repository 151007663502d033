import BedrockCore

/// The first byte: 1 the rest is a region (else a URL), 2 FIPS, 4 dual stack.
func fuzzEndpoint(_ input: Bytes) -> [String] {
    guard let flags = input.first else { return [] }
    let text = Bytes(input.dropFirst())
    var faults = Faults()
    do throws(ArgumentError) {
        if flags & 1 == 0 {
            check(try Endpoint(url: text.span), &faults)
        } else {
            let endpoint = try Endpoint.regional(
                text.span, usesFIPS: flags & 2 != 0, usesDualStack: flags & 4 != 0)
            check(endpoint, &faults)
            checkRegional(endpoint, text, &faults)
        }
    } catch {
        faults.expectLine(error.message, "a message")
        faults.expect(!error.message.isEmpty, "no message")
    }
    return faults.list
}

/// An endpoint written as a URL is the same endpoint, and nothing in it can break out of its place.
private func check(_ endpoint: Endpoint, _ faults: inout Faults) {
    let url = endpoint.url(path: endpoint.basePath.span)
    let again = try? Endpoint(url: url.span)
    faults.expect(again == endpoint, "\(String(url)) is another endpoint")
    faults.expect(url.allSatisfy { 0x21...0x7E ~= $0 }, "a URL with blanks, controls or non-ASCII characters")
    faults.expect(1...65535 ~= endpoint.port, "port \(endpoint.port)")
    faults.expect(!endpoint.host.contains { 65...90 ~= $0 }, "a host with capitals")
    faults.expect(!endpoint.host.isEmpty && endpoint.host.count <= 270, "a host of \(endpoint.host.count) bytes")
    let forbidden = Bytes("/?#@\\")
    faults.expect(!endpoint.host.contains(where: forbidden.contains), "a host that is more than one")
    faults.expect(!endpoint.basePath.contains(where: Bytes("?#").contains), "a path that is more than one")
    faults.expect(
        endpoint.basePath.isEmpty || (endpoint.basePath.first == 47 && endpoint.basePath.last != 47), "a base path")
}

private func checkRegional(_ endpoint: Endpoint, _ region: Bytes, _ faults: inout Faults) {
    let host = String(endpoint.host)
    faults.expect(endpoint.isSecure && !endpoint.isLoopback, "a region without TLS")
    faults.expect(host.hasPrefix("bedrock-runtime"), "another service")
    faults.expect(host.contains("." + String(region).lowercased() + "."), "another region")
    let suffixes = [
        ".amazonaws.com", ".api.aws", ".amazonaws.com.cn", ".amazonwebservices.com.cn", ".amazonaws.eu",
        ".amazonwebservices.eu", ".c2s.ic.gov", ".aws.ic.gov", ".sc2s.sgov.gov", ".aws.scloud", ".adc-e.uk",
        ".hci.ic.gov",
    ]
    faults.expect(suffixes.contains(where: host.hasSuffix), "a domain that is not Amazon's")
}
