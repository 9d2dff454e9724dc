"""The command `secretwatch` as it is started: whatever ends it is a sentence and an exit code (`exits.py`).

A command says itself what it knows best. What it leaves comes here: errors of botocore, Terraform, files,
JSON, signals, pipes. An error that nobody expected is one line too: its trace goes to a file.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import click

from secretwatch.cli import exits, main, streams
from secretwatch.cli.console import visible
from secretwatch.cli.interrupt import ended_as_with_ctrl_c
from secretwatch.pipeline import state_home


def guarded(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and leave with its exit code.

    arguments: those after its name, by default the process's.
    """
    streams.make_safe()
    code = exit_code(lambda: main.main(arguments, standalone_mode=False))
    if error := streams.lost():
        click.echo(f"What was to be printed could not be written: {error.strerror}.", err=True)
        code = exits.UNKNOWN
    if code == exits.INTERRUPTED:
        # All is cleaned up. Python would wait for threads that wait for an endpoint which never answers.
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def exit_code(command: Callable[[], object]) -> int:
    """Run the command; what ended it is said on standard error."""
    try:
        with ended_as_with_ctrl_c():
            returned = command()
            return returned if isinstance(returned, int) else exits.DONE
    except SystemExit as end:
        if isinstance(end.code, str):
            _say(end.code)
        return end.code if isinstance(end.code, int) else exits.FAILED if end.code else exits.DONE
    except click.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            _say("It was interrupted.")
            return exits.INTERRUPTED
        _say("Nobody answers here: run it where somebody can, or give the option that says yes.")
        return exits.USAGE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KeyboardInterrupt:
        _say("It was interrupted.")
        return exits.INTERRUPTED
    except BaseException as error:
        code, sentence = explained(error) or (exits.UNEXPECTED, _unexpected(error))
        _say(sentence)
        return code


def explained(error: BaseException) -> tuple[int, str] | None:
    """The exit code and the sentence of an error that can be expected; None of any other."""
    for explain in (_of_secretwatch, _of_aws, _of_files, _of_python):
        if found := explain(error):
            return found
    return None


def _of_secretwatch(error: BaseException) -> tuple[int, str] | None:
    from secretwatch import local, terraform

    if isinstance(error, local.LocalStackMissing):
        return exits.NOT_INSTALLED, str(error)
    if isinstance(error, local.PortNotFree):
        return exits.PORT, str(error)
    if isinstance(error, local.NotUp):
        return exits.UNKNOWN, str(error)
    if isinstance(error, local.LocalCloudError):
        return exits.FAILED, str(error)
    if isinstance(error, terraform.TerraformNotUsable):
        return exits.USAGE, str(error)
    if isinstance(error, terraform.TerraformFailed):
        return exits.FAILED, f"{error} {terraform.first_error(error.output)}"
    return None


def _of_aws(error: BaseException) -> tuple[int, str] | None:
    # Where botocore was not loaded nothing of its can be raised.
    if "botocore" not in sys.modules:
        return None
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConfigNotFound,
        ConfigParseError,
        InvalidRegionError,
    )

    from secretwatch.pipeline.answers import is_left_out, is_unreadable
    from secretwatch.pipeline.aws import (
        NO_CREDENTIALS,
        NoAccess,
        is_about_credentials,
        one_line,
    )

    if isinstance(error, NoAccess):
        return exits.USAGE, str(error)
    if isinstance(error, (ConfigParseError, ConfigNotFound)):
        return exits.USAGE, f"The AWS configuration cannot be read: {one_line(error)}"
    if isinstance(error, InvalidRegionError):
        return exits.USAGE, f"The AWS settings cannot be used: {one_line(error)}"
    if is_unreadable(error):
        # Its text holds the answer, which may be a secret's value.
        return exits.UNKNOWN, "AWS could not be asked: what answered was not AWS, or its answer was cut off."
    if isinstance(error, NO_CREDENTIALS):
        return exits.USAGE, f"There are no AWS credentials to use: {one_line(error)}"
    if isinstance(error, KeyError) and error.args and is_left_out(str(error.args[0])):
        # If it was AWS that answered, this is a defect here: so it is written down.
        kept = _kept(_write_trace(error))
        return exits.UNKNOWN, f"What answered as AWS left out {error.args[0]}, which AWS gives: {kept}."
    if isinstance(error, (BotoCoreError, ClientError)):
        if is_about_credentials(error):
            return exits.USAGE, f"The AWS credentials do not work: {one_line(error)}"
        return exits.UNKNOWN, f"AWS could not be asked: {one_line(error)}"
    if isinstance(error, ValueError) and str(error).startswith("Invalid endpoint"):
        return exits.USAGE, _ENDPOINT.format(os.environ.get("AWS_ENDPOINT_URL") or str(error))
    return None


_ENDPOINT = (
    "AWS_ENDPOINT_URL is {!r}, which is no address: write one like http://127.0.0.1:4566, or unset it."
)

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def _of_files(error: BaseException) -> tuple[int, str] | None:
    if not isinstance(error, OSError):
        return None
    why = error.strerror or str(error)
    if error.filename is not None:
        code = exits.UNKNOWN if error.errno in _FULL else exits.USAGE
        return code, f"{_named(error.filename)}: {why}. Name another file or folder, or mend this one."
    if isinstance(error, FileNotFoundError):
        if not _is_somewhere():
            return exits.USAGE, "The folder that this shell stands in is gone: go to one that exists."
        if "temporary directory" in str(error):
            return (
                exits.USAGE,
                "There is no folder for temporary files: name one that can be written in TMPDIR.",
            )
    return exits.UNKNOWN, f"The system refused: {why}."


def _of_python(error: BaseException) -> tuple[int, str] | None:
    if isinstance(error, MemoryError):
        return exits.UNKNOWN, "There was not enough memory."
    if isinstance(error, RuntimeError) and "home directory" in str(error):
        return exits.USAGE, "There is no such home folder: write the path without ~, or set HOME."
    if isinstance(error, RuntimeError) and "lost sys.stdin" in str(error):
        return exits.USAGE, "Nobody can answer here, as standard input is closed."
    if isinstance(error, ImportError):
        return exits.NOT_INSTALLED, f"secretwatch is not installed whole ({error}): pip install secretwatch."
    if isinstance(error, RecursionError):
        return exits.USAGE, "The input is nested too deeply to be read."
    if isinstance(error, UnicodeError):
        return exits.USAGE, f"A text cannot be read: {_short(error)}. Write it in UTF-8."
    if isinstance(error, ValueError) and "embedded null" in str(error):
        return exits.USAGE, "A name has a NUL in it, which no file has."
    return None


def _unexpected(error: BaseException) -> str:
    kept = _kept(_write_trace(error))
    return f"secretwatch ended by a defect of its own ({_short(error)}): {kept}, which helps to mend it."


def _kept(file: str | None) -> str:
    return f"its trace is in {file}" if file else "its trace could not be written anywhere"


def _write_trace(error: BaseException) -> str | None:
    """The trace, without the values of variables: for this user's eyes alone."""
    text = "".join(
        [f"{sys.version}\n{visible(' '.join(sys.argv[:2]))}\n", *traceback.format_exception(error)]
    )
    state = state_home.folder(os.environ, Path(os.environ.get("HOME") or ""))
    for folder in (state, Path(tempfile.gettempdir())):
        if not folder.is_absolute():
            continue
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Nobody else reads it, and nobody can have put a file in its place: mkstemp sees to both.
            descriptor, name = tempfile.mkstemp(
                prefix=f"trace-{time.strftime('%Y%m%dT%H%M%S')}-", suffix=".txt", dir=folder
            )
            with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            continue
        return name
    return None


def _say(sentence: str) -> None:
    click.echo(visible(sentence), err=True)


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


def _named(filename: object) -> str:
    return os.fsdecode(filename) if isinstance(filename, (bytes, os.PathLike)) else str(filename)


def _is_somewhere() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True
