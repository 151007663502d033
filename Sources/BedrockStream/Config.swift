import BedrockCore
import CBedrockStream

/// Makes an empty configuration: every key has its default.
///
/// - Parameter config: where the new object's pointer goes; free it with `brs_config_free`.
/// - Returns: BRS_OK, BRS_E_ARGUMENT or BRS_E_MEMORY.
@c(brs_config_new)
public func brs_config_new(_ config: UnsafeMutablePointer<UnsafeMutablePointer<brs_config>?>?) -> brs_code {
    guard let config else { return BRS_E_ARGUMENT }
    config.pointee = handOut(Config(), as: brs_config.self)
    return BRS_OK
}

/// Sets a key. A later value replaces an earlier one; an empty value brings the default back.
///
/// - Parameters:
///   - config: the configuration to change.
///   - key: one of the keys that `brs_config_describe` lists, NUL-terminated.
///   - value: its value as text, NUL-terminated, at most 65,536 bytes; copied.
///   - diagnostic: (Optional) gets the reason of a failure.
/// - Returns: BRS_OK, BRS_E_ARGUMENT, BRS_E_MEMORY, or BRS_E_CONFIG for an unknown key or a value that does not fit;
///   then the configuration is as before.
@c(brs_config_set)
public func brs_config_set(
    _ config: UnsafeMutablePointer<brs_config>?, _ key: UnsafePointer<CChar>?, _ value: UnsafePointer<CChar>?,
    _ diagnostic: UnsafeMutablePointer<brs_diagnostic>?
) -> brs_code {
    answering(diagnostic) { () throws(Refusal) in
        guard let object = borrow(config, as: Config.self) else { throw .null("config") }
        let name = try text(key, "key", limit: 256)
        let setting = try text(value, "value", limit: Limits.configValueLength)
        do throws(ConfigError) {
            try object.set(name.span, to: setting.span)
        } catch {
            throw Refusal(error)
        }
    }
}

/// Lists the configuration keys.
///
/// - Parameters:
///   - index: 0 for the first key, and so on.
///   - key: gets the key's description; its `size` must be set.
/// - Returns: BRS_OK, BRS_E_ARGUMENT, or BRS_E_END when there are not so many keys.
@c(brs_config_describe)
public func brs_config_describe(_ index: UInt, _ key: UnsafeMutablePointer<brs_config_key>?) -> brs_code {
    guard let key, key.pointee.size >= MemoryLayout<brs_config_key>.size else { return BRS_E_ARGUMENT }
    guard let index = Int(exactly: index), let found = ConfigKey(rawValue: index) else { return BRS_E_END }
    let description = found.description
    key.pointee.name = cString(description.name)
    key.pointee.type = cString(description.typeText)
    key.pointee.default_value = cString(description.defaultValue)
    key.pointee.environment = cString(description.environmentText)
    key.pointee.meaning = cString(description.meaning)
    key.pointee.config_file_key = cString(description.configFileKey)
    return BRS_OK
}

/// Frees a configuration and overwrites the secrets in it. Clients and streams made with it keep their copy.
///
/// - Parameter config: the configuration; NULL does nothing.
@c(brs_config_free)
public func brs_config_free(_ config: UnsafeMutablePointer<brs_config>?) {
    _ = takeBack(config, as: Config.self)
}
