"""Writes include/bedrockstream.h."""

import re
import textwrap
from typing import List

from exports import SECTIONS
from model import Comment, ConfigKey, Function, Interface

WIDTH = 110
HARD_SPACE = "\0"


def emit(interface: Interface, rules: str) -> str:
    parts = [rules.rstrip("\n"), opening(interface.version)]
    parts += [section(item.name) if item.kind == "section" else item.source for item in interface.items]
    for file, title in SECTIONS:
        functions = [function for function in interface.functions if function.file == file]
        if functions:
            parts.append(section(title))
        if file == "Config.swift":
            parts.append(key_table(interface.keys))
        parts += [prototype(function) for function in functions]
    parts.append("#ifdef __cplusplus\n}\n#endif\n\n#endif /* BEDROCKSTREAM_H */")
    return "\n\n".join(part for part in parts if part) + "\n"


def opening(version: str) -> str:
    major, minor, patch = (int(part) for part in version.split("."))
    number = (major << 16) | (minor << 8) | patch
    return "\n".join(
        [
            "#ifndef BEDROCKSTREAM_H",
            "#define BEDROCKSTREAM_H",
            "",
            "#include <stddef.h>",
            "#include <stdint.h>",
            "",
            "/** The version of this header, as text. `brs_version` tells that of the library which was loaded. */",
            '#define BRS_VERSION "%s"' % version,
            "/** First part of the version: changes when programs must be changed. */",
            "#define BRS_VERSION_MAJOR %d" % major,
            "/** Second part of the version: changes when something was added. */",
            "#define BRS_VERSION_MINOR %d" % minor,
            "/** Third part of the version: changes when something was mended. */",
            "#define BRS_VERSION_PATCH %d" % patch,
            "/** The version as one number that grows: major << 16 | minor << 8 | patch. */",
            "#define BRS_VERSION_NUMBER 0x%06x" % number,
            "",
            "#ifdef __cplusplus",
            'extern "C" {',
            "#endif",
        ]
    )


def section(title: str) -> str:
    return "/* %s %s */" % (title, "-" * (WIDTH - len(title) - 7))


def prototype(function: Function) -> str:
    return documentation(function.comment) + "\n" + declaration(function)


def documentation(comment: Comment) -> str:
    lines: List[str] = []
    for paragraph in comment.paragraphs:
        lines += [""] * bool(lines) + wrap(paragraph, "", "")
    if comment.parameters or comment.returns:
        lines.append("")
    for member in comment.parameters:
        lines += wrap(member.text, "@param %s  " % member.name, "    ")
    if comment.returns:
        lines += wrap(comment.returns, "@return ", "    ")
    return block(lines, "/**")


def block(lines: List[str], start: str) -> str:
    return "\n".join([start] + [(" * " + line).rstrip() for line in lines] + [" */"])


def wrap(text: str, first: str, rest: str) -> List[str]:
    return textwrap.wrap(
        text, WIDTH - 3, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def declaration(function: Function) -> str:
    start = spaced(function.result) + function.name + "("
    parameters = [spaced(member.type) + member.name for member in function.parameters] or ["void"]
    line = start + ", ".join(parameters) + ");"
    if len(line) <= WIDTH:
        return line
    # A break is allowed between parameters only.
    whole = ", ".join(parameter.replace(" ", HARD_SPACE) for parameter in parameters) + ");"
    return start + "\n" + "\n".join(wrap(whole, "    ", "    ")).replace(HARD_SPACE, " ")


def spaced(type_name: str) -> str:
    return type_name if type_name.endswith("*") else type_name + " "


def key_table(keys: List[ConfigKey]) -> str:
    if not keys:
        return ""
    lines = ["The configuration keys, as `brs_config_describe` lists them:", ""]
    for key in keys:
        default = "default %s" % (key.default or "none")
        lines.append("%s (%s; %s)" % (key.name, key.type, default))
        lines += wrap(key.meaning, "    ", "    ")
        if key.environment:
            lines += wrap("Environment: " + key.environment + ".", "    ", "    ")
        if key.config_file:
            lines += wrap("Profile: " + key.config_file + ".", "    ", "    ")
    return block([re.sub(r"\*/", "* /", line) for line in lines], "/*")
