r"""The text of a regular expression as chains of positions, and what AWS does not have in one.

As AWS's page has it: letters and digits, `: _ # = @ / ; , -` and the space stand for themselves; operators
are `^ $ ? [ ] { } | \ * + .`; also `\d \s \w`, their complements `\D \S \W`, and `\xhh`. No parentheses,
nothing of more than one byte. Classes are ASCII; `.` is any one character; `$` is the end, or just before a
last newline. Ours, to keep the size bounded: a count of at most 1,000, and 4,000 positions in one
expression.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from secretwatch.filterpattern.errors import InvalidFilterPattern

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
_PLAIN = frozenset(LETTERS + DIGITS + ":_#=@/;,- ")
_OPERATORS = frozenset("^$?[]{}|\\*+.")
_MAX_COUNT = 1000


@dataclass(frozen=True, slots=True)
class Set:
    """The characters that are among `members`, or those that are not."""

    members: frozenset[str]
    inverted: bool = False

    def __contains__(self, char: object) -> bool:
        return (char in self.members) is not self.inverted


_ANY = Set(frozenset(), inverted=True)
_CLASSES = {
    "d": Set(frozenset(DIGITS)),
    "s": Set(frozenset(" \t\n\r\v\f")),
    "w": Set(frozenset(LETTERS + DIGITS + "_")),
}
_CLASSES |= {name.upper(): Set(known.members, inverted=True) for name, known in _CLASSES.items()}

START, END = "^", "$"


@dataclass(frozen=True, slots=True)
class Position:
    """One place of a chain: reads a character of the set, or stands for an anchor or for the chain's end."""

    reads: Set | str
    optional: bool = False
    repeats: bool = False


class Parser:
    """Reads pattern[start:end] as chains of positions."""

    def __init__(self, pattern: str, start: int, end: int) -> None:
        self.pattern = pattern
        self.start = start
        self.position = start
        self.end = end

    def fail(self, reason: str, position: int | None = None) -> InvalidFilterPattern:
        return InvalidFilterPattern(self.pattern, self.position if position is None else position, reason)

    def peek(self) -> str:
        return self.pattern[self.position] if self.position < self.end else ""

    def chains(self) -> Iterator[list[Position]]:
        """One chain of positions for each alternative."""
        while True:
            chain: list[Position] = []
            start = self.position
            while self.peek() not in ("", "|"):
                chain += self.item()
            if self.position == start:
                raise self.fail("Nothing stands here: write the text or expression to look for.")
            yield chain
            if not self.peek():
                return
            self.position += 1

    def item(self) -> list[Position]:
        char = self.peek()
        if char in (START, END):
            self.position += 1
            if self.peek() and self.peek() in "*+?{":
                raise self.fail(f"{char} is a place, which cannot repeat: take {self.peek()} away.")
            return [Position(char)]
        if char in "*+?{":
            raise self.fail(
                f"{char} repeats what stands before it, and nothing does: write \\{char} for itself."
            )
        if char in "]}":
            raise self.fail(f"{char} closes nothing here: write \\{char} for the character itself.")
        reads = self.bracket() if char == "[" else self.one()
        least, most = self.count()
        needed = [Position(reads)] * least
        if most is not None:
            return needed + [Position(reads, optional=True)] * (most - least)
        if not needed:
            return [Position(reads, optional=True, repeats=True)]
        return [*needed[:-1], Position(reads, repeats=True)]

    def one(self) -> Set:
        char = self.peek()
        if char == "\\":
            return self.escape()
        self.position += 1
        if char == ".":
            return _ANY
        self.check(char, self.position - 1)
        return Set(frozenset(char))

    def check(self, char: str, position: int) -> None:
        if char in "()":
            code = f"\\x{ord(char):02x}"
            raise self.fail(
                f"Parentheses are not supported: write {code} for the character itself.", position
            )
        if ord(char) > 127:
            raise self.fail("A regular expression holds no characters of more than one byte.", position)
        if char not in _PLAIN:
            code = f"\\x{ord(char):02x}"
            raise self.fail(
                f"This character is not supported in a regular expression: write {code} for it.", position
            )

    def escape(self) -> Set:
        start = self.position
        self.position += 1
        char = self.peek()
        self.position += 1
        if char in _CLASSES:
            return _CLASSES[char]
        if char == "x":
            digits = self.pattern[self.position : min(self.position + 2, self.end)]
            if len(digits) < 2 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
                raise self.fail("\\x takes two hexadecimal digits, as in \\x3A for the colon.", start)
            self.position += 2
            return Set(frozenset(chr(int(digits, 16))))
        if not char:
            raise self.fail(
                "A backslash says something about the next character: write \\\\ for itself.", start
            )
        if char not in _OPERATORS and (char not in _PLAIN or char in LETTERS or char in DIGITS):
            if char in "()" or ord(char) > 127 or char not in LETTERS + DIGITS:
                self.check(char, start)
            raise self.fail(f"\\{char} is not supported: there are \\d, \\s, \\w and \\xhh.", start)
        return Set(frozenset(char))

    def bracket(self) -> Set:
        start = self.position
        self.position += 1
        inverted = self.peek() == "^"
        self.position += inverted
        members: set[str] = set()
        outside: list[frozenset[str]] = []  # complements among the members, as \D
        while True:
            char = self.peek()
            if not char:
                raise self.fail(
                    "This bracket is never closed: write ] where the list of characters ends.", start
                )
            if char == "]":
                self.position += 1
                break
            here = self.position
            low = self.member()
            if self.peek() == "-" and self.pattern[self.position + 1 : self.end][:1] not in ("", "]"):
                self.position += 1
                high = self.member()
                if low.inverted or high.inverted or len(low.members) != 1 or len(high.members) != 1:
                    raise self.fail("A range goes from one character to another, as in a-z.", here)
                (first,), (last,) = low.members, high.members
                if first > last:
                    raise self.fail(f"The range {first}-{last} runs backwards: write {last}-{first}.", here)
                members |= {chr(code) for code in range(ord(first), ord(last) + 1)}
            elif low.inverted:
                outside.append(low.members)
            else:
                members |= low.members
        if not members and not outside:
            raise self.fail("These brackets hold no character: write those to look for.", start)
        if not outside:
            return Set(frozenset(members), inverted)
        return Set(frozenset.intersection(*outside) - members, not inverted)

    def member(self) -> Set:
        char = self.peek()
        if char == "\\":
            return self.escape()
        self.position += 1
        if char == "[":
            raise self.fail(
                "A bracket in brackets is not supported: write \\[ for itself.", self.position - 1
            )
        if char not in _OPERATORS:
            self.check(char, self.position - 1)
        return Set(frozenset(char))

    def count(self) -> tuple[int, int | None]:
        """The quantifier that stands here, as least and most; None is without end."""
        start = self.position
        char = self.peek()
        if not char or char not in "*+?{":
            return 1, 1
        self.position += 1
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1), "{": (0, 0)}[char]
        if char == "{":
            least, most = self.braces(start)
        if self.peek() and self.peek() in "*+?{":
            raise self.fail("One quantifier follows another: write one of them.")
        return least, most

    def braces(self, start: int) -> tuple[int, int | None]:
        close = self.pattern.find("}", self.position, self.end)
        text = self.pattern[self.position : close] if close >= 0 else ""
        low, comma, high = text.partition(",")
        if not _digits(low) or (high and not _digits(high)):
            raise self.fail(
                "A count is written {3}, {3,} or {3,5}: write \\{ for the character itself.", start
            )
        least = int(low)
        most = least if not comma else int(high) if high else None
        if max(least, most or 0) > _MAX_COUNT:
            raise self.fail(f"A count is at most {_MAX_COUNT:,}.", start)
        if most is not None and most < least:
            raise self.fail(f"This count runs backwards: write {{{most},{least}}}.", start)
        self.position = close + 1
        return least, most


def _digits(text: str) -> bool:
    return 0 < len(text) <= 9 and all(char in DIGITS for char in text)
