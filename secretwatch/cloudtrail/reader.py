"""The one reader of CloudTrail events: a file's bytes in, messages out, whatever wraps them.

Plain or gzipped (also several members), UTF-8 or UTF-16 with a byte order mark; JSON on one line or many,
values one after another, arrays, every wrapping of `wrappings`, lines with a time before the event (``aws
logs tail``, log groups exported to S3), and plain lines. Memory is bounded by the largest single event, not
by the file. What is broken is told as a `Broken`, and reading goes on behind it.

How it reads: a decoded value at a time. A value that does not end within what has been read is entered if
it is an array, or an object that holds one of `wrappings.LISTS`; its elements then come one by one.
Bytes become text in `plain_text`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from secretwatch.cloudtrail.plain_text import Hole, texts
from secretwatch.cloudtrail.wrappings import LISTS, Unreadable, messages

# An event has at most 256 KB, a page of a command's output a few MB.
_LARGEST = 64 << 20

# A log event has at most 1 MB, quoted and escaped a few.
_LONGEST_LINE = 8 << 20

_DECODER = json.JSONDecoder(strict=False)
_SPACE = " \t\r\n\x1e"
_DEEPEST = 8
_CUT = 8  # signs before the end of what is read: "fals", "\\u12" and "-1." may only be cut off
_TIMED = re.compile(r"\d{4}-\d\d-\d\dT[\d:.,]+(?:Z|[+-]\d\d:?\d\d)[ \t]+(?:\S+[ \t]+)?(?=\{)")
_BEGINS = re.compile(r'\{\s*("(?:[^"\\]|\\.)*")')
_LIST = re.compile(r'\s*"(?:' + "|".join(LISTS) + r')"\s*:\s*\[')
_MEMBER = re.compile(r'\s*"(?:[^"\\]|\\.)*"\s*:\s*')
_COMMA = re.compile(r"\s*,")
# How a line that is JSON begins; "[INFO] started" begins otherwise.
_JSON = re.compile(r'\{\s*(?:["}]|\Z)|\[[ \t]*(?:[\[{"\]\r\n]|\Z)')
_AHEAD = 256


@dataclass(frozen=True)
class Message:
    """``text`` is a message as a log group would hold it; ``number`` counts from 1 in its file."""

    number: int
    text: str


@dataclass(frozen=True)
class Broken:
    """A piece that could not be read, after ``after`` messages: ``why`` is a clause without a full stop.

    ``text`` is the line, where the piece is one line that only begins like JSON: it may be a plain message.
    """

    after: int
    why: str
    text: str | None = None


def read(chunks: Iterable[bytes]) -> Iterator[Message | Broken]:
    """Everything that a file holds, in its order; ``chunks`` are its bytes, in pieces of any size."""
    number = 0
    for piece in _Reader(chunks).pieces():
        if isinstance(piece, str):
            number += 1
            yield Message(number, piece)
        else:
            yield Broken(number, piece.why, piece.text)


class _Reader:
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._texts = texts(chunks)
        self._text = ""
        self._at = 0
        self._ended = False
        self._depth = 0  # lists that were entered
        self._holes: list[Hole] = []  # of decompression: told when the text before them is used up
        self._begins = re.compile(r'\{\s*"eventVersion"')  # how an element of the list begins

    def pieces(self) -> Iterator[str | Hole]:
        while sign := self._next():
            if sign in "{[" and self._looks_like_json():
                yield from self._value()
            else:
                yield from self._line()
        yield from self._holes

    # What has been read

    def _more(self) -> bool:
        """Read on, and forget what was used; False at the end of the file."""
        for piece in self._texts:
            if isinstance(piece, str):
                self._text = self._text[self._at :] + piece
                self._at = 0
                return True
            self._holes.append(piece)
        self._ended = True
        return False

    def _next(self) -> str:
        """Go to the next sign that is no space and return it; "" at the end of the file."""
        while True:
            while self._at < len(self._text):
                if (sign := self._text[self._at]) not in _SPACE:
                    return sign
                self._at += 1
            if not self._more():
                return ""

    def _line_end(self) -> int:
        """Where the line ends, which may be the end of the file."""
        searched = self._at
        while (found := self._text.find("\n", searched)) < 0:
            searched = len(self._text) - self._at
            if not self._more():
                return len(self._text)
        return found

    def _is_endless(self) -> bool:
        """Whether the line here is longer than any that AWS writes; then it is left behind."""
        while self._text.find("\n", self._at) < 0:
            if len(self._text) - self._at > _LONGEST_LINE:
                self._at = len(self._text)
                while self._more() and (end := self._text.find("\n")) < 0:
                    self._at = len(self._text)
                self._at = len(self._text) if self._ended else end + 1
                return True
            if not self._more():
                return False
        return False

    def _looks_like_json(self) -> bool:
        while len(self._text) - self._at < _AHEAD and self._more():
            pass
        return bool(_JSON.match(self._text, self._at))

    def _take_line(self) -> str:
        end = self._line_end()
        line = self._text[self._at : end].removesuffix("\r")
        self._at = min(end + 1, len(self._text))
        return line

    def _decode(self) -> Any:
        """The JSON value that stands here, reading on until all of it is there.

        Raises _NotJson where it is none, and _Enter where only its elements can be had, one by one.
        """
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - _CUT
                if not cut:
                    # What is broken may be one element of many.
                    if 0 < (list_begins := self._list_ahead()) <= error.pos:
                        raise _Enter(list_begins) from error
                    raise _NotJson("it is not JSON") from error
            except RecursionError as error:
                raise _NotJson("it is nested too deeply") from error
            except ValueError as error:  # a number of thousands of digits
                raise _NotJson("it is not JSON that AWS writes") from error
            else:
                if end < len(self._text) or self._ended or self._text[self._at] in '{["':
                    self._taken = self._text[self._at : end]
                    self._at = end
                    return value
            if list_begins := self._list_ahead():
                raise _Enter(list_begins)
            if len(self._text) - self._at > _LARGEST:
                raise _NotJson("it is larger than anything AWS writes")
            if not self._more():
                raise _NotJson("the file ends within it")

    def _list_ahead(self) -> int:
        """Behind the bracket of the list that the value here is made of; 0 if it has none."""
        if self._depth >= _DEEPEST:
            return 0
        if self._text[self._at] == "[":
            return self._at + 1
        at = self._at + 1
        while not (found := _LIST.match(self._text, at)):
            try:
                member = _MEMBER.match(self._text, at)
                at = _DECODER.raw_decode(self._text, member.end())[1] if member else 0
            except (ValueError, RecursionError):
                return 0
            comma = _COMMA.match(self._text, at) if at else None
            if not comma:
                return 0
            at = comma.end()
        return found.end()

    # What stands there

    def _line(self) -> Iterator[str | Hole]:
        if self._is_endless():
            yield Hole("a line is longer than anything AWS writes")
            return
        line = self._take_line()
        timed = _TIMED.match(line)
        rest = line[timed.end() :] if timed else line
        if timed and isinstance(value := _decoded(rest), dict):
            yield from _told(messages(value, rest))
        elif line[:1] == '"':
            yield from _told(messages(line))
        else:
            yield line

    def _value(self) -> Iterator[str | Hole]:
        """A value at the top of the file, or the elements of the list in it."""
        try:
            value = self._decode()
        except _Enter as found:
            yield from self._list(found.behind)
        except _NotJson as error:
            line = self._take_line()
            text: str | None = line
            if line.rstrip().endswith(("{", "[", ",")):
                # On many lines: the value ends before the next one that begins at the margin.
                text = None
                while self._at < len(self._text) or self._more():
                    if self._text[self._at] not in " \t\r\n}]":
                        break
                    self._take_line()
            yield Hole(f"{error}: {_shown(line)}", text)
        else:
            yield from self._messages(value)

    def _messages(self, value: Any, *, listed: bool = False) -> Iterator[str | Hole]:
        raw = self._taken
        if begins := _BEGINS.match(raw):
            self._begins = re.compile(r"\{\s*" + re.escape(begins.group(1)))
        # What is taken out of a list is written anew, whether the list was read at once or piece by piece.
        yield from _told(messages(value, None if listed or "\n" in raw else raw))

    def _list(self, behind: int) -> Iterator[str | Hole]:
        """The elements of the list that begins before `behind`, and over the end of the value it is in."""
        is_object = self._text[self._at] == "{"
        self._at = behind
        self._depth += 1
        yield from self._elements()
        self._depth -= 1
        if is_object:
            self._leave()

    def _elements(self) -> Iterator[str | Hole]:
        while (sign := self._next()) != "]":
            if not sign:
                yield Hole("the file ends within a list of events")
                return
            if sign == ",":
                self._at += 1
                continue
            try:
                value = self._decode()
            except _NotJson as error:
                shown = _shown(self._text[self._at : self._at + 80])
                found = self._seek_element()
                yield Hole(f"{error}: {shown}")
                if not found:
                    return
            except _Enter as found:
                yield from self._list(found.behind)
            else:
                yield from self._messages(value, listed=True)
        self._at += 1

    def _seek_element(self) -> bool:
        """Behind a broken element: to where the next begins, or to the end of the file."""
        self._at += 1
        while not (found := self._begins.search(self._text, self._at)):
            self._at = max(self._at, len(self._text) - 200)
            if not self._more():
                self._at = len(self._text)
                return False
        self._at = found.start()
        return True

    def _leave(self) -> None:
        """Over the members behind a list, such as ``NextToken``, and the brace that ends them."""
        self._depth += _DEEPEST  # none of them is entered
        try:
            while self._next() in (",", ":", '"'):
                if self._text[self._at] != '"':
                    self._at += 1
                if self._next() not in ("", "}"):
                    self._decode()
        except _NotJson:
            return
        finally:
            self._depth -= _DEEPEST
        if self._next() == "}":
            self._at += 1


class _NotJson(Exception):
    """A clause that says why."""


class _Enter(Exception):
    def __init__(self, behind: int) -> None:
        super().__init__()
        self.behind = behind


def _told(found: Iterable[str | Unreadable]) -> Iterator[str | Hole]:
    for each in found:
        yield Hole(each.why) if isinstance(each, Unreadable) else each


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _shown(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= 60 else f"{first[:59]}…"
