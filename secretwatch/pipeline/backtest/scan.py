"""All files through the decoder, on all cores; what matched goes into the store as it comes.

Processes decode, as most of the time goes there; this one hands out files, fetches them where they are in a
bucket, and stores. Files in work are bounded, and so is memory.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from secretwatch.backtest.hit import Hit
from secretwatch.backtest.matcher import Matcher
from secretwatch.backtest.subject import Subject
from secretwatch.cloudtrail.plain_text import CHUNK
from secretwatch.pipeline.backtest.decode import Decoder, Read
from secretwatch.pipeline.backtest.sources import Item
from secretwatch.pipeline.backtest.store import BUCKET, Store

LARGE = 24 << 20
"""Bytes of a file from which it is read piece by piece."""

_BATCH_FILES = 64
_BATCH_BYTES = 4 << 20
_COMMIT_EVERY = 50  # batches
_NAMED = 20


@dataclass(frozen=True)
class Setting:
    """How files are read: the same for all processes."""

    subjects: tuple[Subject, ...]
    seed: int = 0
    skip: bool = True
    every: bool = False


@dataclass
class Tally:
    """What was read. broken: files with damage, by name and why, the first few; damaged: all of them.

    arrivals: log files by `BUCKET` of arrival. sources and minutes: see `decode.Read`.
    """

    files: int = 0
    twice: int = 0
    skipped: int = 0
    size: int = 0
    plain: int = 0
    events: int = 0
    others: int = 0
    damaged: int = 0
    pieces: int = 0
    unnamed: int = 0
    """Files whose names do not say when they arrived: the delay of their events is drawn."""
    offered: int = 0
    first: str = ""
    last: str = ""
    broken: list[tuple[str, str]] = field(default_factory=list)
    arrivals: Counter[int] = field(default_factory=Counter)
    sources: Counter[tuple[str, str]] = field(default_factory=Counter)
    minutes: Counter[tuple[int, int]] = field(default_factory=Counter)

    def add(self, item: Item, found: Read) -> None:
        self.files += 1
        self.skipped += found.skipped
        self.size += found.size
        self.plain += found.plain
        self.events += found.events
        self.others += found.others
        self.pieces += found.pieces
        self.damaged += bool(found.pieces)
        self.unnamed += item.arrival is None
        for why in found.broken:
            self._name_broken(item.name, why)
        if item.arrival is not None:
            self.arrivals[item.arrival // BUCKET] += 1
        self.sources.update(found.sources)
        self.minutes.update(found.minutes)
        if found.first:
            self.first = min(self.first or found.first, found.first)
            self.last = max(self.last, found.last)

    def add_broken(self, name: str, why: str) -> None:
        self.pieces += 1
        self._name_broken(name, why)

    def _name_broken(self, name: str, why: str) -> None:
        if len(self.broken) < _NAMED:
            # A name may hold bytes that are no text.
            self.broken.append((name.encode("utf-8", "backslashreplace").decode(), why))

    def as_note(self) -> dict[str, Any]:
        """For the store: what a run that goes on begins with."""
        made = asdict(self)
        for name in ("arrivals", "sources", "minutes"):
            made[name] = [[key, value] for key, value in getattr(self, name).items()]
        return made

    @classmethod
    def of_note(cls, note: dict[str, Any] | None) -> Tally:
        if not note:
            return cls()
        for name in ("arrivals", "sources", "minutes"):
            note[name] = Counter(
                {tuple(key) if isinstance(key, list) else key: value for key, value in note[name]}
            )
        return cls(**{**note, "broken": [(name, why) for name, why in note["broken"]]})


Progress = Callable[[Tally], None]


def scan(
    items: Iterator[Item], store: Store, setting: Setting, workers: int, tell: Progress = lambda _: None
) -> Tally:
    """Read all of them into the store. Raises OSError of a file that cannot be read."""
    tally = Tally.of_note(store.fact("tally"))
    store.offered = tally.offered
    tally.twice = 0  # all files come anew
    with _pool(setting, workers) as submit:
        waiting: deque[tuple[list[Item], Future[list[tuple[Read, list[Hit]]]]]] = deque()
        done = 0
        for batch in _batches(items, store, tally):
            waiting.append((batch, submit(batch)))
            while len(waiting) > 2 * workers or (waiting and waiting[0][1].done()):
                done += _take(*waiting.popleft(), store, tally, tell)
                if done % _COMMIT_EVERY == 0:
                    _commit(store, tally)
        while waiting:
            _take(*waiting.popleft(), store, tally, tell)
    _commit(store, tally)
    return tally


def _commit(store: Store, tally: Tally) -> None:
    tally.offered = store.offered
    store.note("tally", tally.as_note())
    store.commit()


def _take(
    batch: list[Item],
    future: Future[list[tuple[Read, list[Hit]]]],
    store: Store,
    tally: Tally,
    tell: Progress,
) -> int:
    for item, (found, hits) in zip(batch, future.result(), strict=True):
        store.add(hits)
        store.done(item.key, item.arrival)
        tally.add(item, found)
    tell(tally)
    return 1


def _batches(items: Iterator[Item], store: Store, tally: Tally) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    for item in items:
        if not store.claim(item.key):
            tally.twice += 1
            continue
        if store.is_done(item.key):
            continue
        batch.append(item)
        size += item.size
        if len(batch) >= _BATCH_FILES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


################################################################################
# Processes
################################################################################

_decoder: Decoder | None = None
_stop: Event | None = None


def _start(setting: Setting, stop: Event) -> None:
    global _decoder, _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends the others
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _decoder = Decoder(Matcher(setting.subjects), seed=setting.seed, skip=setting.skip, every=setting.every)


def _end_with_parent() -> None:
    """Also of one that was killed: else this process would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(batch: list[Item]) -> list[tuple[Read, list[Hit]]]:
    assert _decoder is not None
    return _read(_decoder, batch)


def _read(decoder: Decoder, batch: list[Item]) -> list[tuple[Read, list[Hit]]]:
    answers = []
    for item in batch:
        if _stop is not None and _stop.is_set():
            break  # nobody waits for the rest
        if item.data is not None:
            found = decoder.read(item.data, item.arrival)
        elif item.size > LARGE:
            found = decoder.read_stream(_chunks(item.name), item.size, item.arrival)
        else:
            found = decoder.read(Path(item.name).read_bytes(), item.arrival)
        hits, found.hits = found.hits, []
        answers.append((found, hits))
    return answers


def _chunks(name: str) -> Iterator[bytes]:
    with Path(name).open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


@contextmanager
def _pool(
    setting: Setting, workers: int
) -> Iterator[Callable[[list[Item]], Future[list[tuple[Read, list[Hit]]]]]]:
    if workers == 1:
        decoder = Decoder(
            Matcher(setting.subjects), seed=setting.seed, skip=setting.skip, every=setting.every
        )

        def here(batch: list[Item]) -> Future[list[tuple[Read, list[Hit]]]]:
            future: Future[list[tuple[Read, list[Hit]]]] = Future()
            future.set_result(_read(decoder, batch))
            return future

        yield here
        return
    # A fork starts at once. Beside other threads, which may hold locks, processes are begun anew.
    alone = sys.platform == "linux" and threading.active_count() == 1
    context = multiprocessing.get_context("fork" if alone else "spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(setting, stop))
    try:
        yield lambda batch: pool.submit(_work, batch)
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


__all__ = ["Progress", "Setting", "Tally", "scan"]
