"""All hops in their order, and what they come to together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from secretwatch.pipeline.doctor.facts import Facts
from secretwatch.pipeline.doctor.findings import Finding, Hop
from secretwatch.pipeline.doctor.hops import (
    access,
    alarm,
    event,
    filter,
    metric,
    realtime,
    self_watch,
    topic,
    trail,
)

Result = Literal["healthy", "broken", "cannot tell"]
EXIT_CODES: dict[Result, int] = {"healthy": 0, "broken": 1, "cannot tell": 3}


@dataclass
class Diagnosis:
    """What the walk found. missing: permissions, as `action on resource`."""

    facts: Facts
    hops: list[Hop]
    missing: list[str] = field(default_factory=list)

    @property
    def result(self) -> Result:
        verdicts = {hop.verdict for hop in self.hops}
        if "broken" in verdicts:
            return "broken"
        return "cannot tell" if "cannot tell" in verdicts else "healthy"

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.result]

    @property
    def broken(self) -> list[tuple[str, Finding]]:
        """Everything that is broken, with the name of its hop, in the hops' order."""
        return [(hop.name, each) for hop in self.hops for each in hop.findings if each.verdict == "broken"]

    @property
    def waits(self) -> bool:
        """Whether a later walk may come to another result by itself."""
        return any(each.waits for hop in self.hops for each in hop.findings)

    def hop(self, name: str) -> Hop:
        return next(hop for hop in self.hops if hop.name == name)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: {"result", "broken": [{"hop", "cause", ...}], "missing", "read", "hops": [...]}."""
        read = self.facts.read
        return {
            "result": self.result,
            "subject": self.facts.subject.name,
            "account_id": self.facts.account_id or self.facts.subject.account_id,
            "region": self.facts.subject.region,
            "at": self.facts.now.isoformat(timespec="seconds"),
            "broken": [
                {"hop": name, "cause": each.cause, "sentence": each.sentence, "mend": each.mend}
                for name, each in self.broken
            ],
            "missing": self.missing,
            "read": read
            and {
                "event_id": read.event_id,
                "time": read.time.isoformat(),
                "secret": read.secret or None,
                "reader": read.reader,
                "region": read.region,
            },
            "hops": [hop.as_dict() for hop in self.hops],
        }


_ALL = (access, trail, event, filter, metric, alarm, topic, realtime, self_watch)


def walk(facts: Facts) -> Diagnosis:
    """From facts to a diagnosis. Pure."""
    first = access.examine(facts)
    if first.stops:
        rest = [Hop(each.NAME) for each in _ALL[1:]]
        for hop in rest:
            hop.not_reached("Without credentials nothing can be looked at.")
        return Diagnosis(facts, [first, *rest])
    hops = [first, trail.examine(facts)]
    reached = not hops[-1].stops
    # What is known to have arrived did, whatever is wrong with the trail now.
    arrived = facts.read is not None and facts.read.delivered is not None
    hops.append(event.examine(facts, reached or arrived))
    reached = arrived and not hops[-1].stops
    hops.append(filter.examine(facts))
    reached = reached and not hops[-1].stops
    for each in (metric, alarm, topic):
        hop = each.examine(facts, reached)
        if not reached and not hop.findings and _was_held_up(facts, hops):
            hop.not_reached("What is configured is in order; the read did not come this far.")
        reached = reached and not hop.stops
        hops.append(hop)
    hops += [realtime.examine(facts), self_watch.examine(facts)]
    return Diagnosis(facts, hops)


def _was_held_up(facts: Facts, hops: list[Hop]) -> bool:
    """Whether something lies in the way. Without a read, what is configured is all there is to examine."""
    return any(hop.verdict in ("broken", "cannot tell") and hop.stops for hop in hops) or (
        facts.read is not None and any(hop.stops for hop in hops)
    )
