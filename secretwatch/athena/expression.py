r"""Filter patterns' regular expressions as Trino has them, and DuckDB.

Trino's engine takes Java's syntax and knows other classes, lines and ends: `\d` may be any script's digit,
`.` leaves line breaks out, `$` depends on options. So nothing is left to it: classes are spelled out in
ASCII, `.` is `[\s\S]`, and the ends are `\A` and `\n?\z`. What cannot be spelled so that it means the same
is not spelled at all.
https://trino.io/docs/current/functions/regexp.html
"""

from __future__ import annotations

import re

_CLASSES = {"d": "0-9", "s": " \\t\\n\\r\\x0b\\x0c", "w": "A-Za-z0-9_"}
_ANY = "[\\s\\S]"
_LONGEST = 200
"""Characters' places that counts may spell out: other engines have limits of their own."""

_TOKEN = re.compile(
    r"""(?P<code>\\x(?P<hex>[0-9A-Fa-f]{2}))
      | (?P<known>\\(?P<letter>[dswDSW]))
      | (?P<escaped>\\(?P<sign>.))
      | (?P<bracket>\[(?P<inverted>\^?)(?P<members>(?:\\.|[^\]\\])*)\])
      | (?P<count>\{(?P<least>\d+)(?P<comma>,?)(?P<most>\d*)\})
      | (?P<plain>.)""",
    re.VERBOSE | re.DOTALL,
)


def spelled(text: str) -> str | None:
    """The expression in Java's syntax, meaning the same; None where it may not.

    text: an expression that `secretwatch.filterpattern` has read.
    """
    alternatives = [_chain(tokens) for tokens in _split(text)]
    if any(each is None for each in alternatives):
        return None
    if len(alternatives) == 1:
        return alternatives[0]
    return "|".join(f"(?:{each})" for each in alternatives)


def _split(text: str) -> list[list[re.Match[str]]]:
    chains: list[list[re.Match[str]]] = [[]]
    for token in _TOKEN.finditer(text):
        if token["plain"] == "|":
            chains.append([])
        else:
            chains[-1].append(token)
    return chains


def _chain(tokens: list[re.Match[str]]) -> str | None:
    written: list[str] = []
    places = 0
    for position, token in enumerate(tokens):
        plain = token["plain"]
        if plain == "^":
            if position:
                return None
            written.append("\\A")
        elif plain == "$":
            if position != len(tokens) - 1:
                return None
            written.append("\\n?\\z")
        elif plain == ".":
            written.append(_ANY)
        elif plain is not None and plain in "*+?":
            written.append(plain)
        elif token["count"]:
            places += int(token["most"] or token["least"])
            written.append(f"{{{int(token['least'])}{token['comma']}{token['most'] and int(token['most'])}}}")
        elif token["bracket"]:
            members = _members(token["members"])
            if members is None:
                return None
            written.append(f"[{token['inverted']}{members}]")
        else:
            written.append(_one(token))
    return "".join(written) if places <= _LONGEST else None


def _one(token: re.Match[str]) -> str:
    if token["hex"]:
        return _sign(chr(int(token["hex"], 16)))
    if letter := token["letter"]:
        return f"[{'^' if letter.isupper() else ''}{_CLASSES[letter.lower()]}]"
    return _sign(token["sign"] or token["plain"])


def _members(text: str) -> str | None:
    """What stands in brackets, each sign escaped that could mean something there."""
    written: list[str] = []
    for position, token in enumerate(tokens := list(_TOKEN.finditer(text))):
        if token["bracket"] or token["count"]:
            return None
        if letter := token["letter"]:
            if letter.isupper():
                return None
            written.append(_CLASSES[letter])
        elif token["plain"] == "-" and 0 < position < len(tokens) - 1:
            # A range, unless what stands before it already is one.
            if position >= 2 and tokens[position - 2]["plain"] == "-":
                return None
            written.append("-")
        else:
            char = token["sign"] or token["plain"] or chr(int(token["hex"], 16))
            written.append(_sign(char, bracketed=True))
    return "".join(written)


def _sign(char: str, *, bracketed: bool = False) -> str:
    """A character that stands for itself."""
    if not char.isascii() or char.isalnum() or char in (" _" if bracketed else ":_#=@/;,- "):
        return char
    return f"\\{char}" if char in "^$?[]{}|\\*+.-" else f"\\x{ord(char):02x}"
