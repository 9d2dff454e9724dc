"""Hop 10: the heartbeat: a read of its own that is counted, and an alarm where it is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.calls import Person
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.machines import encrypted_with, runs_as, started_by
from secretwatch.pipeline.doctor.hops.realtime import as_applied
from secretwatch.pipeline.doctor.hops.self_watch import alarm_of
from secretwatch.pipeline.doctor.view import View

NAME: Final = "heartbeat"


def examine(view: View) -> Hop:
    hop = Hop(
        NAME,
        note="A schedule reads the heartbeat's secret, a filter counts it, an alarm rings without it.",
    )
    assert view.intent
    for name in view.intent.of("alarm", "heartbeat"):
        alarm_of(hop, view, name, "heartbeat", "reads are not counted any more")
        _missed_a_beat(hop, view, name)
    for name in view.intent.of("rule", "heartbeat"):
        started_by(hop, view, name, NAME)
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
        runs_as(hop, view, name, NAME)
    for id in view.intent.of("state machine", NAME):
        encrypted_with(hop, view, id, NAME)
    as_applied(hop, view, "heartbeat")
    return hop


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
