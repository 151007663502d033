/// Credentials of a profile, and of the profiles that it leads to.
///
/// A profile has them in one of these ways. Where it has several, the first here counts, as in the AWS SDK for Rust:
/// a role, with somebody who assumes it; web identity; IAM Identity Center (SSO); a login session; a program; keys. In
/// a profile that another one names as its source keys come before all others. botocore differs in that keys of the
/// credentials file come before a login session and a program.
enum ProfileSource {
    /// Of the profile that the client goes by.
    static func credentials(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
        let profile = inquiry.settings.profile
        var chain = ProfileChain(ProfileSection(profile: profile, name: profile.name))
        var found = try chain.root(inquiry)
        if found == nil, let lead = chain.lead {
            throw .failed(lead.origin, "\(Message.shown(lead.text)) has no credentials")
        }
        while let source = found, let section = chain.roles.popLast() {
            found = try STSClient.assumeRole(inquiry, section, by: source)
        }
        if found == nil { skip(inquiry, profile) }
        return found
    }

    private static func skip(_ inquiry: Inquiry, _ profile: Profile) {
        let files = profile.locations
        inquiry.skip(
            "profile",
            "\(Message.shown(profile.name)) has none in \(Message.shown(files.config ?? [])) and "
                + "\(Message.shown(files.credentials ?? []))")
    }
}

/// What the files say of one profile.
struct ProfileSection {
    let profile: Profile
    let name: Bytes

    subscript(_ property: StaticString) -> Profile.Value? { profile.property(property, of: .profile, name) }

    /// Nil where there are none.
    func keys() throws(Halt) -> ResolvedIdentity? {
        let pair = (self["aws_access_key_id"], self["aws_secret_access_key"])
        guard let either = pair.0 ?? pair.1 else { return nil }
        guard let id = pair.0, let secret = pair.1 else {
            throw .failed(
                either.origin, "aws_access_key_id and aws_secret_access_key go together, and only one of them is there")
        }
        let credentials = Credentials(
            accessKeyID: id.text, secretAccessKey: secret.text, sessionToken: self["aws_session_token"]?.text)
        return ResolvedIdentity(
            credentials: credentials, accountID: self["aws_account_id"]?.text ?? [], source: id.origin)
    }

    /// What it has without a role that others assume.
    fileprivate func credentials(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
        if let file = self["web_identity_token_file"] {
            return try WebIdentitySource.credentials(inquiry, self, file)
        }
        if let found = try SSOSource.credentials(inquiry, profile: name) { return found }
        if let found = try LoginSource.credentials(inquiry, profile: name) { return found }
        if let command = self["credential_process"] {
            return try ProcessSource.credentials(inquiry, self, command)
        }
        return try keys()
    }
}

/// The way from a profile to credentials that nobody has to assume a role for.
private struct ProfileChain {
    /// Those whose roles are assumed on the way back, the last one first.
    var roles: [ProfileSection] = []
    /// What led to where the chain ends; nil at its beginning.
    private(set) var lead: Profile.Value?
    private var section: ProfileSection

    init(_ section: ProfileSection) {
        self.section = section
    }

    mutating func root(_ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
        while true {
            if lead != nil, let keys = try section.keys() { return keys }
            // With a token for it, a role is nobody else's to assume.
            guard let role = section["role_arn"], section["web_identity_token_file"] == nil else {
                return try section.credentials(inquiry)
            }
            let (source, kind) = (section["source_profile"], section["credential_source"])
            guard source == nil || kind == nil else {
                throw .failed(
                    role.origin, "the profile has a source_profile and a credential_source, where one can count")
            }
            roles.append(section)
            if let source {
                try go(to: source)
            } else if let kind {
                lead = kind; return try named(kind, inquiry)
            } else {
                throw .failed(role.origin, "the profile has neither source_profile nor credential_source")
            }
        }
    }

    /// To the profile whose credentials assume the role of this one.
    private mutating func go(to source: Profile.Value) throws(Halt) {
        let next = ProfileSection(profile: section.profile, name: source.text)
        guard next.profile.files.contains(.profile, next.name.span) else {
            throw .failed(source.origin, "there is no profile \(Message.shown(next.name))")
        }
        // One that names itself means its own keys.
        let own = next.name == section.name ? try next.keys() : nil
        guard own != nil || !roles.contains(where: { $0.name == next.name }) else { throw loop(source) }
        guard roles.count < Limits.roleChainLength else {
            throw .failed(source.origin, "more than \(Limits.roleChainLength) profiles lead to here")
        }
        (section, lead) = (next, source)
    }

    private func loop(_ source: Profile.Value) -> Halt {
        var names = Message()
        for section in roles { names += "\(Message.shown(section.name)), " }
        return .failed(source.origin, "the profiles lead back to one another: \(names)\(Message.shown(source.text))")
    }

    private func named(_ kind: Profile.Value, _ inquiry: Inquiry) throws(Halt) -> ResolvedIdentity? {
        if kind.text.span.isEqualIgnoringCase("Environment") {
            return CredentialChain.keys(inquiry.settings.environment)
        }
        if kind.text.span.isEqualIgnoringCase("EcsContainer") { return try ContainerSource.resolve(inquiry) }
        if kind.text.span.isEqualIgnoringCase("Ec2InstanceMetadata") { return try MetadataSource.credentials(inquiry) }
        throw .failed(kind.origin, "none of Environment, Ec2InstanceMetadata and EcsContainer")
    }
}
