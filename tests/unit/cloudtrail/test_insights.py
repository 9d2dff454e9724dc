"""Which insight selectors PutInsightSelectors takes for which trail."""

from __future__ import annotations

from typing import Any

import pytest

from secretwatch.cloudtrail import (
    DEFAULT_EVENT_SELECTORS,
    InvalidInsightSelectors,
    normalise_advanced_event_selectors,
    normalise_event_selectors,
    normalise_insight_selectors,
)

CALLS, ERRORS = {"InsightType": "ApiCallRateInsight"}, {"InsightType": "ApiErrorRateInsight"}


def basic(**selector: Any) -> dict[str, Any]:
    return {"event_selectors": normalise_event_selectors([selector]), "advanced_event_selectors": []}


def advanced(**fields: list[str]) -> dict[str, Any]:
    selectors = [{"Field": name, "Equals": values} for name, values in fields.items()]
    normalised = normalise_advanced_event_selectors([{"FieldSelectors": selectors}])
    return {"event_selectors": [], "advanced_event_selectors": normalised}


EVERYTHING = {"event_selectors": DEFAULT_EVENT_SELECTORS, "advanced_event_selectors": []}
MANAGEMENT = {"eventCategory": ["Management"]}
NO_MANAGEMENT = {"eventCategory": ["Data"], "resources.type": ["AWS::S3::Object"]}


@pytest.mark.parametrize(
    ("selectors", "trail"),
    [
        ([], EVERYTHING),
        ([CALLS, ERRORS], EVERYTHING),
        ([CALLS], basic(ReadWriteType="WriteOnly")),
        ([ERRORS], basic(ReadWriteType="ReadOnly")),
        ([CALLS, ERRORS], advanced(**MANAGEMENT)),
        ([CALLS], advanced(**MANAGEMENT, readOnly=["false"])),
        ([ERRORS], advanced(**MANAGEMENT, readOnly=["true"])),
        ([CALLS | {"EventCategories": ["Data"]}], advanced(**NO_MANAGEMENT)),
        ([], basic(IncludeManagementEvents=False)),
    ],
)
def test_taken(selectors: list[dict[str, Any]], trail: dict[str, Any]) -> None:
    assert normalise_insight_selectors(selectors, **trail) == selectors


@pytest.mark.parametrize(
    ("selectors", "trail", "why"),
    [
        ([{"InsightType": "Boredom"}], EVERYTHING, "An insight type is"),
        ([{}], EVERYTHING, "An insight type is"),
        ([CALLS, CALLS], EVERYTHING, "twice"),
        ([CALLS | {"EventCategories": ["Other"]}], EVERYTHING, "category"),
        ([CALLS], basic(ReadWriteType="ReadOnly"), "that write"),
        ([CALLS], basic(IncludeManagementEvents=False), "does not log management events"),
        ([ERRORS], basic(IncludeManagementEvents=False), "does not log management events"),
        ([CALLS], advanced(**MANAGEMENT, readOnly=["true"]), "that write"),
        ([ERRORS], advanced(**NO_MANAGEMENT), "does not log management events"),
    ],
)
def test_refused(selectors: list[dict[str, Any]], trail: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidInsightSelectors, match=why):
        normalise_insight_selectors(selectors, **trail)
