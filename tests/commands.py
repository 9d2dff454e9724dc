"""Commands in the process of the tests, run as at the terminal: with `secretwatch.cli.guard` around them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
from click.testing import CliRunner, Result

from secretwatch.cli.guard import exit_code


class _Guarded:
    def __init__(self, command: click.Command) -> None:
        self._command, self.name = command, command.name

    def main(self, args: Sequence[str], prog_name: str, **extra: Any) -> None:
        sys.exit(exit_code(lambda: self._command.main(args, prog_name, standalone_mode=False, **extra)))


class Runner(CliRunner):
    """click's, with what the guard says of errors and the exit code that it gives."""

    def invoke(self, cli: click.Command, *arguments: Any, **named: Any) -> Result:  # type: ignore[override]
        return super().invoke(_Guarded(cli), *arguments, **named)  # type: ignore[arg-type]
