/// One thing that can be asked for: in a model id behind "sim.", in a script, in an x-sim header.
struct Knob: Sendable {
    var name: String
    /// What its value is, as the documentation says it; nil: it takes none.
    var value: String?
    var help: String
    var example: String
    /// False: the value is not acceptable.
    var set: @Sendable (inout Knobs, String) -> Bool
}

extension Knob {
    static func flag(
        _ name: String, _ path: any WritableKeyPath<Knobs, Bool> & Sendable, _ help: String, _ example: String
    ) -> Knob {
        Knob(name: name, value: nil, help: help, example: example) { knobs, value in
            guard value == "true" || value == "1" || value == "false" || value == "0" else { return false }
            knobs[keyPath: path] = value == "true" || value == "1"
            return true
        }
    }

    static func count(
        _ name: String, _ path: any WritableKeyPath<Knobs, Int> & Sendable, least: Int = 0,
        most: Int = 1 << 40, _ help: String, _ example: String
    ) -> Knob {
        Knob(name: name, value: "N", help: help, example: example) { knobs, value in
            guard let number = Int(value), number >= least, number <= most else { return false }
            knobs[keyPath: path] = number
            return true
        }
    }

    static func count(
        _ name: String, _ path: any WritableKeyPath<Knobs, Int?> & Sendable, least: Int = 0,
        most: Int = 1 << 40, _ help: String, _ example: String
    ) -> Knob {
        Knob(name: name, value: "N", help: help, example: example) { knobs, value in
            guard let number = Int(value), number >= least, number <= most else { return false }
            knobs[keyPath: path] = number
            return true
        }
    }

    /// A time, kept in nanoseconds.
    static func time(
        _ name: String, unit: String, of nanoseconds: Double, _ path: any WritableKeyPath<Knobs, Int64> & Sendable,
        _ help: String,
        _ example: String
    ) -> Knob {
        Knob(name: name, value: unit, help: help, example: example) { knobs, value in
            guard let number = Double(value), number >= 0, number <= 1e8 else { return false }
            knobs[keyPath: path] = Int64(number * nanoseconds)
            return true
        }
    }

    static func text(
        _ name: String, _ path: any WritableKeyPath<Knobs, String?> & Sendable, _ help: String, _ example: String
    ) -> Knob {
        Knob(name: name, value: "TEXT", help: help, example: example) { knobs, value in
            knobs[keyPath: path] = value
            return true
        }
    }

    static func choice<T: RawRepresentable & CaseIterable & SendableMetatype>(
        _ name: String, _ path: any WritableKeyPath<Knobs, T> & Sendable, _ help: String, _ example: String
    ) -> Knob where T.RawValue == String {
        Knob(name: name, value: words(T.self), help: help, example: example) { knobs, value in
            guard let chosen = T(rawValue: value) else { return false }
            knobs[keyPath: path] = chosen
            return true
        }
    }

    static func choice<T: RawRepresentable & CaseIterable & SendableMetatype>(
        _ name: String, _ path: any WritableKeyPath<Knobs, T?> & Sendable, _ help: String, _ example: String
    ) -> Knob where T.RawValue == String {
        Knob(name: name, value: words(T.self), help: help, example: example) { knobs, value in
            guard let chosen = T(rawValue: value) else { return false }
            knobs[keyPath: path] = chosen
            return true
        }
    }

    private static func words<T: RawRepresentable & CaseIterable & SendableMetatype>(_ type: T.Type) -> String
    where T.RawValue == String {
        type.allCases.map { $0.rawValue }.joined(separator: ", ")
    }
}

/// Every knob there is.
enum KnobTable {
    static let groups: [(title: String, knobs: [Knob])] = [
        ("What is answered", answer), ("When and in what pieces it is sent", pace), ("What goes wrong", faults),
    ]
    static let byName: [String: Knob] = .init(
        uniqueKeysWithValues: groups.flatMap { $0.knobs }.map { ($0.name, $0) })

    /// Sets one knob; returns what is wrong.
    static func set(_ name: String, _ value: String, in knobs: inout Knobs) -> String? {
        guard let knob = byName[name] else { return "there is no knob '\(name)'" }
        if knob.set(&knobs, value) { return nil }
        return "knob '\(name)' does not take '\(value)' (\(knob.value ?? "it is true or false"))"
    }

    static var markdown: String {
        groups.map { group in
            let rows = group.knobs.map { knob in
                "| `\(knob.name)` | \(knob.value ?? "") | \(knob.help) | `\(knob.example)` |"
            }
            return "### \(group.title)\n\n| knob | value | meaning | example |\n|---|---|---|---|\n"
                + rows.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }
}
