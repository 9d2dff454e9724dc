"""What is remembered between runs: which experiments are done, and which runs may have left something behind.

A JSON file in the user's state folder, by account, region and endpoint:
{place: {"runs": [id], "results": [result]}}.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from secretwatch.pipeline import state_home
from secretwatch.verify.cloud import Cloud
from secretwatch.verify.model import Experiment, Verdict
from secretwatch.verify.result import Result


def default_file(environ: Mapping[str, str], home: Path) -> Path:
    return state_home.folder(environ, home) / "verify.json"


def place_of(cloud: Cloud) -> str:
    """A cloud on this machine is another one at another port."""
    place = f"{cloud.partition}/{cloud.account}/{cloud.region}"
    return f"{place} {cloud.endpoint}" if cloud.is_local else place


class NotAStateFile(OSError):
    """The file holds something else: it is not overwritten."""


class State:
    """Of one place. Several processes may use the file at once. Raises OSError where it cannot be written."""

    def __init__(self, file: Path, place: str) -> None:
        self._file = file
        self._place = place

    def results(self, experiments: Iterable[Experiment]) -> list[Result]:
        """Of these experiments, what was confirmed or refuted. What nobody could tell is tried again."""
        kept = {str(each.get("id")): each for each in self._read()["results"]}
        found = []
        for experiment in experiments:
            with suppress(KeyError, TypeError, ValueError, AttributeError):
                found.append(Result.from_dict(experiment, kept[experiment.id]))
        return [each for each in found if each.verdict is not Verdict.CANNOT_TELL]

    def runs(self) -> list[str]:
        """Runs that did not come to their end."""
        return [str(each) for each in self._read()["runs"]]

    def begin(self, run: str) -> None:
        self._change(lambda kept: kept["runs"].append(run))

    def end(self, run: str) -> None:
        """Nothing of the run is left behind."""
        self._change(lambda kept: kept.update(runs=[each for each in kept["runs"] if each != run]))

    def add(self, result: Result) -> None:
        def change(kept: dict[str, Any]) -> None:
            others = [each for each in kept["results"] if each.get("id") != result.experiment.id]
            kept["results"] = [*others, result.as_dict()]

        self._change(change)

    def forget(self, experiments: Iterable[Experiment]) -> None:
        """These are to be run again."""
        gone = {each.id for each in experiments}
        self._change(
            lambda kept: kept.update(results=[each for each in kept["results"] if each.get("id") not in gone])
        )

    def _read(self) -> dict[str, list[Any]]:
        return _whole(self._load().get(self._place))

    def _load(self) -> dict[str, Any]:
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        try:
            loaded = json.loads(text or "{}")
        except ValueError as error:
            raise NotAStateFile(f"{self._file} holds no JSON") from error
        if not isinstance(loaded, dict):
            raise NotAStateFile(f"{self._file} is no state of verify")
        return loaded

    def _change(self, change: Callable[[dict[str, Any]], object]) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            places = self._load()
            kept = _whole(places.get(self._place))
            change(kept)
            places[self._place] = kept
            new = self._file.with_name(f"{self._file.name}.{os.getpid()}")
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as text:
                json.dump(places, text, indent=1)
            new.replace(self._file)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self._file.with_name(f"{self._file.name}.lock"), "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _whole(kept: object) -> dict[str, list[Any]]:
    """Of a place in the file, what can be used: the file may be broken, or of another version."""
    found = kept if isinstance(kept, dict) else {}
    runs, results = (found.get(name) for name in ("runs", "results"))
    return {
        "runs": [each for each in runs if isinstance(each, str)] if isinstance(runs, list) else [],
        "results": [each for each in results if isinstance(each, dict)] if isinstance(results, list) else [],
    }
