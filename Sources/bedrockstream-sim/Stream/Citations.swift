// What is said of a cited passage, in the two shapes that clients meet.
extension Citation {
    /// As Converse has it.
    var converse: JSONValue {
        [
            "title": "On rivers", "source": "https://example.com/rivers",
            "sourceContent": [["text": "a river does not hurry"]], "location": converseLocation,
        ]
    }

    private var converseLocation: JSONValue {
        switch self {
        case .web: ["web": ["url": "https://example.com/rivers", "domain": "example.com"]]
        case .char: ["documentChar": ["documentIndex": 0, "start": 1, "end": 23]]
        case .page: ["documentPage": ["documentIndex": 1, "start": 2, "end": 3]]
        case .chunk: ["documentChunk": ["documentIndex": 2, "start": 4, "end": 5]]
        case .search: ["searchResultLocation": ["searchResultIndex": 3, "start": 0, "end": 1]]
        }
    }

    /// As Anthropic's Messages have it.
    var anthropic: JSONValue {
        switch self {
        case .web:
            [
                "type": "web_search_result_location", "url": "https://example.com/rivers", "title": "On rivers",
                "cited_text": "a river does not hurry",
            ]
        case .char: inDocument("char_location", 0, "char_index", 1, 23)
        case .page: inDocument("page_location", 1, "page_number", 2, 3)
        case .chunk: inDocument("content_block_location", 2, "block_index", 4, 5)
        case .search:
            [
                "type": "search_result_location", "cited_text": "a river does not hurry", "search_result_index": 3,
                "source": "https://example.com/rivers", "title": "On rivers", "start_block_index": 0,
                "end_block_index": 1,
            ]
        }
    }

    private func inDocument(_ type: String, _ document: Int, _ unit: String, _ start: Int, _ end: Int) -> JSONValue {
        let members: JSONValue = [
            "type": .string(type), "cited_text": "a river does not hurry", "document_index": .integer(document),
            "document_title": "On rivers",
        ]
        return members.with([("start_" + unit, .integer(start)), ("end_" + unit, .integer(end))])
    }
}
