"""Home folders for the mock world: config files, caches of SSO and login sessions, token files, programs."""

from __future__ import annotations

import base64
import hashlib
import json
from textwrap import dedent

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from identity_processes import Program
from identity_service import rfc3339
from identity_signin import CLIENT_ID

START_URL = "https://example.awsapps.com/start"


class Home:
    """A home folder. Members of a cache file are changed by keyword, and left out where that is None."""

    def __init__(self, folder, world):
        self.folder = folder
        self._world = world
        (folder / ".aws").mkdir(parents=True)
        self.environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}

    def enter(self, monkeypatch):
        """Makes it this process's, with nothing else configured."""
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(self.folder))

    def config(self, text):
        return self._write(".aws/config", dedent(text))

    def credentials(self, text):
        return self._write(".aws/credentials", dedent(text))

    def user(self, profile="user"):
        """A profile with keys for life, which STS knows."""
        keys = self._world.sts.user()
        return self.credentials(
            f"[{profile}]\naws_access_key_id = {keys.access_key_id}\naws_secret_access_key = {keys.secret}\n")

    def token_file(self, text, name="token"):
        """Something in a file, as a web identity token; written anew, the file is another one under the old name."""
        self._world.secret(text.strip())
        new = self._write(f"{name}.new", text)
        return new.rename(self.folder / name)

    def sso_cache(self, name, region="eu-central-1", life_s=8 * 3600, **changes):
        """The cache file of a session, or of a start URL, of somebody who signed in so long before it ends."""
        grant = self._world.oidc.grant(region, life_s)
        members = {
            "startUrl": START_URL, "region": region, "accessToken": grant.access_token,
            "expiresAt": rfc3339(grant.expires_at), "clientId": grant.client_id, "clientSecret": grant.client_secret,
            "registrationExpiresAt": rfc3339(self._world.now() + 90 * 86400), "refreshToken": grant.refresh_token,
            **changes}
        return self._cache(self.sso_path(name), members)

    def sso_path(self, name):
        return self.folder / f".aws/sso/cache/{hashlib.sha1(name.encode()).hexdigest()}.json"

    def login_cache(self, session, region="us-east-1", life_s=900, account="123456789012", **changes):
        """The cache file that `aws login` leaves; its key is a new one on P-256."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
        login = self._world.signin.login(region, public_members(key))
        keys = self._world.issue("login", session, life_s)
        self._world.secrets += pem.splitlines()[1:-1]
        members = {
            "accessToken": {
                "accessKeyId": keys.access_key_id, "secretAccessKey": keys.secret, "sessionToken": keys.token,
                "accountId": account, "expiresAt": keys.expiration},
            "tokenType": "aws_sigv4", "refreshToken": login.refresh_token, "idToken": self._world.secret("id-token-x"),
            "clientId": CLIENT_ID, "dpopKey": pem, "signInRegion": region, **changes}
        return self._cache(self.login_path(session), members)

    def login_path(self, session):
        return self.folder / f".aws/login/cache/{hashlib.sha256(session.encode()).hexdigest()}.json"

    def program(self, name="credentials"):
        return Program(self.folder / "programs", name, self._world)

    def _cache(self, path, members):
        kept = {name: value for name, value in members.items() if value is not None}
        return self._write(path.relative_to(self.folder), json.dumps(kept))

    def _write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
        return path


def public_members(key):
    """Of a P-256 key, as a JSON web key."""
    numbers = key.public_key().public_numbers()
    x, y = (base64.urlsafe_b64encode(one.to_bytes(32, "big")).rstrip(b"=").decode() for one in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}
