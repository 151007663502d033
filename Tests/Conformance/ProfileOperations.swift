import BedrockCore

extension Port {
    static func parseProfile(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("config_text", "credentials_text")
        let files = ProfileFiles(
            config: try profileFile(arguments, "config_text", .config),
            credentials: try profileFile(arguments, "credentials_text", .credentials))
        let kinds: [(StaticString, ProfileFile.SectionKind)] = [
            ("profiles", .profile), ("sso_sessions", .ssoSession), ("services", .services),
        ]
        writer.beginObject()
        for (name, kind) in kinds {
            writer.key(name)
            writer.sections(of: kind, files)
        }
        writer.endObject()
    }

    private static func profileFile(
        _ arguments: Arguments, _ name: StaticString, _ kind: ProfileFile.Kind
    ) throws(Refusal) -> ProfileFile? {
        guard let text = try arguments.optionalText(name) else { return nil }
        do throws(ProfileFileError) {
            return try ProfileFile.parse(text.span, kind)
        } catch {
            throw .failed(kind: "parse", message: error.asConfigError(Bytes(name)).message.description)
        }
    }

    static func fileLocations(_ arguments: Arguments, _ writer: inout JSONWriter) throws(Refusal) {
        try arguments.allow("env")
        let locations = FileLocations(try arguments.environment("env"))
        writer.beginObject()
        writer.member("config", optional: locations.config)
        writer.member("credentials", optional: locations.credentials)
        writer.member("profile", locations.profile ?? Bytes(FileLocations.defaultProfile))
        writer.endObject()
    }
}

extension JSONWriter {
    fileprivate mutating func sections(of kind: ProfileFile.SectionKind, _ files: ProfileFiles) {
        beginObject()
        for name in files.names(of: kind) {
            key(name.span)
            beginObject()
            for property in files.properties(of: kind, name.span) {
                key(property.name.span)
                profileValue(property.value)
            }
            endObject()
        }
        endObject()
    }

    private mutating func profileValue(_ value: ProfileValue) {
        switch value {
        case .text(let text): string(text)
        case .group(let nested):
            beginObject()
            for property in nested {
                key(property.name.span)
                string(property.value)
            }
            endObject()
        }
    }
}
