"""What cannot be asked of a table; each message is one sentence, and says what to do instead."""

from __future__ import annotations


class Unanswerable(ValueError):
    """A pattern, or a condition of it, that the table does not hold enough for."""


class Unusable(ValueError):
    """A table, or a place of one, that no query can be written for."""
