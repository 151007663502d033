import Foundation
import Testing

@testable import BedrockCore

/// The numbers and names of the C interface are written twice, for C and for the core: they must be the same.
@Suite struct InterfaceNumbers {
    /// What an enum of the C header holds, by name.
    private func header(_ type: String) throws -> [String: Int32] {
        let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized
        let file = root.appendingPathComponent("Sources/CBedrockStream/include/bedrockstream_codes.h")
        let text = try String(contentsOf: file, encoding: .utf8)
        let start = try #require(text.range(of: "typedef enum \(type) {"))
        let end = try #require(text.range(of: "} \(type);", range: start.upperBound..<text.endIndex))
        let members = text[start.upperBound..<end.lowerBound].matches(of: #/\b(BRS_[A-Z_]+) = ([0-9]+)/#)
        return Dictionary(uniqueKeysWithValues: members.map { (String($0.1), Int32($0.2) ?? -1) })
    }

    /// "malformedToolUse" is "MALFORMED_TOOL_USE".
    private func inCapitals(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "_\($1)" : $1.uppercased() }
    }

    private func numbers<Value: CaseIterable & RawRepresentable<Int32>>(
        of type: Value.Type, _ prefix: String, other names: [String: String] = [:]
    ) -> [String: Int32] {
        Dictionary(
            uniqueKeysWithValues: type.allCases.map { (prefix + inCapitals(names["\($0)"] ?? "\($0)"), $0.rawValue) })
    }

    @Test func everyEnum() throws {
        #expect(try header("brs_phase") == numbers(of: Phase.self, "BRS_PHASE_"))
        #expect(
            try header("brs_event_kind")
                == numbers(of: EventKind.self, "BRS_EVENT_", other: ["continuation": "continue"]))
        #expect(
            try header("brs_block_kind") == numbers(of: BlockKind.self, "BRS_BLOCK_").filter { $0.value != 0 })
        #expect(try header("brs_delta_kind") == numbers(of: DeltaKind.self, "BRS_DELTA_"))
        #expect(try header("brs_stop_reason") == numbers(of: StopReason.self, "BRS_STOP_"))
        #expect(try header("brs_flow") == numbers(of: Flow.self, "BRS_FLOW_", other: ["goOn": "continue"]))
        #expect(try header("brs_verdict") == numbers(of: Verdict.self, "BRS_VERDICT_"))
        #expect(try header("brs_code").count == ErrorCode.allCases.count)
    }

    @Test func codesHaveTheirNames() throws {
        let codes = try header("brs_code")
        for code in ErrorCode.allCases {
            let name = String(describing: code.name)
            #expect(codes[name] == code.rawValue)
            #expect(name == (code == .ok ? "BRS_OK" : "BRS_E_" + inCapitals("\(code)")))
        }
    }
}

@Suite struct StopReasons {
    @Test(arguments: [
        ("end_turn", StopReason.endTurn), ("tool_use", .toolUse), ("max_tokens", .maxTokens),
        ("stop_sequence", .stopSequence), ("guardrail_intervened", .guardrail), ("content_filtered", .contentFiltered),
        ("malformed_model_output", .malformedOutput), ("malformed_tool_use", .malformedToolUse),
        ("model_context_window_exceeded", .contextExceeded), ("stop", .endTurn), ("length", .maxTokens),
        ("tool_calls", .toolUse), ("content_filter", .contentFiltered), ("FINISH", .endTurn), ("COMPLETE", .endTurn),
        ("LENGTH", .maxTokens), ("MAX_TOKENS", .maxTokens), ("CONTENT_FILTERED", .contentFiltered),
        ("", .none), ("END_TURN", .other), ("end_turn ", .other), ("refusal", .refusal), ("pause_turn", .pauseTurn),
        ("end", .other),
    ])
    func words(_ word: String, _ reason: StopReason) {
        #expect(StopReason(word.utf8.span) == reason)
    }
}
