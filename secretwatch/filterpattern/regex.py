"""The regular expressions of filter patterns, in time linear in the message.

The language is small: alternatives of characters, classes and anchors, each with at most one quantifier,
and no groups. So an expression is a few chains of positions, a position being a set of characters that may
be optional or may repeat. The matcher walks all chains at once, one character at a time: the set of
positions just read is a bit mask, and what can follow a mask is remembered (a DFA built where messages
lead). Nothing backtracks. How an expression is read stands in `regex_parser.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from secretwatch.filterpattern.errors import InvalidFilterPattern
from secretwatch.filterpattern.regex_parser import DIGITS, END, LETTERS, START, Parser, Position, Set

_SAMPLES = "x" + LETTERS + DIGITS + "".join(chr(code) for code in range(128))
"""Characters in the order in which an example takes them."""
_MAX_POSITIONS = 4000
_MAX_REMEMBERED = 4096  # transitions kept in memory for one expression
_ACCEPT = "accept"


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

    def __init__(self, text: str, positions: list[Position]) -> None:
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
        positions: list[Position] = []
        for chain in Parser(pattern, start, end).chains():
            positions += chain
            positions.append(Position(_ACCEPT))
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
            if isinstance(position.reads, Set) and not position.optional:
                reads = position.reads
                chosen.append(next(char for char in _SAMPLES if char in reads))
        return "".join(chosen)

    def _opened(self, *, at_start: bool, at_end: bool) -> list[int]:
        """For each position, those open from it on: past what is optional and anchors that hold."""
        opened = [0] * (len(self._chains) + 1)
        for index in reversed(range(len(self._chains))):
            position = self._chains[index]
            if position.reads == START or position.reads == END:
                holds = at_start if position.reads == START else at_end
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
                if isinstance(position.reads, Set) and char in position.reads
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


def _literal(positions: list[Position]) -> str | None:
    """The text sought, if the expression is nothing but a text."""
    chars: list[str] = []
    for position in positions[:-1]:
        if not isinstance(position.reads, Set) or position.optional or position.repeats:
            return None
        if position.reads.inverted or len(position.reads.members) != 1:
            return None
        chars += position.reads.members
    return "".join(chars)
