"""`secretwatch match`: try a filter pattern on messages or CloudTrail files.

Reading files and showing results stand here; whether a message matches is decided in `filterpattern` alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import click

from secretwatch.cli import exits, streams
from secretwatch.cli.inputs import STDIN, chunks, files
from secretwatch.cloudtrail.reader import Broken, Message, read
from secretwatch.filterpattern import Explanation, FilterPattern, InvalidFilterPattern, Kind
from secretwatch.filterpattern.pattern import JsonPattern

_SHOWN = 160  # characters of a message on a person's screen
_NAMED = 5  # broken pieces that are named; the others are counted


@click.command(
    epilog=exits.table(
        done="something matched",
        failed="nothing matched",
        usage="wrong usage, pattern or file",
        unknown="nothing matched, but not all could be read",
    )
)
@click.argument("pattern")
@click.argument("names", metavar="[FILE]...", nargs=-1)
@click.option(
    "--explain", is_flag=True, help="Show every message, and what each condition of the pattern saw in it."
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON: {pattern, kind, results, messages, matched, broken, not_json}.",
)
def match(pattern: str, names: tuple[str, ...], explain: bool, as_json: bool) -> None:
    """Try the CloudWatch Logs filter PATTERN on messages, and show which match.

    FILE holds messages, one a line, or CloudTrail events in whatever AWS or a common tool wraps them: a
    trail's log files, answers of lookup-events and filter-log-events, EventBridge's events, JSON lines or
    arrays; also gzipped. A folder stands for all files below it. Without a FILE, or for -, standard input
    is read.
    """
    try:
        parsed = FilterPattern.parse(pattern)
    except InvalidFilterPattern as error:
        _refuse(f"This is not a filter pattern. {error}")
    try:
        found = list(files(names or (STDIN,)))
    except OSError as error:
        if str(error.filename).lstrip().startswith(("{", "[")):
            _refuse("What stands after the pattern is a message, not a file: pipe it in instead.")
        _refuse(f"{error.filename} cannot be read: {error.strerror or error}.")
    tally = Tally(parsed)
    shown = _matches(parsed, found, explain, as_json, tally)
    if as_json:
        head = json.dumps({"pattern": pattern, "kind": str(parsed.kind)})
        click.echo(f'{head[:-1]}, "results": [')
        for number, result in enumerate(shown):
            click.echo(f"{',' if number else ' '}{json.dumps(result)}")
        click.echo(f"], {json.dumps(tally.counts())[1:]}")
    else:
        for _ in shown:
            pass
        verb = "message matches" if tally.messages == 1 else "messages match"
        click.echo(f"{tally.matched} of {tally.messages} {verb}", err=True)
    for line in tally.remarks():
        click.echo(line, err=True)
    sys.exit(0 if tally.matched else 3 if tally.broken else 1)


@dataclass
class Tally:
    """What was read so far, and what a person should know of it."""

    pattern: FilterPattern
    messages: int = 0
    matched: int = 0
    broken: int = 0
    not_json: int = 0
    seen: int = 0
    named: list[str] = field(default_factory=list)
    slips: dict[str, str] = field(default_factory=dict)

    def add(self, message: str, matches: bool) -> None:
        self.messages += 1
        self.matched += matches
        if self.pattern.kind is not Kind.JSON or matches:
            return
        if not message.lstrip().startswith("{"):
            self.not_json += 1
        elif not self.matched and not self.seen:
            self.seen += any(each.saw for each in self.pattern.explain(message))
            self.slips = self.slips or _slips(self.pattern, message)

    def add_broken(self, name: str, piece: Broken) -> None:
        self.broken += 1
        if len(self.named) < _NAMED:
            where = f"after message {piece.after}" if piece.after else "at its beginning"
            self.named.append(
                f"{_place(name)}, {where}, has a piece that cannot be read: {_line(piece.why)}."
            )

    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("messages", "matched", "broken", "not_json")}

    def remarks(self) -> Iterator[str]:
        yield from self.named
        if self.broken > len(self.named):
            yield f"{self.broken - len(self.named)} more pieces cannot be read."
        if self.not_json:
            yield (
                f"{self.not_json} of {self.messages} messages are not JSON objects: a pattern in braces "
                "matches none of them. Write events as JSON."
            )
        elif self.messages and not self.matched and not self.seen and self.pattern.kind is Kind.JSON:
            if self.slips:
                asked, there = (
                    ", ".join(f"$.{each}" for each in names) for names in (self.slips, self.slips.values())
                )
                yield (
                    f"The pattern asks for {asked}, and messages have {there}: upper and lower case differ. "
                    f"Write {there}."
                )
                return
            yield (
                "No message has a field that the pattern asks for: these may be no CloudTrail events, or are "
                "wrapped in something unknown."
            )


def _slips(pattern: FilterPattern, message: str) -> dict[str, str]:
    """First fields of the pattern that the message has in other letters alone, and as it has them."""
    try:
        fields = json.loads(message)
    except ValueError:
        return {}
    small = {name.lower(): name for name in fields} if isinstance(fields, dict) else {}
    firsts = (
        [each.selector.path[0] for each in pattern.conditions] if isinstance(pattern, JsonPattern) else []
    )
    return {
        first: small[first.lower()]
        for first in firsts
        if isinstance(first, str) and first not in fields and first.lower() in small
    }


def _matches(
    pattern: FilterPattern, names: list[str], explain: bool, as_json: bool, tally: Tally
) -> Iterator[dict[str, Any] | None]:
    """Each message that is to be shown: as a result, or printed."""
    for name in names:
        for piece in _pieces(name, tally):
            # A line that only begins like JSON is a message to a pattern of terms.
            if isinstance(piece, Broken) and (piece.text is None or pattern.kind is Kind.JSON):
                tally.add_broken(name, piece)
                continue
            number, message = (
                (piece.after + 1, piece.text or "")
                if isinstance(piece, Broken)
                else (piece.number, piece.text)
            )
            matches = pattern.matches(message)
            tally.add(message, matches)
            if not matches and not explain:
                continue
            explanations = pattern.explain(message) if explain else []
            if streams.nobody_reads():
                return
            if as_json:
                yield _result(pattern, name, number, message, matches, explanations, explain)
            else:
                _show(name, number, message, matches, explanations)
                yield None


def _pieces(name: str, tally: Tally) -> Iterator[Message | Broken]:
    try:
        yield from read(chunks(name))
    except OSError as error:
        _refuse(f"{name} cannot be read: {error.strerror or error}.")


def _refuse(reason: str) -> NoReturn:
    click.echo(reason, err=True)
    sys.exit(2)


def _result(
    pattern: FilterPattern,
    name: str,
    number: int,
    message: str,
    matches: bool,
    explanations: list[Explanation],
    explain: bool,
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "file": name,
        "number": number,
        "matches": matches,
        "message": message,
        "extracted": pattern.extract(message),
    }
    if explain:
        result["conditions"] = [
            {"condition": e.condition, "holds": e.holds, "saw": None if e.saw is None else list(e.saw)}
            for e in explanations
        ]
    return result


def _show(name: str, number: int, message: str, matches: bool, explanations: list[Explanation]) -> None:
    place = f"{_place(name)}:{number}"
    mark = click.style("match   ", fg="green") if matches else click.style("no match", dim=True)
    click.echo(f"{mark}  {click.style(place, bold=True)}  {_line(message)}")
    for explanation in explanations:
        sign = click.style("yes", fg="green") if explanation.holds else click.style("no ", fg="red")
        click.echo(f"    {sign}  {_line(explanation.condition)}{_saw(explanation)}")


def _place(name: str) -> str:
    return _line("stdin" if name == STDIN else name)


def _saw(explanation: Explanation) -> str:
    if explanation.saw is None:
        return ""
    if not explanation.saw:
        return "   saw nothing"
    return "   saw " + _line(", ".join(json.dumps(value, ensure_ascii=False) for value in explanation.saw))


def _line(text: str) -> str:
    """A text on one line of a terminal, without the signs that would steer it."""
    shown = "".join(char if char.isprintable() else " " for char in text[: _SHOWN + 1])
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
