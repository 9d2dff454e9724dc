"""Of hop 2: whether the trail selects what has to ring: by kind and source, data events, insights."""

from __future__ import annotations

from typing import Any

from secretwatch.cloudtrail import Event, SelectedBy
from secretwatch.pipeline.doctor import about
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Person
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.kinds import trails
from secretwatch.pipeline.doctor.kinds.trails import complete
from secretwatch.pipeline.doctor.view import View


def examine(hop: Hop, view: View, arn: str, trail: Thing) -> None:
    """Says what of it does not come, if any of it does, or that none does."""
    if unknown := view.account.unknown.get(Ref("selectors", arn)):
        hop.cannot_tell("permission", f"Which events it selects cannot be told: {unknown.missing}.")
        return
    basic = [complete(each) for each in trail.get("EventSelectors") or ()]
    advanced = trail.get("AdvancedEventSelectors") or []
    if not (basic or advanced) and "EventSelectors" not in trail:
        return
    chosen = SelectedBy(basic, advanced)
    missed, part = [], []
    for each in view.examples:
        found = [_is_selected(chosen, one, basic, advanced) for one in _kinds_of(view, each)]
        if each.get("eventCategory") == "Insight":
            found = [trail.get("HasInsightSelectors") is not False]
        if not any(found):
            missed.append(each)
        elif not all(found):
            part.append(each)
    if not missed and not part:
        return
    if not view.subject.is_about_secrets and len(missed) < len(view.examples):
        # Some of what its filters are about still comes.
        names = sorted({str(each.get("eventName")) for each in missed} - {about.ANY})
        lost = ", ".join(names[:5]) if names else "a part of what its filters count"
        hop.warning(
            "not-selected",
            f"The trail {trail['Name']} {_why_not_selected(basic, advanced)[1]}: {lost} does not come.",
        )
        return
    event = missed[0]
    if event.get("eventCategory") not in (None, "Management"):
        _no_data_events(hop, trail, arn, event)
        return
    kind = "read-only" if event.get("readOnly") else "write"
    if not view.subject.is_about_secrets:
        name = event.get("eventName")
        what = (
            f"{'what its filters count' if name in (None, about.ANY) else name} is a {kind} management event"
        )
    elif kind == "read-only":
        what = "a read of a secret is a read-only management event"
    else:
        what = f"{event['eventName']} is a {kind} management event"
    cause, why = _why_not_selected(basic, advanced)
    hop.broken(
        cause,
        f"The trail {trail['Name']} {why}: {what}.",
        trails.select(trail["Name"], trail, [str(each.get("eventSource")) for each in missed]),
        ref=Ref("trail", arn),
    )


def _kinds_of(view: View, event: Event) -> list[Event]:
    """The event; of one that stands for any call a read-only one and a write one, if both would ring."""
    if event.get("eventName") != about.ANY:
        return [event]
    both = [{**event, "readOnly": each} for each in (True, False)]
    feeding = view.emitting(view.metric)
    return [one for one in both if any(view.matches(each, one) for each in feeding)] or [event]


_DATA = {
    "dynamodb.amazonaws.com": "AWS::DynamoDB::",
    "lambda.amazonaws.com": "AWS::Lambda::",
    "s3.amazonaws.com": "AWS::S3",
}


def _is_selected(chosen: SelectedBy, event: Event, basic: list[Any], advanced: list[Any]) -> bool:
    category = event.get("eventCategory", "Management")
    if category == "Management":
        return chosen(event)
    # Which resources a data event is about is not known of an example: some of its kind are enough.
    begin = _DATA.get(str(event.get("eventSource")), "AWS::")
    types = [each.get("Type", "") for selector in basic for each in selector.get("DataResources") or ()]
    for selector in advanced:
        fields = {
            field.get("Field"): field.get("Equals") or () for field in selector.get("FieldSelectors", ())
        }
        if category in (fields.get("eventCategory") or ()):
            types += fields.get("resources.type") or ["AWS::"]
    return any(each.startswith(begin) or each == "AWS::" for each in types)


_SAID = {"Data": "data", "Insight": "insight", "NetworkActivity": "network activity"}


def _no_data_events(hop: Hop, trail: Thing, arn: str, event: Event) -> None:
    name, kind = event.get("eventName"), _SAID.get(str(event.get("eventCategory")), "data")
    of = "" if name in (None, about.ANY) else f" of {event.get('eventSource')}, and {name} is one"
    call = "put-insight-selectors" if kind == "insight" else "put-event-selectors"
    hop.broken(
        "no-data-events",
        f"The trail {trail['Name']} selects no {kind} events{of}: events that would ring are never recorded.",
        Person(f"Select the {kind} events that are meant with aws cloudtrail {call}; CloudTrail bills each."),
        ref=Ref("trail", arn),
    )


def _why_not_selected(basic: list[Any], advanced: list[Any]) -> tuple[str, str]:
    fields = [field for selector in advanced for field in selector.get("FieldSelectors", ())]
    management = [
        selector
        for selector in advanced
        if any(
            field.get("Field") == "eventCategory" and "Management" in (field.get("Equals") or ())
            for field in selector.get("FieldSelectors", ())
        )
    ]
    excluded = any(
        "secretsmanager.amazonaws.com" in (each.get("ExcludeManagementEventSources") or ()) for each in basic
    ) or any(
        field.get("Field") == "eventSource"
        and any("secretsmanager" in value for value in field.get("NotEquals") or ())
        for field in fields
    )
    if excluded:
        return "source-excluded", "leaves secretsmanager.amazonaws.com out"
    if basic and not any(complete(each)["IncludeManagementEvents"] for each in basic):
        return "no-management-events", "selects no management events"
    if advanced and not management:
        return "no-management-events", "selects no management events"
    if any(each.get("ReadWriteType") == "WriteOnly" for each in basic) or any(
        field.get("Field") == "readOnly" and "false" in (field.get("Equals") or ()) for field in fields
    ):
        return "write-only", "selects write events only"
    if any(each.get("ReadWriteType") == "ReadOnly" for each in basic) or any(
        field.get("Field") == "readOnly" and "true" in (field.get("Equals") or ()) for field in fields
    ):
        return "read-only", "selects read-only events only"
    return "not-selected", "does not select what has to ring"
