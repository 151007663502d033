import Testing

@testable import BedrockCore

/// Every token as text: "<name", "text", ">name", "." at the end, "!" where it is malformed.
private func tokens(_ xml: String) -> [String] {
    let bytes = Bytes(xml.utf8)
    var reader = XMLReader(bytes.span)
    var all: [String] = []
    while true {
        let token = reader.next()
        switch token {
        case .start: all.append("<" + String(copying: reader.name()))
        case .end: all.append(">" + String(copying: reader.name()))
        case .text:
            var text = ByteBuffer()
            all.append(reader.append(to: &text) ? String(text.array) : "?")
        case .finished: return all + ["."]
        case .malformed: return all + ["!"]
        }
    }
}

@Suite struct XMLTexts {
    @Test(
        "elements, prefixes, attributes, comments and instructions",
        arguments: [
            ("<a/>", ["<a", ">", "."]),
            ("\u{FEFF}<a/>", ["!"]),
            (" <a></a>\n", ["<a", ">", "."]),
            ("<?xml version='1.0'?><!-- c --><a>x<!-- <b> -->y</a><?p ?>", ["<a", "x", "y", ">", "."]),
            ("<n:a xmlns:n=\"u>\" b='/>'><n:b  /></n:a >", ["<a", "<b", ">a", ">", "."]),
            ("<a><b>1</b><b>2</b></a>", ["<a", "<b", "1", ">a", "<b", "2", ">a", ">", "."]),
            ("<a>x<![CDATA[<&]&lt;]]>y</a>", ["<a", "x", "<&]&lt;", "y", ">", "."]),
        ] as [(String, [String])])
    func structure(_ xml: String, _ expected: [String]) {
        #expect(tokens(xml) == expected)
    }

    @Test(
        "entities",
        arguments: [
            ("&lt;&gt;&amp;&quot;&apos;", "<>&\"'"), ("a&#65;b&#x1F600;c", "aAb\u{1F600}c"),
            ("&#x0010FFFF;", "\u{10FFFF}"),
            ("&amp;amp;", "&amp;"), ("&", "?"), ("&;", "?"), ("&amp", "?"), ("&nbsp;", "?"), ("&#;", "?"),
            ("&#x;", "?"),
            ("&#0;", "?"), ("&#xD800;", "?"), ("&#x110000;", "?"), ("&#99999999999;", "?"), ("&#6a;", "?"),
            ("&#-1;", "?"),
            ("&lt &gt;", "?"),
        ])
    func entities(_ text: String, _ expected: String) {
        #expect(tokens("<a>\(text)</a>") == ["<a", expected, ">", "."])
    }

    @Test(
        "what is no document",
        arguments: [
            "", " ", "a", "<", "<a", "<a>", "<a></b>", "</a>", "<a></a", "<a></a><b/>", "<a/>x", "x<a/>", "<a",
            "<a b='>",
            "<a/", "<a/ >", "<a <b/>", "< a/>", "<>", "<!DOCTYPE a><a/>", "<a><!DOCTYPE b></a>", "<!-- <a/>",
            "<?x <a/>",
            "<a><![CDATA[x</a>", "<![CDATA[x]]>", "<a></a x>", "<a><b></a></b>", "<n:a></a>",
        ])
    func malformed(_ xml: String) {
        #expect(tokens(xml).last == "!")
    }

    @Test("nesting has a bound")
    func depth() {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        #expect(tokens(nested(32)).last == "." && tokens(nested(33)).last == "!")
    }
}
