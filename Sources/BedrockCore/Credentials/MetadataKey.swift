// Settings of instance metadata, by the environment alone until they are configuration keys.
enum MetadataKey: CaseIterable {
    case imdsDisabled, imdsV1Disabled, imdsEndpoint, imdsEndpointMode, imdsTimeout, imdsAttempts

    var variable: StaticString {
        switch self {
        case .imdsDisabled: "AWS_EC2_METADATA_DISABLED"
        case .imdsV1Disabled: "AWS_EC2_METADATA_V1_DISABLED"
        case .imdsEndpoint: "AWS_EC2_METADATA_SERVICE_ENDPOINT"
        case .imdsEndpointMode: "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
        case .imdsTimeout: "AWS_METADATA_SERVICE_TIMEOUT"
        case .imdsAttempts: "AWS_METADATA_SERVICE_NUM_ATTEMPTS"
        }
    }
}

extension Settings {
    func value(_ key: MetadataKey) -> Bytes? { environment.value(key.variable) }
    func text(_ key: MetadataKey) -> Bytes { value(key) ?? Bytes("1") }
    func flag(_ key: MetadataKey) -> Bool { text(key).span.isEqualIgnoringCase("true") }
    func integer(_ key: MetadataKey) -> Int64 { text(key).span.decimal() ?? 1 }
}
