"""Hits, each event once, in bounded memory: SQLite keeps what fits, and writes the rest to a file.

Without a path that is a temporary database of SQLite's own, which has no name, and is gone however the
process ends. With one, a run that was interrupted goes on where it was: files are done with their hits.

Of an event that came several times the earliest arrival counts, so the order of reading decides nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from secretwatch.backtest.hit import Hit
from secretwatch.backtest.replay import Counts

_CACHE = 48 << 10  # KiB of pages in memory
COLUMNS = (
    *("name", "source", "region", "account", "reader", "address", "agent", "secret", "error"),
    "invoked",
)
BUCKET = 900
"""Seconds of the smallest piece of a day: zones are whole quarters of an hour away from UTC."""

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS hits (
  event_id TEXT UNIQUE, time INTEGER, arrival INTEGER, kind INTEGER,
  {", ".join(f"{name} TEXT" for name in COLUMNS)}
);
CREATE TABLE IF NOT EXISTS kinds (kind INTEGER PRIMARY KEY, sinks TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS files (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP TABLE claims (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS arrivals (minute INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT);
"""
_TABLES = {"hits", "kinds", "files", "facts"}
_NOT_OURS = "{} does not belong to an interrupted backtest: name another file."
_ADD = f"""
INSERT INTO hits VALUES ({", ".join("?" * (4 + len(COLUMNS)))})
ON CONFLICT (event_id) DO UPDATE SET arrival = min(arrival, excluded.arrival)
"""


class OtherRun(Exception):
    """A file to resume from is of another run; the message is one sentence."""


class Store:
    """Of one run. fingerprint: of what is tested, so that no run goes on with the hits of another."""

    def __init__(self, path: Path | None = None, fingerprint: str = "") -> None:
        try:
            # Another run has the file as long as it lasts: nobody waits for that.
            self._database = sqlite3.connect(
                path or "", timeout=1, isolation_level=None, check_same_thread=False
            )
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            tables = {row[0] for row in self._database.execute("SELECT name FROM sqlite_master")}
            if tables and not tables >= _TABLES:
                self.close()
                raise OtherRun(_NOT_OURS.format(path))
            self._database.execute(f"PRAGMA cache_size = -{_CACHE}")
            self._database.execute("PRAGMA temp_store = FILE")
            if path:
                self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise OtherRun(_why(path, error)) from error
        before = self.fact("fingerprint")
        if before not in (None, fingerprint):
            self.close()
            raise OtherRun(
                f"{path} belongs to a backtest of something else: name another file, or remove that one."
            )
        self.note("fingerprint", fingerprint)
        self._kinds: dict[tuple[Any, ...], int] = {}
        for number, text in self._database.execute("SELECT kind, sinks FROM kinds"):
            sinks, values = json.loads(text)
            self._kinds[tuple(sinks), tuple(values)] = number
        self._database.execute("BEGIN")

    def close(self) -> None:
        self._database.close()

    def commit(self) -> None:
        """What was added so far is there after an interruption."""
        self._database.execute("COMMIT")
        self._database.execute("BEGIN")

    # Filling

    def add(self, hits: Iterable[Hit]) -> None:
        """Hits that are there already are the same event once more: see `duplicates`."""
        rows = [
            (each.event_id, each.time, each.arrival, self._kind(each), *(getattr(each, n) for n in COLUMNS))
            for each in hits
        ]
        self.offered += len(rows)
        self._database.executemany(_ADD, rows)

    offered = 0
    """How many were added, duplicates among them."""

    def count(self) -> int:
        """Hits so far, each once."""
        found: int = self._database.execute("SELECT count(*) FROM hits").fetchone()[0]
        return found

    def _kind(self, hit: Hit) -> int:
        key = (hit.sinks, hit.values)
        if key not in self._kinds:
            self._kinds[key] = len(self._kinds)
            text = json.dumps([hit.sinks, hit.values])
            self._database.execute("INSERT INTO kinds VALUES (?, ?)", (self._kinds[key], text))
        return self._kinds[key]

    def done(self, name: str, arrival: int | None) -> None:
        self._database.execute("INSERT OR IGNORE INTO files VALUES (?)", (name,))
        if arrival is not None:
            self._database.execute("INSERT OR IGNORE INTO arrivals VALUES (?)", (arrival // 60,))

    def claim(self, name: str) -> bool:
        """Whether a file comes for the first time in this run."""
        return self._database.execute("INSERT OR IGNORE INTO claims VALUES (?)", (name,)).rowcount > 0

    def is_done(self, name: str) -> bool:
        """Whether a file was read, also before an interruption."""
        found = self._database.execute("SELECT 1 FROM files WHERE name = ?", (name,)).fetchone()
        return found is not None

    def note(self, name: str, value: Any) -> None:
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    def fact(self, name: str) -> Any:
        found = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return json.loads(found[0]) if found else None

    # Asking

    def kinds(self, sinks: Iterable[int]) -> dict[int, list[float | None]]:
        """Kinds of hits in which one of these sinks is, and the values that these count for."""
        wanted = set(sinks)
        found = {}
        for (names, values), number in self._kinds.items():
            counted = [value for name, value in zip(names, values, strict=True) if name in wanted]
            if counted:
                found[number] = counted
        return found

    def counts(self, sinks: Iterable[int], *, at_once: bool = False) -> Iterator[Counts]:
        """How often each value came, and of how many events, by minute of the call and of the arrival.

        In the order of arrival; an event has a value of each sink that counts it. at_once: as if each had
        come when it was made.
        """
        found = self.kinds(sinks).items()
        kinds = {kind: counted for kind, values in found if (counted := [v for v in values if v is not None])}
        rows = self._database.execute(
            f"SELECT time / 60, {'time' if at_once else 'arrival'} / 60, kind, count(*) FROM hits "
            f"WHERE {_among(kinds)} GROUP BY 1, 2, 3 ORDER BY 2, 1"
        )
        for cell, several in groupby(rows, key=lambda row: (row[0], row[1])):
            values: dict[float, int] = defaultdict(int)
            events = 0
            for _, _, kind, count in several:
                events += count
                for value in kinds[kind]:
                    values[value] += count
            yield cell, values, events

    def times(self, sinks: Iterable[int], *, arrival: bool = False) -> dict[int, int]:
        """How many hits of these sinks there were, by the `BUCKET` in which they were made, or arrived."""
        column = "arrival" if arrival else "time"
        kinds = self.kinds(sinks)
        return dict(
            self._database.execute(
                f"SELECT {column} / {BUCKET}, count(*) FROM hits WHERE {_among(kinds)} GROUP BY 1"
            )
        )

    def arrivals(self) -> list[int]:
        """Minutes in which files arrived, rising."""
        return [minute for (minute,) in self._database.execute("SELECT minute FROM arrivals ORDER BY 1")]

    def messages(self, sink: int) -> dict[int, int]:
        """How many messages a rule sent, by `BUCKET`."""
        return self.times([sink])

    def top(self, sinks: Iterable[int], column: str, limit: int) -> tuple[list[tuple[str, int]], int]:
        """The values that came most often, and how many there are."""
        where = _among(self.kinds(sinks))
        assert column in COLUMNS
        found = self._database.execute(
            f"SELECT {column}, count(*) FROM hits WHERE {where} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?",
            (limit,),
        ).fetchall()
        several = self._database.execute(
            f"SELECT count(DISTINCT {column}) FROM hits WHERE {where}"
        ).fetchone()[0]
        return found, several

    def first_seen(self, sinks: Iterable[int], column: str = "reader") -> dict[int, int]:
        """How many values were seen for the first time, by `BUCKET`."""
        assert column in COLUMNS
        where = _among(self.kinds(sinks))
        return dict(
            self._database.execute(
                f"SELECT first / {BUCKET}, count(*) FROM "
                f"(SELECT min(time) AS first FROM hits WHERE {where} GROUP BY {column}) GROUP BY 1"
            )
        )

    def hits(
        self, sinks: Iterable[int], cells: Sequence[tuple[int, int]] | None = None, *, whenever: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Hits of these sinks, of these cells where given, oldest first. counted: how many of the sinks.

        whenever: of a cell its minute of the call alone is meant.
        """
        kinds = self.kinds(sinks)
        where = _among(kinds)
        parameters: list[int] = []
        if cells is not None:
            first, last = min(cell[0] for cell in cells), max(cell[0] for cell in cells)
            early, late = min(cell[1] for cell in cells), max(cell[1] for cell in cells)
            where += " AND time >= ? AND time < ?"
            parameters = [first * 60, last * 60 + 60]
            if not whenever:
                where += " AND arrival >= ? AND arrival < ?"
                parameters += [early * 60, late * 60 + 60]
        minutes = {cell[0] for cell in cells or ()}
        names = ("event_id", "time", "arrival", "kind", *COLUMNS)
        self._index()
        for row in self._database.execute(
            f"SELECT {', '.join(names)} FROM hits WHERE {where} ORDER BY time, event_id", parameters
        ):
            found = dict(zip(names, row, strict=True))
            found["counted"] = len(kinds[found.pop("kind")])
            minute = found["time"] // 60
            if cells is None or (
                (minute in minutes) if whenever else (minute, found["arrival"] // 60) in cells
            ):
                yield found

    _indexed = False

    def _index(self) -> None:
        if not self._indexed:
            self._database.execute("CREATE INDEX IF NOT EXISTS by_time ON hits (time)")
            self._indexed = True

    def span(self) -> tuple[int, int] | None:
        """Times of the first and the last hit."""
        found: Mapping[int, Any] = self._database.execute("SELECT min(time), max(time) FROM hits").fetchone()
        return None if found[0] is None else (found[0], found[1])


def _why(path: Path | None, error: sqlite3.DatabaseError) -> str:
    if "locked" in str(error):
        return f"{path} belongs to a backtest that is running: wait for it, or name another file."
    if isinstance(error, sqlite3.OperationalError):
        return f"{path or 'A temporary file'} cannot be written: {error}."
    return _NOT_OURS.format(path)


def _among(kinds: Iterable[int]) -> str:
    return f"kind IN ({', '.join(map(str, kinds))})"
