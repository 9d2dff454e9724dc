"""Event selectors: which events a trail records.

Basic:    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
Advanced: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from secretwatch.cloudtrail.classify import event_category
from secretwatch.cloudtrail.event import Event

Selector = dict[str, Any]

DEFAULT_EVENT_SELECTORS: list[Selector] = [
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
]
"""What a new trail has: every management event, read and write, no data events."""

EXCLUDABLE = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
"""Sources whose management events a trail can leave out."""
_BASIC_DATA_TYPES = {"AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table"}
_FIELDS = {
    "readOnly",
    "eventSource",
    "eventName",
    "eventCategory",
    "eventType",
    "resources.type",
    "resources.ARN",
    "sessionCredentialFromConsole",
    "userIdentity.arn",
    "vpcEndpointId",
    "errorCode",
}
_MANAGEMENT_FIELDS = ("eventCategory", "eventSource", "readOnly")
_OPERATORS = ("Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith")


class InvalidEventSelectors(ValueError):
    """Selectors that PutEventSelectors refuses (InvalidEventSelectorsException)."""


def normalise_event_selectors(selectors: Iterable[Mapping[str, Any]]) -> list[Selector]:
    """The selectors as GetEventSelectors answers them; raises InvalidEventSelectors."""
    normalised = []
    for selector in selectors:
        kind = selector.get("ReadWriteType") or "All"
        if kind not in ("All", "ReadOnly", "WriteOnly"):
            raise InvalidEventSelectors(f"ReadWriteType is All, ReadOnly or WriteOnly, not {kind!r}.")
        resources = [
            {"Type": each.get("Type"), "Values": list(each.get("Values") or [])}
            for each in selector.get("DataResources") or []
        ]
        for resource in resources:
            if resource["Type"] not in _BASIC_DATA_TYPES:
                raise InvalidEventSelectors(
                    f"The data resource type {resource['Type']!r} needs an advanced event selector."
                )
        excluded = list(selector.get("ExcludeManagementEventSources") or [])
        for source in excluded:
            if source not in EXCLUDABLE:
                raise InvalidEventSelectors(
                    f"ExcludeManagementEventSources can name {' and '.join(sorted(EXCLUDABLE))}, "
                    f"not {source!r}."
                )
        include = selector.get("IncludeManagementEvents")
        normalised.append(
            {
                "ReadWriteType": kind,
                "IncludeManagementEvents": True if include is None else bool(include),
                "DataResources": resources,
                "ExcludeManagementEventSources": excluded,
            }
        )
    if not 1 <= len(normalised) <= 5:
        raise InvalidEventSelectors(f"A trail has 1 to 5 event selectors, not {len(normalised)}.")
    return normalised


def normalise_advanced_event_selectors(selectors: Iterable[Mapping[str, Any]]) -> list[Selector]:
    """Advanced selectors as GetEventSelectors answers them; raises InvalidEventSelectors."""
    normalised = []
    for selector in selectors:
        fields = [dict(each) for each in selector.get("FieldSelectors") or []]
        names = [each.get("Field") for each in fields]
        for name in names:
            if name not in _FIELDS:
                raise InvalidEventSelectors(f"{name!r} is not a field of an advanced event selector.")
        if names.count("eventCategory") != 1:
            raise InvalidEventSelectors("An advanced event selector names eventCategory exactly once.")
        category = next(each for each in fields if each["Field"] == "eventCategory")
        values = category.get("Equals") or []
        if len(values) != 1 or values[0] not in ("Management", "Data", "NetworkActivity"):
            raise InvalidEventSelectors("eventCategory equals Management, Data or NetworkActivity.")
        if values[0] == "Data" and "resources.type" not in names:
            raise InvalidEventSelectors("An advanced event selector for data events names resources.type.")
        for each in fields:
            _check_field(each, values[0])
        named: Selector = {"FieldSelectors": fields}
        if selector.get("Name"):
            named = {"Name": selector["Name"], **named}
        normalised.append(named)
    if not normalised:
        raise InvalidEventSelectors("A trail has at least one advanced event selector.")
    return normalised


def _check_field(selector: Mapping[str, Any], category: str) -> None:
    """What a field may be compared with, and by which operator; raises InvalidEventSelectors."""
    name = selector["Field"]
    used = [operator for operator in _OPERATORS if selector.get(operator)]
    if not used:
        raise InvalidEventSelectors(f"The field selector {name!r} has no operator.")
    if category == "Management" and name not in _MANAGEMENT_FIELDS:
        raise InvalidEventSelectors(
            f"A trail selects management events by {', '.join(_MANAGEMENT_FIELDS)}, not by {name!r}."
        )
    if name == "readOnly" and (used != ["Equals"] or selector["Equals"] not in (["true"], ["false"])):
        raise InvalidEventSelectors("readOnly equals true or false.")
    if name == "resources.type" and (used != ["Equals"] or len(selector["Equals"]) != 1):
        raise InvalidEventSelectors("resources.type equals one type.")
    if name == "eventSource" and category == "Management":
        excluded = selector.get("NotEquals") or []
        if used != ["NotEquals"] or not set(EXCLUDABLE).issuperset(excluded):
            raise InvalidEventSelectors(
                f"eventSource of management events does not equal {' or '.join(sorted(EXCLUDABLE))}: "
                "a trail can leave out these, and select no other."
            )


class SelectedBy:
    """The question a trail asks of each event: is it mine?

    Takes normalised selectors of one kind; the other is empty. Call it with an event.
    """

    def __init__(
        self, event_selectors: Sequence[Selector] = (), advanced_event_selectors: Sequence[Selector] = ()
    ) -> None:
        self._basic = event_selectors
        self._advanced = advanced_event_selectors

    def __call__(self, event: Event) -> bool:
        if self._advanced:
            return any(_advanced(selector, event) for selector in self._advanced)
        # No generator: this is asked for every call, and most trails have one selector.
        for selector in self._basic:  # noqa: SIM110
            if _basic(selector, event):
                return True
        return False


def _basic(selector: Selector, event: Event) -> bool:
    wanted = selector["ReadWriteType"]
    if wanted != "All" and event["readOnly"] != (wanted == "ReadOnly"):
        return False
    if event["managementEvent"]:
        return (
            selector["IncludeManagementEvents"]
            and event["eventSource"] not in selector["ExcludeManagementEventSources"]
        )
    _, resource_type = event_category(event["eventSource"], event["eventName"])
    arns = _resource_arns(event)
    return any(
        resource["Type"] == resource_type
        and any(_within(value, arn) for value in resource["Values"] for arn in arns)
        for resource in selector["DataResources"]
    )


def _resource_arns(event: Event) -> list[str]:
    """A call on a whole bucket, such as ListObjects, has the prefix of what it is about instead of an ARN."""
    return [resource.get("ARN") or resource.get("ARNPrefix", "") for resource in event.get("resources", ())]


def _within(value: str, arn: str) -> bool:
    """A basic selector's value covers an ARN: ``arn:aws:s3`` all buckets, ``…bucket/`` one, a prefix more."""
    if value.count(":") == 2 or value.endswith(("/", ":", ":function", ":table")):
        return arn.startswith(value)
    return (
        arn == value or arn.startswith((f"{value}/", f"{value}:")) or ("/" in value and arn.startswith(value))
    )


def _advanced(selector: Selector, event: Event) -> bool:
    return all(_field(each, event) for each in selector["FieldSelectors"])


def _field(selector: Selector, event: Event) -> bool:
    values = _field_values(selector["Field"], event)
    for operator in _OPERATORS:
        operands = selector.get(operator)
        if operands and not _holds(operator, values, operands):
            return False
    return True


def _field_values(field: str, event: Event) -> list[str]:
    if field == "readOnly":
        return ["true" if event["readOnly"] else "false"]
    if field == "resources.type":
        _, resource_type = event_category(event["eventSource"], event["eventName"])
        return [resource_type] if resource_type else []
    if field == "resources.ARN":
        return _resource_arns(event)
    value: Any = event
    for part in field.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return [] if value is None else [str(value)]


def _holds(operator: str, values: list[str], operands: Sequence[str]) -> bool:
    if operator.startswith("Not"):
        return not _holds(operator.removeprefix("Not"), values, operands)
    if operator == "Equals":
        return any(value == operand for value in values for operand in operands)
    if operator == "StartsWith":
        return any(value.startswith(operand) for value in values for operand in operands)
    return any(value.endswith(operand) for value in values for operand in operands)
