r"""Texts of filter patterns in SQL: a plain text, one with wildcards, a regular expression.

Each becomes a condition on one SQL expression that is a text, and is either exact or holds wherever the text
matches, and maybe elsewhere. Exact matters twice: `!=` needs it, as the opposite of too much is too little.

`*` in a pattern takes the first place that fits and never gives it back; LIKE tries them all. They differ
only where something follows the last `*`: `*111.111.111` is not `111.111.111.111`, and LIKE says that it is.
There the place is compared as well (STRPOS, which finds the first). With two or more pieces between the `*`
this would double with each, so LIKE alone stands there, and the rest is decided after the query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlglot import exp

from secretwatch.athena.condition import Condition, Sql, never
from secretwatch.athena.expression import spelled
from secretwatch.filterpattern.operands import Number, Operand, Text, read_number, text_matcher

_ESCAPE = "#"
_NUMBER_SIGNS = frozenset("0123456789+-.eEinfatyNI")
"""Signs of numbers as texts, `inf` and `nan` among them."""
_LONGEST_INTEGER = 15  # digits that any reader of JSON keeps


@dataclass(frozen=True, slots=True)
class Matcher:
    """Whether a text is the wanted one: of an SQL expression, and of a text that is known.

    sql: None where nothing narrower than "it is there" can be said. exact: whether it says exactly that.
    is_number: whether a JSON number may be written so as well. plain: the text itself, if it is only that.
    """

    sql: Callable[[Sql], Sql] | None
    exact: bool
    is_number: bool
    matches: Callable[[str], bool]
    plain: str | None = None

    def condition(self, subject: Sql, *, negated: bool) -> Condition:
        """On a text column, whose NULL is neither equal nor unequal."""
        if self.sql is None or (negated and not self.exact):
            return Condition(is_there(subject), exact=False)
        tree = self.sql(subject)
        if negated and isinstance(tree, exp.Not):
            # Whatever is there is equal to "*", and what is not there is not unequal to it.
            return never()
        return Condition(exp.not_(tree) if negated else tree, self.exact)


def matcher(operand: Operand) -> Matcher:
    """What an operand of = or != that is no number says about a text."""
    if isinstance(operand, Number):
        raise TypeError("A number is compared as one.")
    if isinstance(operand, Text):
        return _of_text(operand.text)
    written = spelled(operand.text)
    if written is None or not is_sayable(written):
        return Matcher(None, False, True, operand.search)
    return Matcher(
        lambda subject: exp.RegexpLike(this=subject.copy(), expression=exp.Literal.string(written)),
        True,
        True,
        operand.search,
    )


def is_there(subject: Sql) -> Sql:
    return exp.not_(exp.Is(this=subject.copy(), expression=exp.null()))


def _of_text(text: str) -> Matcher:
    first, *rest = text.split("*")
    pieces = [first, *[piece for piece in rest[:-1] if piece], *rest[-1:]]
    matches = text_matcher(text)
    if not rest:
        number = read_number(text) is not None or text.lower() in ("inf", "-inf", "nan")
        # An integer of few digits is written in one way alone.
        is_integer = text.lstrip("-").isdecimal() and text.isascii() and len(text) <= _LONGEST_INTEGER
        canonical = is_integer and text.removeprefix("-")[0] in "123456789" and text.count("-") <= 1
        if not is_sayable(text):
            return Matcher(None, False, number, matches)
        return Matcher(
            lambda subject: exp.EQ(this=subject.copy(), expression=exp.Literal.string(text)),
            True,
            number and not canonical,
            matches,
            plain=text,
        )
    number = all(char in _NUMBER_SIGNS for char in text if char != "*")
    if not is_sayable(text):
        return Matcher(None, False, number, matches)
    exact = not pieces[-1] or len(pieces) <= 3
    return Matcher(lambda subject: _wild(subject, pieces), exact, number, matches)


def starting_with(subject: Sql, text: str) -> Sql:
    return _wild(subject, [text, ""])


def _wild(subject: Sql, pieces: list[str]) -> Sql:
    """pieces: what stands before, between and after the wildcards; the first and last may be empty."""
    if not any(pieces):
        return is_there(subject)
    # The string is a pattern of LIKE, and its signs are escaped.
    like = exp.Escape(
        this=exp.Like(this=subject.copy(), expression=exp.Literal.string("%".join(map(_escaped, pieces)))),
        expression=exp.Literal.string(_ESCAPE),
    )
    first, *middle, last = pieces
    if not last or len(middle) > 1:
        return like
    rest = _from(subject, exp.Literal.number(len(first) + 1)) if first else subject
    if middle:
        place = _place(rest, middle[0])
        rest = _from(rest, exp.Add(this=place, expression=exp.Literal.number(len(middle[0]))))
    end = exp.Sub(this=exp.Length(this=rest.copy()), expression=exp.Literal.number(len(last) - 1))
    return exp.and_(like, exp.EQ(this=_place(rest, last), expression=end), copy=False)


def _from(subject: Sql, start: Sql) -> Sql:
    return exp.Substring(this=subject.copy(), start=start)


def _place(subject: Sql, text: str) -> Sql:
    return exp.StrPosition(this=subject.copy(), substr=exp.Literal.string(text))


def _escaped(text: str) -> str:
    for sign in (_ESCAPE, "%", "_"):
        text = text.replace(sign, _ESCAPE + sign)
    return text


def is_sayable(text: str) -> bool:
    """Whether a query can hold it: UTF-8, and no signs that only control something."""
    return not any((char < " " and char not in "\t\n\r") or "\ud800" <= char <= "\udfff" for char in text)
