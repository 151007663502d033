"""Checks the shipped library as a file, and that it lives beside a host's own Swift runtime.

    python3 Tests/Checks/check_library.py [PATH] [--self-test]

A file that was not stripped yet is stripped into a temporary copy first: what is checked is what is shipped.
"""

import argparse
import os
import re
import tempfile
from typing import Any, Callable, Dict, List, Tuple

from report import Report, built_library, finish, require, run

NEEDED = ["libc.so.6", "libcrypto.so.3", "libcurl.so.4", "libm.so.6"]
SONAME = "libbedrockstream.so.0"
VERSION_NODE = "BRS_0"
MOST_BYTES = 600 * 1024
NEWEST_GLIBC = (2, 34)
BUILD_PATH = re.compile(
    rb"/(?:home|root|work|opt|build|tmp|Users|usr/lib/swift|usr/include)/[\w./+-]*|[\w+-]+\.swift\b"
)

HOST = """
import Glibc
let path = CommandLine.arguments[1]
guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else { print(String(cString: dlerror())); exit(1) }
guard let symbol = dlsym(library, "brs_version") else { print("no brs_version"); exit(1) }
typealias Version = @convention(c) () -> UnsafePointer<CChar>
let version = String(cString: unsafeBitCast(symbol, to: Version.self)())
let words = ["swift", "runtime", version].map { $0.uppercased() }.sorted()
print("version", version, words.joined(separator: " ").count)
"""


class Elf:
    """What readelf tells of a file."""

    def __init__(self, path: str, unstripped: str = "") -> None:
        self.path = path
        beside = path + ".debug"
        self.locals = run(["readelf", "-sW", unstripped or (beside if os.path.exists(beside) else path)])
        self.dynamic = run(["readelf", "-dW", path])
        self.segments = run(["readelf", "-lW", path])
        self.sections = run(["readelf", "-SW", path])
        self.symbols = run(["readelf", "--dyn-syms", "-W", path])

    def entries(self, tag: str) -> List[str]:
        return re.findall(r"\(%s\).*?\[(.*?)\]" % tag, self.dynamic)

    def defined(self) -> List[str]:
        rows = [line.split() for line in self.symbols.split("\n")]
        return [row[7] for row in rows if len(row) > 7 and row[0].rstrip(":").isdigit() and row[6] != "UND"]


def needs(elf: Elf) -> None:
    found = sorted(elf.entries("NEEDED"))
    require(found == NEEDED, "needs %s, not %s" % (" ".join(found), " ".join(NEEDED)))


def has_soname(elf: Elf) -> None:
    require(elf.entries("SONAME") == [SONAME], "SONAME is %s" % (elf.entries("SONAME") or "missing"))


def exports_only_brs(elf: Elf) -> None:
    names = [name for name in elf.defined() if name != VERSION_NODE and not name.startswith(VERSION_NODE + "@")]
    require(names, "exports nothing")
    wrong = [name for name in names if not re.fullmatch(r"brs_\w+@@%s" % VERSION_NODE, name)]
    require(not wrong, "exports %s" % ", ".join(wrong[:10]))


def binds_at_load(elf: Elf) -> None:
    require(re.search(r"\(FLAGS\).*BIND_NOW|\(BIND_NOW\)|\(FLAGS_1\).*NOW", elf.dynamic), "no BIND_NOW")


def has_relro(elf: Elf) -> None:
    require("GNU_RELRO" in elf.segments, "no GNU_RELRO")


def has_no_search_path(elf: Elf) -> None:
    found = elf.entries("RUNPATH") + elf.entries("RPATH")
    require(not found, "searches %s" % ", ".join(found))


def stack_is_data(elf: Elf) -> None:
    match = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}(\S+)", elf.segments)
    require(match, "no GNU_STACK")
    require(match and "E" not in match.group(1), "the stack is executable")


def nothing_writable_runs(elf: Elf) -> None:
    flags = re.findall(r"LOAD\s+(?:0x\w+\s+){5}((?:[RWE] ?)+)", elf.segments)
    require(flags and not [flag for flag in flags if "W" in flag and "E" in flag], "a segment is writable and runs")


def is_small(elf: Elf) -> None:
    size = os.path.getsize(elf.path)
    require(size <= MOST_BYTES, "%d bytes, at most %d" % (size, MOST_BYTES))


def runs_on_old_glibc(elf: Elf) -> None:
    used = {tuple(int(part) for part in version.split(".")) for version in re.findall(r"@GLIBC_([\d.]+)", elf.symbols)}
    newer = sorted(version for version in used if version > NEWEST_GLIBC)
    require(used, "no glibc symbols")
    require(not newer, "needs glibc %s" % ", ".join(".".join(map(str, version)) for version in newer))


def needs_no_swift(elf: Elf) -> None:
    wrong = re.findall(r"UND (\$s\w+|\$e\w+|swift_\w+|_swift\w+)", elf.symbols)
    require(not wrong, "undefined Swift symbols: %s" % ", ".join(wrong[:10]))


def shares_no_constants(elf: Elf) -> None:
    """Package.swift tells why: constants by these names differ from module to module, and the linker keeps one."""
    require(re.search(r"FUNC +LOCAL", elf.locals), "no symbols of the library's own: its debug file is missing")
    found = sorted(set(re.findall(r"\$[es]\w+Tv\d*_r?\b", elf.locals)))
    require(not found, "outlined constants: %s" % ", ".join(found[:5]))


def tells_no_paths(elf: Elf) -> None:
    with open(elf.path, "rb") as file:
        found = sorted(set(BUILD_PATH.findall(file.read())))
    # Where certificates are looked for, credentials kept and helpers started are paths of the system, not of the build.
    found = [path for path in found if not path.startswith((b"/opt/homebrew", b"/usr/share"))]
    require(not found, "build paths: %s" % b", ".join(found[:5]).decode("utf-8", "replace"))


def beside_swift(elf: Elf) -> None:
    """A regular Swift program, with its runtime, loads the library and both work."""
    with tempfile.TemporaryDirectory() as directory:
        source, binary = os.path.join(directory, "main.swift"), os.path.join(directory, "host")
        with open(source, "w", encoding="utf-8") as file:
            file.write(HOST)
        run(["swiftc", "-O", "-o", binary, source])
        require("libswiftCore" in run(["readelf", "-dW", binary]), "the host has no Swift runtime")
        output = run([binary, os.path.abspath(elf.path)])
    require(re.fullmatch(r"version \d+\.\d+\.\d+ 19\n", output), "the host printed %r" % output)


CHECKS: List[Tuple[str, Callable[[Elf], None]]] = [
    ("needs libcurl, libcrypto, libm and libc alone", needs),
    ("SONAME", has_soname),
    ("exports brs_* at %s alone" % VERSION_NODE, exports_only_brs),
    ("binds everything at load time", binds_at_load),
    ("RELRO", has_relro),
    ("no RUNPATH", has_no_search_path),
    ("stack not executable", stack_is_data),
    ("no segment both writable and executable", nothing_writable_runs),
    ("at most %d bytes" % MOST_BYTES, is_small),
    ("no glibc symbol newer than 2.34", runs_on_old_glibc),
    ("needs no Swift runtime", needs_no_swift),
    ("no constants that modules share by name", shares_no_constants),
    ("no build paths inside", tells_no_paths),
    ("works in a host with its own Swift runtime", beside_swift),
]


def stripped(path: str, directory: str) -> str:
    if not re.search(r"\.symtab|\.debug_", run(["readelf", "-SW", path])):
        return path
    copy = os.path.join(directory, "libbedrockstream.so")
    run(["strip", "-o", copy, path])
    return copy


# The self-test: a library in C that is right, and one fault after another.
GOOD_SOURCE = """
#include <string.h>
__attribute__((used)) static int own(void) { return 1; }
const char *brs_version(void) { return "0.1.0"; }
unsigned long brs_length(const char *text) { return strlen(text); }
"""
GOOD_MAP = "BRS_0 { global: brs_*; local: *; };"
GOOD_FLAGS = ["-Wl,-soname," + SONAME, "-Wl,-z,now", "-Wl,-z,relro", "-Wl,-z,noexecstack"]
GOOD_LIBRARIES = ["-Wl,--no-as-needed", "-l:libcurl.so.4", "-l:libcrypto.so.3", "-lm"]
WRITABLE_CODE = 'int brs_x __attribute__((section(".wx,\\"awx\\",@progbits#"))) = 1;'
NEWER_GLIBC = "void arc4random_buf(void *, unsigned long); void brs_x(void *p) { arc4random_buf(p, 8); }"

SHARED_CONSTANT = 'int constant __asm__("$e4Core4NameO3allSaySiGvgZTv0_r") __attribute__((weak)) = 1;'


def build(directory: str, source: str = "", version_map: str = GOOD_MAP, drop: str = "", add: Tuple[str, ...] = (),
          libraries: List[str] = GOOD_LIBRARIES) -> Elf:
    paths = {name: os.path.join(directory, name) for name in ("fault.c", "fault.map", "fault.so")}
    for name, text in (("fault.c", GOOD_SOURCE + source), ("fault.map", version_map)):
        with open(paths[name], "w", encoding="utf-8") as file:
            file.write(text)
    flags = [flag for flag in GOOD_FLAGS if not drop or drop not in flag]
    script = ["-Wl,--version-script," + paths["fault.map"]] if version_map else []
    run(["gcc", "-shared", "-fPIC", "-o", paths["fault.so"], paths["fault.c"]] + flags + script + list(add) + libraries)
    return Elf(stripped(paths["fault.so"], directory), unstripped=paths["fault.so"])


FAULTS: Dict[str, Tuple[Callable[[Elf], None], Dict[str, Any]]] = {
    "another library": (needs, {"libraries": GOOD_LIBRARIES + ["-l:libz.so.1"]}),
    "a missing library": (needs, {"libraries": ["-lm"]}),
    "another SONAME": (has_soname, {"drop": "soname", "add": ("-Wl,-soname,libother.so.1",)}),
    "another export": (exports_only_brs, {"source": "int helper;", "version_map": "BRS_0 { global: *; };"}),
    "another version node": (exports_only_brs, {"version_map": "BRS_9 { global: brs_*; local: *; };"}),
    "lazy binding": (binds_at_load, {"drop": "now", "add": ("-Wl,-z,lazy",)}),
    "no RELRO": (has_relro, {"drop": "relro", "add": ("-Wl,-z,norelro",)}),
    "a RUNPATH": (has_no_search_path, {"add": ("-Wl,-rpath,/usr/local/lib",)}),
    "an executable stack": (stack_is_data, {"drop": "noexecstack", "add": ("-Wl,-z,execstack",)}),
    "a writable segment that runs": (nothing_writable_runs, {"source": WRITABLE_CODE}),
    "too many bytes": (is_small, {"source": "const char brs_much[700000] = {1};"}),
    "a newer glibc": (runs_on_old_glibc, {"source": NEWER_GLIBC}),
    "a Swift symbol": (needs_no_swift, {"source": "void swift_retain(void); void brs_x(void) { swift_retain(); }"}),
    "a constant of several modules": (shares_no_constants, {"source": SHARED_CONSTANT}),
    "no debug file": (shares_no_constants, {"add": ("-s",)}),
    "a build path": (tells_no_paths, {"source": 'const char *brs_where(void) { return "/home/someone/x.c"; }'}),
    "a source name": (tells_no_paths, {"source": 'const char *brs_where(void) { return "Core/Frame.swift"; }'}),
    "a library that does not load": (beside_swift, {"source": "void gone(void); void brs_x(void) { gone(); }"}),
}


def self_test(report: Report) -> None:
    with tempfile.TemporaryDirectory() as directory:
        sound = build(directory)
        for name, check in CHECKS:
            report.check("a sound library: " + name, lambda: check(sound))
        for name, (check, fault) in FAULTS.items():
            report.expect_failure(name, lambda: build(directory, **fault), check)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", nargs="?", default=built_library())
    parser.add_argument("--self-test", action="store_true", help="show that the checks can fail")
    options = parser.parse_args()
    report = Report("check_library")
    if options.self_test:
        self_test(report)
    else:
        with tempfile.TemporaryDirectory() as directory:
            path = stripped(options.library, directory)
            elf = Elf(path, unstripped="" if path == options.library else options.library)
            for name, check in CHECKS:
                report.check(name, lambda: check(elf))
    finish(report.end())


if __name__ == "__main__":
    main()
