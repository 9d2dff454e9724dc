"""Reading a pattern from left to right: places, quotes, operands, and && || ( ) between conditions.

Nothing here knows what a condition is about; the three kinds of patterns bring their own.
Nothing here recurses either: a pattern of a thousand parentheses is read like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from secretwatch.filterpattern.errors import InvalidFilterPattern
from secretwatch.filterpattern.operands import Number, Operand, Text, read_number
from secretwatch.filterpattern.regex import Regex

SPACE = " \t\r\n\v\f"
WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_UNQUOTED = WORD | frozenset(".*+-")
_AFTER_OPERAND = frozenset([*SPACE, *",]})(&|", ""])

OPERATORS = ("<=", ">=", "!=", "=", "<", ">")
"""Longest first, as they are looked for."""

Step = int | Literal["and", "or"]
"""One step of an expression in postfix order: the number of a condition, or what joins the two before it."""

_JOINS: dict[str, Literal["and", "or"]] = {"&&": "and", "||": "or"}
_MAX_REGEXES = 2


@dataclass(slots=True)
class Scanner:
    """A pattern and a place in it."""

    pattern: str
    position: int = 0
    regexes: int = 0

    def fail(self, reason: str, position: int | None = None) -> NoReturn:
        raise InvalidFilterPattern(self.pattern, self.position if position is None else position, reason)

    def at_end(self) -> bool:
        return self.position >= len(self.pattern)

    def peek(self) -> str:
        """The character here, or "" at the end."""
        return self.pattern[self.position : self.position + 1]

    def skip_space(self) -> None:
        while self.peek() and self.peek() in SPACE:
            self.position += 1

    def take(self, text: str) -> bool:
        """Step over the text if it stands here."""
        if self.pattern.startswith(text, self.position):
            self.position += len(text)
            return True
        return False

    def take_word(self, characters: frozenset[str]) -> str:
        """Step over the longest run of these characters."""
        start = self.position
        while self.peek() and self.peek() in characters:
            self.position += 1
        return self.pattern[start : self.position]

    def take_keyword(self, *words: str) -> bool:
        """Step over words parted by space, all of them or none; a keyword ends where a word ends."""
        start = self.position
        for word in words:
            self.skip_space()
            if self.take_word(WORD) != word:
                self.position = start
                return False
        return True

    def quoted(self) -> str:
        r"""The text of the "..." that starts here. `\"` is a quote and `\\` a backslash in it."""
        start = self.position
        self.position += 1
        text: list[str] = []
        while not self.at_end():
            char = self.peek()
            self.position += 1
            if char == '"':
                return "".join(text)
            if char == "\\" and self.peek() and self.peek() in '"\\':
                char = self.peek()
                self.position += 1
            text.append(char)
        self.fail('This quotation mark is never closed: write a second " at the end of the phrase.', start)

    def regex(self) -> Regex:
        """The regular expression of the %...% that starts here."""
        start = self.position
        end = self.pattern.find("%", start + 1)
        if end < 0:
            self.fail("This regular expression is never closed: write a second % at its end.", start)
        self.regexes += 1
        if self.regexes > _MAX_REGEXES:
            self.fail(f"A filter pattern holds at most {_MAX_REGEXES} regular expressions.", start)
        found = Regex.parse(self.pattern, start + 1, end)
        self.position = end + 1
        return found

    def operator(self) -> str | None:
        return next((operator for operator in OPERATORS if self.take(operator)), None)

    def operand(self, operator: str) -> Operand:
        """What an operator compares with: a "quoted" or plain text, a number, or a %regular expression%."""
        self.skip_space()
        start = self.position
        operand: Operand
        if self.peek() == '"':
            operand = Text(self.quoted())
        elif self.peek() == "%":
            operand = self.regex()
        else:
            word = self.take_word(_UNQUOTED)
            number = read_number(word)
            if number is None or self.peek() not in _AFTER_OPERAND:
                self._check_unquoted(word, start)
            operand = Text(word) if number is None else Number(number)
        if operator in ("<", ">", "<=", ">=") and not isinstance(operand, Number):
            self.fail(f"{operator} compares with a number, written without quotation marks.", start)
        return operand

    def _check_unquoted(self, word: str, start: int) -> None:
        if not word and self.pattern[start - 1 : start + 1] == "==":
            self.fail("Invalid character(s) in term: there is no ==, write =.")
        stranger = self.peek() not in _AFTER_OPERAND
        if not word and not stranger:
            self.fail("A value is missing here: a number, a word, or a text in quotation marks.")
        signs = [start + offset for offset, char in enumerate(word) if char in "+-"]
        if signs or stranger:
            self.fail(
                "Invalid character(s) in term: only letters, digits, _ . and * need no quotation marks.",
                signs[0] if signs else None,
            )

    def expression(self, condition: Callable[[], int]) -> list[Step]:
        """Conditions joined by && and ||, with ( ) first, then &&, then ||; in postfix order.

        `condition` reads one condition and gives its number. Stops before whatever cannot go on.
        """
        output: list[Step] = []
        waiting: list[tuple[str, int]] = []  # what was read and waits for its right-hand side, and where
        while True:
            self.skip_space()
            here = self.position
            if self.take("("):
                waiting.append(("(", here))
                continue
            output.append(condition())
            while True:
                self.skip_space()
                here = self.position
                join = next((sign for sign in _JOINS if self.take(sign)), None)
                if join is not None:
                    self._settle(waiting, output, {"&&"} if join == "&&" else {"&&", "||"})
                    waiting.append((join, here))
                    break
                if any(sign == "(" for sign, _ in waiting) and self.take(")"):
                    self._settle(waiting, output, {"&&", "||"})
                    waiting.pop()
                    continue
                for sign, place in waiting:
                    if sign == "(":
                        self.fail(
                            "This parenthesis is never closed: write ) where its condition ends.", place
                        )
                if self.peek() == ")":
                    self.fail("This parenthesis closes nothing: write ( before it, or take it away.")
                if self.peek() and self.peek() in "&|":
                    self.fail(f"Conditions are joined by && and ||: write {self.peek() * 2}.")
                self._settle(waiting, output, {"&&", "||"})
                return output

    @staticmethod
    def _settle(waiting: list[tuple[str, int]], output: list[Step], signs: set[str]) -> None:
        while waiting and waiting[-1][0] in signs:
            output.append(_JOINS[waiting.pop()[0]])


def evaluate(expression: Sequence[Step], holds: Callable[[int], bool]) -> bool:
    """Whether an expression in postfix order holds, given which of its conditions do."""
    stack: list[bool] = []
    for step in expression:
        if isinstance(step, int):
            stack.append(holds(step))
        else:
            right = stack.pop()
            stack.append(stack.pop() and right if step == "and" else stack.pop() or right)
    return stack.pop()
