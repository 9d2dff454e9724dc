r"""A wildcard: ``*`` stands for any characters, also for none; ``\*`` is a star, ``\\`` a backslash.

Matching never backtracks: its time is linear in the text for a given pattern.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching
"""

from __future__ import annotations

from collections.abc import Sequence

from secretwatch.eventpattern.errors import InvalidEventPattern

STAR = -1
_QUOTE = ord('"')


def tokens_of(text: str) -> tuple[int, ...]:
    """Bytes and STARs of the JSON string that stands for `text`, with the quotation marks around it.

    Raises InvalidEventPattern; its positions count these bytes, as AWS's do.
    """
    raw = f'"{text}"'.encode("utf-8", "surrogatepass")
    found: list[int] = []
    place = 0
    while place < len(raw):
        byte = raw[place]
        if byte == ord("*"):
            if raw[place + 1] == ord("*"):
                raise InvalidEventPattern(f"Consecutive wildcard characters at pos {place}")
            byte = STAR
        elif byte == ord("\\"):
            byte = raw[place + 1]
            # The closing quotation mark cannot be escaped.
            if byte not in b"*\\":
                raise InvalidEventPattern(f"Invalid escape character at pos {place}")
            place += 1
        found.append(byte)
        place += 1
    return tuple(found)


class Wildcard:
    """A wildcard that was taken; `tokens` as `tokens_of` gives them."""

    def __init__(self, text: str) -> None:
        self.tokens = tokens_of(text)
        self._parts = _parts(self.tokens[1:-1])

    def matches(self, text: str) -> bool:
        raw = text.encode("utf-8", "surrogatepass")
        first, last = self._parts[0], self._parts[-1]
        if len(self._parts) == 1:
            return raw == first
        if len(raw) < len(first) + len(last) or not raw.startswith(first) or not raw.endswith(last):
            return False
        place, end = len(first), len(raw) - len(last)
        # Each part takes the first place where it fits: a later one could never help those after it.
        for part in self._parts[1:-1]:
            place = raw.find(part, place, end)
            if place < 0:
                return False
            place += len(part)
        return True


def _parts(tokens: Sequence[int]) -> list[bytes]:
    parts = [bytearray()]
    for token in tokens:
        if token == STAR:
            parts.append(bytearray())
        else:
            parts[-1].append(token)
    return [bytes(part) for part in parts]
