import BedrockCore

/// What is fuzzed. Each target takes any bytes and says what went wrong that never may; a crash speaks for itself.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// A body through frames, events and the exchange.
    case decoder
    /// Whole answers of the batch operations.
    case batch
    case json
    /// Response heads and bodies that are no event stream.
    case heads
    case endpoint
    /// Settings and the environment, as far as the signed request.
    case config
    /// Request parameters as JSON, as far as the request line.
    case params
    /// Cut answers and the requests that go on with them.
    case recovery
    /// Config and credentials files.
    case profile
    /// What files, services and programs answer that are asked for credentials.
    case identity
    /// Variables and a config file, and what is found out on the way to credentials that they name.
    case inquiry
    /// Must fail: shows that the fuzzer finds what there is to find.
    case canary

    public func run(_ input: Bytes) -> [String] {
        switch self {
        case .decoder: fuzzDecoder(input)
        case .batch: fuzzBatch(input)
        case .json: fuzzJSON(input)
        case .heads: fuzzHeads(input)
        case .endpoint: fuzzEndpoint(input)
        case .config: fuzzConfig(input)
        case .params: fuzzParameters(input)
        case .recovery: fuzzRecovery(input)
        case .profile: fuzzProfile(input)
        case .identity: fuzzIdentity(input)
        case .inquiry: fuzzInquiry(input)
        case .canary: fuzzCanary(input)
        }
    }
}

/// Collects what went wrong.
struct Faults {
    var list: [String] = []

    mutating func expect(_ condition: Bool, _ fault: @autoclosure () -> String) {
        if !condition { list.append(fault()) }
    }

    /// What is shown to people is one line of UTF-8.
    mutating func expectLine(_ text: String, _ what: String) {
        expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "\(what) with a control character")
    }

    mutating func expectLine(_ text: Message, _ what: String) {
        expectLine(text.description, what)
    }

    mutating func expectText(_ bytes: Bytes, _ what: String) {
        expect(String(validating: bytes, as: UTF8.self) != nil, "\(what) that is no UTF-8")
    }
}

/// Arrays within arrays within arrays.
private func fuzzCanary(_ input: Bytes) -> [String] {
    do throws(JSONError) {
        var reader = JSONReader(input.span)
        var depth = 0
        while true {
            switch try reader.next() {
            case .beginArray: depth += 1
            case .endArray: depth -= 1
            case .end: return []
            default: break
            }
            if depth > 2 { return ["the canary sings"] }
        }
    } catch {
        return []
    }
}

extension Sequence<UInt8> {
    /// The lines without their ends; what stands behind the last one is a line too.
    var lines: [Bytes] { split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Bytes($0) } }
}

extension Array where Element == UInt8 {
    /// Cut at places that look random, by a seed.
    func torn(_ seed: UInt8) -> [Bytes] {
        var pieces: [Bytes] = []
        var (at, state) = (0, UInt32(seed) &* 2_654_435_761 | 1)
        while at < count {
            state = state &* 1_664_525 &+ 1_013_904_223
            let length = seed & 1 == 0 ? 1 + Int(state >> 28) : 1 + Int(state >> 24)
            pieces.append(Bytes(self[at..<Swift.min(at + length, count)]))
            at += length
        }
        return pieces
    }
}
