"""What the module's HCL says of AWS, read from its text: one local, or whatever a regular expression finds.

python-hcl2 takes a quarter of a minute for the whole module, so that only the values asked for are parsed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hcl2

REPO = Path(__file__).parents[1]
_OPENING, _CLOSING = "[{(", "]})"


@dataclass(frozen=True)
class Said:
    """A value, and where it stands in its file."""

    value: Any
    span: tuple[int, int]


@cache
def text_of(file: str) -> str:
    return (REPO / file).read_text(encoding="utf-8")


def files() -> list[str]:
    found = [*REPO.glob("*.tf"), *REPO.glob("modules/*/*.tf")]
    return sorted(str(each.relative_to(REPO)) for each in found)


def said(file: str, find: str) -> list[Said]:
    """find: `local.name`, or a regular expression with one group, which may find several."""
    text = text_of(file)
    if find.startswith("local."):
        return [_local(text, find.removeprefix("local."))]
    return [Said(_read(match[1]), match.span(1)) for match in re.finditer(find, text, re.DOTALL)]


def _read(text: str) -> Any:
    """A number, the texts of a list, or what stands in a text's quotation marks."""
    if text.isdigit():
        return int(text)
    if listed := re.findall(r'"((?:[^"\\]|\\.)*)"', text):
        return [json.loads(f'"{each}"') for each in listed]
    return json.loads(f'"{text}"')


def _local(text: str, name: str) -> Said:
    match = re.search(rf"^  {name}\s*=\s*", text, re.MULTILINE)
    assert match, f"no local {name}"
    end = _end(text, match.end())
    return Said(_bare(hcl2.loads(f"x = {text[match.end() : end]}\n")["x"]), (match.end(), end))


def _end(text: str, start: int) -> int:
    """Where the expression ends: its line's end, outside of brackets and quotation marks."""
    depth, quoted, place = 0, False, start
    while text[place] != "\n" or depth:
        char = text[place]
        if quoted and char == "\\":
            place += 1
        elif char == '"':
            quoted = not quoted
        elif not quoted:
            depth += (char in _OPENING) - (char in _CLOSING)
        place += 1
    return place


def _bare(value: Any) -> Any:
    """A value of python-hcl2's, which keeps texts in their quotation marks."""
    if isinstance(value, dict):
        return {_bare(key): _bare(each) for key, each in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_bare(each) for each in value]
    if isinstance(value, str) and value.startswith('"'):
        return json.loads(value)
    return value


# What a condition holds values against, and forms of texts: where facts of AWS's stand.
_CENSUS = (
    r'regex\("((?:[^"\\]|\\.)*)"',
    r'^  \w+\s*= "(\^(?:[^"\\]|\\.)*)"$',
    r"\brange\(([0-9]+, [0-9]+)\)",
    r'contains\(\[("[^\]$]*")\], [^")]*\)',
)


def census(file: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each form, list and limit that a file's conditions have, and where it stands."""
    text = text_of(file)
    for line in re.finditer(r"^.*$", text, re.MULTILINE):
        for pattern in _CENSUS:
            for match in re.finditer(pattern, line[0]):
                yield match[1], (line.start() + match.start(1), line.start() + match.end(1))
        if line[0].lstrip().startswith("condition"):
            for match in re.finditer(r"(?:<=?|>=?|==) ([0-9]{2,})\b", line[0]):
                yield match[1], (line.start() + match.start(1), line.start() + match.end(1))
