"""The history of smoke tests: a file of JSON lines, one a run that read a secret.

{"time", "watch", "account_id", "region", "local", "path", "via", "count", "result", "reason",
 "hops": {name: seconds since the first read, null where it was not seen}}
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from secretwatch.pipeline import state_home
from secretwatch.pipeline.smoke_report import SmokeReport
from secretwatch.pipeline.watch import Watch

_NEEDED = {"time", "watch", "account_id", "region", "result", "hops"}


def default_file(environ: Mapping[str, str], home: Path) -> Path:
    return state_home.folder(environ, home) / "smoke.jsonl"


def line(report: SmokeReport, watch: Watch, *, local: bool) -> dict[str, Any] | None:
    """What the file keeps of a run; None of one that read nothing."""
    if not report.reads:
        return None
    return {
        "time": report.reads[0].time.isoformat(timespec="seconds"),
        "watch": watch.label,
        "account_id": watch.account_id,
        "region": watch.region,
        "local": local,
        "path": report.path,
        "via": report.via,
        "count": len(report.reads),
        "result": report.result,
        "reason": report.reason,
        "hops": {
            hop.name: None if hop.seconds is None or hop.status != "ok" else round(hop.seconds, 3)
            for hop in report.hops[1:]
            if hop.status != "skipped"
        },
    }


def append(file: Path, entry: Mapping[str, Any]) -> None:
    """Raises OSError. Two runs that end at the same time do not mix: it is one write."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps(entry, ensure_ascii=False) + "\n"
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def load(file: Path) -> list[dict[str, Any]]:
    """All runs, oldest first; what is no run is left out. Raises OSError."""
    if file.exists() and not file.is_file():
        raise OSError(errno.EINVAL, "it is no file", str(file))
    runs = []
    for each in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            found = json.loads(each)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict) and _is_run(found):
            runs.append(found)
    return runs


def _is_run(found: Mapping[str, Any]) -> bool:
    """Whether a line is what `line` makes: anybody can write into the file."""
    if not found.keys() >= _NEEDED or not isinstance(found["hops"], dict):
        return False
    try:
        datetime.fromisoformat(found["time"])
    except (TypeError, ValueError):
        return False
    seconds = [value for value in found["hops"].values() if value is not None]
    return (
        all(isinstance(found[name], str) for name in ("watch", "account_id", "region"))
        and found["result"] in ("pass", "fail")
        and isinstance(found.get("reason") or "", str)
        and all(type(value) in (int, float) and 0 <= value < float("inf") for value in seconds)
    )
