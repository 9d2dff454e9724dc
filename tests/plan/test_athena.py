"""Whatever the module writes as a pattern, a CloudTrail table can be asked for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from secretwatch.athena import LONGEST, Table, queries, text, where
from secretwatch.eventpattern import EventPattern
from secretwatch.filterpattern import FilterPattern


@pytest.mark.later
def test_every_pattern_can_be_asked_of_a_table(instances: Any) -> None:
    of = {
        field: sorted(
            # What an alarm tells is in no table of CloudTrail's.
            each
            for each in {each[field] for each in instances.resources.values() if each.get(field)}
            if "CloudWatch Alarm State Change" not in each
        )
        for field in ("pattern", "event_pattern")
    }
    assert len(of["pattern"]) > 20
    assert len(of["event_pattern"]) > 5
    patterns = [*map(FilterPattern.parse, of["pattern"]), *map(EventPattern.parse, of["event_pattern"])]
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    found = [text(each) for each in queries(Table("d", "t"), patterns, begin, end)]
    # No pattern of them wants all events.
    assert all(not where(each).always for each in patterns)
    assert 1 <= len(found) <= 3
    assert all(len(each.encode()) <= LONGEST for each in found)
    print({name: len(each) for name, each in of.items()}, [len(each) for each in found])
