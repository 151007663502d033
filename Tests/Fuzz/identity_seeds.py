"""Seeds of the target "identity": what is answered to who looks for credentials; places as in IdentityTarget.swift."""

import json
from typing import Dict

CONTAINER, CONTAINER_TOKEN, INSTANCE, INSTANCE_REGION, SSO, SSO_TOKEN, SSO_LEGACY, LOGIN = range(8)
PROCESS, ROLE_CHAIN, WEB_IDENTITY = 8, 9, 10
GOOD, FORBIDDEN, BROKEN = 0, 5 << 3 | 5, 7 << 3 | 7
# The first answer is good, others are not; or the other way round. HTTP answers are counted with those of files.
LATER_BAD, FIRST_BAD = 3 << 3, 4

KEYS = {"AccessKeyId": "AKID", "SecretAccessKey": "s", "Token": "t", "Expiration": "2026-01-02T09:04:05Z"}
ROLE = {
    "roleCredentials": {
        "accessKeyId": "AKID", "secretAccessKey": "s", "sessionToken": "t", "expiration": 1767344645000}}
SSO_FILE = {
    "startUrl": "https://x", "region": "eu-west-1", "accessToken": "a", "expiresAt": "2026-01-02T11:00:00Z",
    "clientId": "c", "clientSecret": "d", "registrationExpiresAt": "2026-02-02T03:04:05Z", "refreshToken": "r"}
SSO_ANSWER = {"accessToken": "n", "expiresIn": 28800, "refreshToken": "m", "tokenType": "Bearer"}
PEM = """-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIBUxkNKNxSUhcd53FijgjGfjvCyyIxwahtwRPq8zruT9oAoGCCqGSM49
AwEHoUQDQgAEHRvCl1/UYcqoob1+Zrx0zl0PmJiUPERRUZVIBmUc4iiBhmmSm3gr
InS/VTHh0lp30Divesaqd897bf69CBMJrw==
-----END EC PRIVATE KEY-----
"""
LOGIN_KEYS = {"accessKeyId": "AKID", "secretAccessKey": "s", "sessionToken": "t"}
LOGIN_FILE = {
    "accessToken": {**LOGIN_KEYS, "accountId": "1", "expiresAt": "2026-01-02T03:19:05Z"}, "tokenType": "aws_sigv4",
    "refreshToken": "r", "clientId": "c", "idToken": "i", "dpopKey": PEM, "signInRegion": "eu-west-1"}
LOGIN_ANSWER = {"accessToken": LOGIN_KEYS, "tokenType": "aws_sigv4", "expiresIn": 900, "refreshToken": "m"}
STS = (
    '<A xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%s><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-'
    "role/a/s</Arn></AssumedRoleUser><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s&amp;</SecretAccessKey>"
    "<SessionToken>t</SessionToken><Expiration>2026-01-02T09:04:05Z</Expiration></Credentials></%s></A>")
ASSUMED = STS % (("AssumeRoleResult",) * 2)
BY_TOKEN = STS % (("AssumeRoleWithWebIdentityResult",) * 2)
STS_ERROR = "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>why</Message></Error></ErrorResponse>"
DENIED = {"error": "TOKEN_EXPIRED", "message": "why", "__type": "x#AccessDeniedException"}
GRANT = {"error": "invalid_grant", "error_description": "why"}


def seed(place: int, statuses: int, *answers: object) -> bytes:
    texts = [answer if isinstance(answer, str) else json.dumps(answer) for answer in answers]
    return bytes([place, statuses]) + "\0".join(texts).encode()


def identity() -> Dict[str, bytes]:
    ended = {**SSO_FILE, "expiresAt": "2026-01-02T03:00:00UTC"}
    ending = {**SSO_FILE, "expiresAt": "2026-01-02T03:10:00Z", "x": {"y": [1, None]}, "z": 1.5e3}
    login_ended = {**LOGIN_FILE, "accessToken": {**LOGIN_FILE["accessToken"], "expiresAt": "2026-01-02T03:00:00Z"}}
    return {
        "container": seed(CONTAINER, GOOD, {**KEYS, "AccountId": "1"}),
        "container-third": seed(CONTAINER, GOOD, "<html>", "{", KEYS),
        "container-denied": seed(CONTAINER, FORBIDDEN, {"code": "AccessDenied", "message": "a\nb\u20ac"}),
        "container-broken": seed(CONTAINER, BROKEN, "", "", ""),
        "container-token": seed(CONTAINER_TOKEN, GOOD, "Basic x", KEYS),
        "container-token-lines": seed(CONTAINER_TOKEN, GOOD, "a\r\nb", KEYS),
        "instance": seed(INSTANCE, GOOD, "TOKEN==", "role-1\n", {"Code": "Success", **KEYS}),
        "instance-expired": seed(INSTANCE, GOOD, "T", "r", {**KEYS, "Expiration": "2020-01-01T00:00:00Z"}),
        "instance-code": seed(INSTANCE, GOOD, "T", "r", {"Code": "Failed", "Message": "why"}),
        "instance-no-token": seed(INSTANCE, FIRST_BAD + 1, "Forbidden", "r", KEYS),
        "instance-odd-role": seed(INSTANCE, GOOD, "T", "../x y", KEYS),
        "instance-silent": seed(INSTANCE, 1),
        "region": seed(INSTANCE_REGION, GOOD, "T", "eu-west-3\n"),
        "sso": seed(SSO, GOOD, SSO_FILE, ROLE),
        "sso-renewed": seed(SSO, GOOD, ending, SSO_ANSWER, ROLE),
        "sso-refused": seed(SSO, FIRST_BAD << 3, ended, GRANT, ended),
        "sso-renewed-by-another": seed(SSO, LATER_BAD, ended, GRANT, SSO_FILE, ROLE),
        "sso-unauthorized": seed(SSO, FORBIDDEN, SSO_FILE, {"__type": "x#UnauthorizedException", "message": "m"}),
        "sso-token": seed(SSO_TOKEN, GOOD, ending, SSO_ANSWER),
        "sso-no-file": seed(SSO_TOKEN, GOOD),
        "sso-legacy": seed(SSO_LEGACY, GOOD, SSO_FILE, ROLE),
        "sso-legacy-ended": seed(SSO_LEGACY, GOOD, ended),
        "login": seed(LOGIN, GOOD, LOGIN_FILE),
        "login-renewed": seed(LOGIN, GOOD, login_ended, LOGIN_ANSWER),
        "login-denied": seed(LOGIN, FORBIDDEN, login_ended, DENIED, login_ended),
        "login-no-key": seed(LOGIN, GOOD, {**login_ended, "dpopKey": "-----BEGIN EC PRIVATE KEY-----"}),
        "process": seed(PROCESS, GOOD, {"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s"}),
        "process-whole": seed(PROCESS, GOOD, {"Version": 1, **KEYS, "SessionToken": "t", "AccountId": "1"}),
        "process-version": seed(PROCESS, GOOD, {"Version": 2}),
        "roles": seed(ROLE_CHAIN, GOOD, KEYS, ASSUMED, ASSUMED),
        "roles-denied": seed(ROLE_CHAIN, FORBIDDEN, KEYS, STS_ERROR % "AccessDenied"),
        "roles-odd": seed(ROLE_CHAIN, GOOD, KEYS, ASSUMED.replace("SessionToken", "S")),
        "web-identity": seed(WEB_IDENTITY, GOOD, "e.y.j", BY_TOKEN),
        "web-identity-busy": seed(WEB_IDENTITY, LATER_BAD, "e.y.j", STS_ERROR % "IDPCommunicationError", BY_TOKEN),
        "login-odd": seed(LOGIN, GOOD, {**LOGIN_FILE, "accessToken": [LOGIN_KEYS]}),
    }


WORDS = [
    '"accessKeyId":"', '"SecretAccessKey":"', '"Token":"', '"sessionToken":"', '"Expiration":"', '"expiration":',
    '"accessToken":{', '"accessToken":"', '"expiresAt":"', '"expiresIn":', '"refreshToken":"', '"clientId":"',
    '"clientSecret":"', '"registrationExpiresAt":"', '"dpopKey":"', '"signInRegion":"', '"roleCredentials":{',
    '"Code":"', '"message":"', '"error":"', '"__type":"', "2026-01-02T03:10:00Z", "UTC", "\0", "\\u000a", "},",
]
