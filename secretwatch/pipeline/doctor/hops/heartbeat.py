"""Hop 10: the heartbeat: a read of its own that is counted, and an alarm where it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.calls import Person
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.allowing import allowing
from secretwatch.pipeline.doctor.hops.realtime import as_applied
from secretwatch.pipeline.doctor.hops.self_watch import alarm_of
from secretwatch.pipeline.doctor.kinds import roles, rules
from secretwatch.pipeline.doctor.opening import Place, completed, missed, refusal
from secretwatch.pipeline.doctor.view import View
from secretwatch.policy import Principal, Request

NAME = "heartbeat"


def examine(view: View) -> Hop:
    hop = Hop(
        NAME, note="A schedule reads the heartbeat's secret, a filter counts that, and an alarm misses it."
    )
    assert view.intent
    for name in view.intent.of("alarm", "heartbeat"):
        alarm_of(hop, view, name, "heartbeat", "reads are not counted any more")
        _missed_a_beat(hop, view, name)
    for name in view.intent.of("rule", "heartbeat"):
        its_rule(hop, view, name, NAME)
    for id in view.intent.of("secret", "heartbeat"):
        found = view.account.get("secret", id)
        if found and found.get("DeletedDate"):
            ref = Ref("secret", id)
            hop.broken(
                "heartbeat-secret",
                f"The heartbeat's secret {found.get('Name')} is to be deleted: it cannot be read.",
                *view.restore(ref),
                ref=ref,
                stops=False,
            )
    for name in view.intent.of("role", "heartbeat"):
        its_role(hop, view, name, NAME)
    as_applied(hop, view, "heartbeat")
    return hop


def its_rule(hop: Hop, view: View, name: str, purpose: str) -> None:
    """A rule that starts it, and is disabled."""
    rule = view.account.get("rule", name)
    if rule and rule.get("State") == "DISABLED":
        hop.broken(
            f"{purpose}-disabled",
            f"The rule {name}, which starts the {purpose}, is disabled.",
            rules.put(rule, State="ENABLED"),
            ref=Ref("rule", name),
            stops=False,
        )


def _missed_a_beat(hop: Hop, view: View, name: str) -> None:
    """Its alarm is in ALARM, and has not been since it was made or changed: what is configured is not all."""
    alarm = view.account.get("alarm", name) or {}
    since, changed = alarm.get("StateUpdatedTimestamp"), alarm.get("AlarmConfigurationUpdatedTimestamp")
    if alarm.get("StateValue") != "ALARM" or not since or not changed or hop.findings:
        return
    if since > changed + timedelta(seconds=alarm.get("Period") or 3600):
        hop.cannot_tell(
            "heartbeat-missed",
            f"{name} is in ALARM since {since:%d %b %H:%M} UTC: the heartbeat's own read was not counted.",
            Person("Where no hop is broken: see the last executions of its state machine."),
        )


def its_role(hop: Hop, view: View, name: str, purpose: str) -> None:
    """A role of it that may not do what it was applied to do, or may not be assumed by its service."""
    ref, role, applied = Ref("role", name), view.account.get("role", name), view.applied("role", name)
    if role is None or applied is None or Ref("role policies", name) in view.account.unknown:
        return
    requests = _needed(view, name, role, applied)
    found = False
    trust, meant = role.get("AssumeRolePolicyDocument"), applied["AssumeRolePolicyDocument"]
    place = Place(view.account, "sts")
    for request in missed(trust, meant, place)[:1]:
        hop.broken(
            f"{purpose}-role",
            f"{request.principal.name} may not assume the role {name}. {refusal([request], resource=trust)}",
            roles.trust(name, completed(trust, meant, place)),
            ref=ref,
            stops=False,
        )
        found = True
    if why := refusal(requests, caller=roles.policies(role), boundary=role.get("Boundary")):
        hop.broken(
            f"{purpose}-role",
            f"The role {name} may not do what it is for. {why}",
            *(allowing(role, applied, name, requests) or view.restore(ref)),
            ref=None if found else ref,
            stops=False,
        )


def _needed(view: View, name: str, role: dict[str, Any], applied: dict[str, Any]) -> list[Request]:
    """What it was applied to be allowed, as requests."""
    arn = role.get("Arn") or view.account.arn("iam", f"role/{name}", region="")
    session = f"{arn.replace(':iam::', ':sts::').replace(':role/', ':assumed-role/')}/{NAME}"
    place = Place(view.account, "", session)
    own = list((applied.get("Inline") or {}).values())
    found = [
        replace(request, principal=Principal.of(session, issuer=arn))
        for text in own
        for _, request in place.examples(text)
    ]
    # What the applied policies do not allow by themselves says nothing of what is there.
    return [each for each in found if not refusal([each], caller=own)]
