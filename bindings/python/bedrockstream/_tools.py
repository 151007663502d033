"""Runs the tools that a model calls, on threads of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, List, Mapping, NamedTuple, Optional
from weakref import ref

from ._calls import to_json
from ._ffi import brs_tool_content as Content
from .errors import BedrockStreamError
from .result import ToolCall

if TYPE_CHECKING:
    from ._answer import Answer

Tool = Callable[[Any], Any]
Tools = Mapping[str, Tool]
# Tools mostly wait; a model that calls more at once has the rest wait for these.
MOST_THREADS = 8


class Packed(NamedTuple):
    """A tool's result as the library takes it."""

    content: int
    data: bytes


def pack(value: Any) -> Packed:
    """A str is text, a list of dicts are content blocks of the API; anything else is a JSON value."""
    if isinstance(value, str):
        # A lone surrogate has no UTF-8.
        return Packed(Content.BRS_TOOL_TEXT, value.encode("utf-8", "replace"))
    if isinstance(value, list) and value and all(isinstance(block, dict) for block in value):
        return Packed(Content.BRS_TOOL_BLOCKS, to_json("the result", value))
    return Packed(Content.BRS_TOOL_JSON, to_json("the result", value))


class ToolRunner:
    """The tools of one stream. It does not keep the stream alive: one that was dropped wants no result any more."""

    def __init__(self, tools: Tools) -> None:
        self._tools = dict(tools)
        self._pool: Any = None
        self._has_ended = False

    def run(self, stream: Answer, tool: ToolCall) -> None:
        """Begins a call. Only by the thread that reads the stream."""
        self._threads().submit(self._answer, ref(stream), tool)

    def end(self) -> None:
        """Calls that have not begun are dropped; nobody waits for the others."""
        self._has_ended = True
        if self._pool is not None:
            self._pool.shutdown(wait=False)

    def _threads(self) -> Any:
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor  # costs more to import than all the rest

            self._pool = ThreadPoolExecutor(MOST_THREADS, "bedrockstream-tool")
        return self._pool

    def _answer(self, stream: ref[Answer], tool: ToolCall) -> None:
        if not self._has_ended:
            give(stream, tool, self._refusal(tool) or result_of(self._tools[tool.name], tool.input))

    def _refusal(self, tool: ToolCall) -> Optional[Result]:
        """Why a call cannot be made."""
        if tool.name not in self._tools:
            return Result(pack("there is no tool with the name %s" % tool.name), True)
        if not tool.is_valid:
            return Result(pack("the input is not JSON: %s" % tool.input), True)
        return None


class Result(NamedTuple):
    packed: Packed
    is_error: bool


def result_of(function: Tool, question: Any) -> Result:
    try:
        return Result(pack(function(question)), False)
    except Exception as error:
        return failure(error)


def failure(error: BaseException) -> Result:
    return Result(pack("%s: %s" % (type(error).__name__, error)), True)


def give(stream: ref[Answer], tool: ToolCall, result: Result) -> None:
    try:
        deliver(stream(), tool.id, result.packed, result.is_error)
    except BedrockStreamError as error:
        # Not one that the library takes, as one that is too long: the model has to know, or all would wait.
        refusal = pack("%s: %s" % (error.name, error.message))
        try:
            deliver(stream(), tool.id, refusal, True)
        except BedrockStreamError:
            pass  # the stream has ended, or the call was made void


def deliver(stream: Optional[Answer], tool_use_id: str, packed: Packed, is_error: bool) -> None:
    if stream is not None:
        stream.give(tool_use_id, packed, is_error)


def take_call(calls: List[ToolCall], tool_use_id: str, block_index: int) -> Optional[ToolCall]:
    """Takes the call of that id and block out of those that were told; ids alone may repeat."""
    for index, tool in enumerate(calls):
        if (tool.id, tool.block_index) == (tool_use_id, block_index):
            return calls.pop(index)
    return None
