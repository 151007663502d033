"""Writes the C header and the Python declarations from the sources and the built library.

    python3 Tests/Header/generate.py             rewrites include/bedrockstream.h, bindings/python/bedrockstream/_ffi.py
                                                 and the key table of README.md
    python3 Tests/Header/generate.py --check     writes nothing; shows what is stale, and fails
"""

import argparse
import difflib
import os
import re
import sys
from typing import Dict

import c_types
import config_keys
import emit_header
import emit_python
import exports
from model import GeneratorError, Interface

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILT = os.path.join(ROOT, ".build-embedded", "release")
# In the order of the header.
TYPES = ("bedrockstream_codes.h", "bedrockstream_types.h", "bedrockstream_host.h")
KEY_TABLE = re.compile(r"(<!-- keys -->\n).*?(<!-- /keys -->)", re.S)


def text_of(*path: str) -> str:
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def read_interface(compiler_header: str, library: str) -> Interface:
    types = os.path.join(ROOT, "Sources", "CBedrockStream", "include")
    items = [item for file in TYPES for item in c_types.read(text_of(types, file))]
    functions = exports.read(text_of(compiler_header), os.path.join(ROOT, "Sources", "BedrockStream"))
    unversioned = Interface("0.0.0", items, functions, [])
    version, keys = config_keys.read(library, emit_python.emit(unversioned))
    return unversioned._replace(version=version, keys=keys)


def outputs(interface: Interface) -> Dict[str, str]:
    """The wanted text of each generated file, by its path in the repository."""
    files = {
        "include/bedrockstream.h": emit_header.emit(interface, text_of(HERE, "rules.txt")),
        "bindings/python/bedrockstream/_ffi.py": emit_python.emit(interface),
    }
    if os.path.exists(os.path.join(ROOT, "README.md")) and interface.keys:
        table = "\\1\n" + config_keys.readme_table(interface.keys).replace("\\", "\\\\") + "\n\n\\2"
        readme = text_of(ROOT, "README.md")
        if KEY_TABLE.search(readme):
            files["README.md"] = KEY_TABLE.sub(table, readme)
    return files


def is_stale(path: str, wanted: str) -> bool:
    """Prints how the file differs from what it should be."""
    full = os.path.join(ROOT, path)
    found = text_of(full) if os.path.exists(full) else ""
    diff = difflib.unified_diff(found.splitlines(True), wanted.splitlines(True), path, path + " (generated)")
    sys.stdout.writelines(diff)
    return found != wanted


def write(path: str, text: str) -> None:
    full = os.path.join(ROOT, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as file:
        file.write(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail when a generated file is stale")
    parser.add_argument("--header", metavar="PATH", help="the header that the compiler wrote",
                        default=os.path.join(BUILT, "BedrockStream.build", "include", "BedrockStream-Swift.h"))
    parser.add_argument("--library", metavar="PATH", help="the built library",
                        default=os.path.join(BUILT, "libbedrockstream.so"))
    return parser.parse_args()


def main() -> int:
    options = arguments()
    try:
        files = outputs(read_interface(options.header, options.library))
    except (GeneratorError, OSError) as error:
        print("header: %s" % error, file=sys.stderr)
        return 2
    if options.check:
        stale = [path for path, text in files.items() if is_stale(path, text)]
        for path in stale:
            print("stale: %s; run python3 Tests/Header/generate.py" % path, file=sys.stderr)
        return 1 if stale else 0
    for path, text in files.items():
        write(path, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
