"""Checks the sources: lengths, banned constructs with what to write instead, imports, machine paths, their map.

    python3 Tests/Checks/tidy.py [--self-test]
"""

import argparse
import os
import pwd
import re
import tempfile
from typing import Callable, Dict, Iterator, List, Tuple

from report import ROOT, Report, finish, read, require, run
from source_text import blanked, functions

FUNCTION_LINES = 70
FILE_LINES = 600
LINE_COLUMNS = 120
UNBREAKABLE = 80  # a word as long as this, as a token or a path, may stand out
GENERATED = ("include/bedrockstream.h", "bindings/python/bedrockstream/_ffi.py")
LIBRARY = ("Sources/BedrockCore/", "Sources/BedrockIO/", "Sources/BedrockStream/")

# Pattern in the blanked text; what to write instead.
BANNED: List[Tuple[str, str]] = [
    (r"\btry!", "do and catch, or `try?` with a branch for nil"),
    (r"\bas!", "`as?` with a branch for nil, or a type that needs no cast"),
    (r"(?<=[\w)\]}>\"`])!(?![=])", "`guard let`, `if let` or `??`: a nil must not end the host"),
    (r"\bfatalError\b", "an error that the caller gets"),
    (r"\bprecondition(?:Failure)?\b", "a guard that returns or throws; `assert` for our own mistakes"),
    (r"\bAnySequence\b", "a generic parameter or a concrete sequence"),
    (r"@_cdecl\b", "`@c`: functions by `@_cdecl` are invisible to C"),
    (r"\bimport\s+(?:\w+\s+)?(?:Foundation|FoundationEssentials|Glibc|Musl|Darwin)\b", "a part of CSystem"),
    (r"\bunsafeBitCast\b", "a pointer rebinding or a typed initialiser"),
    (r"\bDispatchQueue\b|\basync\b|\bawait\b|\bTask\s*[.{]", "the client's own thread: concurrency hangs after a fork"),
]

# Who may import what. Imports go one way.
IMPORTS: Dict[str, Tuple[str, ...]] = {
    "BedrockCore": ("CSystem.Memory", "CSystem.Checksum", "CSystem.Digest", "Synchronization"),
    "BedrockIO": ("BedrockCore", "CSystem", "CSystem.Memory", "CSystem.Posix", "CSystem.Curl", "Synchronization"),
    "BedrockStream": ("BedrockIO", "BedrockCore", "CBedrockStream", "CSystem.Memory"),
}
IMPORT = re.compile(
    r"^[ \t]*(?:@\w+[ \t]+)*(?:(?:public|package|internal|fileprivate|private)[ \t]+)?import[ \t]+"
    r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)[ \t]+)?([\w.]+)", re.M
)
# Somebody's home folder, but for the names that stand for anybody.
HOME_FOLDER = r"/(?:home|Users)/(?!user\b|me\b|someone\b|alice\b|bob\b)\w"


def machine_path() -> "re.Pattern[str]":
    """Also the checkout, and the home folder of this machine's administrator: neither is written down here."""
    own = {os.path.realpath(ROOT), pwd.getpwuid(0).pw_dir.rstrip("/")} - {""}
    return re.compile("|".join([HOME_FOLDER] + [re.escape(folder) + "/" for folder in sorted(own)]))


class Tree:
    """The files of a directory that git knows of, or all of them where there is no git."""

    def __init__(self, root: str) -> None:
        self.root = root
        if os.path.exists(os.path.join(root, ".git")):
            listed = run(["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard"]).split("\n")
        else:
            listed = [os.path.relpath(os.path.join(folder, name), root)
                      for folder, _, names in os.walk(root) for name in names]
        self.paths = sorted(path for path in listed if path and os.path.isfile(os.path.join(root, path)))

    def texts(self, *suffixes: str) -> Iterator[Tuple[str, str]]:
        for path in self.paths:
            if path.endswith(suffixes or "") and path not in GENERATED:
                try:
                    yield path, read(self.root, path)
                except UnicodeDecodeError:
                    continue

    def library(self) -> Iterator[Tuple[str, str]]:
        return ((path, text) for path, text in self.texts(".swift") if path.startswith(LIBRARY))


def fail_if(found: List[str]) -> None:
    require(not found, "%d found\n    " % len(found) + "\n    ".join(found[:40]))


def functions_are_short(tree: Tree) -> None:
    fail_if(["%s:%d: %s has %d lines: split it by what it does" % (path, one.line, one.name, one.length)
             for path, text in tree.texts(".swift", ".c", ".py") for one in functions(path, text)
             if one.length > FUNCTION_LINES])


def files_are_short(tree: Tree) -> None:
    fail_if(["%s: %d lines: give each thing its own file" % (path, text.count("\n"))
             for path, text in tree.texts(".swift", ".c", ".h", ".py") if text.count("\n") > FILE_LINES])


def lines_are_short(tree: Tree) -> None:
    fail_if(["%s:%d: %d columns" % (path, number, len(line))
             for path, text in tree.texts(".swift", ".c", ".h", ".py", ".sh")
             for number, line in enumerate(text.split("\n"), 1)
             if len(line) > LINE_COLUMNS and len(max(line.split(), key=len)) < UNBREAKABLE])


def nothing_banned(tree: Tree) -> None:
    found = []
    for path, text in tree.library():
        code = blanked(text)
        for pattern, instead in BANNED:
            for match in re.finditer(pattern, code):
                line = code.count("\n", 0, match.start()) + 1
                found.append("%s:%d: %s: write %s" % (path, line, match.group() or "!", instead))
    fail_if(found)


def imports_go_one_way(tree: Tree) -> None:
    found = []
    for path, text in tree.library():
        allowed = IMPORTS[path.split("/")[1]]
        for module in IMPORT.findall(blanked(text)):
            if module not in allowed:
                found.append("%s: imports %s; it may import %s" % (path, module, ", ".join(allowed)))
    fail_if(found)


def no_machine_paths(tree: Tree) -> None:
    found = []
    paths = machine_path()
    for path, text in tree.texts():
        if path == "Tests/Checks/tidy.py":
            continue
        for match in paths.finditer(text):
            found.append("%s:%d: %s" % (path, text.count("\n", 0, match.start()) + 1, match.group()))
    fail_if(found)


def sources_are_mapped(tree: Tree) -> None:
    """Sources/README.md names each module, and the library's folders; an executable has a page of its own."""
    page = os.path.join(tree.root, "Sources", "README.md")
    if not os.path.exists(page):
        return
    text = read(page)
    folders = [path.split("/")[1:-1] for path in tree.paths if path.startswith("Sources/")]
    names = {folder[0] for folder in folders if folder}
    names |= {name for path, _ in tree.library() for name in path.split("/")[2:-1]}
    missing = [name for name in sorted(names) if not re.search(r"\b%s\b" % name, text)]
    fail_if(["Sources/README.md says nothing of " + name for name in missing])


CHECKS: List[Tuple[str, Callable[[Tree], None]]] = [
    ("functions have at most %d lines" % FUNCTION_LINES, functions_are_short),
    ("files have at most %d lines" % FILE_LINES, files_are_short),
    ("lines have at most %d columns" % LINE_COLUMNS, lines_are_short),
    ("no banned construct in the library", nothing_banned),
    ("imports go one way", imports_go_one_way),
    ("no machine paths", no_machine_paths),
    ("Sources/README.md names every folder", sources_are_mapped),
]

CORE = "Sources/BedrockCore/X.swift"
SOUND = """import CSystem.Memory
// try! as! x! fatalError are fine in comments
/* and /* nested */ try! */
let text = "try! \\(call("x!", y)) as! " + #"raw " x! "# + \"\"\"
    fatalError "x!"
    \"\"\"
func isSet(_ flag: Bool) -> Bool { !flag && flag != true }
protocol P { func a(); var b: Int { get } }
"""
FAULTS: List[Tuple[str, Callable[[Tree], None], str, str]] = [
    ("a long function", functions_are_short, CORE, "func long() {\n" + "    x()\n" * 69 + "}\n"),
    ("a long initialiser", functions_are_short, CORE, "struct S {\n    init() {\n" + "    x()\n" * 69 + "}\n}\n"),
    ("a long C function", functions_are_short, "Tests/C/x.c", "static int\nf(int a)\n{\n" + "  a++;\n" * 69 + "}\n"),
    ("a long Python function", functions_are_short, "Tests/x.py", "def long():\n" + "    x()\n" * 70),
    ("a long file", files_are_short, CORE, "let x = 1\n" * 601),
    ("a long line", lines_are_short, CORE, "// " + "x " * 59 + "\n"),
    ("try!", nothing_banned, CORE, "let x = try! y()\n"),
    ("as!", nothing_banned, CORE, "let x = y as! Z\n"),
    ("a force unwrap", nothing_banned, CORE, "let x = y[0]!.z\n"),
    ("a force unwrap at the end", nothing_banned, CORE, "let x = y!\n"),
    ("a force unwrap behind a string", nothing_banned, CORE, 'let x = "a" + y(")")!\n'),
    ("an implicitly unwrapped type", nothing_banned, CORE, "var x: Int!\n"),
    ("fatalError", nothing_banned, CORE, "fatalError()\n"),
    ("precondition", nothing_banned, CORE, "precondition(x)\n"),
    ("preconditionFailure", nothing_banned, CORE, "preconditionFailure()\n"),
    ("AnySequence", nothing_banned, CORE, "let x: AnySequence<Int>\n"),
    ("@_cdecl", nothing_banned, "Sources/BedrockStream/X.swift", '@_cdecl("x") public func x() {}\n'),
    ("import Foundation", nothing_banned, "Sources/BedrockIO/X.swift", "import Foundation\n"),
    ("import struct Foundation.Data", nothing_banned, CORE, "import struct Foundation.Data\n"),
    ("import Glibc", nothing_banned, CORE, "import Glibc\n"),
    ("a task", nothing_banned, CORE, "Task { x() }\n"),
    ("Core importing Posix", imports_go_one_way, CORE, "import CSystem.Posix\n"),
    ("Core importing all of CSystem", imports_go_one_way, CORE, "internal import CSystem\n"),
    ("Core importing IO", imports_go_one_way, CORE, "import BedrockIO\n"),
    ("IO importing the C interface", imports_go_one_way, "Sources/BedrockIO/X.swift", "@x import BedrockStream\n"),
    ("a machine path", no_machine_paths, "Tests/x.sh", "cd /home/developer/project\n"),
    ("a folder that the map leaves out", sources_are_mapped, "Sources/README.md", "only BedrockIO\n"),
]


def planted(directory: str, path: str, text: str) -> Tree:
    files = {CORE: SOUND, "Sources/README.md": "BedrockCore, BedrockStream, BedrockIO"}
    files[path] = text
    for name, content in files.items():
        full = os.path.join(directory, name)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(content)
    return Tree(directory)


def self_test(report: Report) -> None:
    with tempfile.TemporaryDirectory() as directory:
        sound = planted(directory, CORE, SOUND)
        for name, check in CHECKS:
            report.check("a sound tree: " + name, lambda: check(sound))
    for name, check, path, text in FAULTS:
        with tempfile.TemporaryDirectory() as directory:
            report.expect_failure(name, lambda: planted(directory, path, text), check)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self-test", action="store_true", help="show that the checks can fail")
    options = parser.parse_args()
    report = Report("tidy")
    if options.self_test:
        self_test(report)
    else:
        for name, check in CHECKS:
            report.check(name, lambda: check(Tree(ROOT)))
    finish(report.end())


if __name__ == "__main__":
    main()
