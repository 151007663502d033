"""IAM Identity Center in the mock world: the portal, where tokens give credentials, and where tokens are renewed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from identity_service import LOOPBACK, Refused, Service, json_answer

PORTAL = re.compile(r"portal\.sso\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$")
OIDC = re.compile(r"oidc\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$")


@dataclass
class Grant:
    """What somebody who signed in holds."""

    region: str
    access_token: str
    expires_at: float
    client_id: str
    client_secret: str
    refresh_token: str


class Portal(Service):
    name = "portal"

    def __init__(self, world):
        super().__init__(world)
        self.roles: dict[str, tuple] | None = None
        """Roles by account, where not every one is there."""

    def owns(self, request):
        return bool(PORTAL.match(request.host)) or (
            request.host in LOOPBACK and request.path == "/federation/credentials")

    def _is_elsewhere(self, grant, request):
        home = PORTAL.match(request.host)
        return home and grant.region != home[1]

    def answer(self, request, life_s):
        self.demand_tls(request)
        if "authorization" in request.headers:
            self.world.complain("the portal is asked without a signature")
        if (request.method, request.path) != ("GET", "/federation/credentials"):
            raise Refused("ResourceNotFoundException", "No such path", 404)
        grant = self.world.oidc.grants.get(request.headers.get("x-amz-sso_bearer_token"))
        if not grant or grant.expires_at < self.world.now() or self._is_elsewhere(grant, request):
            raise Refused("UnauthorizedException", "Session token not found or invalid", 401)
        role, account = request.query.get("role_name", ""), request.query.get("account_id", "")
        if not role or not re.fullmatch(r"\d{12}", account):
            raise Refused("InvalidRequestException", "role_name and account_id are needed", 400)
        if self.roles is not None and role not in self.roles.get(account, ()):
            raise Refused("ForbiddenException", "No access", 403)
        keys = self.world.issue("sso", f"{account}/{role}", life_s)
        return json_answer({"roleCredentials": {
            "accessKeyId": keys.access_key_id, "secretAccessKey": keys.secret, "sessionToken": keys.token,
            "expiration": int(keys.expires_at * 1000)}})


class Oidc(Service):
    """Renews tokens. Each refresh token is good for one time where `rotates` is set."""

    name = "oidc"

    def __init__(self, world):
        super().__init__(world)
        self.grants: dict[str, Grant] = {}
        self.rotates = True
        self._count = 0

    def owns(self, request):
        return bool(OIDC.match(request.host))

    def grant(self, region, life_s):
        """Somebody signs in, or a token is renewed."""
        world = self.world
        self._count += 1
        grant = Grant(
            region, world.secret(f"sso-access-{self._count}"), world.now() + life_s, "client-of-sso",
            world.secret("client/secret+sso"), world.secret(f"sso-refresh-{self._count}"))
        self.grants[grant.access_token] = grant
        return grant

    def answer(self, request, life_s):
        self.demand_tls(request)
        if "authorization" in request.headers:
            self.world.complain("tokens are asked for without a signature")
        if (request.method, request.path) != ("POST", "/token"):
            raise Refused("InvalidRequestException", "No such path", 404, error="invalid_request")
        if not request.headers.get("content-type", "").startswith("application/json"):
            self.world.complain("tokens are asked for in JSON")
        asked = request.json
        if asked.get("grantType") != "refresh_token":
            raise Refused("UnsupportedGrantTypeException", "Unsupported grant", error="unsupported_grant_type")
        old = self._holder(asked, OIDC.match(request.host)[1])
        new = self.grant(old.region, life_s)
        answer = {"accessToken": new.access_token, "expiresIn": int(life_s), "tokenType": "Bearer"}
        if self.rotates:
            old.refresh_token = ""
            answer["refreshToken"] = new.refresh_token
        else:
            new.refresh_token = old.refresh_token
        return json_answer(answer)

    def _holder(self, asked, region):
        for grant in self.grants.values():
            if grant.refresh_token and grant.refresh_token == asked.get("refreshToken") and grant.region == region:
                if (grant.client_id, grant.client_secret) != (asked.get("clientId"), asked.get("clientSecret")):
                    raise Refused("InvalidClientException", "Invalid client", 401, error="invalid_client")
                return grant
        raise Refused("InvalidGrantException", "Invalid refresh token provided", error="invalid_grant")

    def refusal(self, refused):
        answer = super().refusal(refused)
        answer.headers["Cache-Control"] = "no-store"
        return answer
