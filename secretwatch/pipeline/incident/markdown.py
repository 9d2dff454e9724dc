"""The report for a ticket. Whatever an event says stands in fenced blocks, where no Markdown obeys it.

No link, no mention and no picture can come out of a name: a fence ends with a line of at least as many
backticks, and here no text of theirs has so many.
https://spec.commonmark.org/0.31.2/#fenced-code-blocks
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from secretwatch.incident.report import Report
from secretwatch.pipeline.incident import words

_TICKS = re.compile(r"`+")


def markdown(report: Report) -> str:
    """The whole text, with a line break at its end."""
    chain = [f"{each.number}  {words.credential(each)}" for each in report.chain.credentials]
    steps = [line for each in report.steps for line in _step(each.title, each.note, each.command)]
    done = [
        f"{words.at(each.begin)}  {each.credential}  {each.mark:<8} {words.entry(each)} from {each.address}"
        for each in report.entries
    ]
    parts = [
        "# Incident: a secret was read",
        _block([report.headline, words.about(report)]),
        "## First seen",
        _block([words.first(report)]),
        "## Credentials",
        _block(chain),
        "## Secrets",
        _block(map(words.secret, report.secrets) if report.secrets else ["No read of a secret was seen."]),
        "## Is this usual?",
        _block(f"{each.reader}: {each.sentence}" for each in report.usual),
        "## From where",
        _block(map(words.place, report.places)),
        "## Commands that stop it",
        "None of these commands was run. Read each before you run it, from the top down.",
        _block(steps, "sh"),
        "## What these credentials did",
        _block(done),
        "## What is not known",
        _block(f"- {each}" for each in report.unknown),
    ]
    return "\n\n".join(parts) + "\n"


def _step(title: str, note: str, command: str) -> list[str]:
    lines = [f"# {_line(title)}"]
    if note:
        lines.append(f"# {_line(note)}")
    return [*lines, *([command] if command else []), ""]


def _block(lines: Iterable[str], language: str = "text") -> str:
    text = "\n".join(map(_line, lines)).rstrip()
    longest = max(map(len, _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _line(text: str) -> str:
    """One line, without what a reader would obey, as a change of direction."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text)
