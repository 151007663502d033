import BedrockCore
import CBedrockStream

/// Makes an empty configuration: every key has its default.
///
/// - Parameter config: where the new object's pointer goes; free it with `brs_config_free`.
/// - Returns: BRS_OK, BRS_E_ARGUMENT or BRS_E_MEMORY.
@c(brs_config_new)
public func brs_config_new(_ config: UnsafeMutablePointer<UnsafeMutablePointer<brs_config>?>?) -> brs_code {
    guard let config else { return BRS_E_ARGUMENT }
    config.pointee = handOut(ConfigHandle(), as: brs_config.self)
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
        guard let object = borrow(config, as: ConfigHandle.self)?.config else { throw .null("config") }
        let name = try text(key, "key", limit: 256)
        var setting = try text(value, "value", limit: Limits.configValueLength)
        defer { setting.wipe() }
        do throws(ConfigError) {
            try object.set(name.span, to: setting.span)
        } catch {
            throw Refusal(error)
        }
    }
}

/// Tells the value of a key: what was set, else the default. What environment and profile say is not known to a
/// configuration.
///
/// - Parameters:
///   - config: the configuration.
///   - key: one of the keys that `brs_config_describe` lists, NUL-terminated.
///   - value: (Optional) memory for the value and a NUL; nothing is written where it is too small.
///   - capacity: its size in bytes.
///   - len: gets the length of the value, without the NUL; 0 where nothing is set and there is no default.
///   - diagnostic: (Optional) gets the reason of a failure.
/// - Returns: BRS_OK, also where the memory is too small (then `len` is not below `capacity`); BRS_E_ARGUMENT;
///   BRS_E_CONFIG for an unknown key, or one whose value is a secret, which is not handed out.
@c(brs_config_get)
public func brs_config_get(
    _ config: UnsafePointer<brs_config>?, _ key: UnsafePointer<CChar>?, _ value: UnsafeMutablePointer<CChar>?,
    _ capacity: UInt, _ len: UnsafeMutablePointer<UInt>?, _ diagnostic: UnsafeMutablePointer<brs_diagnostic>?
) -> brs_code {
    answering(diagnostic) { () throws(Refusal) in
        guard let object = borrow(config, as: ConfigHandle.self)?.config else { throw .null("config") }
        guard let len else { throw .null("len") }
        let name = try text(key, "key", limit: 256)
        let found: Bytes
        do throws(ConfigError) {
            found = try object.shown(name.span)
        } catch {
            throw Refusal(error)
        }
        len.pointee = UInt(found.count)
        if let value { copy(found, to: value, Int(clamping: capacity)) }
    }
}

private func copy(_ text: Bytes, to memory: UnsafeMutablePointer<CChar>, _ capacity: Int) {
    guard text.count < capacity else { return }
    for (at, byte) in text.enumerated() { memory[at] = CChar(bitPattern: byte) }
    memory[text.count] = 0
}

/// Has clients that are made with this configuration ask the host who it is.
///
/// - Parameters:
///   - config: the configuration.
///   - kinds: what may be asked, brs_question_kind values combined with |; 0 for nothing.
///   - callback: what is called; may be NULL where `kinds` is 0.
///   - user: handed to the callback. Must live until the clients are freed.
/// - Returns: BRS_OK or BRS_E_ARGUMENT.
@c(brs_config_on_question)
public func brs_config_on_question(
    _ config: UnsafeMutablePointer<brs_config>?, _ kinds: UInt32, _ callback: brs_on_question?,
    _ user: UnsafeMutableRawPointer?
) -> brs_code {
    guard let handle = borrow(config, as: ConfigHandle.self), kinds < 8, kinds == 0 || callback != nil else {
        return BRS_E_ARGUMENT
    }
    handle.host = kinds == 0 ? nil : callback.map { HostCallback(kinds, $0, user) }
    return BRS_OK
}

/// Has clients that are made with this configuration tell what they do.
///
/// - Parameters:
///   - config: the configuration.
///   - level: the least important lines that are wanted; BRS_LOG_NONE for none.
///   - callback: what is called; may be NULL for BRS_LOG_NONE.
///   - user: handed to the callback. Must live until the clients are freed.
/// - Returns: BRS_OK or BRS_E_ARGUMENT.
@c(brs_config_on_log)
public func brs_config_on_log(
    _ config: UnsafeMutablePointer<brs_config>?, _ level: brs_log_level, _ callback: brs_on_log?,
    _ user: UnsafeMutableRawPointer?
) -> brs_code {
    guard let handle = borrow(config, as: ConfigHandle.self), let most = LogLevel(rawValue: level.rawValue),
        most == .none || callback != nil
    else { return BRS_E_ARGUMENT }
    handle.log = most == .none ? nil : callback.map { LogCallback(most, $0, user) }
    return BRS_OK
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
    key.pointee.name = cString(found.name)
    key.pointee.type = cString(found.type)
    key.pointee.default_value = cString(found.defaultValue)
    key.pointee.environment = cString(found.environment)
    key.pointee.meaning = cString(found.meaning)
    key.pointee.config_file_key = cString(found.property)
    return BRS_OK
}

/// Frees a configuration and overwrites the secrets in it. Clients and streams made with it keep their copy.
///
/// - Parameter config: the configuration; NULL does nothing.
@c(brs_config_free)
public func brs_config_free(_ config: UnsafeMutablePointer<brs_config>?) {
    _ = takeBack(config, as: ConfigHandle.self)
}

private func cString(_ text: ConfigText) -> UnsafePointer<CChar> {
    UnsafeRawPointer(text.start).assumingMemoryBound(to: CChar.self)
}
