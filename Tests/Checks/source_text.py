"""Source text with comments and the inside of strings blanked out, so that words in them do not count; and the
functions in it."""

import ast
import re
from typing import List, NamedTuple

SWIFT_START = re.compile(r"\b(?:func\s+[^\s(<]+|init[?!]?(?=\s*[(<])|deinit(?=\s*\{)|subscript(?=\s*[(<]))")
NEXT_MEMBER = re.compile(r"\s*(?:func|init|var|let|static|mutating|public)\b")
C_START = re.compile(r"^(?!typedef|struct|enum|union|extern)[A-Za-z_][^;{}#=]*?(\w+)\s*\([^;{}]*\)\s*\{", re.M)


class Function(NamedTuple):
    name: str
    line: int
    length: int


def blanked(text: str) -> str:
    """Works for Swift and C: same length, same lines; only the marks of strings stay."""
    result: List[str] = []
    position = 0
    while position < len(text):
        end = token_end(text, position)
        token = text[position:end]
        if token.startswith(("//", "/*")):
            token = re.sub(r"[^\n]", " ", token)
        elif len(token) > 1:
            token = '"' + re.sub(r"[^\n]", " ", token[1:-1]) + '"'
        result.append(token)
        position = end
    return "".join(result)


def token_end(text: str, position: int) -> int:
    """The end of the comment or string that starts here; else of one letter."""
    if text.startswith("//", position):
        end = text.find("\n", position)
        return len(text) if end < 0 else end
    if text.startswith("/*", position):
        return comment_end(text, position)
    string = re.compile(r'(#*)("""|")').match(text, position)
    if string:
        return string_end(text, string.end(), string.group(2) + string.group(1), "\\" + string.group(1))
    if text[position] == "'" and text[position : position + 4].count("'") == 2:
        return text.index("'", position + 1) + 1
    return position + 1


def comment_end(text: str, position: int) -> int:
    depth = 0
    for mark in re.compile(r"/\*|\*/").finditer(text, position):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)


def string_end(text: str, position: int, end: str, escape: str) -> int:
    while position < len(text):
        if text.startswith(end, position):
            return position + len(end)
        if text.startswith(escape + "(", position):
            position = parenthesis_end(text, position + len(escape))
        elif text.startswith(escape, position):
            position += len(escape) + 1
        elif text[position] == "\n" and not end.startswith('"""'):
            return position
        else:
            position += 1
    return len(text)


def parenthesis_end(text: str, position: int) -> int:
    """Behind the `)` that closes the `(` here; strings in between are skipped."""
    depth = 0
    while position < len(text):
        end = token_end(text, position)
        if end == position + 1:
            depth += (text[position] == "(") - (text[position] == ")")
            if depth == 0:
                return end
        position = end
    return len(text)


def functions(path: str, text: str) -> List[Function]:
    if path.endswith(".py"):
        return python_functions(text)
    return swift_functions(blanked(text)) if path.endswith(".swift") else c_functions(blanked(text))


def python_functions(text: str) -> List[Function]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.append(Function(node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1))
    return found


def swift_functions(code: str) -> List[Function]:
    found = []
    for start in SWIFT_START.finditer(code):
        opening = body_start(code, start.end())
        if opening >= 0:
            found.append(function(code, start.group().split()[-1], start.start(), opening))
    return found


def body_start(code: str, position: int) -> int:
    """Where the `{` of the body is; -1 for a declaration without one."""
    depth = 0
    for index in range(position, len(code)):
        letter = code[index]
        depth += (letter in "([") - (letter in ")]")
        if letter == "{" and depth == 0:
            return index
        if letter in "}@" and depth == 0 or depth < 0:
            return -1
        if letter == "\n" and depth == 0 and NEXT_MEMBER.match(code, index):
            return -1
    return -1


def c_functions(code: str) -> List[Function]:
    found = []
    for start in C_START.finditer(code):
        found.append(function(code, start.group(1), start.start(), start.end() - 1))
    return found


def function(code: str, name: str, start: int, opening: int) -> Function:
    depth = 0
    end = len(code) - 1
    for brace in re.compile(r"[{}]").finditer(code, opening):
        depth += 1 if brace.group() == "{" else -1
        if depth == 0:
            end = brace.start()
            break
    line = code.count("\n", 0, start) + 1
    return Function(name, line, code.count("\n", start, end) + 1)
