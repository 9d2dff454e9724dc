"""What a run found: one entry a hop, the alarm, the notification; as an object and as JSON.

Shape of the JSON (further keys may come):
    {"result": "pass" | "fail", "reason": str | null,
     "secret", "via", "path", "time", "request_id", "event_id",
     "reads": [{"request_id", "event_id", "time"}],
     "alarm": {"name", "state", "reason"},
     "hops": [{"name", "status": "ok" | "waiting" | "failed" | "skipped", "seconds", "detail"}],
     "notification": {"topic_arn", "action", "subscriptions", "email", "warning"},
     "left_behind": [commands that remove what could not be removed]}
Seconds are since the first read; request_id and event_id are that one's. A secret's value has no place in it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from secretwatch.pipeline.reading import Read
from secretwatch.pipeline.whole_files import write_whole

Status = Literal["ok", "waiting", "failed", "skipped"]
Ending = Literal["running", "pass", "failed", "timeout", "interrupted", "refused"]

EXIT_CODES: dict[Ending, int] = {
    "pass": 0,
    "failed": 1,
    "refused": 2,
    "timeout": 3,
    "interrupted": 130,
    "running": 130,
}


@dataclass
class HopResult:
    """How far a hop is.

    seconds: since the first read, None while it waits; usually: how long it mostly takes.
    """

    name: str
    status: Status = "waiting"
    seconds: float | None = None
    detail: str = ""
    usually: str = ""


@dataclass
class SmokeReport:
    """What is known so far. It is filled in while a run goes on, and whole at any moment.

    ending: "refused" when nothing could be read at all (nothing applied, no credentials).
    reads: those that were made; event_ids: by their markers. left_behind: see above.
    notification: `subscriptions` is a list of {"protocol", "endpoint", "confirmed"}, `email` the mail as the
    local cloud's inbox has it.
    """

    ending: Ending = "running"
    reason: str | None = None
    secret: str | None = None
    via: str | None = None
    path: str = "alarm"
    reads: list[Read] = field(default_factory=list)
    event_ids: dict[str, str | None] = field(default_factory=dict)
    alarm: dict[str, Any] = field(default_factory=lambda: {"name": None, "state": None, "reason": None})
    hops: list[HopResult] = field(default_factory=list)
    notification: dict[str, Any] = field(
        default_factory=lambda: {
            "topic_arn": None,
            "action": None,
            "subscriptions": [],
            "email": None,
            "warning": None,
        }
    )
    left_behind: list[str] = field(default_factory=list)

    @property
    def result(self) -> Literal["pass", "fail"]:
        return "pass" if self.ending == "pass" else "fail"

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.ending]

    def hop(self, name: str) -> HopResult:
        return next(hop for hop in self.hops if hop.name == name)

    def as_dict(self) -> dict[str, Any]:
        reads = [
            {
                "request_id": read.request_id,
                "event_id": self.event_ids.get(read.marker),
                "time": read.time.isoformat(timespec="seconds"),
            }
            for read in self.reads
        ]
        first = reads[0] if reads else {"time": None, "request_id": None, "event_id": None}
        found = {"result": self.result, **asdict(self), **first, "reads": reads}
        del found["ending"], found["event_ids"]
        for hop in found["hops"]:
            del hop["usually"]
            if hop["seconds"] is not None:
                hop["seconds"] = round(hop["seconds"], 3)
        return found

    def write(self, path: Path) -> None:
        """Write the JSON, whole or not at all. Raises OSError."""
        write_whole(path, json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n")
