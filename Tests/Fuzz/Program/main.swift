import CFuzzer
import FuzzTargets
import Glibc

// One program for all targets: the environment variable BRS_FUZZ_TARGET chooses, arguments are libFuzzer's.

nonisolated(unsafe) private var target = FuzzTarget.canary

guard let name = getenv("BRS_FUZZ_TARGET"), let chosen = FuzzTarget(rawValue: String(cString: name)) else {
    print("BRS_FUZZ_TARGET is none of: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
    exit(2)
}
target = chosen

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(
    LLVMFuzzerRunDriver(&count, &arguments) { data, size in
        let faults = target.run([UInt8](UnsafeBufferPointer(start: data, count: size)))
        if !faults.isEmpty { fatalError(faults.joined(separator: "; ")) }
        return 0
    })
