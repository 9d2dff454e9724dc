"""How complex a pattern is, by the criterion of AWS's own matcher.

A text that is read character by character can match the beginnings of several wildcards at once: `ab`
matches `a*`, `a*b` and `*b`. Each of these is a state that the matcher has to be in. The complexity of a
pattern is the greatest number of them that some text can reach, on one field; what other fields have does not
add to it. Only `wildcard` and `anything-but` with `wildcard` count, the quotation marks around a text are
part of it, and a beginning counts once for each condition that it could become: of one `anything-but` with a
list, what its texts share up to the first star counts once.

The criterion is described by the tests of https://github.com/aws/event-ruler (`MachineComplexityEvaluator`).
PutRule's answers that were seen: `*.bif`, `*.tif`, `*.tiff` and `*.svs` on one field (8) are taken, so are
three of `*:stack/NAME/*` (9); `*:*:*:*:*:event-bus/*` (11), four of `*:stack/NAME/*` (12) and four of
`*/datasync/*.bif` (16) are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from secretwatch.eventpattern.condition import Condition
from secretwatch.eventpattern.wildcard import STAR

MOST_COMPLEX = 10

TOO_COMPLEX = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences "
    "after a wildcard character"
)

_OTHER = 256  # any byte that no wildcard names

# A place in a wildcard: which condition, which of its texts (-1: shared by several), which tokens lead to it.
State = tuple[int, int, tuple[int, ...]]


class _Fields:
    """What the matcher looks at next: the field's conditions, and what follows each."""

    def __init__(self) -> None:
        self.conditions: dict[str, dict[str, Condition]] = {}
        self.next: dict[tuple[str, str], _Fields] = {}


def complexity_of(branches: Iterable[Mapping[str, Sequence[Condition]]]) -> int:
    """The greatest complexity of any field; one above MOST_COMPLEX may be too low.

    Branches that begin with the same conditions are looked at together, as the matcher does.
    """
    root = _Fields()
    every = [root]
    for branch in branches:
        reached = [root]
        for path, conditions in branch.items():
            following: dict[int, _Fields] = {}
            for fields in reached:
                known = fields.conditions.setdefault(path, {})
                new = _Fields()
                for condition in conditions:
                    known.setdefault(condition.identity, condition)
                    after = fields.next.setdefault((path, condition.identity), new)
                    following[id(after)] = after
                every.append(new)
            reached = list(following.values())
    return max(
        (
            prefixes_at_once([condition.wildcards for condition in conditions.values()])
            for fields in every
            for conditions in fields.conditions.values()
        ),
        default=0,
    )


def prefixes_at_once(conditions: Sequence[Sequence[tuple[int, ...]]]) -> int:
    """How many beginnings of wildcards one text can match at the most; it stops above MOST_COMPLEX.

    conditions: for each the tokens of its wildcards, of which any excludes what `anything-but` is about.
    """
    steps = _Steps(conditions)
    if not steps.starts:
        return 0
    most = 0
    pending = [frozenset(steps.starts)]
    seen = set(pending)
    while pending:
        active = pending.pop()
        # What no wildcard names leads to the stars alone, which every named byte leads to as well.
        for byte in {byte for state in active for byte in steps.by_byte.get(state, ())} | {_OTHER}:
            reached = frozenset(steps.after(active, byte))
            most = max(most, len(reached))
            if most > MOST_COMPLEX:
                return most
            if reached and reached not in seen:
                seen.add(reached)
                pending.append(reached)
    return most


class _Steps:
    """From which beginning which byte leads to which longer one."""

    def __init__(self, conditions: Sequence[Sequence[tuple[int, ...]]]) -> None:
        self.by_byte: dict[State, dict[int, set[State]]] = {}
        self.stars: dict[
            State, State
        ] = {}  # the beginning that has a star more: it matches what this one does
        self.starts: list[State] = []
        for number, texts in enumerate(conditions):
            for which, tokens in enumerate(texts):
                self._add(number, which, tokens)

    def _add(self, number: int, which: int, tokens: tuple[int, ...]) -> None:
        first_star = tokens.index(STAR) if STAR in tokens else len(tokens)
        before: State = (number, -1, ())
        self.starts.append(before)
        for end in range(1, len(tokens) + 1):
            token = tokens[end - 1]
            state: State = (number, -1 if end <= first_star + 1 else which, tokens[:end])
            if token == STAR:
                self.stars[before] = state
            else:
                self.by_byte.setdefault(before, {}).setdefault(token, set()).add(state)
            before = state

    def after(self, active: frozenset[State], byte: int) -> set[State]:
        found: set[State] = set()
        for state in active:
            if state[2] and state[2][-1] == STAR:
                found.add(state)
            found |= self.by_byte.get(state, {}).get(byte, set())
        found |= {self.stars[state] for state in found if state in self.stars}
        return found
