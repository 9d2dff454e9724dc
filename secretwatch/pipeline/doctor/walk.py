"""All hops in their order, and what they come to together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from secretwatch.pipeline.doctor import attempts, evidence, kept, namesakes, whole
from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.caller import say_what_is_denied
from secretwatch.pipeline.doctor.calls import Call, Person, Run, Step
from secretwatch.pipeline.doctor.findings import Finding, Hop
from secretwatch.pipeline.doctor.hops import (
    access,
    alarm,
    details,
    event,
    filter,
    heartbeat,
    metric,
    realtime,
    self_watch,
    topic,
    trail,
)
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.hops.machines import runs_as
from secretwatch.pipeline.doctor.kinds import BY_NAME
from secretwatch.pipeline.doctor.mend import proved, without_idle_calls
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.view import View

Result = Literal["healthy", "broken", "cannot tell"]
EXIT_CODES: dict[Result, int] = {"healthy": 0, "broken": 1, "cannot tell": 3}


@dataclass
class Diagnosis:
    """What the walk found.

    missing: permissions, as `action on resource`; plan: what mends all that is broken, in its order; notes:
    where what was meant is taken from, if that needs a word.
    """

    view: View
    record: Record
    hops: list[Hop]
    plan: list[Step] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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

    def write_endpoint(self, endpoint: str) -> None:
        """So that a command that is copied from here cannot go to AWS from another shell."""

        def there(step: Step) -> Step:
            if isinstance(step, Run) and step.text.startswith("aws cloudtrail "):
                return Run(step.text.replace("    #", f" --endpoint-url {endpoint}    #", 1))
            return replace(step, endpoint=endpoint) if isinstance(step, Call) else step

        self.plan = [there(each) for each in self.plan]
        for hop in self.hops:
            hop.findings = [
                replace(each, steps=tuple(map(there, each.steps))) if each.steps else each
                for each in hop.findings
            ]

    def hop(self, name: str) -> Hop:
        return next(hop for hop in self.hops if hop.name == name)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: {"result", "broken": [{"hop", "cause", ...}], "plan", "missing", "read", "hops"}."""
        read = self.record.read
        return {
            "result": self.result,
            "subject": self.view.subject.name,
            "account_id": self.record.account_id or self.view.subject.account_id,
            "region": self.view.subject.region,
            "at": self.record.now.isoformat(timespec="seconds"),
            "intent": ("as configured" if self.view.intent.configured else "as applied")
            if self.view.intent
            else "by outputs"
            if self.view.subject.known
            else "inferred",
            "broken": [
                {"hop": name, "cause": each.cause, "sentence": each.sentence, "mend": each.mend}
                for name, each in self.broken
            ],
            "plan": [each.command() for each in self.plan],
            "missing": self.missing,
            "notes": self.notes,
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


def configured(view: View) -> list[Hop]:
    """The hops as far as they are configured, without what was seen."""
    hops = [trail.examine(view), filter.examine(view), alarm.examine(view), topic.examine(view)]
    hops += [realtime.examine(view), self_watch.examine(view)]
    if view.intent and view.intent.of("state machine", "details"):
        hops.append(details.examine(view))
    for role in view.intent.of("role", "chat") if view.intent else ():
        runs_as(next(hop for hop in hops if hop.name == topic.NAME), view, role, "chat")
    if view.intent and view.intent.of("alarm", "heartbeat"):
        hops.append(heartbeat.examine(view))
    _whatever_else(view, hops)
    _once(hops)
    _not_both(hops)
    _by_the_configuration(view, hops)
    return hops


def _by_the_configuration(view: View, hops: list[Hop]) -> None:
    """Of what Terraform's state has as it is: who changed it is not known, perhaps what it was made of.

    So it is where a secret was made again, whose ARN the configuration looks up.
    """
    stated = view.intent.stated if view.intent else None
    if stated is None:
        return
    for ref, found in view.differing().items():
        thing, kind = stated.things.get(ref), BY_NAME[ref.kind]
        if thing is None or any(
            not each.member or kind.differs(each.member, thing.get(each.member), each.live) for each in found
        ):
            continue
        for hop in hops:
            for each in [one for one in hop.findings if one.ref == ref]:
                words = each.sentence.replace(
                    "was changed since it was applied", "is not as the configuration makes it today"
                )
                hop.replace(each, replace(each, sentence=words.replace(", and was ", ", and should be ")))


def _not_both(hops: list[Hop]) -> None:
    """Of a thing that is in somebody's way it is not said elsewhere that it does what it did."""
    at_fault = {each.ref for hop in hops for each in hop.findings if each.verdict == "broken"}
    for hop in hops:
        hop.findings = [
            each
            for each in hop.findings
            if each.verdict != "warning" or not each.cause.endswith("-changed") or each.ref not in at_fault
        ]


_ONCE = ("unconfirmed", "not-subscribed")
"""Of whoever does not listen at all it is enough to be said at the first hop that would tell him."""


def _once(hops: Iterable[Hop]) -> None:
    said: dict[tuple[Ref, str], str] = {}
    for hop in hops:
        for each in list(hop.findings):
            cause = next((one for one in _ONCE if each.cause.endswith(one)), None)
            if cause is None or each.ref is None:
                continue
            first = said.get((each.ref, cause))
            if first is None:
                said[(each.ref, cause)] = hop.name
                continue
            hop.findings.remove(each)
            if first != hop.name:
                hop.note = f"{hop.note} Receivers that get none of its messages are named at {first}."


_BESIDE = (realtime.NAME, details.NAME, self_watch.NAME, heartbeat.NAME)
_OF_PURPOSE = {"chat": topic.NAME, **{name: name for name in _BESIDE}}
_OF_KIND = {
    "alarm": self_watch.NAME,
    "secret": filter.NAME,
    **dict.fromkeys(("queue", "subscription", "topic"), topic.NAME),
}


def _whatever_else(view: View, hops: list[Hop]) -> None:
    """No change goes unsaid because no hop came past it, as of a topic that another alarm tells."""
    if view.intent is None:
        return
    known = {each.name: each for each in hops}
    for address in view.intent.absent:
        room = _ROOMS.get(whole.room_of(address), trail.NAME)
        _not_in_the_state(known.get(room) or known[trail.NAME], view, address)
    said = {each.ref for hop in hops for each in hop.findings}
    for ref in view.differing():
        purpose = view.intent.serves[ref]
        if ref in said or (ref.kind == "filter" and purpose == "ring"):
            continue  # of the watch's filters it is tried what they count
        name = _OF_PURPOSE.get(purpose) or _OF_KIND.get(ref.kind) or trail.NAME
        differing(known.get(name) or known[trail.NAME], view, [ref])


_ROOMS = {
    "details": details.NAME,
    "heartbeat": heartbeat.NAME,
    "realtime": realtime.NAME,
    "secret": filter.NAME,
    "watch": alarm.NAME,
}


def _not_in_the_state(hop: Hop, view: View, address: str) -> None:
    hop.cannot_tell(
        "not-in-the-state",
        f"Terraform's state does not have {address}, on which others in it hang: an apply failed midway, or "
        "somebody took it out. So it is not known what it was, nor compared.",
        *namesakes.applied_again(view),
        Person("Where that is refused, as the name is taken: `terraform import` it first."),
    )


_NAMES = [each.NAME for each in (trail, event, filter, metric, alarm, topic, realtime, self_watch)]


def walk(view: View, record: Record) -> Diagnosis:
    """From what was found to a diagnosis. Pure."""
    first = access.examine(view.subject, record)
    if first.stops:
        rest = [Hop(name) for name in _NAMES]
        for hop in rest:
            hop.not_reached("Without an answer, and credentials, nothing can be looked at.")
        return Diagnosis(view, record, [first, *rest])
    hops = {hop.name: hop for hop in configured(view)}
    plan = (
        proved(view, list(hops.values()), configured)
        if any(hop.verdict == "broken" for hop in hops.values())
        else []
    )
    for hop in hops.values():
        without_idle_calls(hop, view.account)
    say_what_is_denied(hops.values(), view.account, str(record.identity.answer["Arn"]))
    read = record.read
    hop = hops[trail.NAME]
    evidence.of_trail(hop, view, record)
    kept.of_trail(hop, view, record)
    reached = not hop.stops
    # What is known to have arrived did, whatever is wrong with the trail now.
    arrived = read is not None and read.delivered is not None
    seen = event.examine(view, record, reached or arrived)
    reached = arrived and not seen.stops
    evidence.of_filter(hops[filter.NAME], view, record)
    reached = reached and not hops[filter.NAME].stops
    counted = metric.examine(view, record, reached)
    in_order = [first, hops[trail.NAME], seen, hops[filter.NAME]]
    for hop in (counted, hops[alarm.NAME], hops[topic.NAME]):
        if hop.name == alarm.NAME and reached and not hop.stops:
            evidence.of_alarm(hop, view, record)
        if hop.name == topic.NAME:
            evidence.of_topic(hop, view, record, reached)
        if not reached and not hop.findings and _was_held_up(record, in_order):
            hop.not_reached("The settings are in order; the read did not come this far.")
        reached = reached and not hop.stops
        in_order.append(hop)
    attempts.of_rules(hops, view, record)
    for name in (details.NAME, heartbeat.NAME):
        if name in hops:
            attempts.of_machines(hops[name], view, record, name)
    in_order += [hops[name] for name in _BESIDE if name in hops]
    return Diagnosis(view, record, in_order, plan)


def _was_held_up(record: Record, hops: list[Hop]) -> bool:
    """Whether something lies in the way. Without a read, what is configured is all there is to examine."""
    return any(hop.verdict in ("broken", "cannot tell") and hop.stops for hop in hops) or (
        record.read is not None and any(hop.stops for hop in hops if hop.name != event.NAME)
    )
