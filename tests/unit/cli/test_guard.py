"""Whatever ends a command is one sentence and a documented exit code; real processes, as in a shell."""

from __future__ import annotations

import errno
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from botocore.exceptions import ClientError, ConfigParseError, EndpointConnectionError, NoCredentialsError
from commands import Runner

from secretwatch import local, terraform
from secretwatch.cli import exits, main
from secretwatch.cli.guard import exit_code, explained

SECRETWATCH = [sys.executable, "-m", "secretwatch"]


# As at a terminal, whatever started the tests. Not by preexec_fn: no process with threads may fork so.
DEFAULT_SIGNALS = ["env", "--default-signal=INT,HUP,TERM"]


def run(*arguments: str, shell: str = "", **options: Any) -> subprocess.CompletedProcess[str]:
    """shell: what `sh` does before it becomes the command, or what stands behind the command."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL} | options
    command = [*SECRETWATCH, *arguments]
    if shell:
        command = ["sh", "-c", shell.replace("COMMAND", shlex.join(command))]
    return subprocess.run(command, text=True, check=False, timeout=60, **options)


def said(result: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in result.stdout + result.stderr
    (line,) = result.stderr.splitlines()
    return line


# Every command


def _commands(command: click.Command = main, *names: str) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield names
        return
    for name in command.list_commands(click.Context(command)):
        yield from _commands(command.get_command(click.Context(command), name), *names, name)


@pytest.mark.parametrize("names", list(_commands()), ids=" ".join)
def test_the_help_of_each_command_has_the_whole_table(names: tuple[str, ...]) -> None:
    lines = Runner().invoke(main, [*names, "--help"]).stdout.split("Exit codes:")[1].splitlines()[1:]
    assert [int(line.split()[0]) for line in lines] == list(exits.TABLE)


# Errors


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said"}}, "DescribeAlarms")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (local.NotUp("Start it."), 3, "Start it."),
        (local.PortNotFree("Taken."), 4, "Taken."),
        (local.LocalStackMissing("Install it."), 5, "Install it."),
        (local.DidNotStart("No."), 1, "No."),
        (terraform.TerraformNotUsable("No terraform."), 2, "No terraform."),
        (terraform.TerraformFailed(("plan",), "│ Error: Bad thing\n"), 1, "failed. Bad thing."),
        (NoCredentialsError(), 2, "no AWS credentials"),
        (client_error("ExpiredToken"), 2, "credentials do not work"),
        (client_error("AccessDenied"), 3, "DescribeAlarms answers AccessDenied: said."),
        (EndpointConnectionError(endpoint_url="http://x"), 3, "could not be asked"),
        (ConfigParseError(path="/etc/aws", error=ValueError("line 3")), 2, "/etc/aws"),
        (ValueError("Invalid endpoint: garbage"), 2, "AWS_ENDPOINT_URL"),
        (PermissionError(errno.EACCES, "Permission denied", "/etc/x"), 2, "/etc/x: Permission denied."),
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/x"), 3, "/tmp/x: No space left"),
        (ModuleNotFoundError("No module named 'boto3'"), 5, "not installed whole"),
        (RecursionError("maximum recursion depth exceeded"), 2, "nested too deeply"),
        (MemoryError(), 3, "not enough memory"),
        (RuntimeError("Could not determine home directory."), 2, "HOME"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), 2, "UTF-8"),
    ],
)
def test_an_error_that_can_be_expected_has_its_sentence(error: Exception, code: int, words: str) -> None:
    found = explained(error)
    assert found is not None
    assert found[0] == code
    assert words in found[1]
    assert "\n" not in found[1]


def test_of_an_error_that_nobody_expected_there_is_a_line_and_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def fail() -> None:
        value = "a value that is nobody's business"
        raise KeyError(len(value))

    assert exit_code(fail) == exits.UNEXPECTED
    (line,) = capsys.readouterr().err.splitlines()
    (file,) = (tmp_path / "secretwatch").glob("trace-*.txt")
    assert str(file) in line
    assert "Traceback" not in line
    assert file.stat().st_mode & 0o777 == 0o600
    trace = file.read_text()
    assert "KeyError" in trace
    assert "in fail" in trace


def test_an_answer_that_cannot_be_read_is_not_written_down(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """botocore puts the body, which may hold a secret's value, into its error."""
    from botocore.parsers import ResponseParserError

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def fail() -> None:
        raise ResponseParserError("Unable to parse response:\nb'3 coffees'")

    assert exit_code(fail) == exits.UNKNOWN
    assert "coffees" not in capsys.readouterr().err
    assert not list(tmp_path.rglob("*"))


# Shells


def test_standard_input_that_is_closed() -> None:
    result = run("match", "abc", shell="exec COMMAND <&-")
    assert (result.returncode, said(result)) == (2, "- cannot be read: standard input is closed.")


def test_an_output_that_is_closed_takes_nothing_and_no_file_gets_it(tmp_path: Path) -> None:
    file = tmp_path / "messages"
    file.write_text("abc\n")
    result = run("match", "abc", str(file), shell="exec COMMAND >&- 2>&-")
    assert result.returncode == 0
    assert file.read_text() == "abc\n"


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    (tmp_path / "messages").write_text("abc\n")
    with open("/dev/full", "w") as full:
        result = run("match", "abc", str(tmp_path / "messages"), stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == exits.UNKNOWN
    assert "No space left on device" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code"), [(["local", "status"], 3), (["match", "abc", "messages"], 0), (["--help"], 0)]
)
def test_a_reader_that_goes_away_changes_no_exit_code(
    tmp_path: Path, arguments: list[str], code: int
) -> None:
    (tmp_path / "messages").write_text("abc\n" * 100_000)
    read, write = os.pipe()
    os.close(read)
    result = run(*arguments, stdout=write, stderr=subprocess.PIPE, cwd=tmp_path)
    os.close(write)
    assert result.returncode == code
    assert "Traceback" not in result.stderr


def test_where_nobody_reads_a_stream_is_not_read_to_its_end(tmp_path: Path) -> None:
    """`tail -f file | secretwatch match … | head -1` has to end."""
    read, write = os.pipe()
    process = subprocess.Popen(
        [*SECRETWATCH, "match", "abc"], stdin=subprocess.PIPE, stdout=write, stderr=subprocess.DEVNULL
    )
    os.close(read)
    os.close(write)
    assert process.stdin is not None
    begin = time.monotonic()
    try:
        while process.poll() is None and time.monotonic() - begin < 30:
            process.stdin.write(b"abc\n")
            process.stdin.flush()
    except BrokenPipeError:
        pass
    assert process.wait(timeout=30) == 0


def test_a_deleted_working_folder(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && exec {' '.join(SECRETWATCH)} local status"
    result = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (result.returncode, said(result)) == (
        2,
        "The folder that this shell stands in is gone: go to one that exists.",
    )


def test_nobodys_home(tmp_path: Path) -> None:
    result = run("local", "status", env=os.environ | {"SECRETWATCH_STATE_DIR": "~nosuchuser/x"})
    assert (result.returncode, "HOME" in said(result)) == (2, True)


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1", "xx_YY.nothing"])
def test_strange_locales(tmp_path: Path, locale: str) -> None:
    (tmp_path / "messages").write_text("abc ä → 秘\n", encoding="utf-8")
    environ = os.environ | {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    result = run("match", "abc", "messages", cwd=tmp_path, env=environ)
    assert (result.returncode, "Traceback" in result.stderr) == (0, False)


@pytest.mark.later
def test_little_memory(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b'{"Records": [' + b'{"a": "' + b"x" * (40 * 2**20) + b'"}]}')
    limited = f"ulimit -v {150 * 1024}; exec COMMAND"
    result = run("match", '{ $.a = "x" }', str(tmp_path / "big"), shell=limited)
    assert result.returncode in (1, exits.UNKNOWN), result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_is_an_interruption(name: str) -> None:
    process = subprocess.Popen(
        [*DEFAULT_SIGNALS, *SECRETWATCH, "match", "abc"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    # It answers, so it is running.
    process.stdin.write(b"abc\n" * 3)
    process.stdin.flush()
    process.stdout.readline()
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err.strip()) == (exits.INTERRUPTED, b"It was interrupted.")


def test_who_waits_for_what_never_answers_can_end_it() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        environ = os.environ | {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }
        process = subprocess.Popen(
            [*DEFAULT_SIGNALS, *SECRETWATCH, "doctor", "--alarm", "a"],
            stderr=subprocess.PIPE,
            env=environ,
        )
        silent.accept()
        process.send_signal(signal.SIGINT)
        # An answer may take 8 s, and is asked for twice.
        _, err = process.communicate(timeout=7)
    assert (process.returncode, err.strip()) == (exits.INTERRUPTED, b"It was interrupted.")


@pytest.mark.parametrize("seconds", [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6])
def test_an_early_ctrl_c_is_no_traceback(seconds: float) -> None:
    """Also while modules are loaded. Before that it is Python's own, which says nothing of secretwatch."""
    process = subprocess.Popen(
        [*DEFAULT_SIGNALS, *SECRETWATCH, "match", "abc"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert b"secretwatch/" not in err


# What somebody else wrote


RECORD = {"pid": 1, "port": 4566, "started": 0, "delivery_interval": 1, "digest_interval": 1, "alarm_tick": 1}


@pytest.mark.parametrize(
    "record",
    [
        "not json",
        "[]",
        "[" * 100_000,
        json.dumps(RECORD | {"pid": -1}),
        json.dumps(RECORD | {"pid": "x"}),
        json.dumps(RECORD | {"port": "4566"}),
        json.dumps(RECORD | {"started": None}),
        json.dumps(RECORD | {"digest_interval": []}),
        json.dumps(RECORD | {"alarm_tick": {}}),
    ],
    ids=lambda each: each[:60],
)
def test_a_record_that_is_none(tmp_path: Path, record: str) -> None:
    (tmp_path / "local.json").write_text(record)
    environ = os.environ | {"SECRETWATCH_STATE_DIR": str(tmp_path)}
    assert run("local", "status", env=environ).returncode == 3
    assert run("local", "down", env=environ).returncode == 0


@pytest.mark.parametrize("name", ["local.json", "lock"])
def test_a_folder_in_the_place_of_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    environ = os.environ | {"SECRETWATCH_STATE_DIR": str(tmp_path)}
    result = run("local", "down", env=environ)
    assert result.returncode == 1
    assert "mend this one" in said(result)
