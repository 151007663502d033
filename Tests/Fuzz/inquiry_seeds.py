"""Seeds of the inquiry target: configurations, and what is found where they lead to."""

from typing import Dict

WORDS = [
    "<Credentials>", "</Credentials>", "<AccessKeyId>", "</AccessKeyId>", "<SecretAccessKey>", "</SecretAccessKey>",
    "<SessionToken>", "</SessionToken>", "<Expiration>", "</Expiration>", "2026-01-02T04:04:05Z", "<![CDATA[",
    "]]>",
    "<!--", "-->", "<?", "?>", "<!DOCTYPE", "&amp;", "&#x41;", "<Error><Code>", "Throttling", "</Code>", "<Message>",
    '{"Version":1', '"AccessKeyId":"A"', '"SecretAccessKey":"S"', '"SessionToken":"T"', '"Expiration":"',
    "[default]\n", "[profile b]\n", "role_arn = r\n", "source_profile = b\n", "source_profile = default\n",
    "credential_source = Environment\n", "mfa_serial = d\n", "credential_process = p\n", "sso_session = s\n",
    "web_identity_token_file = /t\n", "aws_access_key_id = A\n", "aws_secret_access_key = S\n", "\0",
]


def seeds() -> Dict[str, bytes]:
    keys = (
        "<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s&amp;&#x31;</SecretAccessKey>"
        "<SessionToken>t</SessionToken><Expiration>2026-01-02T04:04:05Z</Expiration></Credentials>"
    )
    user = "<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>"
    whole = f'<R xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{user}{keys}</R>'
    error = "<ErrorResponse><Error><Code>Throttling</Code><Message>slow</Message></Error></ErrorResponse>"
    answers = {
        "whole": f"<?xml version='1.0'?>\n{whole}\n",
        "decorated": f"<!-- c --><n:R a='>'>{user}<![CDATA[<]]><e/>{keys}</n:R><?p ?>",
        "cut": whole[:150],
        "document-type": f'<!DOCTYPE R [<!ENTITY e "x">]>{whole}',
        "bad-entity": whole.replace("&amp;", "&nbsp;"),
        "bad-time": whole.replace("2026-", "26-"),
        "nested": whole.replace("<SessionToken>t", "<SessionToken><a>t</a>"),
        "twice": f"<R>{keys}{keys}</R>",
        "empty": "<R><Credentials><AccessKeyId/></Credentials></R>",
        "deep": "<a>" * 40,
    }
    outputs = {
        "keys": '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "S"}',
        "all": (
            '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"\\u0053","SessionToken":"T",'
            '"Expiration":"2026-01-02T04:04:05Z","AccountId":"1"}\n'
        ),
        "expired": '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S","Expiration":"2020-01-01T00:00:00+01:00"}',
        "version": '{"Version":2,"AccessKeyId":"A","SecretAccessKey":"S"}',
        "types": '{"Version":1,"AccessKeyId":["A"],"SecretAccessKey":null}',
        "none": "Traceback (most recent call last):",
    }
    keys_of_b = "[profile b]\naws_access_key_id = AKID\naws_secret_access_key = S\n"
    role = "[default]\nrole_arn = arn:r\n"
    token = "AWS_WEB_IDENTITY_TOKEN_FILE=/t\nAWS_ROLE_ARN=arn:r\n"
    ways = {
        "environment": ["c" + "AWS_ACCESS_KEY_ID=A\nAWS_SECRET_ACCESS_KEY=S\nAWS_SESSION_TOKEN=T"],
        "chain": ["c", role + "source_profile = b\nexternal_id = x\n" + keys_of_b, "2" + whole],
        "retries": ["c", role + "source_profile = b\n" + keys_of_b, "4" + error, "2", "5", "2", "!"],
        "device": ["c", role + "source_profile = b\nmfa_serial = d\n" + keys_of_b, "2123456\n", "2" + whole],
        "loop": ["c", role + "source_profile = b\n[profile b]\nrole_arn = b\nsource_profile = default"],
        "container": [
            "cAWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/c", role + "credential_source = EcsContainer",
            '2{"AccessKeyId":"A","SecretAccessKey":"S","Token":"T","Expiration":"2026-01-02T04:04:05Z"}', "2" + whole,
        ],
        "process": ["c", "[default]\ncredential_process = /p 'a b' \"c\\\"\"", "2" + outputs["all"]],
        "web-identity": ["c" + token, "", "2jwt\n", "2" + whole],
        "web-identity-no-file": ["c" + token, "", "-"],
        "web-identity-of-profile": ["c", role + "web_identity_token_file = ~/t", "2jwt", "4" + error, "2", "!"],
        "token": ["tAWS_BEARER_TOKEN_BEDROCK=t"],
        "region": ["r"],
    }
    found = {"sts-" + name: b"s" + value.encode() for name, value in answers.items()}
    found.update({"process-" + name: b"p" + value.encode() for name, value in outputs.items()})
    found.update({name: "\0".join(parts).encode() for name, parts in ways.items()})
    return found
