"""Reads the C types of the interface: enums, structs and callback types, each with its comment."""

import re
from typing import List, Tuple

from model import GeneratorError, Item, Member

SECTION = re.compile(r"//\s*\[section\]\s*(.+)")
COMMENT = re.compile(r"/\*\*(.*?)\*/", re.S)
AGGREGATE = re.compile(r"typedef\s+(enum|struct)\s+(\w+)\s*\{(.*)\}\s*(\w+)\s*;", re.S)
CALLBACK = re.compile(r"typedef\s+(.+?)\s*\(\*(\w+)\)\((.*)\)\s*;", re.S)
MEMBER = re.compile(r"(?P<type>.+?[\s*])(?P<name>\w+)(?P<count>\[\d+\])?\s*;", re.S)
ENUMERATOR = re.compile(r"(\w+)\s*=\s*(-?\d+)\s*(?:,|$)")


def read(source: str) -> List[Item]:
    """All items in their order; fails on a declaration without a comment."""
    items: List[Item] = []
    position = source.index("// [section]") if "// [section]" in source else 0
    while True:
        position = skip_blank(source, position)
        if position >= len(source):
            return items
        section = SECTION.match(source, position)
        if section:
            items.append(Item("section", section.group(1).strip(), "", "", [], ""))
            position = section.end()
        elif source.startswith("//", position):
            position = end_of_line(source, position)
        else:
            item, position = read_declaration(source, position)
            items.append(item)


def skip_blank(source: str, position: int) -> int:
    while position < len(source) and source[position].isspace():
        position += 1
    return position


def end_of_line(source: str, position: int) -> int:
    end = source.find("\n", position)
    return len(source) if end < 0 else end


def read_declaration(source: str, position: int) -> Tuple[Item, int]:
    comment = COMMENT.match(source, position)
    start = skip_blank(source, comment.end()) if comment else position
    end = declaration_end(source, start)
    if comment is None:
        raise GeneratorError("a type has no /** */ comment: " + source[start:end].split("\n")[0])
    text = clean(comment.group(1))
    return declaration(source[start:end], source[position:end], text), end


def declaration_end(source: str, start: int) -> int:
    depth = 0
    for position in range(start, len(source)):
        letter = source[position]
        depth += (letter == "{") - (letter == "}")
        if letter == ";" and depth == 0:
            return position + 1
    raise GeneratorError("no end of the declaration: " + source[start:].split("\n")[0])


def declaration(code: str, source: str, text: str) -> Item:
    aggregate = AGGREGATE.fullmatch(code)
    if aggregate:
        kind, tag, body, name = aggregate.groups()
        if tag != name:
            raise GeneratorError("%s %s is called %s by its typedef" % (kind, tag, name))
        members = enumerators(name, body) if kind == "enum" else struct_members(name, body)
        return Item(kind, name, source, text, members, "")
    callback = CALLBACK.fullmatch(code)
    if callback:
        result, name, parameters = callback.groups()
        return Item("callback", name, source, text, parameter_list(parameters), result)
    raise GeneratorError("neither an enum, a struct nor a callback type: " + code.split("\n")[0])


def enumerators(owner: str, body: str) -> List[Member]:
    members = []
    for text, code in documented(owner, body):
        match = ENUMERATOR.fullmatch(code)
        if match is None:
            raise GeneratorError("%s: an enumerator needs a number: %s" % (owner, code))
        members.append(Member(match.group(1), match.group(2), text))
    return members


def struct_members(owner: str, body: str) -> List[Member]:
    members = []
    for text, code in documented(owner, body):
        match = MEMBER.fullmatch(code)
        if match is None:
            raise GeneratorError("%s: not understood: %s" % (owner, code))
        members.append(Member(match.group("name"), match.group("type").strip() + (match.group("count") or ""), text))
    return members


def documented(owner: str, body: str) -> List[Tuple[str, str]]:
    """Pairs of comment and declaration; every member has its own comment right before it."""
    pairs = []
    end = 0
    comments = list(COMMENT.finditer(body))
    for index, comment in enumerate(comments):
        if body[end : comment.start()].strip():
            raise GeneratorError("%s: no comment: %s" % (owner, body[end : comment.start()].strip()))
        stop = comments[index + 1].start() if index + 1 < len(comments) else len(body)
        code = body[comment.end() : stop].strip()
        if len(re.findall(r"[;,]", code)) > 1:
            raise GeneratorError("%s: a comment for each member, please: %s" % (owner, code))
        pairs.append((clean(comment.group(1)), code))
        end = stop
    if body[end:].strip():
        raise GeneratorError("%s: no comment: %s" % (owner, body[end:].strip()))
    return pairs


def parameter_list(text: str) -> List[Member]:
    parameters = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(.+?[\s*])(\w+)\s*", part)
        if match is None:
            raise GeneratorError("a parameter without a name: " + part)
        parameters.append(Member(match.group(2), match.group(1).strip(), ""))
    return parameters


def clean(comment: str) -> str:
    lines = [re.sub(r"^\s*\*? ?", "", line).rstrip() for line in comment.strip().split("\n")]
    text = "\n".join(lines).strip()
    if not text:
        raise GeneratorError("an empty comment")
    return text
