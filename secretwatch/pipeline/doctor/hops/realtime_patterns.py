"""Of hop 8: do the rules' patterns match what has to ring; the one that should, put right."""

from __future__ import annotations

import json
from typing import Any

from secretwatch.cloudtrail import Event
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Call
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.filter import is_left_out
from secretwatch.pipeline.doctor.hops.realtime_rules import forms_of_id, make_rule
from secretwatch.pipeline.doctor.hops.rule_patterns import envelope, pattern_of, why_not
from secretwatch.pipeline.doctor.kinds import rules
from secretwatch.pipeline.doctor.view import View


def examine_patterns(hop: Hop, view: View, names: list[str]) -> None:
    """Rules part the work, as a pattern is limited in length: one of them has to match."""
    there = [(name, found) for name in names if (found := view.account.get("rule", name))]
    known = [
        (name, each, pattern)
        for name, each in there
        if (pattern := pattern_of(each.get("EventPattern") or "{}"))
    ]
    if not known or not view.examples or not (view.followed or view.subject.secrets):
        return
    for event in view.examples[:1]:
        if event["awsRegion"] != view.subject.region:
            continue  # rules see the calls of their own region only
        seen = envelope(event, view.account.account_id)
        if any(pattern.matches(seen) for _, _, pattern in known):
            continue
        if is_left_out(view):
            hop.warning(
                "left-out",
                "The rules leave this read out because of its caller or its outcome, as the watch does.",
            )
            return
        if view.intent:
            continue  # what was changed of the rules is found as that; else none was meant to match
        if any(each.cause == "rule-deleted" for each in hop.findings):
            continue
        what = "the read" if view.followed and event is view.examples[0] else "a read as it would be"
        name, found, why = _nearest([(name, each) for name, each, _ in known], seen)
        ref = Ref("rule", name)
        steps = [*view.terraform(ref), *view.restore(ref)] or [
            rules.put(found, EventPattern=_widened(found["EventPattern"], view, seen))
        ]
        hop.broken(
            "rule-pattern",
            f"The pattern of the rule {name} does not match {what}{why}.",
            *steps,
            ref=ref,
            stops=False,
        )
        return


def _widened(text: str, view: View, event: Event) -> str:
    """The pattern with what keeps the watch's own events out put right, and all else as it is."""
    pattern = json.loads(text)
    for _ in range(8):
        parsed = pattern_of(json.dumps(pattern))
        if parsed and parsed.matches(event):
            return json.dumps(pattern, separators=(",", ":"))
        if not _mend(pattern, event, view):
            break
    made = make_rule(view, "x")[0]
    assert isinstance(made, Call)
    return str(made.params["EventPattern"])


def _mend(pattern: Any, event: Any, view: View, path: str = "") -> bool:
    """One condition that does not hold for the event, made to: by the watch's own values, or taken away."""
    for name, wanted in list(pattern.items()):
        here = f"{path}.{name}" if path else name
        value = event.get(name) if isinstance(event, dict) else None
        if isinstance(wanted, dict):
            if _mend(wanted, value or {}, view, here):
                return True
            if not wanted:
                del pattern[name]
            continue
        alone = pattern_of(json.dumps({name: wanted}))
        if (
            name.startswith("$")
            or alone is None
            or (isinstance(event, dict) and alone.matches({name: value} if value is not None else {}))
        ):
            continue
        own = {
            "source": ["aws.secretsmanager"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail.eventSource": ["secretsmanager.amazonaws.com"],
            "detail.eventName": list(view.subject.event_names),
            "detail.requestParameters.secretId": [
                form for each in view.subject.secrets for form in forms_of_id(each)
            ],
        }.get(here)
        if own:
            pattern[name] = own
        else:
            del pattern[name]
        return True
    return False


def _nearest(those: list[tuple[str, Thing]], event: Any) -> tuple[str, Thing, str]:
    """The rule that is meant for such a read, and why it does not match: not one for another outcome."""
    reasons = [(name, each, why_not(each["EventPattern"], event)) for name, each in those]
    meant = [each for each in reasons if each[2] and "errorCode" not in each[2]]
    return (meant or reasons)[0]
