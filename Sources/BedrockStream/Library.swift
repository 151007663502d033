import BedrockCore
import CBedrockStream

/// Tells the version of the library, as "0.1.0".
///
/// - Returns: a constant; never NULL.
@c(brs_version)
public func brs_version() -> UnsafePointer<CChar> {
    cString("0.1.0")
}

/// Tells the name of a code, as "BRS_E_THROTTLED".
///
/// - Parameter code: any number; unknown ones are called "BRS_E_UNKNOWN".
/// - Returns: a constant; never NULL.
@c(brs_code_name)
public func brs_code_name(_ code: brs_code) -> UnsafePointer<CChar> {
    ErrorCode(rawValue: Int32(truncatingIfNeeded: code.rawValue)).map { cString($0.name) } ?? cString("BRS_E_UNKNOWN")
}

/// A literal as a C string: string literals of this module end with a NUL.
func cString(_ literal: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
}
