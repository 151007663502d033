"""Whose keys signed a request, by botocore's own signer."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from identity_service import Refused

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), "
    r"?Signature=([0-9a-f]{64})$")
SIGNED = {"host", "x-amz-date", "content-type", "x-amz-security-token"}
SKEW_S = 15 * 60


def signer(world, request, service, region, codes, skew_s=0.0):
    """The keys that signed it, rightly and in time. `codes` are the service's names of what can be wrong; `region` is
    None where any will do."""
    match = AUTHORIZATION.match(request.headers.get("authorization", ""))
    if not match:
        raise Refused(codes["missing"], "Request is missing Authentication Token", 403)
    name, _day, scope_region, scope_service, signed, signature = match.groups()
    keys = world.keys.get(name)
    if not keys or request.headers.get("x-amz-security-token", "") != keys.token:
        raise Refused(codes["unknown"], "The security token included in the request is invalid.", 403)
    if keys.expires_at < world.now():
        raise Refused(codes["expired"], "The security token included in the request is expired", 403)
    signed_at = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    if abs(signed_at.timestamp() - world.now() - skew_s) > SKEW_S:
        raise Refused(codes["skew"], "Request has expired.")
    if scope_service != service or region not in (None, scope_region):
        raise Refused(codes["signature"], f"Credential should be scoped to a valid region: {scope_region}.", 403)
    if signature != expected(world, request, keys, service, scope_region, signed.split(";")):
        raise Refused(codes["signature"], "The request signature we calculated does not match.", 403)
    return keys


def expected(world, request, keys, service, region, signed):
    for name in SIGNED & set(request.headers) - set(signed):
        world.complain(f"the signature leaves out {name}")
    again = AWSRequest(
        request.method, request.url, {name: request.headers.get(name, "") for name in signed}, request.body)
    again.context["timestamp"] = request.headers["x-amz-date"]
    maker = SigV4Auth(Credentials(keys.access_key_id, keys.secret, keys.token or None), service, region)
    return maker.signature(maker.string_to_sign(again, maker.canonical_request(again)), again)
