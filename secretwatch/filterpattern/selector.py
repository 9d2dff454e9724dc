"""Property selectors: `$.requestParameters.secretId` into JSON, `$size` into a space-delimited message.

A filter pattern's conditions use the first kind; a metric filter's metricValue and dimensions use both.
"""

from __future__ import annotations

from dataclasses import dataclass

from secretwatch.filterpattern.scanner import WORD, Scanner

_NAME = WORD | frozenset("-")
_DIGITS = frozenset("0123456789")
_LONGEST_INDEX = 9  # digits


class AnyIndex:
    """`[*]`: every element of an array."""


class AnyName:
    """`.*`: every value of an object."""


PathStep = str | int | type[AnyIndex] | type[AnyName]


@dataclass(frozen=True, slots=True)
class Selector:
    """A place in a log event: a path into JSON, or the name or number of a space-delimited field."""

    text: str
    path: tuple[PathStep, ...] = ()
    """From the root down: names, indices and wildcards. Empty for a field."""
    field: str | None = None
    """The field's name, or its number from 1 as text. None for a path."""

    @classmethod
    def parse(cls, text: str) -> Selector:
        """`$.a.b[0]`, `$.['a.b']`, `$.a[*]`, `$.*`, `$name` or `$1`; InvalidFilterPattern for other texts."""
        scanner = Scanner(text)
        scanner.skip_space()
        if scanner.peek() == "$" and text[scanner.position + 1 : scanner.position + 2] not in (".", "["):
            scanner.position += 1
            name = scanner.take_word(_NAME)
            if not name:
                scanner.fail("A field's name or number follows the $, as in $size or $3.")
            selector = cls(text=f"${name}", field=name)
        else:
            selector = cls.scan(scanner)
        scanner.skip_space()
        if not scanner.at_end():
            scanner.fail("The selector ends here: a name with other characters is written as ['name'].")
        return selector

    @classmethod
    def scan(cls, scanner: Scanner) -> Selector:
        """The JSON selector that starts here."""
        start = scanner.position
        if not scanner.take("$"):
            scanner.fail("A property selector stands here and starts with $. as in $.eventName.")
        path: list[PathStep] = []
        while True:
            here = scanner.position
            step = _step(scanner)
            if step is None:
                break
            if not path and (isinstance(step, int) or step is AnyIndex):
                scanner.fail(
                    "An array follows a property: a log event is an object, so write $.name first.", here
                )
            path.append(step)
        if not path:
            scanner.fail("A property's name follows the $, as in $.eventName.")
        if sum(step in (AnyIndex, AnyName) for step in path) > 1:
            scanner.fail("A selector holds at most 1 wildcard.", start)
        return cls(text=scanner.pattern[start : scanner.position], path=tuple(path))

    @property
    def has_wildcard(self) -> bool:
        return AnyIndex in self.path or AnyName in self.path

    def values(self, event: object) -> list[object]:
        """Every value of a parsed JSON event that a path points to, of whatever type; none for a field."""
        if not self.path or not isinstance(event, dict):
            return []
        found: list[object] = [event]
        for step in self.path:
            if isinstance(step, str):
                found = [here[step] for here in found if isinstance(here, dict) and step in here]
            elif isinstance(step, int):
                found = [here[step] for here in found if isinstance(here, list) and step < len(here)]
            elif step is AnyIndex:
                found = [value for here in found if isinstance(here, list) for value in here]
            else:
                found = [value for here in found if isinstance(here, dict) for value in here.values()]
        return found


def _step(scanner: Scanner) -> PathStep | None:
    """The next step of a path, or None where the path ends."""
    if scanner.take("."):
        if scanner.take("*"):
            return AnyName
        if scanner.peek() == "[":
            return _bracket(scanner, quoted_only=True)
        name = scanner.take_word(_NAME)
        if not name:
            scanner.fail("A property's name stands here: one with other characters is written as ['name'].")
        return name
    if scanner.peek() == "[":
        return _bracket(scanner, quoted_only=False)
    return None


def _bracket(scanner: Scanner, *, quoted_only: bool) -> PathStep:
    start = scanner.position
    scanner.take("[")
    step: PathStep
    if scanner.take("'"):
        end = scanner.pattern.find("'", scanner.position)
        if end < 0:
            scanner.fail("This name is never closed: write ' at its end.", start + 1)
        step = scanner.pattern[scanner.position : end]
        if not step:
            scanner.fail("A property's name stands between the quotes.")
        scanner.position = end + 1
    elif quoted_only:
        scanner.fail("A name in brackets stands in single quotes, as in $.['cluster.name'].")
    elif scanner.take("*"):
        step = AnyIndex
    else:
        digits = scanner.take_word(_DIGITS)
        if not digits or len(digits) > _LONGEST_INDEX:
            scanner.fail("An array's index stands here: a number from 0, or * for any element.", start + 1)
        step = int(digits)
    if not scanner.take("]"):
        scanner.fail("This bracket is never closed: write ] here.")
    return step
