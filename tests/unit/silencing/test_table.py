"""The table is complete: every write action that AWS has for these services is judged, once for each part."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import botocore.loaders

from secretwatch.silencing import ROWS, Verdict
from secretwatch.silencing.actions import SERVICES, write_actions

VERSION, *ACTIONS = (Path(__file__).parents[3] / "scripts/actions.txt").read_text().splitlines()
KNOWN = set(ACTIONS)
JUDGED = Counter(f"{row.service} {action}" for row in ROWS for action in row.actions)


def test_every_write_action_has_a_row() -> None:
    assert VERSION.startswith("botocore 1.")
    assert len(KNOWN) > 500
    assert sorted(KNOWN - set(JUDGED)) == []


def test_the_pinned_models_have_no_other_one() -> None:
    loader = botocore.loaders.Loader()
    there = set(loader.list_available_services("service-2"))

    def load(service: str) -> dict[str, object]:
        model = loader.load_service_model(service, "service-2") if service in there else None
        return model or {"metadata": {"endpointPrefix": "-"}, "operations": {}}

    found = write_actions(load)
    assert len(found) > 400
    assert len(set(SERVICES) & there) >= len(SERVICES) - 1
    assert sorted(found - set(JUDGED)) == []


def test_no_row_is_on_an_action_that_does_not_exist() -> None:
    assert sorted(set(JUDGED) - KNOWN) == []


def test_a_part_has_one_verdict_on_an_action() -> None:
    seen = Counter((row.part, row.service, action) for row in ROWS for action in row.actions)
    assert [each for each, count in seen.items() if count > 1] == []


def test_what_silences_says_how_its_calls_name_the_part_and_who_hears() -> None:
    for row in ROWS:
        if row.verdict is Verdict.SILENCES:
            assert row.requests, row
            assert row.fast or row.slow, row
        if row.fast or row.slow:
            assert row.requests, row
        assert row.why.endswith("."), row
