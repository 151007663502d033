"""The exceptions, one class for each family of codes."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Dict, Optional, Sequence, Type

from . import _ffi
from ._ffi import brs_code as Code
from .result import Result, ToolCall, read_result, text


class BedrockStreamError(Exception):
    """A call or stream failed. `code` and `name` say how; `partial` is what there is of the answer."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        name: str = "",
        phase: int = 0,
        http_status: int = 0,
        service_code: str = "",
        request_id: str = "",
        retryable: bool = False,
        delivered: int = 0,
        attempts: int = 0,
        original_status: int = 0,
        original_message: str = "",
        partial: Optional[Result] = None,
    ) -> None:
        super().__init__(message)
        self.code = known(_ffi.brs_code, code)
        self.name = name or getattr(self.code, "name", "BRS_E_UNKNOWN")
        self.message = message
        self.phase = known(_ffi.brs_phase, phase)
        self.http_status = http_status
        self.service_code = service_code
        self.request_id = request_id
        self.retryable = retryable
        self.delivered = delivered
        self.attempts = attempts
        self.original_status = original_status
        self.original_message = original_message
        self.partial = partial or Result()

    def __str__(self) -> str:
        extra = ["request id " + self.request_id] if self.request_id else []
        extra += ["%d deltas delivered" % self.delivered] if self.delivered else []
        return "%s: %s%s" % (self.name, self.message, " (%s)" % ", ".join(extra) if extra else "")

    def __reduce__(self) -> Any:
        return rebuilt, (type(self), self.args, self.__dict__)

    @property
    def response(self) -> Dict[str, Any]:
        """As `botocore.exceptions.ClientError.response`, for handlers written for it."""
        error = {"Code": self.service_code or self.name, "Message": self.message}
        metadata = {
            "RequestId": self.request_id,
            "HTTPStatusCode": self.http_status,
            "HTTPHeaders": {},
            "RetryAttempts": retries(self.attempts, self.partial),
        }
        return {"Error": error, "ResponseMetadata": metadata}


def retries(attempts: int, result: Result) -> int:
    """How many of the attempts were repeats: the first of each round is none."""
    return max(attempts - max(result.rounds, 1), 0)


def rebuilt(kind: Type[BedrockStreamError], arguments: Any, members: Dict[str, Any]) -> BedrockStreamError:
    """Unpickles: exceptions cross process pools."""
    error = kind.__new__(kind, *arguments)
    error.args = arguments
    error.__dict__.update(members)
    return error


class ArgumentError(BedrockStreamError, ValueError):
    """An argument or setting is unusable; nothing was sent."""


class ToolResultError(ArgumentError):
    """The result is for a call that the stream does not wait for, or that has its result."""


class StateError(BedrockStreamError, RuntimeError):
    """The call does not fit the object, or memory is short."""


class ForkedError(StateError):
    """The client or stream belongs to the parent process; make a new client."""


class SetupError(BedrockStreamError):
    """No region, credentials or endpoint, or the request could not be signed."""


class ConnectionFailedError(BedrockStreamError, ConnectionError):
    """The name, the connection, TLS or the transport failed."""


class StreamTimeoutError(BedrockStreamError, TimeoutError):
    """One of the limits of time passed; `code` says which."""


class IncompleteError(BedrockStreamError):
    """The response ended early; `partial` is what came."""


class ToolRoundsError(BedrockStreamError):
    """The model called tools in more rounds than `turn.max_rounds` allows."""


class ProtocolError(BedrockStreamError):
    """The response breaks the protocol, or a bound of the library."""


class CancelledError(BedrockStreamError):
    """The stream was cancelled or closed."""


class QueueFullError(BedrockStreamError):
    """So many streams of the client wait already as `limit.queued_streams` allows."""


class ServiceError(BedrockStreamError):
    """The service, or the model behind it, answered with an error."""


class ValidationError(ServiceError):
    """ValidationException: the service refuses the request."""


class AccessDeniedError(ServiceError):
    """The service refuses the caller: access, an expired token or a signature."""


class ThrottlingError(ServiceError):
    """Too many requests, a quota, or a model that is still being loaded."""


class ModelError(ServiceError):
    """The model failed or took too long."""


class ServiceUnavailableError(ServiceError):
    """The service failed or is not available."""


CLASSES: Dict[int, Type[BedrockStreamError]] = {
    Code.BRS_E_ARGUMENT: ArgumentError,
    Code.BRS_E_CONFIG: ArgumentError,
    Code.BRS_E_STATE: StateError,
    Code.BRS_E_MEMORY: StateError,
    Code.BRS_E_FORKED: ForkedError,
    Code.BRS_E_CLOSED: StateError,
    Code.BRS_E_UNKNOWN_TOOL_CALL: ToolResultError,
    Code.BRS_E_TOOL_ANSWERED: ToolResultError,
    Code.BRS_E_REGION: SetupError,
    Code.BRS_E_CREDENTIALS: SetupError,
    Code.BRS_E_ENDPOINT: SetupError,
    Code.BRS_E_SIGNING: SetupError,
    Code.BRS_E_RESOLVE: ConnectionFailedError,
    Code.BRS_E_CONNECT: ConnectionFailedError,
    Code.BRS_E_TLS: ConnectionFailedError,
    Code.BRS_E_TRANSPORT: ConnectionFailedError,
    Code.BRS_E_TIMEOUT: StreamTimeoutError,
    Code.BRS_E_TIMEOUT_CONNECT: StreamTimeoutError,
    Code.BRS_E_TIMEOUT_FIRST_BYTE: StreamTimeoutError,
    Code.BRS_E_TIMEOUT_BETWEEN_BYTES: StreamTimeoutError,
    Code.BRS_E_TIMEOUT_TOTAL: StreamTimeoutError,
    Code.BRS_E_TIMEOUT_TOOL: StreamTimeoutError,
    Code.BRS_E_TIMEOUT_QUEUE: StreamTimeoutError,
    Code.BRS_E_INCOMPLETE: IncompleteError,
    Code.BRS_E_PROTOCOL: ProtocolError,
    Code.BRS_E_LIMIT: ProtocolError,
    Code.BRS_E_TOOL_ROUNDS: ToolRoundsError,
    Code.BRS_E_CANCELLED: CancelledError,
    Code.BRS_E_QUEUE_FULL: QueueFullError,
    Code.BRS_E_VALIDATION: ValidationError,
    Code.BRS_E_ACCESS_DENIED: AccessDeniedError,
    Code.BRS_E_EXPIRED_TOKEN: AccessDeniedError,
    Code.BRS_E_SIGNATURE: AccessDeniedError,
    Code.BRS_E_NOT_FOUND: ServiceError,
    Code.BRS_E_QUOTA_EXCEEDED: ThrottlingError,
    Code.BRS_E_MODEL_TIMEOUT: ModelError,
    Code.BRS_E_MODEL_ERROR: ModelError,
    Code.BRS_E_MODEL_STREAM: ModelError,
    Code.BRS_E_THROTTLED: ThrottlingError,
    Code.BRS_E_MODEL_NOT_READY: ThrottlingError,
    Code.BRS_E_INTERNAL_SERVER: ServiceUnavailableError,
    Code.BRS_E_SERVICE_UNAVAILABLE: ServiceUnavailableError,
    Code.BRS_E_SERVICE: ServiceError,
}


def known(kind: Type[IntEnum], number: int) -> int:
    """The enumerator; the bare number where a newer library sends one that this package does not know."""
    try:
        return kind(number)
    except ValueError:
        return number


def of_code(code: int, message: str) -> BedrockStreamError:
    """The exception of a call that failed."""
    return CLASSES.get(code, BedrockStreamError)(code, message)


def of_stream(error: _ffi.brs_error, tool_calls: Sequence[ToolCall]) -> BedrockStreamError:
    """The exception of a stream that failed."""
    return CLASSES.get(error.code, BedrockStreamError)(
        error.code,
        text(error.message, error.message_len),
        name=(error.name or b"").decode(),
        phase=error.phase,
        http_status=error.http_status,
        service_code=text(error.service_code, error.service_code_len),
        request_id=text(error.request_id, error.request_id_len),
        retryable=bool(error.retryable),
        delivered=error.delivered,
        attempts=error.attempts,
        original_status=error.original_status,
        original_message=text(error.original_message, error.original_message_len),
        partial=read_result(error.partial.contents, tool_calls),
    )
