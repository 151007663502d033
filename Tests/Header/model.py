"""What the generator knows about the C interface, whatever it is written out as."""

from typing import List, NamedTuple, Optional


class GeneratorError(Exception):
    """The input cannot be turned into a header; the text says where and why."""


class Comment(NamedTuple):
    """A documentation comment, without its markers, as paragraphs of unwrapped text."""

    paragraphs: List[str]
    parameters: "List[Member]"
    returns: Optional[str]


class Member(NamedTuple):
    """A struct member, a parameter or an enumerator: `type` is C, or the value of an enumerator."""

    name: str
    type: str
    text: str


class Item(NamedTuple):
    """One declaration of the types header. `kind`: "section", "enum", "struct" or "callback"."""

    kind: str
    name: str
    source: str
    text: str
    members: List[Member]
    result: str


class Function(NamedTuple):
    """One exported function."""

    name: str
    result: str
    parameters: List[Member]
    comment: Comment
    file: str


class ConfigKey(NamedTuple):
    """One configuration key, as the library describes it."""

    name: str
    type: str
    default: str
    environment: str
    meaning: str
    config_file: str


class Interface(NamedTuple):
    """Everything that the outputs are written from."""

    version: str
    items: List[Item]
    functions: List[Function]
    keys: List[ConfigKey]
