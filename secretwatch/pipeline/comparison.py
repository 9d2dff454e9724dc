"""What a comparison found: for each channel what it delivered, when, what that says, and what a month is.

Shape of the JSON (further keys may come):
    {"result": "pass" | "fail", "reason": str | null,
     "watch", "account_id", "region", "local", "secret", "time",
     "reads", "noise": calls that were made, "seconds": of the whole run,
     "calls": [{"kind": "read" | "noise", "seconds"}],
     "channels": [{"channel": "alarm" | "trail" | "realtime", "deployed", "why", "complete",
                   "messages", "bytes", "first_seconds", "arrivals": [seconds],
                   "names": {"secret": messages that name it, "reader", "address", "time"},
                   "month": {"messages", "bytes"} | null}],
     "observed": {"days", "reads", "alarms", "files"},
     "left_behind": [commands that remove what could not be removed]}
Seconds are since the first read. A secret's value has no place in it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from secretwatch.pipeline.messages import NAMED
from secretwatch.pipeline.smoke_report import EXIT_CODES, Ending

CHANNELS = {
    "alarm": "CloudWatch alarm",
    "trail": "CloudTrail's notifications",
    "realtime": "realtime rule",
}
MONTH_DAYS = 30.0


@dataclass
class ChannelResult:
    """One channel. first_seconds: to the first message about these reads; why: it is not deployed."""

    channel: str
    deployed: bool = True
    why: str = ""
    complete: bool = False
    messages: int = 0
    bytes: int = 0
    first_seconds: float | None = None
    arrivals: list[float] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMED, 0))
    month: dict[str, float] | None = None

    @property
    def title(self) -> str:
        return CHANNELS[self.channel]

    def says(self, named: str) -> str:
        """Whether its messages name it: yes, no, or how many of them."""
        if not self.messages:
            return "–"
        count = self.names[named]
        return "yes" if count == self.messages else "no" if not count else f"{count} of {self.messages}"


@dataclass
class Observed:
    """What the account did before the run. None: not known.

    reads, alarms: in so many `days`; files: log files that the trail wrote in the last day.
    """

    days: float | None = None
    reads: float | None = None
    alarms: float | None = None
    files: float | None = None

    def a_month(self, channel: str) -> float | None:
        """How many messages of the channel a month has at this rate."""
        if channel == "trail":
            return None if self.files is None else self.files * MONTH_DAYS
        count = self.alarms if channel == "alarm" else self.reads
        return None if count is None or self.days is None else count / self.days * MONTH_DAYS

    def sentence(self) -> str:
        """What a month is taken from."""
        known = []
        if self.days is not None:
            counts = [(self.reads, "read"), (self.alarms, "alarm")]
            words = " and ".join(_count(count, what) for count, what in counts if count is not None)
            known.append(f"{words} in {self.days:.3g} day{'' if self.days == 1 else 's'}")
        if self.files is not None:
            known.append(f"{_count(self.files, 'log file')} in a day")
        if not known:
            return "The numbers for a month are not known: nothing was observed before this run."
        return f"The numbers for a month come from the time before this run: {', '.join(known)}."


@dataclass
class Comparison:
    """What is known so far; whole at any moment."""

    ending: Ending = "running"
    reason: str | None = None
    watch: str | None = None
    account_id: str | None = None
    region: str | None = None
    local: bool = False
    secret: str | None = None
    time: str | None = None
    seconds: float = 0.0
    calls: list[dict[str, Any]] = field(default_factory=list)
    channels: list[ChannelResult] = field(default_factory=list)
    observed: Observed = field(default_factory=Observed)
    left_behind: list[str] = field(default_factory=list)

    @property
    def result(self) -> Literal["pass", "fail"]:
        return "pass" if self.ending == "pass" else "fail"

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.ending]

    def channel(self, name: str) -> ChannelResult:
        return next(each for each in self.channels if each.channel == name)

    def made(self, kind: str) -> int:
        """How many calls of a kind were made: "read" or "noise"."""
        return sum(call["kind"] == kind for call in self.calls)

    def sentence(self) -> str:
        """What was done, in one sentence."""
        where = "the local cloud" if self.local else f"account {self.account_id}"
        reads, noise = _count(self.made("read"), "read"), _count(self.made("noise"), "other call")
        time = f"{(self.time or '')[:16].replace('T', ' ')} UTC"
        return f"{reads} of {self.secret} and {noise}, in {self.region} of {where}, {time}."

    def as_dict(self) -> dict[str, Any]:
        counts = {"reads": self.made("read"), "noise": self.made("noise")}
        found = {"result": self.result, **asdict(self), **counts}
        del found["ending"]
        return _rounded(found)  # type: ignore[no-any-return]

    def rows(self) -> list[list[str]]:
        """The table: a row of headings, then one for each channel."""
        names = [f"names the {each}" for each in NAMED]
        rows = [["", "first message", "messages", "bytes", *names, "messages a month", "bytes a month"]]
        for each in self.channels:
            if not each.deployed:
                rows.append([each.title, "not deployed", *[""] * (len(rows[0]) - 2)])
                continue
            first = "–" if each.first_seconds is None else f"{each.first_seconds:.1f} s"
            named = [each.says(name) for name in NAMED]
            rows.append([each.title, first, str(each.messages), size(each.bytes), *named, *_month(each)])
        return rows

    def markdown(self) -> str:
        head, *rows = self.rows()
        lines = [head, ["---"] * len(head), *rows]
        table = "\n".join(
            f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
        )
        return f"{self.sentence()}\n\n{table}\n\n{self.observed.sentence()}\n"


def size(count: float) -> str:
    """Bytes as a person says them."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count:.0f} B"


def _month(channel: ChannelResult) -> list[str]:
    if channel.month is None:
        return ["not known"] * 2
    return [f"{channel.month['messages']:,.0f}", size(channel.month["bytes"])]


def _count(count: float, what: str) -> str:
    return f"{count:,.0f} {what}{'' if count == 1 else 's'}"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
