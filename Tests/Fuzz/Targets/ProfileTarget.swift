import BedrockCore

/// A config file, and behind a NUL a credentials file.
func fuzzProfile(_ input: Bytes) -> [String] {
    var faults = Faults()
    let parts = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Bytes($0) }
    let files = ProfileFiles(
        config: parse(parts[0], .config, &faults),
        credentials: parts.count > 1 ? parse(parts[1], .credentials, &faults) : nil)
    for kind in ProfileFile.SectionKind.allCases {
        let names = files.names(of: kind)
        faults.expect(Set(names).count == names.count, "a name comes twice")
        for name in names { checkSection(files, kind, name, &faults) }
    }
    checkAnew(files, &faults)
    return faults.list
}

private func parse(_ text: Bytes, _ kind: ProfileFile.Kind, _ faults: inout Faults) -> ProfileFile? {
    do throws(ProfileFileError) {
        return try ProfileFile.parse(text.span, kind)
    } catch {
        faults.expectLine(error.asConfigError(text).message, "a message")
        faults.expect(0...text.lines.count ~= error.line, "line \(error.line)")
        return nil
    }
}

private func checkSection(
    _ files: ProfileFiles, _ kind: ProfileFile.SectionKind, _ name: Bytes, _ faults: inout Faults
) {
    faults.expect(isName(name), "a section's name")
    faults.expect(files.contains(kind, name.span), "a section that is not found")
    let properties = files.properties(of: kind, name.span)
    faults.expect(Set(properties.map { $0.name }).count == properties.count, "a property comes twice")
    for property in properties {
        faults.expect(isName(property.name), "a property's name")
        for key in ["retry_mode", "max_attempts", "s3"] as [StaticString] where property.name == key {
            faults.expect(files.property(key, of: kind, name.span)?.property == property, "another property")
        }
        switch property.value {
        case .text(let text):
            faults.expectText(text, "a value")
            faults.expect(text.count < Limits.configValueLength, "a value of \(text.count) bytes")
        case .group(let nested):
            for one in nested {
                faults.expect(isName(one.name), "a nested property's name")
                faults.expectText(one.value, "a nested value")
            }
        }
    }
}

private func isName(_ name: Bytes) -> Bool {
    !name.isEmpty && name.allSatisfy { 0x25...0x7A ~= $0 && $0 != 0x3B && $0 != 0x3D && $0 != 0x5B && $0 != 0x5D }
}

/// What was understood, written out as a config file, is understood as the same.
private func checkAnew(_ files: ProfileFiles, _ faults: inout Faults) {
    let kinds: [(ProfileFile.SectionKind, StaticString)] = [
        (.profile, "profile"), (.ssoSession, "sso-session"), (.services, "services"),
    ]
    var text = ByteBuffer()
    for (kind, word) in kinds {
        for name in files.names(of: kind) {
            text.append("[")
            text.append(word)
            text.append(" ")
            text.append(name)
            text.append("]\n")
            for property in files.properties(of: kind, name.span) { text.append(property) }
        }
    }
    guard text.count <= Limits.profileFileLength else { return }
    guard let file = parse(text.array, .config, &faults) else { return faults.expect(false, "not understood again") }
    let again = ProfileFiles(config: file, credentials: nil)
    for (kind, _) in kinds {
        faults.expect(again.names(of: kind) == files.names(of: kind), "other names")
        for name in files.names(of: kind) {
            let (first, second) = (files.properties(of: kind, name.span), again.properties(of: kind, name.span))
            faults.expect(first.map { $0.name } == second.map { $0.name }, "other properties")
            faults.expect(first.map { $0.value } == second.map { $0.value }, "other values")
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func append(_ property: ProfileProperty) {
        append(property.name)
        append(" =")
        switch property.value {
        case .text(let text):
            for (at, line) in text.lines.enumerated() {
                append(at == 0 ? "" : "\n ")
                append(line)
            }
        case .group(let nested) where nested.isEmpty: append("\n not kept = x")
        case .group(let nested):
            for one in nested {
                append("\n ")
                append(one.name)
                append(" = ")
                append(one.value)
            }
        }
        append("\n")
    }
}
