"""The one reader of CloudTrail events: a file's bytes in, messages out, whatever wraps them.

Plain or gzipped (also several members), UTF-8 or UTF-16 with a byte order mark; JSON on one line or many,
values one after another, arrays, every wrapping of `wrappings`, lines with a time before the event (``aws
logs tail``, log groups exported to S3), and plain lines. Memory is bounded by the largest single event, not
by the file. What is broken is told as a `Broken`, and reading goes on behind it.

How it reads: a decoded value at a time. A value that does not end within what has been read is entered if
it is an array, or an object that holds one of `wrappings.LISTS`; its elements then come one by one.
"""

from __future__ import annotations

import codecs
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from secretwatch.cloudtrail.wrappings import LISTS, Unreadable, messages

CHUNK = 1 << 20
"""Bytes that are worth reading at a time."""

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


@dataclass(frozen=True)
class _Hole:
    why: str
    text: str | None = None


class _Reader:
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._texts = _texts(chunks)
        self._text = ""
        self._at = 0
        self._ended = False
        self._depth = 0  # lists that were entered
        self._holes: list[_Hole] = []  # of decompression: told when the text before them is used up
        self._begins = re.compile(r'\{\s*"eventVersion"')  # how an element of the list begins

    def pieces(self) -> Iterator[str | _Hole]:
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

    def _line(self) -> Iterator[str | _Hole]:
        if self._is_endless():
            yield _Hole("a line is longer than anything AWS writes")
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

    def _value(self) -> Iterator[str | _Hole]:
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
            yield _Hole(f"{error}: {_shown(line)}", text)
        else:
            yield from self._messages(value)

    def _messages(self, value: Any, *, listed: bool = False) -> Iterator[str | _Hole]:
        raw = self._taken
        if begins := _BEGINS.match(raw):
            self._begins = re.compile(r"\{\s*" + re.escape(begins.group(1)))
        # What is taken out of a list is written anew, whether the list was read at once or piece by piece.
        yield from _told(messages(value, None if listed or "\n" in raw else raw))

    def _list(self, behind: int) -> Iterator[str | _Hole]:
        """The elements of the list that begins before `behind`, and over the end of the value it is in."""
        is_object = self._text[self._at] == "{"
        self._at = behind
        self._depth += 1
        yield from self._elements()
        self._depth -= 1
        if is_object:
            self._leave()

    def _elements(self) -> Iterator[str | _Hole]:
        while (sign := self._next()) != "]":
            if not sign:
                yield _Hole("the file ends within a list of events")
                return
            if sign == ",":
                self._at += 1
                continue
            try:
                value = self._decode()
            except _NotJson as error:
                shown = _shown(self._text[self._at : self._at + 80])
                found = self._seek_element()
                yield _Hole(f"{error}: {shown}")
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


def _told(found: Iterable[str | Unreadable]) -> Iterator[str | _Hole]:
    for each in found:
        yield _Hole(each.why) if isinstance(each, Unreadable) else each


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _shown(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= 60 else f"{first[:59]}…"


################################################################################
# Bytes to text
################################################################################

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def _texts(chunks: Iterable[bytes]) -> Iterator[str | _Hole]:
    decoder: codecs.IncrementalDecoder | None = None
    head = b""
    for chunk in _plain(chunks):
        if isinstance(chunk, _Hole):
            yield chunk
            continue
        if decoder is None:
            head += chunk
            if len(head) < 4:
                continue
            decoder, chunk = _decoder(head)
        if text := decoder.decode(chunk):
            yield text
    if decoder is None:
        decoder, head = _decoder(head)
        yield decoder.decode(head)
    if text := decoder.decode(b"", final=True):
        yield text


def _decoder(head: bytes) -> tuple[codecs.IncrementalDecoder, bytes]:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return codecs.getincrementaldecoder(name)(errors="replace"), head[len(bom) :]
    return codecs.getincrementaldecoder("utf-8")(errors="replace"), head


_GZIP = b"\x1f\x8b"
# How other forms begin. https://en.wikipedia.org/wiki/List_of_file_signatures
_OTHERS = {
    b"PK\x03\x04": "it is a zip archive: unpack it first",
    b"PAR1": "it is a Parquet file: export it as JSON",
    b"BZh": "it is compressed with bzip2: unpack it first",
    b"\xfd7zXZ": "it is compressed with xz: unpack it first",
    b"(\xb5/\xfd": "it is compressed with zstd: unpack it first",
}


def _plain(chunks: Iterable[bytes]) -> Iterator[bytes | _Hole]:
    """The bytes, decompressed if they begin as gzip does; pieces are at most `CHUNK` long."""
    iterator = iter(chunks)
    head = b""
    for chunk in iterator:
        head += chunk
        if len(head) >= 5:
            break
    for begins, why in _OTHERS.items():
        if head.startswith(begins):
            yield _Hole(why)
            return
    if not head.startswith(_GZIP):
        if head:
            yield head
        yield from iterator
        return
    inflater = zlib.decompressobj(31)
    begun = False
    data = head
    while True:
        try:
            while data:
                begun = True
                yield inflater.decompress(data, CHUNK)
                data = inflater.unconsumed_tail
                if inflater.eof:
                    # Members may follow each other, and zeros the last.
                    data = inflater.unused_data.lstrip(b"\0")
                    inflater = zlib.decompressobj(31)
                    begun = False
        except zlib.error:
            yield _Hole("the gzip data is damaged: what follows is lost")
            return
        following = next(iterator, None)
        if following is None:
            break
        data = following
    if rest := inflater.flush():
        yield rest
    if begun:
        yield _Hole("the gzip data is cut off")
