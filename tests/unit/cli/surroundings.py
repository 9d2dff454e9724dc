"""Command lines in surroundings that are crooked in every way, made by dice and run in this process.

Crooked are: arguments, variables, the files that commands read (state, outputs, events, histories, records),
what Terraform prints, what AWS answers, standard input. Nothing leaves the process: AWS is answered here, and
Terraform is a script that prints a file.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alone import no_processes, no_waiting
from crooked import EVENT, HOSTILE, NAMES, PATTERNS, REGION, WATCH, answering, crooked

from secretwatch import terraform
from secretwatch.cli import exits, main
from secretwatch.cli.guard import exit_code

BOUND = 20
"""Seconds after which a command that has not ended hangs."""

# DIR, FILE, OUT, PATTERN, TEXT and NUMBER are filled in.
COMMANDS = """
match PATTERN
match PATTERN FILE
match PATTERN FILE --explain --json
smoke DIR --timeout NUMBER --no-history
smoke DIR --report OUT --timeout 1
smoke DIR --history-file OUT --secret TEXT --count NUMBER --timeout 1
smoke DIR --prove-delivery --path both --timeout 1 --no-history
smoke --history --history-file FILE --picture OUT
doctor DIR
doctor DIR --json
doctor DIR --html OUT
doctor DIR DIR
doctor DIR --mend
doctor DIR --since TEXT
doctor DIR --canary
doctor DIR --event-id TEXT
doctor DIR --watch TEXT
doctor DIR --policy
doctor --alarm TEXT
doctor --alarm TEXT --secret TEXT
doctor --log-group TEXT --json
doctor --policy
incident DIR
incident DIR --json -
incident DIR --event-id TEXT --html OUT
incident DIR --alarm-time TEXT --markdown OUT --hours NUMBER
incident DIR --watch TEXT --policy
incident --files FILE --event-id e-1 --html OUT --json OUT --markdown -
incident --files FILE FILE --event-id TEXT --hours NUMBER
compare DIR --minutes 0 --timeout 1 --reads 1 --noise 1
compare DIR --minutes NUMBER --picture OUT --markdown OUT --timeout 1
drill DIR --timeout 1 --report OUT.json
drill DIR --timeout 1 --ask
verify --list
verify --only TEXT
verify --clean --yes --state-file FILE
policy plan FILE
policy apply DIR
policy apply --name TEXT
policy plan --account TEXT --region TEXT
local status
local status --json
local up --port NUMBER
local down
local env
local inbox
local confirm
local hold TEXT
local release
local tick --minutes NUMBER
local sign-in --user TEXT --account TEXT
TEXT
--version
demo --report /no/such/folder/x
""".strip().splitlines()


@dataclass
class Ending:
    """How a command ended. left: what it left behind that nobody asked for."""

    arguments: list[str]
    code: int
    out: str
    err: str
    seconds: float
    left: list[str] = field(default_factory=list)
    trace: str = ""
    """What was written down of an unexpected error."""

    @property
    def fault(self) -> str:
        """What is wrong with it; "" if it ended as it should."""
        if self.seconds > BOUND:
            return "it hangs"
        if self.code not in exits.TABLE or self.code == exits.UNEXPECTED:
            return f"exit code {self.code}"
        if "Traceback" in self.err or "Traceback" in self.out:
            return "a traceback"
        return f"left {self.left}" if self.left else ""

    @property
    def kind(self) -> str:
        """The first words of what was said: endings of one kind say the same."""
        said = (self.err.strip().splitlines() or [""])[-1]
        if self.trace:
            return f"{self.code} {' '.join(self.trace.splitlines()[-3:])}"
        return f"{self.code} {' '.join(said.split()[:6])}"


def run(dice: random.Random) -> Ending:
    """One command line in surroundings of its own."""
    with tempfile.TemporaryDirectory(prefix="crooked-") as folder:
        place = Place(Path(folder), dice)
        arguments = place.arguments()
        with place.environment(), answering(dice), no_waiting(), no_processes():
            return _ending(arguments, place)


def _ending(arguments: list[str], place: Place) -> Ending:
    out, err = io.StringIO(), io.StringIO()
    begin = time.perf_counter()
    stdin = io.TextIOWrapper(
        io.BytesIO(place.dice.choice([b"", b"y\n", b"n\n" * 9, b"\xff\xfe\n", b"{}\n" * 3]))
    )
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _alarm(BOUND):
        sys.stdin, before = place.dice.choice([stdin, stdin, stdin, None]), sys.stdin
        try:
            code = exit_code(lambda: main.main(arguments, "secretwatch", standalone_mode=False))
        finally:
            sys.stdin = before
    seconds = time.perf_counter() - begin
    # A trace is left on purpose, where it can be.
    left = sorted(each.name for each in place.temporary.iterdir() if not each.name.startswith("trace-"))
    traces = [*place.folder.rglob("trace-*.txt"), *place.temporary.rglob("trace-*.txt")]
    trace = traces[0].read_text() if traces else ""
    return Ending(arguments, code, out.getvalue(), err.getvalue(), seconds, left, trace)


@contextlib.contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    """What hangs is interrupted, so that the next one can run."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(seconds + 1)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Place:
    """A folder with all that a command may find, half of it crooked."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.folder, self.dice = folder, dice
        self.temporary = folder / "tmp"
        self.module = folder / "d"
        for each in (self.temporary, self.module, folder / "home", folder / "local"):
            each.mkdir()
        self._terraform()
        self._record()

    def _terraform(self) -> None:
        """A script that prints files; what is in them may be anything."""
        outputs: Any = {"watch": {"value": self._crooked(WATCH)}}
        if self.dice.random() < 0.3:
            outputs["watches"] = {"value": {"a": self._crooked(WATCH), "b": self._crooked(WATCH)}}
        if self.dice.random() < 0.1:
            outputs = self._crooked(outputs)
        version = {"terraform_version": "1.11.4", "platform": "linux_amd64"}
        if self.dice.random() < 0.1:
            version = self._crooked(version)
        state = {"version": 4, "outputs": outputs, "resources": self._resources()}
        for name, content in (("output", outputs), ("version", version), ("state", state), ("show", state)):
            (self.folder / name).write_text(self._text(content), errors="surrogatepass")
        binary = self.folder / "terraform"
        code = self.dice.choice([0, 0, 0, 0, 0, 0, 1, 139])
        binary.write_text(f'#!/bin/sh\ncat "{self.folder}/$1"\necho "Error: made up" >&2\nexit {code}\n')
        binary.chmod(0o755)

    def _resources(self) -> list[Any]:
        given = {"name": "watch", "arn": WATCH["trail_arn"], "alarm_name": "watch-reads", "pattern": "{}"}
        kinds = [
            "aws_cloudtrail",
            "aws_cloudwatch_metric_alarm",
            "aws_cloudwatch_log_metric_filter",
            "aws_sns_topic",
        ]
        made = [
            {
                "mode": "managed",
                "type": kind,
                "name": "this",
                "module": "module.w",
                "instances": [{"attributes": given, "index_key": 0}],
            }
            for kind in kinds
        ]
        found: list[Any] = self._crooked(made) if self.dice.random() < 0.5 else made
        return found

    def _record(self) -> None:
        record = {
            "pid": 2**22 + 1,
            "port": 4566,
            "started": 0.0,
            "delivery_interval": 1.0,
            "digest_interval": 1.0,
            "alarm_tick": 1.0,
        }
        kind = self.dice.randrange(6)
        if kind == 0:
            (self.folder / "local" / self.dice.choice(["local.json", "lock"])).mkdir()
        elif kind < 4:
            text = self._text(self._crooked(record))
            (self.folder / "local/local.json").write_text(text, errors="surrogatepass")

    def _text(self, content: Any) -> str:
        text = json.dumps(content)
        kind = self.dice.randrange(12)
        if kind == 0:
            return text[: self.dice.randrange(len(text) + 1)]
        return self.dice.choice(["not json", "", "[" * 20_000, "null", "\ud800"]) if kind == 1 else text

    def _crooked(self, content: Any) -> Any:
        """The same with some of it replaced, dropped or of another type."""
        return content if self.dice.random() < 0.4 else crooked(content, self.dice)

    def _file(self) -> str:
        file = self.folder / f"file{self.dice.randrange(1000)}"
        kind = self.dice.randrange(9)
        if kind == 0:
            return str(self.dice.choice(["/no/such/file", "/dev/null", str(self.folder), "-", *HOSTILE[:6]]))
        run_ = {
            "time": "2026-01-01T00:00:00+00:00",
            "watch": "w",
            "account_id": "1",
            "region": "r",
            "result": "pass",
            "hops": {"alarm": 1.0},
        }
        plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": self._resources()}}}
        content = self._crooked(self.dice.choice([{"Records": [EVENT]}, EVENT, run_, plan, [EVENT, EVENT]]))
        data = self._text(content).encode(errors="surrogatepass")
        if kind == 1:
            data = self.dice.randbytes(200)
        if kind == 2:
            data = b"\x1f\x8b" + data
        file.write_bytes(data * self.dice.choice([1, 1, 3]))
        return str(file)

    def arguments(self) -> list[str]:
        dice = self.dice
        found = []
        for each in dice.choice(COMMANDS).split():
            if each == "DIR":
                found.append(dice.choice([str(self.module)] * 9 + [str(self.folder / "none"), *HOSTILE[:3]]))
            elif each.startswith("OUT"):
                name = dice.choice(["out", "out", "none/out", "d", "nul\0l", "x" * 300])
                found.append(str(self.folder / name) + each[3:])
            elif each == "FILE":
                found.append(self._file())
            elif each == "PATTERN":
                found.append(dice.choice([*PATTERNS, *HOSTILE]))
            elif each == "TEXT":
                found.append(dice.choice([*NAMES, *NAMES, *HOSTILE]))
            elif each == "NUMBER":
                found.append(dice.choice(["1", "1", "0", "2", *HOSTILE]))
            else:
                found.append(each)
        if dice.random() < 0.1:
            found.insert(
                dice.randrange(len(found) + 1), dice.choice([*HOSTILE, "--help", "--json", "--nonsense"])
            )
        return found

    @contextlib.contextmanager
    def environment(self) -> Iterator[None]:
        dice = self.dice
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.temporary),
            "TF_BINARY": str(self.folder / "terraform"),
            "XDG_STATE_HOME": str(self.folder / "home/state"),
            "SECRETWATCH_STATE_DIR": str(self.folder / "local"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
        }
        crooked_ = {
            "AWS_PROFILE": ["nope", "ü", ""],
            "AWS_REGION": ["no such region!", "", "us-east-1\n", "x" * 300],
            "AWS_ENDPOINT_URL": [
                "garbage",
                "127.0.0.1:4566",
                "http://",
                "http://127.0.0.1:1",
                "http://[",
                "ftp://x",
            ],
            "AWS_CONFIG_FILE": [self._config("[profile a\n"), "/no/such/file", str(self.folder)],
            "AWS_SHARED_CREDENTIALS_FILE": [self._config("aws_access_key_id"), "/etc/shadow"],
            "AWS_MAX_ATTEMPTS": ["x", "0", "-1"],
            "AWS_RETRY_MODE": ["nonsense"],
            "AWS_CA_BUNDLE": ["/no/such"],
            "HOME": ["", "/no/such/home", "relative"],
            "XDG_STATE_HOME": ["/proc/1/x", "", "relative"],
            "TF_BINARY": ["/no/such/terraform", "/bin/false", "", "ü"],
            "COLUMNS": ["x", "1"],
            "TERM": ["dumb"],
            "SECRETWATCH_STATE_DIR": ["~nosuchuser/x", "x" * 300, "/proc/1/x", "/dev/null/x"],
            "HTTPS_PROXY": ["garbage"],
            "AWS_ACCESS_KEY_ID": ["", "ü"],
            "TZ": ["Nowhere/Else"],
        }
        for name in dice.sample(sorted(crooked_), dice.choice([0, 0, 0, 1, 1, 2])):
            environ[name] = dice.choice(crooked_[name])
        before, cwd = dict(os.environ), os.getcwd()
        os.environ.clear()
        os.environ.update(environ)
        tempfile.tempdir = None
        terraform.inspect_binary.cache_clear()
        here = self.folder / "here"
        here.mkdir()
        os.chdir(here)
        if dice.random() < 0.05:
            here.rmdir()
        try:
            yield
        finally:
            os.chdir(cwd)
            os.environ.clear()
            os.environ.update(before)
            tempfile.tempdir = None
            terraform.inspect_binary.cache_clear()

    def _config(self, text: str) -> str:
        file = self.folder / f"config{len(text)}"
        file.write_text(text)
        return str(file)
