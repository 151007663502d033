"""The header generator: what it makes of comments, and that it refuses what is not documented."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Header"))

import c_types  # noqa: E402
import config_keys  # noqa: E402
import emit_header  # noqa: E402
import emit_python  # noqa: E402
import exports  # noqa: E402
from model import ConfigKey, GeneratorError, Interface  # noqa: E402

TYPES = """
#include <stddef.h>
// [section] Things

/** A colour. */
typedef enum brs_colour {
  /** Like blood. */
  BRS_RED = 1,
  /** Like the sky, "blue". */
  BRS_BLUE = 2
} brs_colour;

/** A part. */
typedef struct brs_part {
  /** Private. */
  uintptr_t opaque;
} brs_part;

/** A thing. */
typedef struct brs_thing {
  /** Set by the caller. */
  size_t size;
  /** Its name. */
  const char *name;
  /** Length of `name`. */
  size_t name_len;
  /** Which. */
  brs_colour colour;
  /** More text. */
  char message[20];
  /** Another, or NULL. */
  const brs_part *other;
} brs_thing;

/**
 * Called for a thing.
 * Runs anywhere.
 */
typedef brs_colour (*brs_on_thing)(void *user, const brs_thing *thing);
"""

SOURCE = """import CBedrockStream

/// Paints a thing, as "red".
///
/// First paragraph, whose line is
/// broken. It's plain.
///
/// Second paragraph with `brs_thing` & more.
///
/// - Parameters:
///   - thing: what to paint; gets
///     a name.
///   - out: where the result's pointer goes.
/// - Returns: BRS_RED, or
///   BRS_BLUE.
@c(brs_paint)
public func brs_paint(_ thing: Int) {}
"""

COMPILED = """
#define NOISE
/// Paints a thing, as \u201cred\u201d.
/// First paragraph, whose line is
/// broken. It\u2019s plain.
/// Second paragraph with <code>brs_thing</code> &amp; more.
/// \\param thing what to paint; gets
/// a name.
///
/// \\param out where the result\u2019s pointer goes.
///
///
/// returns:
/// BRS_RED, or
/// BRS_BLUE.
SWIFT_EXTERN brs_colour brs_paint(brs_thing const * _Nullable thing, brs_thing * _Nullable * _Nullable out)
 SWIFT_NOEXCEPT SWIFT_WARN_UNUSED_RESULT;
""".replace(")\n SWIFT", ") SWIFT")

WANTED = """/**
 * Paints a thing, as "red".
 *
 * First paragraph, whose line is broken. It's plain.
 *
 * Second paragraph with `brs_thing` & more.
 *
 * @param thing  what to paint; gets a name.
 * @param out  where the result's pointer goes.
 * @return BRS_RED, or BRS_BLUE.
 */
brs_colour brs_paint(const brs_thing *thing, brs_thing **out);"""


def functions(tmp_path, source=SOURCE, compiled=COMPILED, file="Library.swift"):
    (tmp_path / file).write_text(source)
    for listed, _ in exports.SECTIONS:
        (tmp_path / listed).touch()
    return exports.read(compiled, str(tmp_path))


def test_prose_is_restored(tmp_path):
    (one,) = functions(tmp_path)
    assert emit_header.prototype(one) == WANTED


@pytest.mark.parametrize("old, new, why", [
    ("/// Paints a thing, as \u201cred\u201d.\n", "/// Sells a thing.\n", "build"),
    ("/// \\param thing what to paint; gets\n/// a name.\n", "", "build"),
    ("brs_thing const * _Nullable thing", "brs_thing const * _Nullable item", "parameters"),
    ("SWIFT_EXTERN brs_colour", "SWIFT_EXTERN void", "returns"),
    ("<code>brs_thing</code>", "<em>brs_thing</em>", "markup"),
    ("brs_paint(", "brs_print(", "build"),
])
def test_what_does_not_fit_is_refused(tmp_path, old, new, why):
    assert old in COMPILED
    with pytest.raises(GeneratorError, match=why):
        functions(tmp_path, compiled=COMPILED.replace(old, new))


def test_a_function_without_comment_is_refused(tmp_path):
    bare = [line for line in COMPILED.split("\n") if not line.startswith("///")]
    source = "\n".join(line for line in SOURCE.split("\n") if not line.startswith("///"))
    with pytest.raises(GeneratorError, match="no comment"):
        functions(tmp_path, source, "\n".join(bare))


def test_a_file_without_section_is_refused(tmp_path):
    with pytest.raises(GeneratorError, match="section"):
        functions(tmp_path, file="New.swift")


def test_types_are_read():
    section, colour, _, thing, callback = c_types.read(TYPES)
    assert (section.kind, section.name) == ("section", "Things")
    assert [(member.name, member.type, member.text) for member in colour.members] == [
        ("BRS_RED", "1", "Like blood."), ("BRS_BLUE", "2", 'Like the sky, "blue".')]
    assert [(member.name, member.type) for member in thing.members] == [
        ("size", "size_t"), ("name", "const char *"), ("name_len", "size_t"), ("colour", "brs_colour"),
        ("message", "char[20]"), ("other", "const brs_part *")]
    assert (callback.result, [member.name for member in callback.members]) == ("brs_colour", ["user", "thing"])


@pytest.mark.parametrize("comment", [
    "/** A colour. */\n", "  /** Like blood. */\n", '  /** Like the sky, "blue". */\n', "/** A thing. */\n",
    "  /** Set by the caller. */\n", "  /** Which. */\n", "  /** Another, or NULL. */\n",
    "/**\n * Called for a thing.\n * Runs anywhere.\n */\n",
])
def test_types_without_comment_are_refused(comment):
    assert comment in TYPES
    with pytest.raises(GeneratorError):
        c_types.read(TYPES.replace(comment, ""))


def test_an_empty_comment_is_none():
    with pytest.raises(GeneratorError):
        c_types.read(TYPES.replace("Like blood.", ""))


def test_python_declarations_work(tmp_path):
    module = config_keys.load(emit_python.emit(Interface("1.2.3", c_types.read(TYPES), functions(tmp_path), [])))
    thing = module.brs_thing(size=8, colour=module.brs_colour.BRS_BLUE, message=b"x")
    thing.other.contents = module.brs_part(opaque=9)
    assert (module.VERSION, thing.colour, thing.message, thing.other.contents.opaque) == ("1.2.3", 2, b"x", 9)
    assert thing.name is None  # with a length beside it, text is an address
    seen = []
    callback = module.brs_on_thing(lambda user, one: seen.append(one.contents.size) or 2)
    assert (callback(None, thing), seen) == (2, [8])


def test_an_unknown_type_is_refused(tmp_path):
    with pytest.raises(GeneratorError, match="no ctypes type"):
        emit_python.emit(Interface("1.2.3", c_types.read(TYPES.replace("size_t size", "long size")), [], []))


def test_version_macros():
    opening = emit_header.opening("1.2.3")
    for line in ('BRS_VERSION "1.2.3"', "MAJOR 1", "MINOR 2", "PATCH 3", "NUMBER 0x010203"):
        assert line in opening


def test_keys_are_listed():
    key = ConfigKey("a.b_ms", "integer", "5", "AWS_A, AWS_B", "Milliseconds | for */ something.", "a_b")
    assert "*/" not in emit_header.key_table([key])[:-2]
    assert "a.b_ms (integer; default 5)" in emit_header.key_table([key])
    assert "    Profile: a_b.\n" in emit_header.key_table([key])
    assert config_keys.readme_table([key]).split("\n")[2] == (
        "| `a.b_ms` | integer | `5` | `AWS_A`, `AWS_B` | `a_b` | Milliseconds \\| for */ something. |")
