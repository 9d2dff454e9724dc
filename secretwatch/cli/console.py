"""What every command prints on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.status import Status


def visible(text: str) -> str:
    """A text of somebody else's with nothing in it that a terminal would obey: such characters as escapes."""
    return "".join(each if each.isprintable() or each == "\n" else _escaped(each) for each in text)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible_line(text: str) -> str:
    """The same on one line: a name may have a line break in it."""
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def visible_json(text: str) -> str:
    """A JSON text, which json.dumps has indented, with the same care."""
    return "".join(each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text)


def plain(**options: Any) -> Console:
    """A console that prints text as it is: no colours of its own for numbers, and no `:secret:` as a picture.

    options: those of rich's Console.
    """
    return Console(emoji=False, highlight=False, **options)


_TELL_EVERY = 30.0


def teller(console: Console, status: Status) -> Callable[[str], None]:
    """Says what goes on: in a terminal on a moving line, elsewhere with a line every half minute."""
    told = time.monotonic()

    def tell(text: str) -> None:
        nonlocal told
        if console.is_terminal:
            status.update(visible(text))
        elif time.monotonic() - told >= _TELL_EVERY:
            told = time.monotonic()
            click.echo(visible(text), err=True)

    return tell
