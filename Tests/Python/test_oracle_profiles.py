"""Config and credentials files against botocore's reader, as far as that follows the SDKs' grammar."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from botocore.configloader import load_config, raw_config_parse
from conformance_port import Port, error_kind, port_fixture, seeded  # noqa: F401

CASES = 1000
NAME = "abcXYZ019_-/.@+%"
TEXT = "abcXYZ 019_-/.@+%=:\"'[]{}\u00e4\u20ac\U0001f600"


def some(random: Random, alphabet: str, most: int, least: int = 1) -> str:
    return "".join(random.choices(alphabet, k=random.randint(least, most)))


def blanks(random: Random, least: int = 0) -> str:
    return some(random, " \t", 3, least)


def value(random: Random) -> str:
    """A line of a value. botocore takes the next lines of an empty one for nested properties whatever they are."""
    return some(random, TEXT, 12).strip() or "v"


def names(random: Random, count: int) -> list[str]:
    """Different ones, whatever their case: botocore refuses a second one."""
    found = {name.lower(): name for name in (some(random, NAME, 8) for _ in range(count))}
    return list(found.values())


def comment(random: Random) -> str:
    return random.choice(["", "", "", "\n", random.choice("#;") + value(random) + "\n"])


def property_text(random: Random, name: str) -> str:
    line = name + blanks(random) + "=" + blanks(random)
    match random.randrange(4):
        case 0:
            nested = [f"{blanks(random, 1)}{one} ={blanks(random)}{value(random)}\n" for one in names(random, 3)]
            return line.rstrip() + "\n" + "".join(nested)
        case 1:
            indent = blanks(random, 1)
            more = [indent + value(random) + blanks(random) + "\n" for _ in range(random.randint(1, 3))]
            return line + value(random) + "\n" + "".join(more)
        case 2:
            return line.rstrip() + "\n"
        case _:
            return line + value(random) + blanks(random) + random.choice(["\n", "\r\n"])


def section_text(random: Random, header: str) -> str:
    text = f"[{header}]\n"
    for name in names(random, random.randint(0, 4)):
        text += comment(random) + property_text(random, name)
    return text


def config_text(random: Random) -> str:
    headers = ["default"] if random.random() < 0.5 else []
    for kind in ("profile", "profile", "sso-session", "services"):
        headers += [f"{kind}{random.choice([' ', '  '])}{name}" for name in names(random, random.randint(0, 3))]
    # The same section twice is an error to botocore.
    unique = {" ".join(header.split()): header for header in headers}
    chosen = list(unique.values())
    random.shuffle(chosen)
    return comment(random) + "".join(section_text(random, header) + comment(random) for header in chosen)


def credentials_text(random: Random, config: str) -> str:
    shared = [line[9:-1].strip() for line in config.splitlines() if line.startswith("[profile ")]
    wanted = random.sample(shared, random.randint(0, len(shared))) + names(random, random.randint(0, 2))
    return "".join(section_text(random, name) for name in dict.fromkeys(wanted))


def by_botocore(folder: Path, config: str, credentials: str) -> dict[str, Any]:
    (folder / "config").write_text(config, newline="")
    (folder / "credentials").write_text(credentials, newline="")
    loaded = load_config(str(folder / "config"))
    profiles = loaded["profiles"]
    # As botocore's session joins the files.
    for name, properties in raw_config_parse(str(folder / "credentials")).items():
        profiles.setdefault(name, {}).update(properties)
    return {"profiles": profiles, "sso_sessions": loaded["sso_sessions"], "services": loaded["services"]}


def lowercased(section: dict[str, Any]) -> dict[str, Any]:
    """Names of nested properties are as they were written in botocore."""
    return {
        name: {inner.lower(): text for inner, text in held.items()} if isinstance(held, dict) else held
        for name, held in section.items()
    }


def test_files_are_understood_as_botocore_does(port: Port, tmp_path: Path) -> None:
    random = seeded()
    files = []
    for _ in range(CASES):
        config = config_text(random)
        files.append((config, credentials_text(random, config)))
    asked = [{"config_text": config, "credentials_text": credentials} for config, credentials in files]
    for (config, credentials), answer in zip(files, port.ask_all("parse_profile", asked), strict=True):
        expected = {
            kind: {name: lowercased(properties) for name, properties in sections.items()}
            for kind, sections in by_botocore(tmp_path, config, credentials).items()
        }
        assert answer == {"ok": expected}, (config, credentials)


@pytest.mark.parametrize(
    "text",
    ["[profile foo\n", "name = value\n", " continued\n", "[profile foo]\nkey\n", "[profile foo]\n= value\n",
     "[profile foo]\ns3 =\n invalid\n", "[]\n", "[profile foo]\na = \udcff\n"],
)
def test_what_both_refuse(port: Port, tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(Exception, match="parse"):
        load_config(str(path))
    if "\udcff" not in text:  # no JSON text
        answer = port.ask("parse_profile", {"config_text": text})
        assert error_kind(answer) == "parse"
        assert '"config_text", line ' in answer["error"]["message"]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({}, {"profiles": {}, "sso_sessions": {}, "services": {}}),
        (
            {"config_text": "[profile a]\nB = c # d\ns3 =\n x = y # z\n", "credentials_text": "[a]\nb = e\n f\n"},
            {"profiles": {"a": {"b": "e\nf", "s3": {"x": "y # z"}}}, "sso_sessions": {}, "services": {}},
        ),
    ],
)
def test_answers(port: Port, args: dict[str, str], expected: dict[str, Any]) -> None:
    assert port.ask("parse_profile", args) == {"ok": expected}


def test_a_large_file_takes_no_time(port: Port) -> None:
    sections = "".join(f"[profile p{at}]\nregion = us-east-1\n" for at in range(20_000))
    answer = port.ask("parse_profile", {"config_text": sections})
    assert len(answer["ok"]["profiles"]) == 20_000
    for text in ("[profile a]\n" * 60_000, "[profile a]\n" + "b=c\n" * 60_000, "[profile a]\nb=\n" + " c=d\n" * 9_000):
        assert list(port.ask("parse_profile", {"config_text": text})["ok"]["profiles"]) == ["a"]
    assert error_kind(port.ask("parse_profile", {"config_text": "#" * 5_000_000})) == "parse"


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, {"profile": "default"}),
        (
            {"HOME": "/home/me"},
            {"config": "/home/me/.aws/config", "credentials": "/home/me/.aws/credentials", "profile": "default"},
        ),
        (
            {"HOME": "/h", "AWS_CONFIG_FILE": "~/c", "AWS_SHARED_CREDENTIALS_FILE": "/k", "AWS_PROFILE": "p", "X": "y"},
            {"config": "/h/c", "credentials": "/k", "profile": "p"},
        ),
    ],
)
def test_file_locations(port: Port, env: dict[str, str], expected: dict[str, str]) -> None:
    assert port.ask("file_locations", {"env": env}) == {"ok": expected}
