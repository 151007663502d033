import CSystem.Sim
import Glibc

/// Wall time as HTTP and the log write it.
enum WallClock {
    /// As "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7).
    static func httpDate(_ seconds: Int64) -> String {
        format(seconds, "%a, %d %b %Y %H:%M:%S GMT")
    }

    /// As "1994-11-06T08:49:37Z".
    static func logTime(_ seconds: Int64) -> String {
        format(seconds, "%Y-%m-%dT%H:%M:%SZ")
    }

    private static func format(_ seconds: Int64, _ pattern: String) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        return String(unsafeUninitializedCapacity: 64) { room in
            room.withMemoryRebound(to: CChar.self) { strftime($0.baseAddress, $0.count, pattern, &parts) }
        }
    }
}

extension String {
    /// A random UUID (RFC 9562, version 4).
    static func uuid() -> String {
        let high = UInt64.random(in: .min ... .max) & ~0xF000 | 0x4000
        let low = UInt64.random(in: .min ... .max) & ~(3 << 62) | 2 << 62
        let digits = (high.hex + low.hex).utf8
        var text = ""
        for (at, digit) in digits.enumerated() {
            if at == 8 || at == 12 || at == 16 || at == 20 { text += "-" }
            text.unicodeScalars.append(Unicode.Scalar(digit))
        }
        return text
    }
}

extension UInt64 {
    /// Sixteen hexadecimal digits.
    var hex: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
