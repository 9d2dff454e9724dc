"""`secretwatch match`: try a filter pattern on messages or CloudTrail files.

Reading files and showing results stand here; whether a message matches is decided in `filterpattern` alone.
"""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

from secretwatch.filterpattern import Explanation, FilterPattern, InvalidFilterPattern

_SHOWN = 160  # characters of a message on a person's screen


@click.command(epilog="Exit codes: 0 something matched, 1 nothing matched, 2 wrong usage, pattern or file.")
@click.argument("pattern")
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option(
    "--explain", is_flag=True, help="Show every message, and what each condition of the pattern saw in it."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON: {pattern, kind, messages, matched, results}."
)
def match(pattern: str, files: tuple[str, ...], explain: bool, as_json: bool) -> None:
    """Try the CloudWatch Logs filter PATTERN on messages, one a line, and show which match.

    FILE may also be a CloudTrail log file ({"Records": [...]}) or a file of JSON lines, each also gzipped.
    Without a FILE, or for -, messages are read from standard input.
    """
    try:
        parsed = FilterPattern.parse(pattern)
    except InvalidFilterPattern as error:
        _refuse(f"This is not a filter pattern. {error}")
    count = matched = 0
    results: list[dict[str, Any]] = []
    for name in files or ("-",):
        for number, message in enumerate(_messages(name), 1):
            count += 1
            matches = parsed.matches(message)
            matched += matches
            if not matches and not explain:
                continue
            explanations = parsed.explain(message) if explain else []
            if as_json:
                results.append(_result(parsed, name, number, message, matches, explanations, explain))
            else:
                _show(name, number, message, matches, explanations)
    if as_json:
        summary = {"pattern": pattern, "kind": str(parsed.kind), "messages": count, "matched": matched}
        click.echo(json.dumps({**summary, "results": results}, indent=2))
    else:
        click.echo(f"{matched} of {count} {'message matches' if count == 1 else 'messages match'}", err=True)
    sys.exit(0 if matched else 1)


def _refuse(reason: str) -> NoReturn:
    click.echo(reason, err=True)
    sys.exit(2)


def _messages(name: str) -> Iterator[str]:
    """What a file holds: the records of a CloudTrail file, one JSON object, or a message a line."""
    text = _read(name)
    if text.lstrip()[:1] == "{":
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError):
            whole = None  # JSON lines, or lines that only begin like JSON
        if isinstance(whole, dict):
            records = whole.get("Records")
            for event in records if isinstance(records, list) else [whole]:
                yield json.dumps(event, ensure_ascii=False, separators=(",", ":"))
            return
    for line in text.split("\n"):
        if line.strip():
            yield line.removesuffix("\r")


def _read(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        _refuse(f"{name} cannot be read: {reason}.")
    return data.decode("utf-8", errors="replace")


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
    place = _line(f"{'stdin' if name == '-' else name}:{number}")
    mark = click.style("match   ", fg="green") if matches else click.style("no match", dim=True)
    click.echo(f"{mark}  {click.style(place, bold=True)}  {_line(message)}")
    for explanation in explanations:
        sign = click.style("yes", fg="green") if explanation.holds else click.style("no ", fg="red")
        click.echo(f"    {sign}  {_line(explanation.condition)}{_saw(explanation)}")


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
