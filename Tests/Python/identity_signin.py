"""The sign-in service of the mock world: renews what `aws login` left, for who proves to hold the key (RFC 9449)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import jwt
from identity_service import Refused, Service, json_answer

HOST = re.compile(r"([a-z0-9-]+)\.signin\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)$")
CLIENT_ID = "arn:aws:signin:::devtools/same-device"
CLOCK_S = 60


@dataclass
class Login:
    """A login session: `key` has the public members of its JSON web key."""

    region: str
    key: dict
    refresh_token: str
    count: int = 1
    before: str = ""
    """Good until its successor is used: the answer that brings that one can be lost."""


class SignIn(Service):
    name = "signin"

    def __init__(self, world):
        super().__init__(world)
        self.life_s = 900.0
        self.logins: list[Login] = []
        self._proofs: set[str] = set()

    def owns(self, request):
        return bool(HOST.match(request.host))

    def login(self, region, key):
        """Somebody logs in with this key."""
        self.logins.append(Login(region, key, self.world.secret(f"login-refresh-{len(self.logins) + 1}")))
        return self.logins[-1]

    def answer(self, request, life_s):
        self.demand_tls(request)
        if "authorization" in request.headers:
            self.world.complain("login tokens are asked for without a signature")
        if (request.method, request.path, request.query) != ("POST", "/v1/token", {}):
            raise Refused("ValidationException", "No such path", 404, error="RESOURCE_NOT_FOUND")
        if not request.headers.get("content-type", "").startswith("application/json"):
            self.world.complain("login tokens are asked for in JSON")
        asked = request.json
        if asked.get("clientId") != CLIENT_ID or asked.get("grantType") != "refresh_token":
            raise Refused("ValidationException", "Invalid client or grant", error="INVALID_REQUEST")
        region = HOST.match(request.host)[1]
        for login in self.logins:
            if asked.get("refreshToken") in (login.refresh_token, login.before) and login.region == region:
                self._check_proof(request, login)
                return self._renewed(login, asked["refreshToken"], life_s)
        raise Refused("AccessDeniedException", "The refresh token has expired.", error="TOKEN_EXPIRED")

    def _renewed(self, login, asked_with, life_s):
        login.count += 1
        login.before = asked_with
        login.refresh_token = self.world.secret(f"{login.refresh_token.split('.')[0]}.{login.count}")
        keys = self.world.issue("login", login.region, life_s)
        return json_answer({
            "accessToken": {
                "accessKeyId": keys.access_key_id, "secretAccessKey": keys.secret, "sessionToken": keys.token},
            "tokenType": "aws_sigv4", "expiresIn": max(int(life_s), 1), "refreshToken": login.refresh_token})

    def _check_proof(self, request, login):
        try:
            fault = self._fault_of(request.headers.get("dpop", ""), request.url, login)
        except (jwt.PyJWTError, ValueError, KeyError, TypeError) as error:
            fault = repr(error)
        if fault:
            self.world.complain(f"DPoP: {fault}")
            raise Refused("AccessDeniedException", "The proof is not valid.", error="INVALID_REQUEST")

    def _fault_of(self, proof, url, login):
        """What is wrong with a proof, as RFC 9449 section 4.3 has them checked; empty when nothing is."""
        head = jwt.get_unverified_header(proof)
        if set(head) != {"typ", "alg", "jwk"} or (head["typ"], head["alg"]) != ("dpop+jwt", "ES256"):
            return f"a head of {sorted(head)}"
        if head["jwk"] != login.key:
            return "another key, or more than its public members"
        options = {"verify_iat": False, "require": ["htm", "htu", "iat", "jti"]}
        claims = jwt.decode(proof, jwt.PyJWK(head["jwk"]), algorithms=["ES256"], options=options)
        if "=" in proof:
            return "padding"
        if (claims["htm"], claims["htu"]) != ("POST", url):
            return f"a proof for {claims['htm']} {claims['htu']}"
        if not isinstance(claims["iat"], int) or abs(claims["iat"] - self.world.now()) > CLOCK_S:
            return f"made at {claims['iat']}"
        if claims["jti"] in self._proofs or len(claims["jti"]) < 16:
            return "a proof that came before, or could have"
        self._proofs.add(claims["jti"])
        return ""
