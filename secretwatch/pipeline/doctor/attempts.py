"""What was tried and failed: executions of state machines, invocations of rules, letters that lie. Pure.

What is configured may be in order, and what happens says otherwise: that is a finding by itself. What failed
before the last change is told, and decides nothing: the next attempt will.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from secretwatch.cloudtrail import Event
from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.calls import Call, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.view import View

LATELY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_FAILED = ("FAILED", "TIMED_OUT", "ABORTED")
_LONGEST = 300
_CHANGES = re.compile(
    r"(Add|Associate|Attach|Cancel|Create|Delete|Detach|Disable|Disassociate|Enable|Put|Remove|Restore|Schedule"
    r"|Set|StartLogging|StopLogging|Subscribe|Unsubscribe|Update)(?!.*(Events?|MetricData|SecretValue)$)"
)


def of_machines(hop: Hop, view: View, record: Record, purpose: str) -> None:
    """How the executions of the state machines of a purpose ended."""
    for id in view.intent.of("state machine", purpose) if view.intent else ():  # type: ignore[arg-type]
        asked = record.executions.get(id)
        if asked is None or not asked.ok:
            continue
        ended = [each for each in asked.answer.get("executions") or () if _ended(each, record)]
        if not ended:
            continue
        name, last = id.rsplit(":", 1)[-1], ended[0]
        at = last["stopDate"].astimezone(UTC)
        hop.saw(asked.action, name, at, f"{last['name']} {last['status']}")
        if last["status"] not in _FAILED:
            continue
        again = next((n for n, each in enumerate(ended) if each["status"] not in _FAILED), len(ended))
        many = f"The last {again} executions of {name} failed, the last" if again > 1 else f"{name} failed"
        sentence = f"{many} at {_said(at, record)}{_why(record, id)}."
        if any(each.verdict == "broken" for each in hop.findings):
            hop.warning("executions-failed", sentence, ref=Ref("state machine", id))
        elif changed := changed_since(view, record, began(last), _concerning(view, id)):
            hop.warning(
                "failed-before-the-mend",
                f"{sentence} It began before {changed['eventName']} changed something of it: the next "
                "execution tells whether it is mended.",
                *_try(id, purpose, view),
                ref=Ref("state machine", id),
            )
        else:
            hop.broken(
                "executions-failed",
                f"{sentence} Nothing that is configured now was found in its way.",
                *_try(id, purpose, view),
                ref=Ref("state machine", id),
                stops=False,
            )


def began(execution: Mapping[str, Any]) -> datetime:
    """What was changed while it ran may have come too late for it."""
    at: datetime = execution.get("startDate") or execution["stopDate"]
    return at.astimezone(UTC)


def _ended(execution: Mapping[str, Any], record: Record) -> bool:
    at = execution.get("stopDate")
    return at is not None and record.now - at.astimezone(UTC) < LATELY


def _why(record: Record, id: str) -> str:
    asked = record.ended.get(id)
    found = asked.answer if asked and asked.ok else {}
    words = ": ".join(str(found[each]) for each in ("error", "cause") if found.get(each))
    cut = words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
    return f": {cut.rstrip('.')}" if cut else ""


def _try(id: str, purpose: str, view: View) -> list[Step]:
    """A heartbeat takes no input; details are looked up of an alarm that rings."""
    if purpose == "heartbeat":
        return [Call("stepfunctions", "StartExecution", {"stateMachineArn": id})]
    return [view.subject.anew()]


def _said(at: datetime, record: Record) -> str:
    return f"{at:%H:%M:%S} UTC" if at.date() == record.now.date() else f"{at:%d %b %H:%M} UTC"


def _concerning(view: View, machine: str) -> set[Ref]:
    """The machine, what its definition and its role's policies name, and that role."""
    assert view.intent
    applied = view.intent.account.get("state machine", machine) or {}
    role = str(applied.get("roleArn")).rsplit("/", 1)[-1]
    policies = (view.intent.account.get("role", role) or {}).get("Inline") or {}
    text = "\n".join([str(applied.get("definition")), *map(str, policies.values())])
    named = {ref for ref in view.intent.account.things if ref.id.removesuffix(":*") in text}
    keys = {
        Ref("key", str(each["KmsMasterKeyId"]))
        for _, each in view.intent.account.all("topic")
        if each.get("KmsMasterKeyId")
    }
    return {Ref("state machine", machine), Ref("role", role), *named, *keys}


def changed_since(view: View, record: Record, at: datetime, of: Iterable[Ref] | None = None) -> Event | None:
    """The first change of something of the watch since then: only of calls that name it. of: which things."""
    things: Iterable[Ref] = view.intent.account.things if view.intent else ()
    names = {each for ref in (things if of is None else of) for each in _names(ref)}
    known = re.compile("|".join(rf"(?<![\w-]){re.escape(each)}(?![\w-])" for each in names) or "(?!)")
    # The newest is the first in the history.
    for each in sorted(record.changes, key=lambda change: str(change["eventTime"])):
        when = datetime.fromisoformat(str(each["eventTime"])).astimezone(UTC)
        if when < at.replace(microsecond=0) or not _CHANGES.match(str(each.get("eventName"))):
            continue
        text = json.dumps(each.get("requestParameters"), default=str)
        if each.get("errorCode") is None and known.search(text):
            return each
    return None


def _names(ref: Ref) -> Iterable[str]:
    name = re.split(r"[:/|]", ref.id.removesuffix(":*"))[-1]
    return [ref.id, *([name] if len(name) > 3 else [])]


# Rules


def of_rules(hops: Mapping[str, Hop], view: View, record: Record) -> None:
    """Events that a rule could not bring to its targets; each is said at the hop that the rule is of."""
    for name, rule in view.account.all("rule"):
        if view.intent and Ref("rule", name) not in view.intent.account.things:
            continue
        failed = _points(record, name, "FailedInvocations")
        if not failed:
            continue
        purpose = view.intent.serves[Ref("rule", name)] if view.intent else "realtime"
        hop = hops.get(purpose) or hops["realtime"]
        at, good = max(failed), _last_good(record, name)
        sentence = (
            f"The rule {name} could not reach its target {sum(failed.values()):.0f} times lately, the last "
            f"time at {at:%H:%M} UTC"
        )
        own = {each["Arn"] for each in (view.applied("rule", name) or {}).get("Targets") or ()}
        others = [each for each in rule.get("Targets") or () if own and each["Arn"] not in own]
        is_broken = any(each.verdict == "broken" for each in hop.findings)
        if good and good > at:
            hop.warning("rule-failures", f"{sentence}; since then it did, at {good:%H:%M} UTC.")
        elif is_broken:
            hop.warning("rule-failures", f"{sentence}.")
        elif changed := changed_since(view, record, at):
            hop.warning(
                "rule-failures", f"{sentence}, before {changed['eventName']} changed something of the watch."
            )
        elif others or view.intent is None:
            hop.warning("rule-failures", f"{sentence}.")
        else:
            hop.broken(
                "rule-failures",
                f"{sentence}, and not since. Nothing that is configured now was found in its way.",
                view.subject.anew(),
                ref=Ref("rule", name),
                stops=False,
            )
    _letters(hops["realtime"], view, record)


def _points(record: Record, rule: str, metric: str) -> dict[datetime, float]:
    """By minute, what a metric of a rule has; minutes with nothing are left out."""
    asked = record.failures.get(rule) if metric == "FailedInvocations" else record.invoked.get((rule, metric))
    return {
        each["Timestamp"].astimezone(UTC): each["Sum"]
        for each in (asked and asked.answer) or ()
        if each["Sum"]
    }


def _last_good(record: Record, rule: str) -> datetime | None:
    """The last minute in which something came to the rule's target."""
    failed = _points(record, rule, "FailedInvocations")
    tried = _points(record, rule, "Invocations")
    return max((at for at, count in tried.items() if count > failed.get(at, 0)), default=None)


def _letters(hop: Hop, view: View, record: Record) -> None:
    for id, queue in view.account.all("queue"):
        waiting = int(queue.get("ApproximateNumberOfMessages") or 0)
        rules = rules_of_queue(view, id)
        if not waiting or not rules:
            continue
        came = [at for name in rules for at in _points(record, name, "InvocationsSentToDlq")]
        what = "1 message lies" if waiting == 1 else f"{waiting} messages lie"
        when = _came(hop, view, record, max(came), rules) if came else "The last came more than a day ago"
        url = queue.get("QueueUrl")
        hop.warning(
            "dead-letters",
            f"{what} in the dead-letter queue, which could not be delivered. {when}: read what was missed, "
            "and purge the queue.",
            Call("sqs", "ReceiveMessage", {"QueueUrl": url}),
            Call("sqs", "PurgeQueue", {"QueueUrl": url}, note="Once they were read:"),
        )


def _came(hop: Hop, view: View, record: Record, at: datetime, rules: list[str]) -> str:
    """When the last letter came, and whether that is of the past."""
    last = f"The last came at {at:%H:%M} UTC"
    good = max((found for name in rules if (found := _last_good(record, name))), default=None)
    if good and good > at:
        return f"{last}, and since then events were delivered, at {good:%H:%M} UTC"
    is_broken = any(each.verdict == "broken" for each in hop.findings)
    if not is_broken and (changed := changed_since(view, record, at)):
        return f"{last}, before {changed['eventName']} changed something of the watch"
    return f"{last}, and nothing was delivered since"


def rules_of_queue(view: View, arn: str) -> list[str]:
    """The rules whose letters the queue takes."""
    return [
        name
        for name, rule in view.account.all("rule")
        if any(
            (target.get("DeadLetterConfig") or {}).get("Arn") == arn for target in rule.get("Targets") or ()
        )
    ]


__all__ = ["LATELY", "began", "changed_since", "of_machines", "of_rules", "rules_of_queue"]
