"""Insight selectors: which unusual activity a trail looks out for.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutInsightSelectors.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_TYPES = ("ApiCallRateInsight", "ApiErrorRateInsight")


class InvalidInsightSelectors(ValueError):
    """Selectors that PutInsightSelectors refuses (InvalidInsightSelectorsException)."""


def normalise_insight_selectors(
    selectors: Iterable[Mapping[str, Any]],
    event_selectors: Sequence[Mapping[str, Any]],
    advanced_event_selectors: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The selectors as GetInsightSelectors answers them; raises InvalidInsightSelectors.

    The rate of calls is counted over management events that write, so the trail has to log those; the rate
    of errors over management events, of either kind.
    """
    normalised: list[dict[str, Any]] = []
    for selector in selectors:
        kind = selector.get("InsightType")
        if kind not in _TYPES:
            raise InvalidInsightSelectors(f"An insight type is {' or '.join(_TYPES)}, not {kind!r}.")
        if any(each["InsightType"] == kind for each in normalised):
            raise InvalidInsightSelectors(f"The insight type {kind} is given twice.")
        categories = list(selector.get("EventCategories") or [])
        if any(category not in ("Management", "Data") for category in categories):
            raise InvalidInsightSelectors("An event category of an insight is Management or Data.")
        normalised.append({"InsightType": kind, **({"EventCategories": categories} if categories else {})})
    logged = _logged(event_selectors, advanced_event_selectors)
    for each in normalised:
        if "Management" not in each.get("EventCategories", ["Management"]):
            continue
        if not logged:
            raise InvalidInsightSelectors("The trail does not log management events.")
        if each["InsightType"] == "ApiCallRateInsight" and "write" not in logged:
            raise InvalidInsightSelectors("The trail does not log management events that write.")
    return normalised


def _logged(basic: Sequence[Mapping[str, Any]], advanced: Sequence[Mapping[str, Any]]) -> set[str]:
    """Which management events the trail logs: `read`, `write`."""
    logged: set[str] = set()
    for selector in basic:
        if selector["IncludeManagementEvents"]:
            logged |= {"All": {"read", "write"}, "ReadOnly": {"read"}, "WriteOnly": {"write"}}[
                selector["ReadWriteType"]
            ]
    for selector in advanced:
        fields = {each["Field"]: each.get("Equals") or [] for each in selector["FieldSelectors"]}
        if fields["eventCategory"] == ["Management"]:
            logged |= {(): {"read", "write"}, ("true",): {"read"}, ("false",): {"write"}}[
                tuple(fields.get("readOnly", ()))
            ]
    return logged
