"""Beside the alarm: the state machine that says who it rings for, what starts it, and as whom it looks."""

from __future__ import annotations

from typing import Final

from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.machines import encrypted_with, runs_as, started_by
from secretwatch.pipeline.doctor.hops.realtime import as_applied
from secretwatch.pipeline.doctor.hops.self_watch import alarm_of
from secretwatch.pipeline.doctor.view import View

NAME: Final = "details"


def examine(view: View) -> Hop:
    hop = Hop(
        NAME, note="When the alarm rings, a state machine looks up who it was, and tells the same topics."
    )
    assert view.intent
    for name in view.intent.of("alarm", NAME):
        alarm_of(hop, view, name, NAME, "details cannot be told")
    for name in view.intent.of("rule", NAME):
        started_by(hop, view, name, NAME)
    for name in view.intent.of("role", NAME):
        runs_as(hop, view, name, NAME)
    for id in view.intent.of("state machine", NAME):
        encrypted_with(hop, view, id, NAME)
    as_applied(hop, view, NAME)
    return hop
