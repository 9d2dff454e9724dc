r"""Patterns for unstructured messages: terms, phrases, exclusions, alternatives, or one regular expression.

`ERROR "not found" -retry` holds where all but the last are parts of the message; `?ERROR ?WARN` where one
is. Beside any other term, `?` terms are ignored, as on AWS. A phrase of nothing but space matches every
message.
"""

from __future__ import annotations

from dataclasses import dataclass

from secretwatch.filterpattern.regex import Regex
from secretwatch.filterpattern.scanner import SPACE, WORD, Scanner


@dataclass(frozen=True, slots=True)
class Term:
    """One term: `sign` is "" (must be there), "-" (must not be there) or "?" (one of these must)."""

    written: str
    sign: str
    text: str

    def found_in(self, message: str) -> bool:
        return self.text in message


def parse_terms(scanner: Scanner) -> list[Term] | Regex:
    """The terms of a pattern; no term at all matches everything."""
    scanner.skip_space()
    if scanner.peek() == "%":
        regex = scanner.regex()
        scanner.skip_space()
        if not scanner.at_end():
            scanner.fail(
                "A regular expression stands alone in a pattern of terms: join several with | inside it."
            )
        return regex
    terms = []
    while not scanner.at_end():
        terms.append(_term(scanner))
        if scanner.peek() and scanner.peek() not in SPACE:
            scanner.fail("A space stands between two terms.")
        scanner.skip_space()
    return terms


def _term(scanner: Scanner) -> Term:
    start = scanner.position
    sign = scanner.peek() if scanner.peek() in ("-", "?") else ""
    if sign:
        scanner.position += 1
        scanner.skip_space()
        if scanner.at_end():
            scanner.fail(
                f"A term follows the {sign}: in quotation marks if the {sign} itself is looked for.", start
            )
    if scanner.peek() == '"':
        text = scanner.quoted()
        if not text.strip(SPACE):
            text = ""
    elif scanner.peek() == "%":
        scanner.fail(
            "A regular expression stands alone in a pattern of terms: join several with | inside it."
        )
    else:
        text = scanner.take_word(WORD)
        if scanner.peek() and scanner.peek() not in SPACE + '"':
            scanner.fail(
                "Invalid character(s) in term: only letters, digits and _ stand without quotation marks. "
                'Put the whole term between "..."'
            )
    return Term(scanner.pattern[start : scanner.position], sign, text)


def terms_match(terms: list[Term], message: str) -> bool:
    """Whether the message holds what must be there, and nothing of what must not."""
    alternatives = [term for term in terms if term.sign == "?"]
    if len(alternatives) == len(terms):
        return not terms or any(term.found_in(message) for term in terms)
    return all(term.found_in(message) is (term.sign == "") for term in terms if term.sign != "?")
