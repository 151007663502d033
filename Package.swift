// swift-tools-version: 6.2
import PackageDescription

// One source, two builds. The Makefile passes the right switches:
//   shipped library   BRS_EMBEDDED=1 swift build -c release --scratch-path .build-embedded --disable-local-rpath \
//                       --product bedrockstream
//   tests, tools      swift test, swift build            (regular Swift, no switch)
//   sanitizers        --sanitize=address|thread with its own --scratch-path (BRS_SANITIZED=1 as well for the shipped
//                       library)
//   fuzzing           BRS_FUZZ=1 swift build -c release --scratch-path .build-fuzz --product fuzz
let embedded = Context.environment["BRS_EMBEDDED"] == "1"
let fuzzing = Context.environment["BRS_FUZZ"] == "1"
/// The sanitizer's runtime lives in the host program, so the library may have undefined symbols.
let sanitized = Context.environment["BRS_SANITIZED"] == "1"

/// The shipped library is optimised as a whole when it is linked: a tenth smaller, and a delta takes a tenth fewer
/// instructions. Its parts are LLVM bitcode until then.
let isWhole = embedded && !sanitized

func linker(_ flags: String...) -> [String] { flags.flatMap { ["-Xlinker", $0] } }

let cSettings: [CSetting] = [
    .unsafeFlags(
        ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-ffunction-sections", "-fvisibility=hidden"]
            // Embedded Swift has no unwind tables, so nobody unwinds through the library: debuggers read .debug_frame,
            // and line numbers in the format that the Swift parts have.
            + (isWhole ? ["-flto", "-fno-asynchronous-unwind-tables", "-gdwarf-4"] : [])
            + (fuzzing ? ["-fsanitize=fuzzer-no-link,address"] : []))
]

/// What is never shipped: the simulator and the tests.
let regularSettings: [SwiftSetting] = [
    .treatAllWarnings(as: .error), .enableExperimentalFeature("Lifetimes"),
]
let swiftSettings: [SwiftSetting] =
    regularSettings + [.treatWarning("EmbeddedRestrictions", as: .error)]
    + (embedded
        ? [
            .enableExperimentalFeature("Embedded"),
            .unsafeFlags([
                // Exclusive access is proven in the regular build, where the tests run: here a check that fails would
                // end the host.
                "-enforce-exclusivity=unchecked", "-wmo", "-Xfrontend", "-function-sections", "-Xfrontend",
                "-trap-function", "-Xfrontend", "sys_trap",
                // Small code, but where every byte of an answer passes: there it says @_optimize(speed).
                "-Osize",
                // Swift 6.3 makes array literals constants named by their function and a number. Each module counts
                // anew as it inlines, and the linker keeps one of each name: a list would hold another's items.
                "-Xllvm", "-sil-disable-pass=object-outliner",
            ]),
        ] : [])
    // Told to the frontend alone: with the driver's -lto, SwiftPM would look for the parts under other names.
    + (isWhole ? [.unsafeFlags(["-Xfrontend", "-lto=llvm-full", "-Xfrontend", "-emit-bc"])] : [])
    + (fuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address"])] : [])

let libraries: [LinkerSetting] = [.linkedLibrary("curl"), .linkedLibrary("crypto"), .linkedLibrary("m")]

/// How the shipped library is linked: nothing of Swift, `brs_*` alone exported, everything bound at load time.
/// Functions with the same code become one: nobody compares their addresses.
let shipped: [LinkerSetting] =
    embedded
    ? [
        .unsafeFlags(["-enable-experimental-feature", "Embedded", "-use-ld=lld"]),
        .unsafeFlags(
            linker(
                "--version-script=\(Context.packageDirectory)/Sources/BedrockStream/bedrockstream.map",
                "-soname=libbedrockstream.so.0", "-z", "now", "-z", "relro", "-z", "noexecstack",
                "--gc-sections", "--icf=all", "--build-id=sha1", "-O2")
                // Calls of sys_trap come into being after the linker has looked at who calls what.
                + (isWhole ? linker("-u", "sys_trap", "-z", "defs") : [])),
    ] : []

var targets: [Target] = [
    .target(name: "CSystem", cSettings: cSettings),
    .target(name: "CBedrockStream"),
    .target(
        name: "BedrockCore", dependencies: ["CSystem"], exclude: ["Exchange/README.md"], swiftSettings: swiftSettings),
    .target(name: "BedrockIO", dependencies: ["BedrockCore", "CSystem"], swiftSettings: swiftSettings),
    .target(
        name: "BedrockStream", dependencies: ["BedrockIO", "BedrockCore", "CBedrockStream"],
        exclude: ["bedrockstream.map"], swiftSettings: swiftSettings, linkerSettings: libraries + shipped),
]
var products: [Product] = [.library(name: "bedrockstream", type: .dynamic, targets: ["BedrockStream"])]

/// What tests and fuzz targets share.
if !embedded {
    targets += [
        .target(
            name: "Recording", dependencies: ["BedrockCore"], path: "Tests/Recording", swiftSettings: regularSettings),
        .target(
            name: "FuzzTargets", dependencies: ["BedrockCore", "Recording"], path: "Tests/Fuzz/Targets",
            swiftSettings: regularSettings),
    ]
}
if fuzzing {
    let sanitized: [LinkerSetting] = [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
    targets += [
        .target(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets", "CFuzzer"], path: "Tests/Fuzz/Program",
            swiftSettings: regularSettings, linkerSettings: libraries + sanitized),
    ]
    products.append(.executable(name: "fuzz", targets: ["fuzz"]))
} else if !embedded {
    targets += [
        .executableTarget(
            name: "bedrockstream-sim", dependencies: ["BedrockCore", "CSystem"], exclude: ["README.md"],
            swiftSettings: regularSettings, linkerSettings: libraries),
        .executableTarget(
            name: "conformance", dependencies: ["BedrockIO", "BedrockCore"], path: "Tests/Conformance",
            exclude: ["README.md"],
            swiftSettings: regularSettings, linkerSettings: libraries),
        .executableTarget(
            name: "simulation", dependencies: ["BedrockCore"], path: "Tests/Simulation",
            exclude: ["README.md", "plant.py"],
            swiftSettings: regularSettings, linkerSettings: libraries),
        .testTarget(
            name: "BedrockCoreTests", dependencies: ["BedrockCore", "Recording", "FuzzTargets"],
            swiftSettings: regularSettings, linkerSettings: libraries),
    ]
    products += [
        .executable(name: "bedrockstream-sim", targets: ["bedrockstream-sim"]),
        .executable(name: "conformance", targets: ["conformance"]),
        .executable(name: "simulation", targets: ["simulation"]),
    ]
}

let package = Package(name: "bedrockstream", products: products, targets: targets, swiftLanguageModes: [.v6])
