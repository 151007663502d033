import Recording
import Testing

@testable import BedrockCore

/// What STS answers with where all is well.
func assumed(
    _ action: String = "AssumeRole", _ id: String = "ASIA1", expiration: String = "2026-01-02T04:04:05Z"
) -> InquiryDriver.Answer {
    .http(
        200,
        """
        <?xml version="1.0"?>
        <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result>
          <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>
          <Credentials><AccessKeyId>\(id)</AccessKeyId><SecretAccessKey>s&amp;1</SecretAccessKey>
            <SessionToken>t1</SessionToken><Expiration>\(expiration)</Expiration></Credentials>
        </\(action)Result></\(action)Response>
        """)
}

func refused(_ status: Int, _ code: String, _ message: String = "why") -> InquiryDriver.Answer {
    .http(
        status,
        """
        <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
        <Code>\(code)</Code><Message>\(message)</Message></Error><RequestId>id</RequestId></ErrorResponse>
        """)
}

/// Where roles are assumed in these tests.
let sts = "POST https://sts.us-east-1.amazonaws.com/"

extension InquiryDriver {
    /// A driver in us-east-1, whose STS gives these answers.
    static func withSTS(_ config: String, _ answers: Answer...) -> InquiryDriver {
        let driver = InquiryDriver()
        driver.config = config
        driver.code = ["region": "us-east-1"]
        driver.http = [sts: answers]
        return driver
    }

    /// The fields of the form that a request carries, in their order.
    func form(_ number: Int) -> [String] {
        guard number < requests.count else { return [] }
        return String(requests[number].body.bytes.array).split(separator: "&").map { String($0) }
    }

    func header(_ name: StaticString, _ number: Int) -> String? {
        guard number < requests.count else { return nil }
        return requests[number].headers.wholeValue(of: name).map { String($0) }
    }

    /// What was asked for, without headers and bodies.
    var steps: [String] { asked.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } }
}

extension ResolvedIdentity {
    /// "id secret token account".
    var shown: String {
        let texts = [
            credentials?.accessKeyID, credentials?.secretAccessKey.copy, credentials?.sessionToken?.copy, accountID,
        ]
        return texts.map { $0.map { String($0) } ?? "-" }.joined(separator: " ")
    }

    var sourceText: String { "\(source)" }
}
