/// The command line.
struct Options {
    enum Outcome {
        case run(Options)
        case print(String)
        case refuse(String)
    }

    var port: UInt16 = 0
    var portFile: String?
    var isIPv6 = false
    var accessKey = "AKIDEXAMPLE"
    /// The secret of AWS's published signing examples: no account ever had it.
    var secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    var sessionToken: String?
    var bearerToken = "bedrock-api-key-example"
    var region: String?
    var checksAuth = true
    var endsWithParent = false
    var log: String?
    var script: String?
    var replay: String?
    /// How many times as fast; 0: at once.
    var replaySpeed = 1.0

    static func parse(_ arguments: [String]) -> Outcome {
        var options = Options()
        var at = 0
        while at < arguments.count {
            let name = arguments[at]
            at += 1
            switch name {
            case "--help", "-h": return .print(help)
            case "--list-knobs": return .print(KnobTable.markdown)
            case "--no-auth": options.checksAuth = false
            case "--exit-with-parent": options.endsWithParent = true
            default:
                guard at < arguments.count else { return .refuse("unknown option, or no value for it: \(name)") }
                if let problem = options.set(name, arguments[at]) { return .refuse(problem) }
                at += 1
            }
        }
        return .run(options)
    }

    /// Returns what is wrong with the option.
    private mutating func set(_ name: String, _ value: String) -> String? {
        switch name {
        case "--port":
            guard let number = UInt16(value) else { return "--port takes a number from 0 to 65535, not \(value)" }
            port = number
        case "--port-file": portFile = value
        case "--host":
            guard value == "127.0.0.1" || value == "::1" else { return "--host is 127.0.0.1 or ::1, not \(value)" }
            isIPv6 = value == "::1"
        case "--access-key": accessKey = value
        case "--secret-key": secretKey = value
        case "--session-token": sessionToken = value
        case "--bearer-token": bearerToken = value
        case "--region": region = value
        case "--log": log = value
        case "--script": script = value
        case "--replay": replay = value
        case "--replay-speed":
            guard let number = Double(value), number >= 0, number <= 1e6 else {
                return "--replay-speed takes a number from 0 to 1000000, not \(value)"
            }
            replaySpeed = number
        default: return "unknown option: \(name)"
        }
        return nil
    }

    static let help = """
        bedrockstream-sim: a local Amazon Bedrock runtime endpoint, for demos and offline tests

        usage: bedrockstream-sim [options]

          --port N               port to listen on; 0 (default) takes any that is free
          --port-file PATH       write the port there once requests are served
          --host ADDRESS         127.0.0.1 (default) or ::1; never anything but loopback
          --access-key ID        key id that is accepted (AKIDEXAMPLE)
          --secret-key SECRET    its secret (wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY)
          --session-token TOKEN  session token that has to come with the key (none)
          --bearer-token TOKEN   API key that is accepted (bedrock-api-key-example)
          --region NAME          the only region that signatures may name (any)
          --no-auth              accept every request
          --script FILE          JSON: what to do with which request; see the README
          --replay FILE          answer with the exchanges that a client recorded there; see the README
          --replay-speed X       X times as fast as they came (1); 0: at once
          --log PATH             one line for each request; - is standard output
          --exit-with-parent     end when the process that started this one ends
          --list-knobs           print what model ids, scripts and x-sim headers can ask for, as Markdown
          --help                 print this

        Routes: POST /model/{id}/converse, converse-stream, invoke, invoke-with-response-stream;
                GET /health, /stats, /requests; POST /reset
        """
}
