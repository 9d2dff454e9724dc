r"""The regular expressions of filter patterns, in time linear in the message.

The language is small: alternatives of characters, classes and anchors, each with at most one quantifier,
and no groups. So an expression is a few chains of positions, a position being a set of characters that may
be optional or may repeat. The matcher walks all chains at once, one character at a time: the set of
positions just read is a bit mask, and what can follow a mask is remembered (a DFA built where messages
lead). Nothing backtracks.

As AWS's page has it: letters and digits, `: _ # = @ / ; , -` and the space stand for themselves; operators
are `^ $ ? [ ] { } | \ * + .`; also `\d \s \w`, their complements `\D \S \W`, and `\xhh`. No parentheses,
nothing of more than one byte. Classes are ASCII; `.` is any one character; `$` is the end, or just before a
last newline. Ours, to keep the size bounded: a count of at most 1,000, and 4,000 positions in one
expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from secretwatch.filterpattern.errors import InvalidFilterPattern

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_PLAIN = frozenset(_LETTERS + _DIGITS + ":_#=@/;,- ")
_OPERATORS = frozenset("^$?[]{}|\\*+.")
_SAMPLES = "x" + _LETTERS + _DIGITS + "".join(chr(code) for code in range(128))
"""Characters in the order in which an example takes them."""
_MAX_COUNT = 1000
_MAX_POSITIONS = 4000
_MAX_REMEMBERED = 4096  # transitions kept in memory for one expression


@dataclass(frozen=True, slots=True)
class _Set:
    """The characters that are among `members`, or those that are not."""

    members: frozenset[str]
    inverted: bool = False

    def __contains__(self, char: object) -> bool:
        return (char in self.members) is not self.inverted


_ANY = _Set(frozenset(), inverted=True)
_CLASSES = {
    "d": _Set(frozenset(_DIGITS)),
    "s": _Set(frozenset(" \t\n\r\v\f")),
    "w": _Set(frozenset(_LETTERS + _DIGITS + "_")),
}
_CLASSES |= {name.upper(): _Set(known.members, inverted=True) for name, known in _CLASSES.items()}

_START, _END = "^", "$"
_ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class _Position:
    """One place of a chain: reads a character of the set, or stands for an anchor or for the chain's end."""

    reads: _Set | str
    optional: bool = False
    repeats: bool = False


@dataclass(slots=True, eq=False)
class _State:
    """What can come next after some positions were read."""

    active: int
    """Positions that may read the next character (and start anew: the match may begin anywhere)."""
    active_at_end: int
    """The same where the text ends here."""
    next: dict[str, _State] = field(default_factory=dict)


class Regex:
    """A compiled regular expression. Safe to share between threads."""

    __slots__ = (
        "_accept", "_chains", "_covers", "_first", "_first_at_end", "_follow", "_follow_at_end",
        "_masks", "_remembered", "_start", "_states", "_steps", "search", "text",
    )  # fmt: skip

    search: Callable[[str], bool]
    """Whether some part of the text matches."""

    def __init__(self, text: str, positions: list[_Position]) -> None:
        self.text = text
        self._chains = positions
        literal = _literal(positions)
        if literal is not None:
            self.search = lambda found: literal in found
            return
        self.search = self._search
        count = len(positions)
        self._accept = sum(1 << i for i in range(count) if positions[i].reads == _ACCEPT)
        opened = self._opened(at_start=False, at_end=False)
        opened_at_end = self._opened(at_start=False, at_end=True)
        self._follow = self._after(opened)
        self._follow_at_end = self._after(opened_at_end)
        # Positions that only lead to the next one move together, by one shift.
        self._steps = sum(1 << i for i in range(count) if self._follow[i] == self._follow_at_end[i] == 2 << i)
        # In a run of optional positions the first one read opens all that the others do.
        self._covers = [0] * (count + 1)
        for i in reversed(range(count - 1)):
            if not (
                self._follow[i + 1] & ~self._follow[i] or self._follow_at_end[i + 1] & ~self._follow_at_end[i]
            ):
                self._covers[i] = self._covers[i + 1] | 2 << i
        starts = [0] + [i + 1 for i in range(count - 1) if positions[i].reads == _ACCEPT]
        self._first = _union(opened, starts)
        self._first_at_end = _union(opened_at_end, starts)
        self._start = _State(
            _union(self._opened(at_start=True, at_end=False), starts),
            _union(self._opened(at_start=True, at_end=True), starts),
        )
        self._states: dict[int, _State] = {}
        self._masks: dict[str, int] = {}
        self._remembered = 0

    def __repr__(self) -> str:
        return f"Regex({self.text!r})"

    @classmethod
    def parse(cls, pattern: str, start: int, end: int) -> Regex:
        """The expression written in pattern[start:end]; InvalidFilterPattern for what AWS does not have."""
        positions: list[_Position] = []
        for chain in _Parser(pattern, start, end).chains():
            positions += chain
            positions.append(_Position(_ACCEPT))
            if len(positions) > _MAX_POSITIONS:
                reason = (
                    f"This regular expression needs more than {_MAX_POSITIONS:,} places: use smaller counts."
                )
                raise InvalidFilterPattern(pattern, start, reason)
        return cls(pattern[start:end], positions)

    @property
    def example(self) -> str:
        """A text that matches: the first alternative, without what is optional in it."""
        chosen = []
        for position in self._chains:
            if position.reads == _ACCEPT:
                break
            if isinstance(position.reads, _Set) and not position.optional:
                reads = position.reads
                chosen.append(next(char for char in _SAMPLES if char in reads))
        return "".join(chosen)

    def _opened(self, *, at_start: bool, at_end: bool) -> list[int]:
        """For each position, those open from it on: past what is optional and anchors that hold."""
        opened = [0] * (len(self._chains) + 1)
        for index in reversed(range(len(self._chains))):
            position = self._chains[index]
            if position.reads == _START or position.reads == _END:
                holds = at_start if position.reads == _START else at_end
                opened[index] = opened[index + 1] if holds else 0
            else:
                opened[index] = 1 << index | (opened[index + 1] if position.optional else 0)
        return opened

    def _after(self, opened: list[int]) -> list[int]:
        """For each position, those that stand open once it was read."""
        return [
            0 if position.reads == _ACCEPT else opened[index + 1] | (1 << index if position.repeats else 0)
            for index, position in enumerate(self._chains)
        ]

    def _search(self, text: str) -> bool:
        accept = self._accept
        state = self._start
        last = len(text) - 1
        if text.endswith("\n"):
            text = text[:-1]
        else:
            last = -1
        if state.active & accept:
            return True
        for char in text:
            following = state.next.get(char)
            if following is None:
                following = self._step(state.active, char)
                self._remember(state, char, following)
            if following.active & accept:
                return True
            state = following
        if state.active_at_end & accept:
            return True
        if last >= 0:
            state = self._step(state.active_at_end, "\n")
            return bool(state.active_at_end & accept)
        return False

    def _step(self, active: int, char: str) -> _State:
        moved = active & self._mask(char)
        known = self._states.get(moved)
        if known is not None:
            return known
        state = _State(self._first, self._first_at_end)
        together = (moved & self._steps) << 1
        state.active |= together
        state.active_at_end |= together
        rest = moved & ~self._steps
        while rest:
            bit = rest & -rest
            index = bit.bit_length() - 1
            state.active |= self._follow[index]
            state.active_at_end |= self._follow_at_end[index]
            rest &= ~(bit | self._covers[index])
        if len(self._states) >= _MAX_REMEMBERED:
            self._states = {}
        self._states[moved] = state
        return state

    def _mask(self, char: str) -> int:
        """The positions that read this character."""
        mask = self._masks.get(char)
        if mask is None:
            mask = sum(
                1 << i
                for i, position in enumerate(self._chains)
                if isinstance(position.reads, _Set) and char in position.reads
            )
            if len(self._masks) < _MAX_REMEMBERED:
                self._masks[char] = mask
        return mask

    def _remember(self, state: _State, char: str, following: _State) -> None:
        """Keep a transition; when there are too many, forget all and start over with what comes."""
        self._remembered += 1
        if self._remembered > _MAX_REMEMBERED:
            self._remembered = 0
            self._states = {}
            self._start = _State(self._start.active, self._start.active_at_end)
        state.next[char] = following


def _union(masks: list[int], indices: list[int]) -> int:
    mask = 0
    for index in indices:
        mask |= masks[index]
    return mask


def _literal(positions: list[_Position]) -> str | None:
    """The text sought, if the expression is nothing but a text."""
    chars: list[str] = []
    for position in positions[:-1]:
        if not isinstance(position.reads, _Set) or position.optional or position.repeats:
            return None
        if position.reads.inverted or len(position.reads.members) != 1:
            return None
        chars += position.reads.members
    return "".join(chars)


class _Parser:
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

    def chains(self) -> Iterator[list[_Position]]:
        """One chain of positions for each alternative."""
        while True:
            chain: list[_Position] = []
            start = self.position
            while self.peek() not in ("", "|"):
                chain += self.item()
            if self.position == start:
                raise self.fail("Nothing stands here: write the text or expression to look for.")
            yield chain
            if not self.peek():
                return
            self.position += 1

    def item(self) -> list[_Position]:
        char = self.peek()
        if char in (_START, _END):
            self.position += 1
            if self.peek() and self.peek() in "*+?{":
                raise self.fail(f"{char} is a place, which cannot repeat: take {self.peek()} away.")
            return [_Position(char)]
        if char in "*+?{":
            raise self.fail(
                f"{char} repeats what stands before it, and nothing does: write \\{char} for itself."
            )
        if char in "]}":
            raise self.fail(f"{char} closes nothing here: write \\{char} for the character itself.")
        reads = self.bracket() if char == "[" else self.one()
        least, most = self.count()
        needed = [_Position(reads)] * least
        if most is not None:
            return needed + [_Position(reads, optional=True)] * (most - least)
        if not needed:
            return [_Position(reads, optional=True, repeats=True)]
        return [*needed[:-1], _Position(reads, repeats=True)]

    def one(self) -> _Set:
        char = self.peek()
        if char == "\\":
            return self.escape()
        self.position += 1
        if char == ".":
            return _ANY
        self.check(char, self.position - 1)
        return _Set(frozenset(char))

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

    def escape(self) -> _Set:
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
            return _Set(frozenset(chr(int(digits, 16))))
        if not char:
            raise self.fail(
                "A backslash says something about the next character: write \\\\ for itself.", start
            )
        if char not in _OPERATORS and (char not in _PLAIN or char in _LETTERS or char in _DIGITS):
            if char in "()" or ord(char) > 127 or char not in _LETTERS + _DIGITS:
                self.check(char, start)
            raise self.fail(f"\\{char} is not supported: there are \\d, \\s, \\w and \\xhh.", start)
        return _Set(frozenset(char))

    def bracket(self) -> _Set:
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
            return _Set(frozenset(members), inverted)
        return _Set(frozenset.intersection(*outside) - members, not inverted)

    def member(self) -> _Set:
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
        return _Set(frozenset(char))

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
    return 0 < len(text) <= 9 and all(char in _DIGITS for char in text)
