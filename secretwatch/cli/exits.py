"""The exit codes: one table for all commands, and its lines in every `--help`."""

from __future__ import annotations

DONE = 0
FAILED = 1
USAGE = 2
UNKNOWN = 3
PORT = 4
NOT_INSTALLED = 5
UNEXPECTED = 70
INTERRUPTED = 130

TABLE = {
    DONE: "done",
    FAILED: "looked for and not found, or broken",
    USAGE: "wrong usage, or nothing there to work on",
    UNKNOWN: "no answer: something could not be seen, time was up, or no local cloud is up",
    PORT: "the port is taken",
    NOT_INSTALLED: "LocalStack is not installed",
    UNEXPECTED: "unexpected: a defect of secretwatch; the message names the file with its trace",
    INTERRUPTED: "interrupted",
}
"""Code → what it means, of any command; a command says it in its own words where it knows more."""


def table(**words: str) -> str:
    """The table as the end of a command's help.

    words: a command's own words for a code: done, failed, usage, unknown, port, not_installed.
    """
    own = {globals()[name.upper()]: text for name, text in words.items()}
    lines = [f"  {code:<4} {own.get(code, text)}" for code, text in TABLE.items()]
    # \b: click leaves the lines as they are.
    return "\n".join(["\b", "Exit codes:", *lines])
