"""Checks include/bedrockstream.h: it stands alone, is documented, and tells what the library exports.

    python3 Tests/Checks/check_header.py [--header PATH] [--library PATH] [--self-test]
"""

import argparse
import ctypes
import os
import re
import shutil
import tempfile
from typing import Callable, List, Set

from report import ROOT, Report, built_library, finish, read, require, run

STRICT = ["-Wall", "-Wextra", "-pedantic", "-Werror"]
COMPILERS = [
    ("gcc", ["-std=c99", "-x", "c"]),
    ("g++", ["-std=c++17", "-x", "c++"]),
    ("clang", ["-std=c99", "-x", "c"]),
    ("clang++", ["-std=c++17", "-x", "c++"]),
]
COMMENT = re.compile(r"/\*.*?\*/", re.S)
SYMBOL = re.compile(
    r"^(?:#define BRS_VERSION\w*|typedef .*?\w+[ ;({]|  (?:[\w *]+[ *])?\w+(?:\[\d+\])?(?:;| = -?\d+,?)$)", re.M
)
PROTOTYPE = re.compile(r"^[a-z][\w ]*[ *](brs_\w+)\([^;{}()]*\);", re.M)
# What brs_code_name calls a number that is no code.
NO_CODE = "BRS_E_UNKNOWN"
SHARED_OBJECT_NAME = re.compile(r"libbedrockstream\.so[.\d]*")


def compiles(header: str, compiler: str, flags: List[str]) -> None:
    """The header is the only include of the program."""
    with tempfile.TemporaryDirectory() as directory:
        source = os.path.join(directory, "alone.txt")
        with open(source, "w", encoding="utf-8") as file:
            file.write('#include "%s"\n#include "%s"\nint main(void) { return BRS_OK; }\n' % (header, header))
        run([compiler] + flags + STRICT + ["-fsyntax-only", source])


def example_compiles(header: str) -> None:
    """The program in the opening comment is a program."""
    lines = read(header).split("*/")[0].split("\n")
    code = [line[7:] for line in lines if line.startswith(" *     ")]
    end = code.index("}") if "}" in code else 0
    require(end, "no example in the opening comment")
    with tempfile.TemporaryDirectory() as directory:
        source = os.path.join(directory, "example.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write("\n".join(code[: end + 1]) + "\n")
        run(["gcc", "-std=c99", "-I", os.path.dirname(header)] + STRICT + ["-fsyntax-only", source])


def declared(text: str) -> Set[str]:
    return set(PROTOTYPE.findall(COMMENT.sub("", text)))


def exported(library: str) -> Set[str]:
    lines = run(["nm", "-D", "--defined-only", library]).split("\n")
    names = [re.sub(r"@.*", "", line.split()[2]) for line in lines if len(line.split()) == 3]
    return {name for name in names if name != "BRS_0"}


def names_agree(header: str, library: str) -> None:
    inside, outside = exported(library), declared(read(header))
    require(outside, "the header declares no functions")
    require(not inside - outside, "exported, not declared: %s" % ", ".join(sorted(inside - outside)))
    require(not outside - inside, "declared, not exported: %s" % ", ".join(sorted(outside - inside)))


def documented(header: str) -> None:
    """Right before each prototype, typedef, member, enumerator and public macro a comment ends."""
    text = read(header)
    bare = []
    starts = [(match.start(), match.group(0)) for match in SYMBOL.finditer(text)]
    starts += [(match.start(), match.group(1)) for match in PROTOTYPE.finditer(text)]
    for start, name in starts:
        if not text[:start].rstrip(" \n").endswith("*/") and not inside_comment(text, start):
            bare.append(name.strip())
    require(len(starts) > 50, "only %d symbols were found" % len(starts))
    require(not bare, "no comment: %s" % "; ".join(bare))


def inside_comment(text: str, position: int) -> bool:
    return text.rfind("/*", 0, position) > text.rfind("*/", 0, position)


def identifiers_exist(header: str) -> None:
    """A comment that speaks of brs_x or BRS_X speaks of something."""
    text = read(header)
    code = set(re.findall(r"\b(?:brs|BRS)_\w+", COMMENT.sub("", text)))
    told = set()
    for comment in COMMENT.findall(text):
        told |= set(re.findall(r"\b(?:brs|BRS)_\w+", SHARED_OBJECT_NAME.sub("", comment)))
    unknown = told - code - {NO_CODE}
    require(not unknown, "comments name what is not there: %s" % ", ".join(sorted(unknown)))
    members = set(re.findall(r"\b(on_\w+)\b", COMMENT.sub("", text)))
    unknown = set(re.findall(r"`(on_\w+)`", text)) - members
    require(not unknown, "comments name callbacks that are not there: %s" % ", ".join(sorted(unknown)))


def versions_agree(header: str, library: str) -> None:
    """The macros, computed by a compiler, say what brs_version says."""
    program = (
        '#include <stdio.h>\n#include "%s"\nint main(void) { printf("%%s %%d.%%d.%%d %%d", BRS_VERSION,'
        " BRS_VERSION_MAJOR, BRS_VERSION_MINOR, BRS_VERSION_PATCH, BRS_VERSION_NUMBER); return 0; }\n" % header
    )
    with tempfile.TemporaryDirectory() as directory:
        source, binary = os.path.join(directory, "version.c"), os.path.join(directory, "version")
        with open(source, "w", encoding="utf-8") as file:
            file.write(program)
        run(["gcc", "-o", binary, source])
        text, parts, number = run([binary]).split(" ")
    loaded = ctypes.CDLL(library)
    loaded.brs_version.restype = ctypes.c_char_p
    version = loaded.brs_version().decode()
    major, minor, patch = (int(part) for part in version.split("."))
    require(text == version and parts == version, "library %s, macros %s and %s" % (version, text, parts))
    require(int(number) == major * 65536 + minor * 256 + patch, "BRS_VERSION_NUMBER is %s" % number)


def is_plain_c(header: str) -> None:
    code = COMMENT.sub("", read(header))
    for word in ("_Nullable", "_Nonnull", "__attribute__", "SWIFT", "#pragma"):
        require(word not in code, "%s in the header" % word)


def check_all(report: Report, header: str, library: str) -> None:
    for compiler, flags in COMPILERS:
        if shutil.which(compiler) or not compiler.startswith("clang"):
            name = "compiles alone with %s %s" % (compiler, flags[0])
            report.check(name, lambda: compiles(header, compiler, flags))
    report.check("the example in the header compiles", lambda: example_compiles(header))
    report.check("plain C", lambda: is_plain_c(header))
    report.check("declares what the library exports", lambda: names_agree(header, library))
    report.check("every symbol has a comment", lambda: documented(header))
    report.check("comments name what exists", lambda: identifiers_exist(header))
    report.check("version macros agree with brs_version", lambda: versions_agree(header, library))


def self_test(report: Report, header: str, library: str) -> None:
    check_all(report, header, library)
    original = read(header)
    with tempfile.TemporaryDirectory() as directory:
        broken = os.path.join(directory, "bedrockstream.h")

        def plant(old: str, new: str) -> str:
            require(old in original, "self-test: %r is not in the header" % old)
            with open(broken, "w", encoding="utf-8") as file:
                file.write(original.replace(old, new, 1))
            return broken

        def finds(name: str, old: str, new: str, check: Callable[[str], None]) -> None:
            report.expect_failure(name, lambda: plant(old, new), check)

        cancel = "brs_code brs_stream_cancel("
        finds("an unknown type", "size_t size;", "size_tt size;", lambda h: compiles(h, "gcc", ["-x", "c"]))
        finds("what C++ cannot read", "int64_t total_us;", "int64_t new;", lambda h: compiles(h, "g++", ["-x", "c++"]))
        finds("an example that is wrong", "stream, -1, &event", "stream, &event", example_compiles)
        finds("an attribute", cancel, "__attribute__((cold)) " + cancel, is_plain_c)
        finds("a missing function", cancel, "brs_code brs_stream_abort(", lambda h: names_agree(h, library))
        finds("a bare function", " */\n" + cancel, " */\n\nint x;\n" + cancel, documented)
        finds("a bare enumerator", "  /** Success. */\n", "", documented)
        finds("a bare member", "  /** The stream ended. */\n", "", documented)
        finds("a bare type", "/** A name and a value. */\n", "", documented)
        finds("an unknown name", "`brs_stream_next`", "`brs_stream_nxt`", identifiers_exist)
        finds("an unknown callback", "`on_error`", "`on_failing`", identifiers_exist)
        finds("a wrong number", "BRS_VERSION_NUMBER 0x", "BRS_VERSION_NUMBER 0x1", lambda h: versions_agree(h, library))
        finds("a wrong version", 'BRS_VERSION "', 'BRS_VERSION "9', lambda h: versions_agree(h, library))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--header", default=os.path.join(ROOT, "include", "bedrockstream.h"))
    parser.add_argument("--library", default=built_library())
    parser.add_argument("--self-test", action="store_true", help="show that the checks can fail")
    options = parser.parse_args()
    report = Report("check_header")
    (self_test if options.self_test else check_all)(report, os.path.abspath(options.header), options.library)
    finish(report.end())


if __name__ == "__main__":
    main()
