"""Pages of the documentation, as a reader follows them: their HCL is written down, their commands are run.

A page is read from top to bottom. A block of HCL is a root module's whole main.tf, unless a comment of the
page's names another file. A console block has lines with `$ `, which are run in that folder, and below each
what it says: lines that have to come in this order, where `…` stands for anything, and blanks do not count.
What the reader does elsewhere stands in comments, which no browser shows:

    <!-- file: alarms.tf -->            where the next block of HCL belongs
    <!-- then: everybody confirms -->   somebody follows the links, or time passes
    <!-- not run: why -->               the next block
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PARTS = re.compile(
    r"^<!-- (?P<word>file|then|not run): (?P<text>.*?) -->$|^```(?P<language>\w+)\n(?P<block>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
# What follows // is a folder within.
_SOURCE = re.compile(
    r'^(\s*source\s*=\s*)"[^"]*?your-fork/secretwatch(?://([^"?]*))?(?:\?[^"]*)?"', re.MULTILINE
)


@dataclass(frozen=True)
class Part:
    """`kind` is hcl, console, python or then."""

    kind: str
    text: str
    line: int
    file: str = "main.tf"


def parts(page: str) -> Iterator[Part]:
    """What a reader does, one after another."""
    before: tuple[str, str] | None = None
    for found in _PARTS.finditer(page):
        line = page.count("\n", 0, found.start()) + 1
        if word := found["word"]:
            if word == "then":
                yield Part("then", found["text"], line)
            else:
                before = word, found["text"]
            continue
        left_out, file = before and before[0] == "not run", before and before[0] == "file" and before[1]
        before = None
        if not left_out:
            yield Part(found["language"], found["block"], line, file or "main.tf")


def with_source(hcl: str, module: Path | str) -> str:
    """HCL that takes the module from a folder."""
    return _SOURCE.sub(lambda found: f'{found[1]}"{module}/{found[2] or ""}"', hcl)


def commands(console: str) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block, and the lines that it says."""
    for each in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        lines = each.splitlines()
        last = next(at for at, line in enumerate(lines) if not line.endswith("\\"))
        yield "\n".join(lines[: last + 1]), [line for line in lines[last + 1 :] if line.strip(" …")]


def missing(wanted: list[str], said: str) -> str | None:
    """The first line that did not come where it should; None where all did."""
    lines = iter(_even(line) for line in said.splitlines())
    for line in wanted:
        pattern = ".*".join(map(re.escape, map(_even, line.split("…"))))
        if not any(re.search(pattern, each) for each in lines):
            return line
    return None


def _even(text: str) -> str:
    return " ".join(text.split())


def run_tests(folder: Path, tests: Iterable[str]) -> None:
    """Run these as the tests of a project in the folder, without settings of this one: all of them pass."""
    written = list(tests)
    (folder / "test_page.py").write_text("\n\n".join(written))
    (folder / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=folder,
        env={name: os.environ[name] for name in ("HOME", "PATH", "TF_CLI_CONFIG_FILE") if name in os.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout
    assert f"{len(written)} passed" in done.stdout, done.stdout


@dataclass
class Reader:
    """Somebody who follows pages in a folder.

    read: what becomes of a page before it is followed. then: does what happens elsewhere.
    """

    folder: Path
    environ: Callable[[], Mapping[str, str]]
    read: Callable[[str], str]
    then: Callable[[str], None]

    def follow(self, page: Path) -> int:
        """How many commands were run. Raises AssertionError with what a command said instead."""
        ran = 0
        for part in parts(self.read(page.read_text(encoding="utf-8"))):
            if part.kind == "hcl":
                (self.folder / part.file).write_text(part.text)
            elif part.kind == "then":
                self.then(part.text)
            elif part.kind == "console":
                for command, wanted in commands(part.text):
                    self._run(command, wanted, f"{page.name}:{part.line}")
                    ran += 1
        return ran

    def _run(self, command: str, wanted: list[str], where: str) -> None:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=dict(self.environ()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, f"{where}: {command}\nexit code {done.returncode}\n{done.stdout}"
        line = missing(wanted, done.stdout)
        assert line is None, f"{where}: {command}\ndid not say: {line}\n{done.stdout}"
