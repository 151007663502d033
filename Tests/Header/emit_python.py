"""Writes bindings/python/bedrockstream/_ffi.py: the same interface for ctypes."""

import re
import textwrap
from typing import List, Set

from model import GeneratorError, Interface, Item, Member

WIDTH = 110
PLAIN = {
    "void": "None",
    "int32_t": "c_int32",
    "double": "c_double",
    "int64_t": "c_int64",
    "uint32_t": "c_uint32",
    "uint64_t": "c_uint64",
    "uintptr_t": "c_size_t",
    "size_t": "c_size_t",
    "void *": "c_void_p",
    "char *": "c_char_p",
    "const char *": "c_char_p",
    "const uint8_t *": "c_char_p",
}
HINTS = {"c_void_p": "Optional[int]", "c_char_p": "Optional[bytes]", "c_double": "float"}
OPENING = '''"""The C interface of libbedrockstream for ctypes. Generated together with bedrockstream.h: do not edit."""

from __future__ import annotations

from ctypes import CDLL, CFUNCTYPE, POINTER, Structure
from ctypes import c_char, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from enum import IntEnum
from typing import Any, Optional

VERSION = "%s"
'''


class Types:
    """The ctypes name of each C type."""

    def __init__(self, items: List[Item]) -> None:
        self.enums = self.named(items, "enum")
        self.structs = self.named(items, "struct")
        self.callbacks = self.named(items, "callback")

    @staticmethod
    def named(items: List[Item], kind: str) -> Set[str]:
        return {item.name for item in items if item.kind == kind}

    def ctype(self, text: str) -> str:
        array = re.fullmatch(r"char\[(\d+)\]", text)
        if array:
            return "c_char * " + array.group(1)
        if text in PLAIN:
            return PLAIN[text]
        if text in self.enums:
            return "c_int"
        if text in self.structs or text in self.callbacks:
            return text
        return self.pointer(text)

    def pointer(self, text: str) -> str:
        match = re.fullmatch(r"(?:const )?(\w+) (\*+)", text)
        name = match.group(1) if match else ""
        if match is None or name not in self.structs and name not in PLAIN:
            raise GeneratorError("no ctypes type for: " + text)
        name = PLAIN.get(name, name)
        for _ in match.group(2):
            name = "POINTER(%s)" % name
        return name

    def hint(self, text: str) -> str:
        ctype = self.ctype(text)
        if text in self.structs:
            return text
        if ctype in HINTS:
            return HINTS[ctype]
        if ctype.startswith("c_char *"):
            return "bytes"
        return "int" if ctype.startswith("c_") else "Any"


def emit(interface: Interface) -> str:
    types = Types(interface.items)
    writers = {"enum": enum, "struct": struct, "callback": callback}
    parts = [OPENING % interface.version]
    parts += [writers[item.kind](item, types) for item in interface.items if item.kind in writers]
    parts.append(declare(interface, types))
    return "\n\n".join(part.rstrip("\n") + "\n" for part in parts)


def docstring(text: str, indent: str) -> List[str]:
    text = " ".join(text.split()).replace("\\", "\\\\")
    if len(text) + len(indent) + 6 <= WIDTH:
        return ['%s"""%s"""' % (indent, text)]
    lines = textwrap.wrap(text, WIDTH - len(indent) - 3, break_on_hyphens=False)
    return ['%s"""%s' % (indent, lines[0])] + [indent + line for line in lines[1:]] + [indent + '"""']


def remark(text: str, indent: str) -> List[str]:
    prefix = indent + "# "
    text = " ".join(text.split())
    return textwrap.wrap(text, WIDTH, initial_indent=prefix, subsequent_indent=prefix, break_on_hyphens=False)


def enum(item: Item, types: Types) -> str:
    lines = ["class %s(IntEnum):" % item.name] + docstring(item.text, "    ") + [""]
    for member in item.members:
        lines += remark(member.text, "    ") + ["    %s = %s" % (member.name, member.type)]
    return "\n".join(lines)


def struct(item: Item, types: Types) -> str:
    lines = ["class %s(Structure):" % item.name] + docstring(item.text, "    ") + [""]
    members = [viewed(member, item.members) for member in item.members]
    for member in members:
        lines += remark(member.text, "    ") + ["    %s: %s" % (member.name, types.hint(member.type))]
    lines += ["", "    _fields_ = ["]
    lines += ['        ("%s", %s),' % (member.name, types.ctype(member.type)) for member in members]
    return "\n".join(lines + ["    ]"])


def viewed(member: Member, siblings: List[Member]) -> Member:
    """Text with a length may hold NUL bytes, where c_char_p would end: such members are addresses."""
    lengths = {sibling.name for sibling in siblings}
    if member.type == "const char *" and member.name + "_len" in lengths:
        return member._replace(type="void *")
    return member


def callback(item: Item, types: Types) -> str:
    arguments = [types.ctype(item.result)] + [types.ctype(member.type) for member in item.members]
    lines = remark(item.text, "") + ["%s = CFUNCTYPE(%s)" % (item.name, ", ".join(arguments))]
    return "\n".join(lines)


def declare(interface: Interface, types: Types) -> str:
    lines = ["def declare(library: CDLL) -> None:", '    """Tells ctypes the prototypes."""']
    for function in interface.functions:
        arguments = ", ".join(types.ctype(member.type) for member in function.parameters)
        lines.append("    library.%s.argtypes = [%s]" % (function.name, arguments))
        lines.append("    library.%s.restype = %s" % (function.name, types.ctype(function.result)))
    return "\n".join(lines)
