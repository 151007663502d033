"""The generated ctypes declarations against a C compiler, and how the library is found."""

import ctypes
import enum
import os
import pathlib
import pickle
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.environ.setdefault("BEDROCKSTREAM_LIBRARY", str(ROOT / "build" / "lib" / "libbedrockstream.so.0"))

import bedrockstream  # noqa: E402
from bedrockstream import _ffi, _library, errors  # noqa: E402


def structures():
    return [one for one in vars(_ffi).values() if isinstance(one, type) and issubclass(one, ctypes.Structure)
            and one is not ctypes.Structure]


def enumerations():
    return [one for one in vars(_ffi).values() if isinstance(one, type) and issubclass(one, enum.IntEnum)
            and one is not enum.IntEnum]


def compiled(tmp_path, lines):
    """What a C program prints that includes the header."""
    source = tmp_path / "layout.c"
    body = "\n".join("  printf(%s);" % line for line in lines)
    source.write_text('#include "bedrockstream.h"\n#include <stdio.h>\nint main(void) {\n%s\n  return 0;\n}\n' % body)
    subprocess.run(["gcc", "-I", str(ROOT / "include"), "-o", str(tmp_path / "layout"), str(source)], check=True)
    return subprocess.run([str(tmp_path / "layout")], check=True, stdout=subprocess.PIPE).stdout.decode().split()


def test_structs_are_laid_out_as_the_compiler_does(tmp_path):
    wanted, lines = [], []
    for one in structures():
        wanted.append("%s=%d" % (one.__name__, ctypes.sizeof(one)))
        lines.append('"%s=%%zu\\n", sizeof(%s)' % (one.__name__, one.__name__))
        for name, _ in one._fields_:
            field = getattr(one, name)
            wanted.append("%s.%s=%d+%d" % (one.__name__, name, field.offset, field.size))
            lines.append('"%s.%s=%%zu+%%zu\\n", offsetof(%s, %s), sizeof(((%s *)0)->%s)'
                         % (one.__name__, name, one.__name__, name, one.__name__, name))
    assert len(wanted) > 100
    assert compiled(tmp_path, lines) == wanted


def test_enumerators_have_the_compilers_values(tmp_path):
    members = [member for one in enumerations() for member in one]
    assert len(members) > 70
    lines = ['"%s=%%d\\n", (int)%s' % (member.name, member.name) for member in members]
    assert compiled(tmp_path, lines) == ["%s=%d" % (member.name, member) for member in members]


def test_every_type_and_function_of_the_header_is_declared():
    header = re.sub(r"/\*.*?\*/", "", (ROOT / "include" / "bedrockstream.h").read_text(), flags=re.S)
    types = set(re.findall(r"typedef (?:enum|struct) (brs_\w+)", header)) | set(re.findall(r"\(\*(brs_\w+)\)", header))
    assert types and types <= set(vars(_ffi))
    functions = set(re.findall(r"^[\w ]+[ *](brs_\w+)\(", header, re.M))
    declared = set(re.findall(r"library\.(brs_\w+)\.argtypes", pathlib.Path(_ffi.__file__).read_text()))
    assert functions and functions == declared


def test_the_package_has_the_librarys_version():
    assert _library.library().brs_version().decode() == bedrockstream.__version__


def test_every_code_has_an_exception():
    calm = {_ffi.brs_code.BRS_OK, _ffi.brs_code.BRS_E_END}
    assert set(errors.CLASSES) == set(_ffi.brs_code) - calm
    for code in errors.CLASSES:
        error = errors.of_code(code, "why")
        assert error.name == _library.library().brs_code_name(code).decode() == code.name
        assert str(error) == code.name + ": why"


def test_an_unknown_code_is_an_error_too():
    error = errors.of_code(12345, "why")
    assert type(error) is bedrockstream.BedrockStreamError
    assert (error.code, error.name) == (12345, "BRS_E_UNKNOWN")


def test_exceptions_cross_process_pools():
    error = errors.CLASSES[_ffi.brs_code.BRS_E_THROTTLED](
        _ffi.brs_code.BRS_E_THROTTLED, "slow down", http_status=429, partial=bedrockstream.Result(text="so far"))
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is bedrockstream.ThrottlingError
    assert (copy.code, copy.http_status, copy.partial.text, str(copy)) == (
        error.code, 429, "so far", "BRS_E_THROTTLED: slow down")


def load_in_new_process(environment, code="import bedrockstream; bedrockstream.Client()"):
    full = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "bindings" / "python"), **environment}
    return subprocess.run([sys.executable, "-c", code], env=full, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_a_wrong_choice_of_library_is_named(tmp_path):
    done = load_in_new_process({"BEDROCKSTREAM_LIBRARY": str(tmp_path / "gone.so")})
    assert done.returncode == 1
    assert "LibraryNotFound" in done.stdout.decode()
    assert "BEDROCKSTREAM_LIBRARY: " + str(tmp_path / "gone.so") in done.stdout.decode()


def test_another_library_is_not_taken_for_ours():
    done = load_in_new_process({"BEDROCKSTREAM_LIBRARY": "libz.so.1"})
    assert done.returncode == 1
    assert "LibraryNotFound" in done.stdout.decode() and "brs_version" in done.stdout.decode()


def test_a_missing_library_is_told_with_every_place():
    done = load_in_new_process({})
    if done.returncode == 0:
        pytest.skip("libbedrockstream is installed on this system")
    for place in ("beside the package", "the system's loader"):
        assert place in done.stdout.decode()


def test_importing_loads_nothing():
    done = load_in_new_process({"BEDROCKSTREAM_LIBRARY": "/nowhere"}, "import bedrockstream; print('imported')")
    assert done.stdout.decode() == "imported\n"


@pytest.mark.parametrize("way", ["LD_LIBRARY_PATH", "beside"])
def test_the_library_is_found(way, tmp_path):
    environment = {}
    if way == "LD_LIBRARY_PATH":
        (tmp_path / "libbedrockstream.so.0").symlink_to(os.environ["BEDROCKSTREAM_LIBRARY"])
        environment["LD_LIBRARY_PATH"] = str(tmp_path)
    else:
        package = tmp_path / "bedrockstream"
        package.mkdir()
        for file in (ROOT / "bindings" / "python" / "bedrockstream").glob("*.py"):
            (package / file.name).write_text(file.read_text())
        (package / "libbedrockstream.so.0").symlink_to(os.environ["BEDROCKSTREAM_LIBRARY"])
        environment["PYTHONPATH"] = str(tmp_path)
    code = "from bedrockstream import _library; print(_library.library().brs_version().decode())"
    done = load_in_new_process(environment, code)
    assert done.stdout.decode().strip() == bedrockstream.__version__
