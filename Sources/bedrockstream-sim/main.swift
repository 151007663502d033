import CSystem.Sim
import Glibc

func complain(_ message: String) {
    let line = "bedrockstream-sim: \(message)\n"
    _ = write(2, line, line.utf8.count)
}

/// Written beside its place and moved there, so that whoever waits for the file reads a whole number.
func writePortFile(_ path: String, _ port: UInt16) -> Bool {
    guard let file = fopen(path + ".new", "w") else { return false }
    fputs("\(port)\n", file)
    return fclose(file) == 0 && rename(path + ".new", path) == 0
}

func serve(_ options: Options) -> Int32 {
    if options.endsWithParent, sim_end_with_parent() != 0 {
        complain("the parent process has ended already")
        return 1
    }
    guard let log = Log(path: options.log) else {
        complain("cannot write to \(options.log ?? "")")
        return 1
    }
    let script: Script
    switch Script.load(options.script) {
    case .loaded(let rules): script = rules
    case .refused(let problem):
        complain(problem)
        return 2
    }
    var recording: Recording?
    if let path = options.replay {
        switch Recording.load(path, speed: options.replaySpeed) {
        case .loaded(let loaded): recording = loaded
        case .refused(let problem):
            complain(problem)
            return 2
        }
    }
    let service = Service(options: options, script: script, recording: recording, log: log)
    guard let server = Server(options: options, service: service) else {
        complain("cannot listen on port \(options.port): \(String(cString: strerror(errno)))")
        return 1
    }
    if let path = options.portFile, !writePortFile(path, server.port) {
        complain("cannot write \(path)")
        return 1
    }
    print("bedrockstream-sim listening on http://\(options.isIPv6 ? "[::1]" : "127.0.0.1"):\(server.port)")
    fflush(nil)
    server.run()
    return 0
}

switch Options.parse(Array(CommandLine.arguments.dropFirst())) {
case .run(let options):
    exit(serve(options))
case .print(let text):
    print(text)
case .refuse(let problem):
    complain("\(problem) (--help lists the options)")
    exit(2)
}
