"""The libcurl that the wheel of pycurl brings along, for what the system's is too old for."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHARING = (8, 5)
"""From that version on the library lets HTTP/2 streams share connections."""
NAMES = {"libcurl": "libcurl.so.4", "libssl": "libssl.so.3", "libcrypto": "libcrypto.so.3"}


def version() -> tuple[int, ...]:
    """Of the libcurl that this process has, or would load."""
    library = ctypes.CDLL("libcurl.so.4")
    library.curl_version.restype = ctypes.c_char_p
    return tuple(map(int, re.match(rb"libcurl/(\d+)\.(\d+)", library.curl_version()).groups()))


def search_path(folder: Path) -> str:
    """Where a process finds that libcurl, and what it needs, by the usual names; empty where there is none."""
    spec = importlib.util.find_spec("pycurl")
    bundled = Path(spec.origin).parent.parent / "pycurl.libs" if spec and spec.origin else folder / "none"
    for stem, name in NAMES.items():
        found = sorted(bundled.glob(f"{stem}-*.so*"))
        if not found:
            return ""
        (folder / name).symlink_to(found[0])
    return f"{folder}:{bundled}"


def run_tests(file: str, path: str) -> subprocess.CompletedProcess[str]:
    """The tests of a file in a process that has it. What they start has the system's libraries."""
    start = "import os, sys, pytest; del os.environ['LD_LIBRARY_PATH']; sys.exit(pytest.main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", start, "-q", "-rs", "-p", "no:cacheprovider", file], cwd=HERE, capture_output=True,
        text=True, timeout=800, env={**os.environ, "LD_LIBRARY_PATH": path})
