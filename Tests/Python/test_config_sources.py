"""Every key of the configuration: in the README, and read from where its description says."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bedrockstream
import pytest
from bedrockstream import _ffi
from bedrockstream._calls import call
from bedrockstream._config import Config
from conftest import ROOT

# Looked up in ways of their own; where they are tested.
SPECIAL = {
    "profile", "config_file", "credentials_file",  # test_profiles.c: which files, and which profile
    "credentials.access_key_id", "credentials.secret_access_key", "credentials.session_token", "bearer_token",
    "proxy.url",  # test_transport_proxies.py: by the endpoint's scheme, when it is used
}


def keys() -> Iterator[Any]:
    library = bedrockstream._library.library()
    index = 0
    while True:
        key = _ffi.brs_config_key(size=ctypes.sizeof(_ffi.brs_config_key))
        if library.brs_config_describe(index, ctypes.byref(key)) == _ffi.brs_code.BRS_E_END:
            return
        yield key
        index += 1


def complaint(settings: dict[str, str] | None = None) -> str | None:
    """What a client that is made with these settings says of its sources."""
    library = bedrockstream._library.library()
    client = ctypes.POINTER(_ffi.brs_client)()
    try:
        with Config(library, settings or {}) as config:
            call(library.brs_client_new, config, ctypes.byref(client))
    except bedrockstream.BedrockStreamError as error:
        assert error.name == "BRS_E_CONFIG"
        return str(error.message)
    library.brs_client_free(client)
    return None


def good_value(key: Any) -> str:
    kinds = {"boolean": "on", "integer": "5", "url": "https://host", "path": "/file"}
    if key.name == b"region":
        return "us-east-1"
    kind = key.type.decode()
    return kinds.get(kind, kind.removeprefix("one of: ").split(", ")[0])


@pytest.mark.parametrize("key", list(keys()), ids=lambda key: key.name.decode())
def test_the_readme_has_every_key_once(key: Any) -> None:
    beginning = f"| `{key.name.decode()}` |"
    rows = [row for row in (ROOT / "README.md").read_text().splitlines() if row.startswith(beginning)]
    assert len(rows) == 1
    for text in (key.meaning, *key.environment.split(b", "), key.config_file_key):
        assert text.decode().replace("|", "\\|") in rows[0]


@pytest.mark.parametrize("key", [key for key in keys() if key.environment], ids=lambda key: key.name.decode())
def test_variables_are_read(key: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value with a line feed fits no key."""
    name = key.name.decode()
    for variable in key.environment.decode().split(", "):
        with monkeypatch.context() as patch:
            patch.setenv(variable, "a\nb")
            wrong = complaint()
            # What is set in code is not looked for.
            assert name in SPECIAL or complaint({name: good_value(key)}) is None
            patch.setenv(variable, " \t")
            assert complaint() is None, "blank is unset"
        if name not in SPECIAL:
            assert wrong == f"{name}: has a control character (from {variable})"


@pytest.mark.parametrize("key", [key for key in keys() if key.config_file_key], ids=lambda key: key.name.decode())
def test_properties_are_read(key: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of a property of more than one line."""
    name, property_ = key.name.decode(), key.config_file_key.decode()
    file = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    file.write_text(f"[default]\n\n{property_} =\n  a = b\n")
    if name in SPECIAL:
        assert complaint() is None
        return
    where = f'(from {property_} of the profile "default" in "{file}", line 3)'
    assert complaint() == f"{name}: has a control character {where}"
    assert complaint({name: good_value(key)}) is None
    file.write_text(f"[default]\n{property_} = {good_value(key)}\n[profile other]\n{property_} = \n")
    assert complaint() is None


def test_the_environment_wins_over_the_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config"
    file.write_text("[default]\nuse_fips_endpoint = maybe\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    assert "from use_fips_endpoint of the profile" in (complaint() or "")
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "True")
    assert complaint() is None
