"""Who asks: callables that the library asks for credentials, tokens and codes, and what they may return."""

from __future__ import annotations

import ctypes
import re
import threading
from ctypes import byref, sizeof
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Mapping, NamedTuple, Optional, Union

from . import _ffi
from ._calls import call, call_plain, to_text
from ._ffi import brs_question_kind as Kind

if TYPE_CHECKING:
    from datetime import datetime

# The names that botocore, the services and boto3's arguments have for one thing.
ACCESS_KEY = ("access_key", "AccessKeyId", "aws_access_key_id", "access_key_id", "accessKeyId")
SECRET_KEY = ("secret_key", "SecretAccessKey", "aws_secret_access_key", "secret_access_key", "secretAccessKey")
TOKEN = ("token", "SessionToken", "Token", "aws_session_token", "session_token", "sessionToken", "accessToken")
# The last one is what botocore's RefreshableCredentials keep to themselves.
EXPIRY = ("expiry_time", "Expiration", "expiration", "expires_at", "expiresAt", "_expiry_time")
ACCOUNT = ("account_id", "AccountId", "accountId")

Credentials = Union[Callable[[], Any], Any]
"""A callable, or an object with botocore's `get_frozen_credentials`. It gives a dict or an object with the members of
botocore (access_key, secret_key, token, expiry_time, account_id) or of AWS services (AccessKeyId, ...), or None."""
Token = Union[Callable[[], Any], Any]
"""A callable, or an object with botocore's `get_frozen_token`. It gives a str, a dict or an object with the members
token and expiration, or None."""
Mfa = Callable[[str], Union[str, int]]
"""A callable that is given the device's serial number or ARN, and gives the code that the device shows."""


class Identity(NamedTuple):
    """Who a client is."""

    scheme: str
    """How requests prove it: "sigv4", "bearer" or "none"."""
    access_key_id: str
    account_id: str
    source: str
    """Where it is from, as half a sentence."""
    expires_at: Optional[datetime]
    """None for never. It is renewed before that."""


def read_identity(identity: _ffi.brs_identity) -> Identity:
    from datetime import datetime, timezone

    schemes: Dict[int, str] = {_ffi.brs_scheme.BRS_SCHEME_SIGV4: "sigv4", _ffi.brs_scheme.BRS_SCHEME_BEARER: "bearer"}
    expires_s = identity.expires_s
    return Identity(
        scheme=schemes.get(identity.scheme, "none"),
        access_key_id=identity.access_key_id.decode("utf-8", "replace"),
        account_id=identity.account_id.decode("utf-8", "replace"),
        source=identity.source.decode("utf-8", "replace"),
        expires_at=datetime.fromtimestamp(expires_s, timezone.utc) if expires_s > 0 else None,
    )


class Host:
    """Answers a client's questions, each on a thread of its own: the client's thread must not wait.

    It does not know the client: who asks in a circle would never be collected. The client keeps it as long as its
    thread runs.
    """

    def __init__(
        self, loaded: ctypes.CDLL, credentials: Optional[Credentials], token: Optional[Token], mfa: Optional[Mfa]
    ) -> None:
        self._library = loaded
        self._sources: Dict[int, Callable[[str], Dict[str, Any]]] = {}
        if credentials is not None:
            ask_credentials = source_of(credentials, "credentials", "get_frozen_credentials")
            self._sources[Kind.BRS_ASK_CREDENTIALS] = lambda _: keys_of(ask_credentials())
        if token is not None:
            ask_token = source_of(token, "token", "get_frozen_token")
            self._sources[Kind.BRS_ASK_TOKEN] = lambda _: token_of(ask_token())
        if mfa is not None:
            ask_code = source_of(mfa, "mfa", "")
            self._sources[Kind.BRS_ASK_MFA_CODE] = lambda device: code_of(ask_code(device))
        self._callback = _ffi.brs_on_question(self._asked)

    def register(self, config: Any) -> None:
        kinds = sum(int(kind) for kind in self._sources)
        call_plain(self._library.brs_config_on_question, config, kinds, self._callback, None)

    def _asked(self, _user: Any, kind: int, detail: Optional[bytes], question: Any) -> None:
        """On the client's thread."""
        try:
            device = (detail or b"").decode("utf-8", "replace")
            threading.Thread(
                target=self._answer, args=(kind, device, question), name="bedrockstream-question", daemon=True
            ).start()
        except BaseException as error:  # as while the interpreter ends
            self._fail(question, error)

    def _answer(self, kind: int, device: str, question: Any) -> None:
        try:
            members = self._sources[kind](device)
            answer = _ffi.brs_answer(size=sizeof(_ffi.brs_answer), **members)
            call(self._library.brs_question_answer, question, byref(answer))
        except BaseException as error:  # nobody else would ever answer
            self._fail(question, error)

    def _fail(self, question: Any, error: BaseException) -> None:
        reason = "%s: %s" % (type(error).__name__, error)
        self._library.brs_question_fail(question, reason.replace("\0", " ").encode("utf-8", "replace"))


def source_of(source: Any, name: str, method: str) -> Callable[..., Any]:
    """What to call; a callable may give an object with that method, too."""
    if method and hasattr(source, method):
        return lambda: source
    if not callable(source):
        wanted = "callable or have %s()" % method if method else "callable"
        raise TypeError("%s must be %s, not %s" % (name, wanted, type(source).__name__))
    function: Callable[..., Any] = source
    return function


def keys_of(found: Any) -> Dict[str, Any]:
    """The members of a brs_answer."""
    if found is None:
        return {}
    # Before the expiry is looked at: this is what renews them.
    keys = found.get_frozen_credentials() if hasattr(found, "get_frozen_credentials") else found
    if keys is None:
        return {}
    members = {
        "access_key_id": member(keys, ACCESS_KEY),
        "secret_access_key": member(keys, SECRET_KEY),
        "session_token": member(keys, TOKEN),
        "account_id": member(keys, ACCOUNT),
    }
    if members["access_key_id"] is None or members["secret_access_key"] is None:
        raise ValueError("no access_key and secret_key, or AccessKeyId and SecretAccessKey, in what was returned")
    expiry = member(keys, EXPIRY) if found is keys else member(found, EXPIRY)
    return {**{name: to_text(name, value) for name, value in members.items() if value}, **expires(expiry)}


def token_of(found: Any) -> Dict[str, Any]:
    if found is None:
        return {}
    if isinstance(found, str):
        return {"token": to_text("token", found)}
    token = found.get_frozen_token() if hasattr(found, "get_frozen_token") else found
    text = member(token, TOKEN)
    if text is None:
        raise ValueError("no token in what was returned")
    return {"token": to_text("token", text), **expires(member(token, EXPIRY))}


def code_of(found: Union[str, int]) -> Dict[str, Any]:
    """Codes have six digits, also where the first are zeros."""
    return {"mfa_code": to_text("mfa_code", "%06d" % found if isinstance(found, int) else found)}


def member(found: Any, names: Iterable[str]) -> Any:
    """What the first of these names has that there is."""
    for name in names:
        value = found.get(name) if isinstance(found, Mapping) else getattr(found, name, None)
        if value is not None:
            return value
    return None


def expires(moment: Any) -> Dict[str, int]:
    """Never where there is no moment. The library takes 0 for never."""
    return {} if moment is None else {"expires_s": seconds_of(moment) or 1}


def seconds_of(moment: Union[str, int, float, datetime]) -> int:
    """Seconds since 1970 of a time as AWS writes it. One without a zone is UTC, as all of theirs."""
    from datetime import datetime, timezone  # of no use to who asks for nothing

    if isinstance(moment, (int, float)):
        return int(moment)
    if isinstance(moment, str):
        # What fromisoformat of Python 3.8 does not take: Z, and fractions of other lengths.
        moment = datetime.fromisoformat(re.sub(r"\.\d+", "", moment).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp())
