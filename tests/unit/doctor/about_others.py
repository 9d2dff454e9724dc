"""Alarms of the account about other things than secrets, and what of them is broken."""

from __future__ import annotations

from typing import Any

from answers import case
from healthy import REGION, alarm, asked, facts, metric_filter

from secretwatch.pipeline.doctor import about as about_it
from secretwatch.pipeline.doctor.findings import Finding
from secretwatch.pipeline.doctor.mend import proved
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View
from secretwatch.pipeline.doctor.walk import configured


def about(pattern: str, given: dict[str, Any] | None = None, **changes: Any) -> View:
    """An alarm of the account on a filter with this pattern, examined by the alarm's name alone.

    given: what of the filter's transformation is other than usual.
    """
    counting = metric_filter("other", pattern, **(given or {}))
    found = facts(
        subject=Subject(region=REGION, alarm_name="payments-secret-read"),
        alarm=alarm(**changes),
        filters=asked([counting]),
        emitting=asked([counting]),
        tested={},
        rules=[],
        read=None,
        reads=[],
    )
    view, record = case(found)
    about_it.what_it_is_about(view)
    view.examples = []
    about_it.make_examples(view, record)
    return view


def broken(view: View) -> tuple[list[tuple[str, Finding]], list[Any]]:
    hops = configured(view)
    plan = proved(view, hops, configured)
    return [(hop.name, each) for hop in hops for each in hop.findings if each.verdict == "broken"], plan
