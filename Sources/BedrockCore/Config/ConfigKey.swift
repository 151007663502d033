/// Every setting of the library: the one table behind `brs_config_set`, `brs_config_describe` and the printed lists.
public enum ConfigKey: Int, CaseIterable, Sendable {
    case region, endpointURL
    case profile, configFile, credentialsFile, identityTimeout
    case accessKeyID, secretAccessKey, sessionToken, bearerToken, authScheme
    case connectTimeout, firstByteTimeout, betweenBytesTimeout, totalTimeout
    case retryMode, maxAttempts, maxBackoff, onModelTimeout, minMaxTokens, onModelStreamError
    case recovery, recoveryNudge, fallback
    case httpVersion, proxyURL, proxyBypass, caBundle
    case connectionMaxIdle, connectionMaxAge, connectionKeepAlive, connectionUnacknowledged
    case queueBytes
    case turn, maxRounds, maxResultBytes, toolTimeout
    case tapPath
    case contentType, accept, trace, guardrailIdentifier, guardrailVersion
    case performanceLatency, serviceTier, requestMetadata

    public static func named(_ name: Span<UInt8>) -> ConfigKey? {
        for key in allCases where name.isEqual(to: key.description.name) { return key }
        return nil
    }

    public var description: ConfigDescription {
        switch self {
        case .region, .endpointURL: placeDescription
        case .profile, .configFile, .credentialsFile, .identityTimeout: profileDescription
        case .accessKeyID, .secretAccessKey, .sessionToken, .bearerToken, .authScheme: identityDescription
        case .connectTimeout, .firstByteTimeout, .betweenBytesTimeout, .totalTimeout, .queueBytes: limitDescription
        case .retryMode, .maxAttempts, .maxBackoff, .onModelTimeout, .minMaxTokens, .onModelStreamError:
            retryDescription
        case .recovery, .recoveryNudge, .fallback: recoveryDescription
        case .turn, .maxRounds, .maxResultBytes, .toolTimeout: turnDescription
        case .tapPath: tapDescription
        case .httpVersion, .proxyURL, .proxyBypass, .caBundle: transportDescription
        case .connectionMaxIdle, .connectionMaxAge, .connectionKeepAlive, .connectionUnacknowledged:
            connectionDescription
        default: invokeDescription
        }
    }
}

extension ConfigKey {
    private var placeDescription: ConfigDescription {
        switch self {
        case .region:
            ConfigDescription(
                "region", .text, "AWS region whose endpoint is called and for which requests are signed.",
                environment: ["AWS_REGION", "AWS_DEFAULT_REGION"], environmentText: "AWS_REGION, AWS_DEFAULT_REGION")
        default:
            ConfigDescription(
                "endpoint_url", .url,
                "Base URL called instead of the region's endpoint: http or https, with a path in front of the API's.",
                environment: ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"],
                environmentText: "AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_ENDPOINT_URL")
        }
    }

    private var profileDescription: ConfigDescription {
        switch self {
        case .profile:
            ConfigDescription(
                "profile", .text,
                "Profile of the AWS files to go by. Named here, the environment's credentials do not count.",
                environment: ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"],
                environmentText: "AWS_PROFILE, AWS_DEFAULT_PROFILE")
        case .configFile:
            ConfigDescription(
                "config_file", .path, "AWS config file; ~/.aws/config where nothing is said.",
                environment: ["AWS_CONFIG_FILE"], environmentText: "AWS_CONFIG_FILE")
        case .credentialsFile:
            ConfigDescription(
                "credentials_file", .path, "AWS credentials file; ~/.aws/credentials where nothing is said.",
                environment: ["AWS_SHARED_CREDENTIALS_FILE"], environmentText: "AWS_SHARED_CREDENTIALS_FILE")
        default:
            ConfigDescription(
                "credentials.timeout_ms", .integer(0...86_400_000),
                "Milliseconds for finding out credentials, all steps together; 0 for no limit.", default: "120000")
        }
    }

    private var identityDescription: ConfigDescription {
        switch self {
        case .accessKeyID:
            ConfigDescription(
                "credentials.access_key_id", .text, "AWS access key; goes with credentials.secret_access_key.",
                environment: ["AWS_ACCESS_KEY_ID"], environmentText: "AWS_ACCESS_KEY_ID")
        case .secretAccessKey:
            ConfigDescription(
                "credentials.secret_access_key", .secret, "AWS secret key.",
                environment: ["AWS_SECRET_ACCESS_KEY"], environmentText: "AWS_SECRET_ACCESS_KEY")
        case .sessionToken:
            ConfigDescription(
                "credentials.session_token", .secret, "Session token of temporary credentials.",
                environment: ["AWS_SESSION_TOKEN"], environmentText: "AWS_SESSION_TOKEN")
        case .bearerToken:
            ConfigDescription(
                "bearer_token", .secret,
                "Amazon Bedrock API key. Sent over https, or straight to a loopback address. Wins over credentials.",
                environment: ["AWS_BEARER_TOKEN_BEDROCK"], environmentText: "AWS_BEARER_TOKEN_BEDROCK")
        default:
            ConfigDescription(
                "auth.scheme", .choice("one of: auto, sigv4, bearer"),
                "How requests are authenticated; auto takes a bearer token where there is one, else signs.",
                default: "auto")
        }
    }

    private var limitDescription: ConfigDescription {
        switch self {
        case .connectTimeout:
            ConfigDescription(
                "timeout.connect_ms", .integer(0...86_400_000),
                "Milliseconds for resolving the name, connecting and TLS; 0 for no limit.", default: "3100")
        case .firstByteTimeout:
            ConfigDescription(
                "timeout.first_byte_ms", .integer(0...86_400_000),
                "Milliseconds from the connection to the first byte of the response; 0 for no limit.",
                default: "60000")
        case .betweenBytesTimeout:
            ConfigDescription(
                "timeout.between_bytes_ms", .integer(0...86_400_000),
                "Milliseconds of silence of the server within a response; 0 for no limit. Not while the caller pauses.",
                default: "60000")
        case .totalTimeout:
            ConfigDescription(
                "timeout.total_ms", .integer(0...86_400_000),
                "Milliseconds from brs_stream_open to the end, the body included; 0 for no limit.", default: "0")
        default:
            ConfigDescription(
                "delivery.queue_bytes", .integer(4096...1_073_741_824),
                "Bytes of events that wait for brs_stream_next before the transfer is held back.", default: "262144")
        }
    }

    private var turnDescription: ConfigDescription {
        switch self {
        case .turn:
            ConfigDescription(
                "turn", .choice("one of: manual, auto"),
                "Whether tool calls end the stream, or it goes on with their results, given by brs_tool_result.",
                default: "manual")
        case .maxRounds:
            ConfigDescription(
                "turn.max_rounds", .integer(1...1000), "Most times that results of tools are sent in one stream.",
                default: "10")
        case .maxResultBytes:
            ConfigDescription(
                "turn.max_result_bytes", .integer(1...25_000_000), "Most bytes of the result of one tool call.",
                default: "1048576")
        default:
            ConfigDescription(
                "timeout.tool_ms", .integer(0...86_400_000),
                "Milliseconds that the results of a round's tool calls may take; 0 for no limit.", default: "600000")
        }
    }

    private var tapDescription: ConfigDescription {
        ConfigDescription(
            "tap.path", .path,
            "File that requests, without secrets, and responses are appended to as JSON lines while it can be written."
        )
    }

    private var transportDescription: ConfigDescription {
        switch self {
        case .httpVersion:
            ConfigDescription(
                "http.version", .choice("one of: 1.1, 2"), "HTTP version to speak; each stream has a connection.",
                default: "1.1")
        case .proxyURL:
            ConfigDescription(
                "proxy.url", .url,
                "Proxy to go through; \"none\" for none. For http endpoints http_proxy is read, not https_proxy.",
                environment: ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
                environmentText: "https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY")
        case .proxyBypass:
            ConfigDescription(
                "proxy.bypass", .text, "Hosts that are reached without the proxy, separated by commas; * for all.",
                environment: ["no_proxy", "NO_PROXY"], environmentText: "no_proxy, NO_PROXY")
        default:
            ConfigDescription(
                "tls.ca_bundle", .path, "PEM file of the certificate authorities to trust instead of the system's.",
                environment: ["AWS_CA_BUNDLE"], environmentText: "AWS_CA_BUNDLE")
        }
    }

    private var invokeDescription: ConfigDescription {
        switch self {
        case .contentType:
            ConfigDescription(
                "invoke.content_type", .text, "Content type of the body on the invoke route.",
                default: "application/json")
        case .accept:
            ConfigDescription("invoke.accept", .text, "Content type wanted of the chunks on the invoke route.")
        case .trace:
            ConfigDescription(
                "invoke.trace", .text, "Guardrail trace on the invoke route: ENABLED, DISABLED or ENABLED_FULL.")
        case .guardrailIdentifier:
            ConfigDescription("invoke.guardrail_identifier", .text, "Guardrail to apply on the invoke route.")
        case .guardrailVersion:
            ConfigDescription("invoke.guardrail_version", .text, "Version of that guardrail.")
        case .performanceLatency:
            ConfigDescription(
                "invoke.performance_latency", .text, "Latency setting on the invoke route: standard or optimized.")
        case .serviceTier:
            ConfigDescription(
                "invoke.service_tier", .text,
                "Service tier on the invoke route: priority, default, flex or reserved.")
        default:
            ConfigDescription(
                "invoke.request_metadata", .text, "Request metadata on the invoke route: JSON of at most 8,500 bytes.")
        }
    }
}
