"""What PutMetricData and PutDashboard refuse, with CloudWatch's codes and words where they were observed.

What services put themselves comes from within LocalStack and is not asked: they may use `AWS/`.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from localstack.aws.api import CommonServiceException

_LARGEST = 2.0**360
_OLDEST, _NEWEST = timedelta(days=14), timedelta(hours=2)
_MOST = {"MetricData": 1000, "Dimensions": 30, "Values": 150}
_STATISTICS = ("SampleCount", "Sum", "Minimum", "Maximum")
_DASHBOARD_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_WIDGETS = ("alarm", "custom", "explorer", "log", "metric", "text")
_GRID = 24


def _refuse(code: str, message: str) -> NoReturn:
    raise CommonServiceException(code, message, 400, True)


def _value(message: str) -> NoReturn:
    _refuse("InvalidParameterValue", message)


def _combination(message: str) -> NoReturn:
    _refuse("InvalidParameterCombination", message)


def check_metric_data(namespace: str, data: Sequence[Mapping[str, Any]] | None, now: datetime) -> None:
    """Raises InvalidParameterValue, InvalidParameterCombination or MissingParameter."""
    if namespace.startswith("AWS/") or not re.fullmatch(r"[^:][ -~]{0,254}", namespace):
        _value(f"The value {namespace} for parameter Namespace is invalid.")
    _check_size("MetricData", "MetricData", data or [])
    for number, datum in enumerate(data or [], 1):
        _check_datum(f"MetricData.member.{number}", datum, now)


def _check_datum(where: str, datum: Mapping[str, Any], now: datetime) -> None:
    if not datum.get("MetricName"):
        _refuse("MissingParameter", f"The parameter {where}.MetricName is required.")
    if len(datum["MetricName"]) > 255:
        _value(f"The value {datum['MetricName']} for parameter {where}.MetricName is invalid.")
    _check_dimensions(where, datum.get("Dimensions") or [])
    if at := datum.get("Timestamp"):
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        if at < now - _OLDEST:
            _value(f"The parameter {where}.Timestamp must specify a time within the past two weeks.")
        if at > now + _NEWEST:
            _value(
                f"The parameter {where}.Timestamp must specify a time no more than two hours in the future."
            )
    resolution = datum.get("StorageResolution")
    if resolution is not None and resolution not in (1, 60):
        _value(f"The value {resolution} for parameter {where}.StorageResolution is invalid.")
    _check_values(where, datum)


def _check_dimensions(where: str, dimensions: Sequence[Mapping[str, Any]]) -> None:
    _check_size("Dimensions", f"{where}.Dimensions", dimensions)
    for number, dimension in enumerate(dimensions, 1):
        for member, most in (("Name", 255), ("Value", 1024)):
            place, text = f"{where}.Dimensions.member.{number}.{member}", dimension.get(member)
            if not text or not text.strip():
                _refuse("MissingParameter", f"The parameter {place} is required.")
            if len(text) > most or not text.isascii() or (member == "Name" and text.startswith(":")):
                _value(f"The value {text} for parameter {place} is invalid.")
    names = [dimension["Name"] for dimension in dimensions]
    if len(set(names)) < len(names):
        _value(f"The parameter {where}.Dimensions has a name more than once.")


def _check_values(where: str, datum: Mapping[str, Any]) -> None:
    given = [name for name in ("Value", "Values", "StatisticValues") if datum.get(name) is not None]
    if not given:
        _combination(
            f"At least one of the parameters {where}.Value and {where}.StatisticValues must be specified."
        )
    if len(given) > 1:
        _combination(
            f"The parameters {where}.{given[0]} and {where}.{given[1]} are mutually exclusive and you have "
            "specified both."
        )
    values, counts = datum.get("Values") or [], datum.get("Counts")
    _check_size("Values", f"{where}.Values", values)
    if counts is not None and len(values) != len(counts):
        _value(f"The parameters {where}.Values and {where}.Counts must be of the same size.")
    numbers = [(f"{where}.Value", datum.get("Value"))]
    numbers += [(f"{where}.Values.member.{number}", value) for number, value in enumerate(values, 1)]
    statistics = datum.get("StatisticValues") or {}
    for name in _STATISTICS if statistics else ():
        if statistics.get(name) is None:
            _refuse("MissingParameter", f"The parameter {where}.StatisticValues.{name} is required.")
        numbers.append((f"{where}.StatisticValues.{name}", statistics[name]))
    _check_counts(where, counts or [], statistics.get("SampleCount"))
    for place, value in numbers:
        if value is not None and not (math.isfinite(value) and abs(value) <= _LARGEST):
            shown = "NaN" if math.isnan(value) else value
            _value(f"The value {shown} for parameter {place} is invalid.")


def _check_counts(where: str, counts: Sequence[float], samples: float | None) -> None:
    """A sample count of 0 is refused (observed); that one below and negative Counts are, too, is assumed.

    If they were taken, values could be taken away from a SampleCount: the experiment negative-sample-count.
    So they could with a count that is no number: AWS says that Values take none, and here it is assumed of
    Counts, too.
    """
    if samples is not None and samples <= 0:
        _value(f"The value {samples} for parameter {where}.StatisticValues.SampleCount is invalid.")
    for number, count in enumerate(counts, 1):
        if not 0 <= count <= _LARGEST:
            shown = "NaN" if math.isnan(count) else count
            _value(f"The value {shown} for parameter {where}.Counts.member.{number} is invalid.")


def _check_size(kind: str, place: str, collection: Sequence[Any]) -> None:
    if len(collection) > _MOST[kind]:
        _value(f"The collection {place} must not have a size greater than {_MOST[kind]}.")


def check_dashboard(name: str, body: str) -> None:
    """Raises InvalidParameterInput for a body that is no dashboard, InvalidParameterValue for a name.

    Not everything that CloudWatch says of widgets is checked: their kinds, places and properties are.
    """
    if not _DASHBOARD_NAME.fullmatch(name):
        _value(
            "The value for field DashboardName contains invalid characters. "
            "It can only contain alphanumerics, dash (-) and underscore (_).\n"
        )
    found = [{"dataPath": path, "message": message} for path, message in _dashboard_errors(body)]
    if found:
        _refuse(
            "InvalidParameterInput",
            f"The dashboard body is invalid, there are {len(found)} validation errors:\n"
            f"{json.dumps(found, indent=2)}",
        )


def _dashboard_errors(body: str) -> Iterator[tuple[str, str]]:
    try:
        dashboard = json.loads(body)
    except ValueError:
        dashboard = None
    if not isinstance(dashboard, dict):
        yield "", "The field DashboardBody must be a valid JSON object"
        return
    widgets = dashboard.get("widgets")
    if not isinstance(widgets, list):
        yield "/widgets", "Should be an array of widgets"
        return
    for number, widget in enumerate(widgets):
        path = f"/widgets/{number}"
        if not isinstance(widget, dict):
            yield path, "Should be object"
            continue
        if widget.get("type") not in _WIDGETS:
            yield f"{path}/type", f"Should be one of {', '.join(_WIDGETS)}"
        if not isinstance(widget.get("properties"), dict):
            yield path, "Should have required property 'properties'"
        for member, least, most in (("x", 0, _GRID - 1), ("width", 1, _GRID), ("height", 1, 1000)):
            value = widget.get(member)
            if value is not None and not (isinstance(value, int) and least <= value <= most):
                yield f"{path}/{member}", f"Should be an integer from {least} to {most}"
