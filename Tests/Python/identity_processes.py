"""Programs for `credential_process`: each tells its runs, and does what the test says of them."""

from __future__ import annotations

import json
import shlex

ODD_FOLDER = "it's a \"dir\" $HOME"


class Program:
    """A shell script. `command` is how a profile names it, words quoted as a shell would have them."""

    def __init__(self, folder, name, world):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / name
        self._world = world
        self._runs = folder / f"{name}.runs"
        self._words = []
        self.script("exit 0")

    @property
    def command(self):
        return shlex.join([str(self.path), *self._words])

    @property
    def runs(self):
        """The arguments of each run."""
        if not self._runs.exists():
            return []
        return [line.split("\x1f")[1:-1] for line in self._runs.read_text().splitlines()]

    def words(self, *words):
        """Arguments of the command."""
        self._words = list(words)
        return self

    def oddly_named(self):
        """Moves it into a folder whose name has blanks and quotes."""
        folder = self.path.parent / ODD_FOLDER
        folder.mkdir(exist_ok=True)
        self.path = self.path.rename(folder / self.path.name)
        return self

    def script(self, text):
        log = shlex.quote(str(self._runs))
        self.path.write_text(
            f"#!/bin/sh\n{{ printf 'run\\037'; [ $# = 0 ] || printf '%s\\037' \"$@\"; echo; }} >> {log}\n{text}\n")
        self.path.chmod(0o700)
        return self

    def prints(self, text, status=0, errors=""):
        """`errors` go to standard error."""
        return self.script(
            f"printf %s {shlex.quote(errors)} >&2\nprintf %s {shlex.quote(text)}\nexit {status}")

    def gives(self, life_s=3600.0, count=1, delay_s=0.0, **changes):
        """New credentials in each of `count` runs, then those of the last again."""
        outputs = []
        for _ in range(count):
            keys = self._world.issue("process", self.path.name, life_s)
            members = {"Version": 1, **keys.members(), **changes}
            outputs.append(json.dumps({name: value for name, value in members.items() if value is not None}))
        cases = "".join(f"{number}) printf %s {shlex.quote(text)} ;;\n" for number, text in enumerate(outputs, 1))
        log = shlex.quote(str(self._runs))
        return self.script(
            f"sleep {delay_s}\nrun=$(wc -l < {log})\n[ $run -le {count} ] || run={count}\ncase $run in\n{cases}esac")

    def hangs(self, seconds=600, in_child=False):
        """Without output; `in_child` a process of its own holds standard output."""
        return self.script(f"sleep {seconds} & wait" if in_child else f"exec sleep {seconds}")

    def tells_secrets(self, status=1):
        """On standard error, and fails."""
        secret = self._world.secret("secret-on-stderr/of+process")
        return self.script(f"echo 'the password is {secret}' >&2\nexit {status}")

    def floods(self, size=100_000_000, errors=False):
        """That many bytes on standard output, or on standard error and credentials behind them."""
        flood = f"head -c {size} /dev/zero | tr '\\000' x"
        if not errors:
            return self.script(flood)
        keys = self._world.issue("process", self.path.name, 3600.0)
        return self.script(f"{flood} >&2\nprintf %s {shlex.quote(json.dumps({'Version': 1, **keys.members()}))}")

    def exits(self, status=3):
        return self.script(f"exit {status}")
