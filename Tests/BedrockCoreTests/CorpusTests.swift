import Foundation
import FuzzTargets
import Testing

@testable import BedrockCore

/// What the fuzzers begin with, and what they have found.
@Suite struct Corpus {
    private static let folder = URL(fileURLWithPath: #filePath).appendingPathComponent("../../Fuzz/corpus").standardized

    /// Foundation leaks its buffer when it reads an empty file at once, so files are read through a handle.
    private static func contents(of file: URL) throws -> Bytes {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        return Bytes(try handle.readToEnd() ?? Data())
    }

    @Test("no input does what none may", arguments: FuzzTarget.allCases.filter { $0 != .canary })
    func replay(_ target: FuzzTarget) throws {
        let folder = Self.folder.appendingPathComponent(target.rawValue)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count >= 15)
        for file in files {
            let faults = target.run(try Self.contents(of: file))
            #expect(faults == [], "\(target.rawValue)/\(file.lastPathComponent)")
        }
    }

    @Test(
        "no part of an input, and no input with a changed byte", arguments: FuzzTarget.allCases.filter { $0 != .canary }
    )
    func changed(_ target: FuzzTarget) throws {
        var random = SeededRandom(for: "changed corpus")
        let folder = Self.folder.appendingPathComponent(target.rawValue)
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let input = try Self.contents(of: file)
            for _ in 0..<10 where !input.isEmpty {
                var other = input
                other[random.below(input.count)] = UInt8(truncatingIfNeeded: random.next())
                other.removeLast(random.isTrue(oneIn: 3) ? random.below(other.count) : 0)
                #expect(target.run(other) == [], "from \(target.rawValue)/\(file.lastPathComponent): \(other)")
            }
        }
    }

    @Test func aFaultIsSeen() {
        #expect(FuzzTarget.canary.run(Bytes("[[[]]]")) == ["the canary sings"])
        #expect(FuzzTarget.canary.run(Bytes("[[]]")) == [])
    }
}
