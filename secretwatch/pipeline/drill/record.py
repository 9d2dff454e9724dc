"""What a drill found: the record for whoever asks later, and whether every way out carried it.

Shape of the JSON (further keys may come):
    {"drill": id, "result": "pass" | "fail", "reasons": [str], "warnings": [str],
     "started", "ended": ISO 8601 in UTC, "caller": ARN, "account_id", "region", "user_agent", "version",
     "watches": [{"watch", "secret", "alarm_name", "drilled": bool, "detail", "read": {"time", "request_id",
        "event_id"} | null, "hops": [{"name", "status", "seconds", "detail"}]}],
     "topics": [{"arn", "purposes": [str], "message_id", "error", "alarms": {watch: str | null},
        "subscriptions": [{"protocol", "endpoint", "state", "detail", "expected": [str],
            "seen": {sign: seconds}, "said": bool | null}]}]}
Seconds of hops are since the read, those of `seen` since the first DRILL message was sent. A secret's value
has no place in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from secretwatch.pipeline.endpoints import shown
from secretwatch.pipeline.smoke_report import HopResult, SmokeReport

State = Literal["seen", "accepted", "pending", "filtered", "missing", "unsent"]
Ending = Literal["running", "done", "refused", "failed", "timeout", "interrupted"]
"""failed, refused, timeout: before anything was sent."""

NOTICE = "DRILL message"
REALTIME = "realtime message"

MEANING: dict[State, str] = {
    "seen": "it was found there, or a person says that it came",
    "accepted": "SNS took it; only the receiver can say whether it came",
    "pending": "not confirmed: nothing is sent there",
    "filtered": "the subscription's filter policy keeps it out",
    "missing": "it was looked for and not found, or a person says that it did not come",
    "unsent": "nothing was published to the topic",
}


def sign_of(kind: str, watch: str) -> str:
    """What a receiver should get because of a watch's read, such as "alarm of payments"."""
    return f"{kind} of {watch}"


@dataclass
class Receiver:
    """A subscription.

    expected: the signs that it should get; seen: those that were found, with seconds. looks: whether it can
    be looked at. said: what a person answered to "did it come?".
    """

    protocol: str
    endpoint: str
    subscription_arn: str
    state: State = "accepted"
    detail: str = ""
    expected: list[str] = field(default_factory=list)
    seen: dict[str, float] = field(default_factory=dict)
    looks: bool = False
    said: bool | None = None

    @property
    def name(self) -> str:
        return f"{self.protocol} {shown(self.protocol, self.endpoint)}"

    @property
    def told(self) -> bool:
        return self.state in ("seen", "accepted")

    def answered(self, came: bool) -> None:
        """What a person says outweighs what was found."""
        self.said = came
        self.state = "seen" if came else "missing"
        self.detail = "a person says that it came" if came else "a person says that it did not come"


@dataclass
class Topic:
    """purposes: what it is for. error: why the DRILL message could not be published. alarms: what the history
    of each drilled watch's alarm says of publishing here; None: nothing yet."""

    arn: str
    purposes: list[str] = field(default_factory=list)
    message_id: str | None = None
    error: str | None = None
    alarms: dict[str, str | None] = field(default_factory=dict)
    realtime: list[str] = field(default_factory=list)
    receivers: list[Receiver] = field(default_factory=list)
    unknown: str | None = None
    """Why its subscriptions are not known."""

    @property
    def name(self) -> str:
        return self.arn.rsplit(":", 1)[-1]


@dataclass
class Drilled:
    """A watch in the drill. report: of the smoke test's parts; drilled: whether a read can ring it."""

    watch: str
    secret: str | None
    alarm_name: str
    report: SmokeReport
    drilled: bool = True
    detail: str = ""
    realtime: HopResult | None = None

    @property
    def hops(self) -> list[HopResult]:
        return [*self.report.hops, *([self.realtime] if self.realtime else [])] if self.drilled else []


@dataclass
class Record:
    """Whole at any moment: an interrupted drill has one, too. started, ended: seconds since 1970."""

    drill_id: str = ""
    ending: Ending = "running"
    reason: str | None = None
    started: float | None = None
    ended: float | None = None
    caller: str | None = None
    account_id: str | None = None
    region: str | None = None
    user_agent: str | None = None
    version: str | None = None
    watches: list[Drilled] = field(default_factory=list)
    topics: list[Topic] = field(default_factory=list)

    @property
    def receivers(self) -> Iterator[tuple[Topic, Receiver]]:
        return ((topic, each) for topic in self.topics for each in topic.receivers)

    @property
    def result(self) -> Literal["pass", "fail"]:
        return "pass" if self.ending == "done" and not self.reasons else "fail"

    @property
    def exit_code(self) -> int:
        codes = {"failed": 1, "refused": 2, "timeout": 3, "interrupted": 130, "running": 130}
        return codes.get(self.ending) or (0 if self.result == "pass" else 1)

    @property
    def sent(self) -> list[str]:
        """What was done so far, as sentences."""
        topics = [topic.name for topic in self.topics if topic.message_id]
        done = [f"The DRILL message went to {', '.join(topics)}."] if topics else []
        for each in self.watches:
            done += [f"The secret {each.secret} was read." for _ in each.report.reads]
        return done

    @property
    def reasons(self) -> list[str]:
        """Why not every way out carried it: one sentence each, none where every one did."""
        found = [self.reason] if self.reason else []
        if self.ending in ("refused", "failed", "timeout"):
            return found
        for each in self.watches:
            if each.drilled and each.report.result != "pass":
                found.append(f"{each.watch}: {each.report.reason or 'The read was not followed to its end.'}")
            elif each.realtime and each.realtime.status == "failed":
                found.append(f"{each.watch}: {each.realtime.detail}.")
        rang = {each.watch for each in self.watches if each.report.result == "pass"}
        for topic in self.topics:
            found += _reasons(topic, rang)
        return found

    @property
    def warnings(self) -> list[str]:
        """What is not as it should be beside receivers that were told."""
        found = []
        for topic, each in self.receivers:
            if any(other.told for other in topic.receivers) and each.state in ("pending", "filtered"):
                found.append(f"{each.name} on {topic.name}: {each.detail or MEANING[each.state]}.")
        found += [f"{each.watch}: {each.detail}" for each in self.watches if not each.drilled]
        return found

    def as_dict(self) -> dict[str, Any]:
        return {
            "drill": self.drill_id,
            "result": self.result,
            "reasons": self.reasons,
            "warnings": self.warnings,
            "started": iso(self.started),
            "ended": iso(self.ended),
            "caller": self.caller,
            "account_id": self.account_id,
            "region": self.region,
            "user_agent": self.user_agent,
            "version": self.version,
            "watches": [_watch(each) for each in self.watches],
            "topics": [_topic(each) for each in self.topics],
        }


def _reasons(topic: Topic, rang: set[str]) -> Iterator[str]:
    if topic.error:
        yield f"The DRILL message could not be published to {topic.name}: {topic.error}"
    for watch, published in topic.alarms.items():
        if published is not None and published.startswith("Failed"):
            yield f"The alarm of {watch} could not publish to {topic.name}: {published}."
        elif published is None and watch in rang:
            yield f"The alarm of {watch} did not publish to {topic.name}."
    if topic.unknown:
        yield f"The subscribers of {topic.name} are not known: {topic.unknown}"
    elif not topic.receivers:
        yield f"Nobody is subscribed to {topic.name}."
    elif not any(each.told or each.state == "missing" for each in topic.receivers):
        why = ", ".join(f"{each.name} is {each.state}" for each in topic.receivers)
        yield f"Nobody got a message through {topic.name}: {why}."
    for each in topic.receivers:
        if each.state == "missing":
            yield f"{each.name} on {topic.name}: {each.detail}."


def iso(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def read_of(drilled: Drilled) -> dict[str, Any] | None:
    """The read that was made, with the id of its CloudTrail event once that is known."""
    if not drilled.report.reads:
        return None
    read = drilled.report.reads[0]
    return {
        "time": iso(read.at),
        "request_id": read.request_id,
        "event_id": drilled.report.event_ids.get(read.marker),
    }


def _watch(drilled: Drilled) -> dict[str, Any]:
    return {
        "watch": drilled.watch,
        "secret": drilled.secret,
        "alarm_name": drilled.alarm_name,
        "drilled": drilled.drilled,
        "detail": drilled.detail,
        "read": read_of(drilled),
        "hops": [
            {
                "name": hop.name,
                "status": hop.status,
                "seconds": _rounded(hop.seconds),
                "detail": hop.detail,
            }
            for hop in drilled.hops
        ],
    }


def _topic(topic: Topic) -> dict[str, Any]:
    return {
        "arn": topic.arn,
        "purposes": topic.purposes,
        "message_id": topic.message_id,
        "error": topic.error or topic.unknown,
        "alarms": topic.alarms,
        "subscriptions": [
            {
                "protocol": each.protocol,
                "endpoint": shown(each.protocol, each.endpoint),
                "subscription_arn": each.subscription_arn,
                "state": each.state,
                "detail": each.detail,
                "expected": each.expected,
                "seen": {sign: _rounded(seconds) for sign, seconds in each.seen.items()},
                "said": each.said,
            }
            for each in topic.receivers
        ],
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
