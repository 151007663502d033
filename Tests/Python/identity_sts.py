"""The security token service of the mock world: roles for signed requests, and for tokens of identity providers."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from email.utils import formatdate
from xml.sax.saxutils import escape

from identity_service import LOOPBACK, Answer, Keys, Refused, Service
from identity_signatures import signer

HOST = re.compile(r"sts(?:-fips)?(?:\.([a-z0-9-]+))?\.(?:amazonaws\.com(?:\.cn)?|api\.aws|amazonaws\.eu|c2s\.ic\.gov)$")
ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:[\w+=,.@/-]*/)?([\w+=,.@-]+)$")
SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}$")
CODES = {
    "missing": "MissingAuthenticationToken", "unknown": "InvalidClientTokenId", "expired": "ExpiredToken",
    "skew": "RequestExpired", "signature": "SignatureDoesNotMatch"}
XMLNS = "https://sts.amazonaws.com/doc/2011-06-15/"


@dataclass
class Role:
    """What a role asks of who assumes it. A role that the world was told nothing of asks nothing.

    `trusted` are principals: access key ids of long-lived keys, role ARNs of temporary ones. `tokens` are those of the
    identity provider that are valid, any where it is None.
    """

    external_id: str | None = None
    mfa_serial: str = ""
    mfa_codes: tuple = ()
    trusted: tuple | None = None
    tokens: tuple | None = None


class Sts(Service):
    name = "sts"

    def __init__(self, world):
        super().__init__(world)
        self.roles: dict[str, Role] = {}
        self.skew_s = 0.0
        """How far this service's own clock is ahead."""

    def owns(self, request):
        return bool(HOST.match(request.host)) or (
            request.host in LOOPBACK and request.method == "POST" and b"Action=AssumeRole" in request.body)

    def user(self, access_key_id="AKIAUSER00000001", secret="long/lived+secret"):
        """Somebody with keys for life."""
        return self.world.know(Keys(access_key_id, secret, "", access_key_id, float("inf")))

    def answer(self, request, life_s):
        self.demand_tls(request)
        content_type = request.headers.get("content-type", "")
        if request.method != "POST" or request.path != "/" or "x-www-form-urlencoded" not in content_type:
            self.world.complain(f"{request.method} {request.target} of {content_type} is no call of STS")
        form = request.form
        if form.get("Version") != "2011-06-15":
            self.world.complain(f"STS has no version {form.get('Version')}")
        calls = {"AssumeRole": self._assume_role, "AssumeRoleWithWebIdentity": self._with_web_identity}
        if form.get("Action") not in calls:
            raise Refused("InvalidAction", f"Could not find operation {form.get('Action')}")
        return calls[form["Action"]](request, form, life_s)

    def refusal(self, refused):
        kind = "Sender" if refused.status < 500 else "Receiver"
        return self._xml("ErrorResponse", (
            f"<Error><Type>{kind}</Type><Code>{escape(refused.code)}</Code>"
            f"<Message>{escape(refused.message)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId>"),
            refused.status)

    def _xml(self, element, content, status=200):
        text = f'<{element} xmlns="{XMLNS}">\n  {content}\n</{element}>\n'
        return Answer(status, text.encode(), {
            "Content-Type": "text/xml", "x-amzn-RequestId": str(uuid.uuid4()),
            "Date": formatdate(self.world.now() + self.skew_s, usegmt=True)})

    def _assume_role(self, request, form, life_s):
        home = HOST.match(request.host)
        region = (home[1] or "us-east-1") if home else None
        caller = signer(self.world, request, "sts", region, CODES, self.skew_s)
        role = self._role(form)
        denied = Refused(
            "AccessDenied", f"User: {caller.principal} is not authorized to perform: sts:AssumeRole on resource: "
            f"{form['RoleArn']}", 403)
        if role.trusted is not None and caller.principal not in role.trusted:
            raise denied
        if role.external_id is not None and form.get("ExternalId") != role.external_id:
            raise denied
        if role.mfa_serial and form.get("SerialNumber") != role.mfa_serial:
            raise denied
        if role.mfa_serial and form.get("TokenCode") not in role.mfa_codes:
            raise Refused("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.", 403)
        return self._assumed("AssumeRole", form, life_s)

    def _with_web_identity(self, request, form, life_s):
        if "authorization" in request.headers or "x-amz-security-token" in request.headers:
            self.world.complain("AssumeRoleWithWebIdentity came with credentials")
        role = self._role(form)
        token = form.get("WebIdentityToken", "")
        self.world.secret(token)
        if not 4 <= len(token) <= 20000:
            raise Refused("ValidationError", "1 validation error detected: Value at 'webIdentityToken'")
        if role.tokens is not None and token not in role.tokens:
            raise Refused("InvalidIdentityToken", "The ID Token provided is not a valid JWT.")
        return self._assumed("AssumeRoleWithWebIdentity", form, life_s)

    def _role(self, form):
        duration = form.get("DurationSeconds", "3600")
        if not ROLE_ARN.match(form.get("RoleArn", "")):
            raise Refused("ValidationError", f"{form.get('RoleArn')} is invalid")
        if not SESSION_NAME.match(form.get("RoleSessionName", "")):
            raise Refused("ValidationError", "1 validation error detected: Value at 'roleSessionName'")
        if not (duration.isdigit() and 900 <= int(duration) <= 43200):
            raise Refused("ValidationError", "1 validation error detected: Value at 'durationSeconds'")
        return self.roles.get(form["RoleArn"], Role())

    def _assumed(self, action, form, life_s):
        account, role = ROLE_ARN.match(form["RoleArn"]).groups()
        keys = self.world.issue("sts", form["RoleArn"], float(form.get("DurationSeconds") or life_s))
        session = form["RoleSessionName"]
        credentials = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in keys.members().items())
        return self._xml(f"{action}Response", (
            f"<{action}Result><AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:{escape(session)}</AssumedRoleId>"
            f"<Arn>arn:aws:sts::{account}:assumed-role/{role}/{escape(session)}</Arn></AssumedRoleUser>"
            f"<Credentials>{credentials}</Credentials><PackedPolicySize>6</PackedPolicySize></{action}Result>"
            f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"))
