"""One file's bytes in, hits out.

A trail's log file is decompressed by isal and decoded by msgspec, and of each event only the members that
decide; where the pattern needs a literal, a file without it is not decoded at all. Whatever is not exactly
such a file (other wrappings, damage, more than fits) goes through `cloudtrail.reader`, which reads everything
and says what is broken: both ways give the same hits.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import ahocorasick_rs
import msgspec
from isal import igzip_lib

from secretwatch.backtest.delay import Delay
from secretwatch.backtest.hit import Hit, Unusable
from secretwatch.backtest.literals import ESCAPES
from secretwatch.backtest.matcher import GATE, MISSING, Matcher
from secretwatch.cloudtrail.plain_text import CHUNK
from secretwatch.cloudtrail.reader import Broken, read
from secretwatch.cloudtrail.wrappings import compact
from secretwatch.filterpattern.json_event import load
from secretwatch.incident.act import moment

LARGEST = 48 << 20
"""Bytes of a decompressed file up to which it is decoded at once; a larger one is read piece by piece."""

_PIECE = 256 << 10
_IsalError: type[Exception] = igzip_lib.error  # type: ignore[assignment]
_GZIP = b"\x1f\x8b"
# How a trail's log file begins, or events one a line: behind that nothing is wrapped or encoded.
_EVENTS = re.compile(
    rb'\s*(?:\{\s*"Records"\s*:\s*\[\s*)?\{\s*"'
    rb"(?:event[A-Z][A-Za-z]*|awsRegion|userIdentity|additionalEventData|apiVersion|errorCode|errorMessage"
    rb'|managementEvent|readOnly|recipientAccountId|requestID|requestParameters)"'
)
_NAMED = 3  # broken pieces of one file that are named


@dataclass
class Read:
    """What one file held. size: bytes as stored. plain: bytes decompressed. events: decoded ones.

    skipped: whether it was not decoded. broken: why pieces cannot be read, the first few; pieces: all.
    sources: of each event source, how many events and bytes; minutes: in which events came, by minute of call
    and arrival; both only where asked for.
    """

    hits: list[Hit] = field(default_factory=list)
    size: int = 0
    plain: int = 0
    events: int = 0
    skipped: bool = False
    broken: list[str] = field(default_factory=list)
    pieces: int = 0
    others: int = 0
    first: str = ""
    last: str = ""
    sources: Counter[tuple[str, str]] = field(default_factory=Counter)
    minutes: Counter[tuple[int, int]] = field(default_factory=Counter)

    def add_broken(self, why: str) -> None:
        self.pieces += 1
        if len(self.broken) < _NAMED:
            self.broken.append(why)


class _Elsewhere(Exception):
    """This file is for the reader."""


_FOR_THE_READER = (
    _Elsewhere,
    Unusable,
    msgspec.MsgspecError,
    _IsalError,
    RecursionError,
    UnicodeError,
    ValueError,
)


class Decoder:
    """Of one process. every: decode each event, and count bytes by source and minutes of arrival."""

    def __init__(self, matcher: Matcher, *, seed: int = 0, skip: bool = True, every: bool = False) -> None:
        self._matcher = matcher
        self._delay = Delay(seed)
        self._every = every or matcher.needs_every_event
        self._find = _finder(None if self._every or not skip else matcher.needles)
        self._as_text = matcher.needs_text
        self._whole = self._as_text or self._every
        self._members = tuple(name for name in matcher.members if name not in _PLAIN_MEMBERS)
        self._record = _record(() if self._whole else self._members)
        shape: Any = msgspec.Raw if self._whole else self._record
        self._file: Any = msgspec.json.Decoder(msgspec.defstruct("File", [("Records", list[shape])]))
        self._lines = msgspec.json.Decoder(shape).decode_lines
        self._one = msgspec.json.Decoder(self._record)
        # Of events that match nothing, whatever else they hold.
        self._nothing: set[tuple[Any, ...]] = set()

    def read(self, data: bytes, arrival: int | None) -> Read:
        """arrival: of the file, in seconds since 1970; None where it is not known."""
        found = Read(size=len(data))
        try:
            self._quick(data, arrival, found)
        except _FOR_THE_READER:
            found = Read(size=len(data))
            self._slow(_pieces(data), arrival, found)
        return found

    def read_stream(self, chunks: Iterable[bytes], size: int, arrival: int | None) -> Read:
        """The same of a file that is too large to be had at once."""
        found = Read(size=size)
        self._slow(chunks, arrival, found)
        return found

    # A log file

    def _quick(self, data: bytes, arrival: int | None, found: Read) -> None:
        text = self._plain(data, found)
        if text is None:
            found.skipped = True
            return
        is_lines = text.startswith(b'{"') and not text.startswith(b'{"Records"')
        records = self._lines(text) if is_lines else self._file.decode(text).Records
        found.events = len(records)
        if self._whole:
            self._from_whole(records, _form_of(text, is_lines), arrival, found)
            return
        nothing = self._nothing
        for record in [
            each for each in records if (each.eventSource, each.eventName, each.readOnly) not in nothing
        ]:
            among = self._sinks(record)
            if among:
                self._hit(self._event(record), None, arrival, among, found)

    def _sinks(self, record: Any) -> tuple[int, ...]:
        key = (record.eventSource, record.eventName, record.readOnly)
        read_only = MISSING if key[2] is msgspec.UNSET else key[2]
        among = self._matcher.sinks_for(key[0], key[1], read_only)
        if not among and len(self._nothing) < _MOST_KEYS:
            self._nothing.add(key)
        return among

    def _event(self, record: Any) -> dict[str, Any]:
        """As far as it was asked for."""
        event = {name: getattr(record, name) for name in _PLAIN_MEMBERS}
        if event["readOnly"] is msgspec.UNSET:
            del event["readOnly"]
        for name in self._members:
            raw = getattr(record, name)
            if raw is not msgspec.UNSET:
                event[name] = json.loads(bytes(raw).decode(), parse_constant=_refuse)
        return event

    def _from_whole(self, records: list[msgspec.Raw], form: str, arrival: int | None, found: Read) -> None:
        for raw in records:
            text = bytes(raw)
            record = self._one.decode(text)
            if self._every:
                size = len(msgspec.json.format(text, indent=-1) if form == "spaced" else text)
                self._count(record, size, arrival, found)
            among = self._sinks(record)
            if among:
                message = text.decode()
                event = load(message)
                if event is None:
                    raise _Elsewhere
                if self._as_text and form != "lines":
                    # As the reader takes it out of a list.
                    message = compact(json.loads(message, parse_constant=_refuse))
                self._hit(event, message, arrival, among, found)

    def _count(self, record: Any, size: int, arrival: int | None, found: Read) -> None:
        time = moment(record.eventTime)
        if time is None:
            return
        at = int(time.timestamp())
        came = arrival if arrival is not None else self._delay.arrival(record.eventID, at)
        found.sources[record.eventSource, "events"] += 1
        found.sources[record.eventSource, "bytes"] += size
        if self._matcher.needs_every_event:
            found.minutes[at // 60, max(came, at) // 60] += 1
        found.first = min(found.first or record.eventTime, record.eventTime)
        found.last = max(found.last, record.eventTime)

    def _count_message(self, message: str, arrival: int | None, found: Read) -> None:
        text = message.encode("utf-8", "surrogatepass")
        try:
            record = self._one.decode(text)
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            return  # no trail writes such an event
        self._count(record, len(text), arrival, found)

    def _hit(
        self,
        event: dict[str, Any],
        message: str | None,
        arrival: int | None,
        among: tuple[int, ...] | None,
        found: Read,
    ) -> None:
        hit = self._matcher.hit(event, arrival or 0, text=message, among=among)
        if hit is None:
            return
        if arrival is None:
            hit = replace(hit, arrival=self._delay.arrival(hit.event_id, hit.time))
        found.hits.append(hit)

    def _plain(self, data: bytes, found: Read) -> bytes | None:
        """The text of the file; None where it cannot hold a match."""
        text = _inflated(data) if data.startswith(_GZIP) else data
        found.plain = len(text)
        if len(text) > LARGEST:
            raise _Elsewhere
        if self._find is None or not _EVENTS.match(text) or self._find(text):
            return text
        if not text.rstrip().endswith(b"}"):
            raise _Elsewhere  # what was cut off is told, whatever it held
        return None

    # Anything else

    def _slow(self, chunks: Iterable[bytes], arrival: int | None, found: Read) -> None:
        for piece in read(_counted(chunks, found)):
            if isinstance(piece, Broken):
                where = f"after event {piece.after}" if piece.after else "at its beginning"
                found.add_broken(f"{where}: {piece.why}")
                continue
            event = load(piece.text)
            if event is None:
                found.others += 1
                continue
            found.events += 1
            if self._every:
                self._count_message(piece.text, arrival, found)
            try:
                self._hit(event, piece.text, arrival, None, found)
            except Unusable as error:
                found.add_broken(f"event {found.events}: {error}")


def _form_of(text: bytes, is_lines: bool) -> Literal["lines", "compact", "spaced"]:
    """How events stand in a file: as messages, one a line, or in a list, with space in them or without."""
    if is_lines:
        return "lines"
    return "compact" if text.startswith(b'{"Records":[{"') else "spaced"


_PLAIN_MEMBERS = ("eventID", "eventTime", *GATE)
_MOST_KEYS = 100_000


def _record(members: Iterable[str]) -> Any:
    """What is decoded of an event. An event that lacks the first four is none of CloudTrail's."""
    return msgspec.defstruct(
        "Record",
        [
            ("eventID", str),
            ("eventTime", str),
            ("eventSource", str),
            ("eventName", str),
            ("readOnly", bool | None | msgspec.UnsetType, msgspec.UNSET),
            *((name, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for name in members),
        ],
        gc=False,
    )


def _finder(needles: tuple[bytes, ...] | None) -> Callable[[bytes], bool] | None:
    if needles is None:
        return None
    search = ahocorasick_rs.BytesAhoCorasick([*needles, *ESCAPES]).find_matches_as_indexes
    return lambda data: bool(search(data))


def _inflated(data: bytes) -> bytes:
    """The members of a gzip file. Raises as isal does, or _Elsewhere: cut off, or larger than LARGEST."""
    # Its size stands at its end: room for that and a byte more is filled at once, and need not grow.
    most = min(max(int.from_bytes(data[-4:], "little"), _PIECE), LARGEST) + 1
    pieces: list[bytes] = []
    size = 0
    while data:
        inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        piece = inflater.decompress(data, most)
        while piece:
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                raise _Elsewhere
            if inflater.eof:
                break
            piece = inflater.decompress(b"", most)
        if not inflater.eof:
            raise _Elsewhere
        data = inflater.unused_data.lstrip(b"\0")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _pieces(data: bytes) -> Iterator[bytes]:
    view = memoryview(data)
    return (bytes(view[start : start + CHUNK]) for start in range(0, len(data), CHUNK))


def _counted(chunks: Iterable[bytes], found: Read) -> Iterator[bytes]:
    for chunk in chunks:
        found.plain += len(chunk)
        yield chunk


def _refuse(name: str) -> None:
    raise ValueError(name)
