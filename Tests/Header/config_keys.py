"""Asks the built library for its version and its configuration keys, through the generated ctypes module."""

import ctypes
import types
from typing import Any, List, Tuple

from model import ConfigKey, GeneratorError

MOST_KEYS = 1000


def load(ffi_source: str) -> Any:
    module = types.ModuleType("_ffi")
    exec(compile(ffi_source, "_ffi.py", "exec"), module.__dict__)
    return module


def read(library_path: str, ffi_source: str) -> Tuple[str, List[ConfigKey]]:
    ffi = load(ffi_source)
    library = ctypes.CDLL(library_path)
    ffi.declare(library)
    return library.brs_version().decode(), list(describe(library, ffi))


def describe(library: Any, ffi: Any) -> List[ConfigKey]:
    keys: List[ConfigKey] = []
    for index in range(MOST_KEYS):
        key = ffi.brs_config_key()
        key.size = ctypes.sizeof(key)
        code = library.brs_config_describe(index, ctypes.byref(key))
        # BRS_E_STATE: a library without keys yet.
        if code in (ffi.brs_code.BRS_E_END, ffi.brs_code.BRS_E_STATE):
            return keys
        if code != ffi.brs_code.BRS_OK:
            raise GeneratorError("brs_config_describe(%d) returned %d" % (index, code))
        texts = (key.name, key.type, key.default_value, key.environment, key.meaning, key.config_file_key)
        if None in texts or not key.name or not key.type or not key.meaning:
            raise GeneratorError("brs_config_describe(%d) leaves something out: %r" % (index, texts))
        keys.append(ConfigKey(*(text.decode() for text in texts)))
    raise GeneratorError("brs_config_describe never returns BRS_E_END")


def readme_table(keys: List[ConfigKey]) -> str:
    lines = ["| key | type | default | environment | profile | meaning |", "|---|---|---|---|---|---|"]
    for key in keys:
        default = "`%s`" % key.default if key.default else ""
        environment = ", ".join("`%s`" % name for name in key.environment.split(", ") if name)
        profile = "`%s`" % key.config_file if key.config_file else ""
        cells = ["`%s`" % key.name, key.type, default, environment, profile, key.meaning]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)
