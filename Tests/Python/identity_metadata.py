"""What instances and containers ask for their identity: the instance metadata service, and container credentials."""

from __future__ import annotations

import re
import uuid

from identity_service import LOOPBACK, Answer, Service, json_answer, rfc3339

METADATA_HOSTS = ("169.254.169.254", "[fd00:ec2::254]")
CONTAINER_HOSTS = ("169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", *LOOPBACK)
TOKEN = "/latest/api/token"
ROLES = "/latest/meta-data/iam/security-credentials/"
REGION = "/latest/meta-data/placement/region"
ZONE = "/latest/meta-data/placement/availability-zone/"
FORBIDDEN = Answer(403, b"Forbidden", {"Content-Type": "text/plain"})


class InstanceMetadata(Service):
    """`role` is None on an instance without one, `v1` allows to ask without a token, `enabled` is False where it is
    switched off. `code` other than Success is what a role whose credentials cannot be had answers with."""

    name = "imds"

    def __init__(self, world):
        super().__init__(world)
        self.role = "instance-role"
        self.region = "us-west-2"
        self.v1 = False
        self.enabled = True
        self.code = "Success"
        self._tokens: dict[str, float] = {}

    def owns(self, request):
        return request.host in METADATA_HOSTS or request.path.startswith("/latest/")

    def answer(self, request, life_s):
        if request.secure:
            self.world.complain("instance metadata is plain HTTP")
        if not self.enabled or "x-forwarded-for" in request.headers:
            return FORBIDDEN
        if request.path == TOKEN:
            return self._token(request)
        token = request.headers.get("x-aws-ec2-metadata-token")
        if request.method != "GET":
            return Answer(405, b"Method Not Allowed")
        if self._tokens.get(token, 0) < self.world.now() and (token is not None or not self.v1):
            return Answer(401, b"Unauthorized", {"Content-Type": "text/plain"})
        return self._data(request.path, life_s)

    def _token(self, request):
        seconds = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if request.method != "PUT":
            return Answer(405, b"Method Not Allowed")
        if not re.fullmatch(r"\d+", seconds) or not 1 <= int(seconds) <= 21600:
            return Answer(400, b"Bad Request")
        token = self.world.secret(f"AQAEA-{uuid.uuid4()}==")
        self._tokens[token] = self.world.now() + int(seconds)
        return Answer(200, token.encode(), {
            "Content-Type": "text/plain", "X-Aws-Ec2-Metadata-Token-Ttl-Seconds": seconds})

    def forget_tokens(self):
        """As if the instance had been started anew."""
        self._tokens.clear()

    def _data(self, path, life_s):
        if path == ROLES and self.role:
            return Answer(200, self.role.encode(), {"Content-Type": "text/plain"})
        if path == ROLES + str(self.role):
            return self._credentials(life_s)
        if path in (REGION, ZONE, ZONE.rstrip("/")) and self.region:
            return Answer(200, (self.region + ("" if path == REGION else "a")).encode(), {"Content-Type": "text/plain"})
        return Answer(404, b"<html><title>404 - Not Found</title></html>", {"Content-Type": "text/html"})

    def _credentials(self, life_s):
        updated = rfc3339(self.world.now())
        if self.code != "Success":
            return json_answer({"Code": self.code, "Message": "cannot assume the role", "LastUpdated": updated})
        keys = self.world.issue("imds", self.role, life_s)
        return json_answer({
            "Code": "Success", "LastUpdated": updated, "Type": "AWS-HMAC", **keys.members(token="Token")})


class Container(Service):
    """Any path. `authorization` is what the header must be where it is not None."""

    name = "container"

    def __init__(self, world):
        super().__init__(world)
        self.authorization: str | None = None
        self.account = "123456789012"

    def owns(self, request):
        return request.host in CONTAINER_HOSTS or re.match(r"127\.\d+\.\d+\.\d+$", request.host) is not None

    def answer(self, request, life_s):
        if request.method != "GET" or request.body:
            self.world.complain(f"{request.method} of container credentials")
        if "application/json" not in request.headers.get("accept", ""):
            self.world.complain("container credentials are asked for with Accept: application/json")
        if self.authorization is not None and request.headers.get("authorization") != self.authorization:
            return json_answer({"code": "AccessDenied", "message": "the token is not valid"}, 401)
        keys = self.world.issue("container", request.path, life_s)
        role = f"arn:aws:iam::{self.account}:role/task"
        return json_answer({"RoleArn": role, "AccountId": self.account, **keys.members(token="Token")})
