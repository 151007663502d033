"""Reads the exported functions: prototypes and comments from the header that the compiler writes, their order from
the Swift sources."""

import os
import re
from typing import Dict, List, NamedTuple, Tuple

from model import Comment, Function, GeneratorError, Member

# The order of use. A file with exports that is not listed here is an error.
SECTIONS = [
    ("Library.swift", "Library"),
    ("Config.swift", "Configuration"),
    ("Question.swift", "Questions to the host"),
    ("Client.swift", "Clients"),
    ("HostLoop.swift", "Clients"),
    ("Identity.swift", "Clients"),
    ("Stream.swift", "Streams"),
    ("ClientNext.swift", "Streams"),
    ("ToolResult.swift", "Tools"),
    ("Decoder.swift", "Decoder"),
    ("Signer.swift", "Signer"),
]

EXPORT = re.compile(r"^@c\((\w+)\)\s*$")
PROTOTYPE = re.compile(r"SWIFT_EXTERN (.+?)\b(\w+)\((.*)\)( SWIFT_\w+)*;")
TYPOGRAPHY = {
    "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u2013": "--", "\u2014": "---", "\u2026": "..."
}
ENTITIES = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&")]


class Export(NamedTuple):
    """An `@c` function as the source has it."""

    name: str
    file: str
    comment: List[str]


def read(compiler_header: str, directory: str) -> List[Function]:
    prototypes = read_prototypes(compiler_header)
    functions = []
    for export in read_sources(directory):
        if export.name not in prototypes:
            raise GeneratorError("%s is not in the compiler's header: build the library first" % export.name)
        lines, result, parameters = prototypes.pop(export.name)
        functions.append(make_function(export, lines, result, parameters))
    if prototypes:
        raise GeneratorError("no source exports %s: build the library first" % ", ".join(sorted(prototypes)))
    return functions


def read_sources(directory: str) -> List[Export]:
    """The exports, file by file in the order of use, and within a file as written."""
    listed = [file for file, _ in SECTIONS]
    exports: List[Export] = []
    for file in listed + sorted(set(os.listdir(directory)) - set(listed)):
        if not file.endswith(".swift"):
            continue
        with open(os.path.join(directory, file), encoding="utf-8") as source:
            found = exports_of(file, source.read().split("\n"))
        if found and file not in listed:
            raise GeneratorError("%s has exports: give it a section in Tests/Header/exports.py" % file)
        exports += found
    return exports


def exports_of(file: str, lines: List[str]) -> List[Export]:
    exports = []
    comment: List[str] = []
    for line in lines:
        match = EXPORT.match(line)
        if match:
            exports.append(Export(match.group(1), file, comment))
        comment = comment + [line[3:].strip()] if line.startswith("///") else []
    return exports


def read_prototypes(header: str) -> Dict[str, Tuple[List[str], str, str]]:
    """By name: the comment's lines, the result and the parameters, all as the compiler writes them."""
    prototypes: Dict[str, Tuple[List[str], str, str]] = {}
    comment: List[str] = []
    for line in header.split("\n"):
        match = PROTOTYPE.fullmatch(line)
        if match:
            prototypes[match.group(2)] = (comment, match.group(1), match.group(3))
        comment = comment + [line[3:].strip()] if line.startswith("///") else []
    return prototypes


def make_function(export: Export, lines: List[str], result: str, parameters: str) -> Function:
    comment = read_comment(export, [plain(line) for line in lines])
    members = [] if parameters == "void" else [parameter(part) for part in parameters.split(",")]
    check_comment(export.name, comment, c_type(result), members)
    return Function(export.name, c_type(result), members, comment, export.file)


def plain(line: str) -> str:
    """Undoes what the compiler does to a comment: HTML for code, typographic quotes."""
    line = re.sub(r"<code>(.*?)</code>", r"`\1`", line)
    for fancy, simple in TYPOGRAPHY.items():
        line = line.replace(fancy, simple)
    if re.search(r"</?\w+>|\\(?!param )\w", line):
        raise GeneratorError("markup that the generator does not know, keep comments to plain text: " + line)
    for entity, letter in ENTITIES:
        line = line.replace(entity, letter)
    return line


def read_comment(export: Export, lines: List[str]) -> Comment:
    """Splits a comment into prose, parameters and result. The compiler drops the blank lines between paragraphs: where
    they were is looked up in the source."""
    starts = {after for before, after in zip([""] + export.comment, export.comment) if after and not before}
    paragraphs: List[str] = []
    parameters: List[Member] = []
    returns: List[str] = []
    target = paragraphs
    for line in lines:
        named = re.match(r"\\param (\w+) (.*)", line)
        if named:
            parameters.append(Member(named.group(1), "", named.group(2)))
            target = []
        elif line == "returns:":
            target = returns
        elif target is paragraphs and (line in starts or not paragraphs):
            paragraphs.append(line)
        elif line and target:
            target[-1] += " " + line
        elif line and target is returns:
            returns.append(line)
        elif line:
            parameters[-1] = parameters[-1]._replace(text=parameters[-1].text + " " + line)
    comment = Comment([text for text in paragraphs if text], parameters, returns[0] if returns else None)
    check_fresh(export, comment)
    return comment


def check_fresh(export: Export, comment: Comment) -> None:
    source = re.sub(r"(^|(?<= ))- (Parameters?|Returns)\b:?|(^|(?<= ))- (?=\w+:)", " ", " ".join(export.comment))
    parts = comment.paragraphs + [member.name + " " + member.text for member in comment.parameters]
    if words(source) != words(" ".join(parts + [comment.returns or ""])):
        raise GeneratorError("%s: source and built library tell different things: build it first" % export.name)


def words(text: str) -> List[str]:
    return re.findall(r"\w+", text)


def parameter(text: str) -> Member:
    match = re.fullmatch(r"(.*?[\s*])(\w+)", text.strip())
    if match is None:
        raise GeneratorError("a parameter without a name: " + text)
    return Member(match.group(2), c_type(match.group(1)), "")


def c_type(text: str) -> str:
    """`char const * _Nonnull` becomes `const char *`."""
    text = re.sub(r"\s*_(Nullable|Nonnull|Null_unspecified)\b", "", text).strip()
    match = re.fullmatch(r"(\w+) const ?(\*.*)", text)
    if match:
        text = "const %s %s" % match.groups()
    return re.sub(r"\*\s+(?=\*)", "*", text)


def check_comment(name: str, comment: Comment, result: str, parameters: List[Member]) -> None:
    if not comment.paragraphs:
        raise GeneratorError("%s has no comment" % name)
    told = [member.name for member in comment.parameters]
    asked = [member.name for member in parameters]
    if told != asked:
        raise GeneratorError("%s: parameters %s, but the comment tells of %s" % (name, asked, told))
    if (result == "void") != (comment.returns is None):
        raise GeneratorError("%s: returns %s, comment says %s" % (name, result, comment.returns))
