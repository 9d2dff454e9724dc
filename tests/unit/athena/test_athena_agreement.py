"""What Athena's answer says is what the local engine says: never less, and exact where the SQL is.

Three engines look at each pair of pattern and event: the pattern on the event's text, the SQL (transpiled, on
DuckDB), and the pattern on what came back, rebuilt from the row.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from athena_events import EVENTS, PATTERNS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_trino import BEGIN, END, TABLE, Trino, written

from secretwatch.athena import Unanswerable, event, queries, text, where
from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern

PATTERNS_EACH, EVENTS_EACH = 10, 20
EXAMPLES = 60


@pytest.fixture(scope="module")
def trino() -> Trino:
    return Trino()


def parsed(pattern: str) -> FilterPattern | None:
    """The pattern, if the table can answer it."""
    try:
        found = FilterPattern.parse(pattern)
        where(found, TABLE.fields)
    except (InvalidFilterPattern, Unanswerable):
        return None
    return found


COUNTED: Counter[str] = Counter()


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    st.lists(PATTERNS.map(parsed).filter(bool), min_size=PATTERNS_EACH, max_size=PATTERNS_EACH),
    st.lists(EVENTS, min_size=EVENTS_EACH, max_size=EVENTS_EACH),
)
def agree(trino: Trino, patterns: list[FilterPattern], events: list[dict[str, Any]]) -> None:
    events = [{**each, "eventID": str(number)} for number, each in enumerate(events)]
    messages = {each["eventID"]: written(each) for each in events}
    trino.fill(events)
    for pattern in patterns:
        wanted = {number for number, message in messages.items() if pattern.matches(message)}
        found = [
            event(TABLE.fields, row)
            for query in queries(TABLE, [pattern], BEGIN, END)
            for row in trino.run(text(query))
        ]
        ids = {each["eventID"] for each in found}
        assert wanted <= ids, "the query lost an event"
        assert {each["eventID"] for each in found if pattern.matches_event(each)} == wanted
        exact = where(pattern, TABLE.fields).exact
        if exact:
            assert ids == wanted
        COUNTED.update(pairs=len(events), matching=len(wanted), exact=exact * len(events), found=len(ids))


@pytest.mark.later
def test_three_engines_agree(trino: Trino) -> None:
    agree(trino)
    assert COUNTED["pairs"] >= 10_000
    # Not for want of matches, nor because all was found.
    assert COUNTED["matching"] >= 300
    assert COUNTED["found"] < COUNTED["pairs"] / 2
    print(COUNTED)
