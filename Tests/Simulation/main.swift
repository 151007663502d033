import Glibc

let options = Options.read(Array(CommandLine.arguments.dropFirst()))
exit(options.run())
