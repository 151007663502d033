// What is to be known of each key, as one constant: name, type, default, environment variables, property of a
// profile, meaning; of integers also the least and the greatest. A NUL ends each part, as C wants it.

extension ConfigKey {
    /// Where to, and by which files.
    var placeText: StaticString {
        switch self {
        case .region:
            """
            region\0text\0\0AWS_REGION, AWS_DEFAULT_REGION\0region\0\
            AWS region whose endpoint is called and for which requests are signed. Last, the one in a model's ARN.
            """
        case .endpointURL:
            """
            endpoint_url\0url\0\0AWS_ENDPOINT_URL_BEDROCK_RUNTIME, AWS_ENDPOINT_URL\0endpoint_url\0\
            Base URL called instead of the region's endpoint: http or https, with a path in front of the API's. In a \
            profile also bedrock_runtime's endpoint_url of its services section, which wins.
            """
        case .ignoresConfiguredEndpoints:
            """
            endpoint.ignore_configured\0boolean\0\
            off\0AWS_IGNORE_CONFIGURED_ENDPOINT_URLS\0ignore_configured_endpoint_urls\0\
            Whether endpoint URLs of the environment and of profiles do not count.
            """
        case .fips:
            """
            endpoint.fips\0boolean\0off\0AWS_USE_FIPS_ENDPOINT\0use_fips_endpoint\0\
            Whether the region's FIPS endpoint is called. Not with endpoint_url.
            """
        case .dualStack:
            """
            endpoint.dual_stack\0boolean\0off\0AWS_USE_DUALSTACK_ENDPOINT\0use_dualstack_endpoint\0\
            Whether the region's endpoint for IPv4 and IPv6 is called. Not with endpoint_url.
            """
        case .profile:
            """
            profile\0text\0\0AWS_PROFILE, AWS_DEFAULT_PROFILE\0\0\
            Profile of the AWS files to go by. Named here, the environment's credentials do not count.
            """
        case .configFile:
            "config_file\0path\0\0AWS_CONFIG_FILE\0\0AWS config file; ~/.aws/config where nothing is said."
        case .credentialsFile:
            """
            credentials_file\0path\0\0AWS_SHARED_CREDENTIALS_FILE\0\0\
            AWS credentials file; ~/.aws/credentials where nothing is said.
            """
        default: ""
        }
    }

    /// Who asks.
    var identityText: StaticString {
        switch self {
        case .accessKeyID:
            """
            credentials.access_key_id\0text\0\0AWS_ACCESS_KEY_ID\0aws_access_key_id\0\
            AWS access key; goes with credentials.secret_access_key.
            """
        case .secretAccessKey:
            "credentials.secret_access_key\0secret\0\0AWS_SECRET_ACCESS_KEY\0aws_secret_access_key\0AWS secret key."
        case .sessionToken:
            """
            credentials.session_token\0secret\0\0AWS_SESSION_TOKEN\0aws_session_token\0\
            Session token of temporary credentials.
            """
        case .bearerToken:
            """
            bearer_token\0secret\0\0AWS_BEARER_TOKEN_BEDROCK\0\0\
            Amazon Bedrock API key. Sent over https, or straight to a loopback address. Wins over credentials.
            """
        case .authScheme:
            """
            auth.scheme\0one of: auto, sigv4, bearer, none\0auto\0\0\0\
            How requests are authenticated; auto takes a bearer token where there is one, else signs.
            """
        case .authPreference:
            """
            auth.scheme_preference\0text\0\0AWS_AUTH_SCHEME_PREFERENCE\0auth_scheme_preference\0\
            In which order auto goes by what there is: sigv4 and httpBearerAuth, separated by commas. A bearer token \
            of the environment wins over what the environment or a profile prefer.
            """
        case .identitySource:
            """
            credentials.source\0one of: all, profile\0all\0\0\0\
            Where they are looked for: all sources in their order, or the profile alone and what it names.
            """
        case .identityTimeout:
            """
            credentials.timeout_ms\0integer\0120000\0\0\0\
            Milliseconds for finding out credentials, all steps together; 0 for no limit.\00\086400000
            """
        case .processTimeout:
            """
            credentials.process_timeout_ms\0integer\060000\0\0\0\
            Milliseconds that a profile's credential_process may take.\01\086400000
            """
        case .processShell:
            """
            credentials.process_shell\0boolean\0off\0\0\0\
            Whether a profile's credential_process is run by a shell, not split into words as a shell would.
            """
        default: ""
        }
    }

    /// The metadata service of EC2.
    var metadataText: StaticString {
        switch self {
        case .imdsDisabled:
            """
            imds.disabled\0boolean\0off\0AWS_EC2_METADATA_DISABLED\0\0\
            Whether the metadata service of EC2 is not asked.
            """
        case .imdsV1Disabled:
            """
            imds.v1_disabled\0boolean\0off\0AWS_EC2_METADATA_V1_DISABLED\0ec2_metadata_v1_disabled\0\
            Whether that service is not asked by its first version where the second is refused.
            """
        case .imdsEndpoint:
            """
            imds.endpoint\0url\0\0AWS_EC2_METADATA_SERVICE_ENDPOINT\0ec2_metadata_service_endpoint\0\
            URL of that service instead of its usual addresses.
            """
        case .imdsEndpointMode:
            """
            imds.endpoint_mode\0one of: ipv4, ipv6\0\
            ipv4\0AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE\0ec2_metadata_service_endpoint_mode\0\
            Which of its usual addresses is asked.
            """
        case .imdsTimeout:
            """
            imds.timeout_s\0integer\01\0AWS_METADATA_SERVICE_TIMEOUT\0metadata_service_timeout\0\
            Seconds that one request to that service may take.\01\03600
            """
        case .imdsAttempts:
            """
            imds.attempts\0integer\01\0AWS_METADATA_SERVICE_NUM_ATTEMPTS\0metadata_service_num_attempts\0\
            Most attempts at a request to that service.\01\0100
            """
        default: ""
        }
    }
}
