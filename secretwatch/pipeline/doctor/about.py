"""What an alarm is about: reads of secrets, or what its filters match; and examples of that. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from secretwatch import secretid
from secretwatch.cloudtrail import (
    Event,
    assumed_role_identity,
    contents,
    event_category,
    event_text,
    is_global_service,
    make_event,
    sign_in,
)
from secretwatch.eventpattern.examples import set_at
from secretwatch.filterpattern import Kind
from secretwatch.filterpattern.examples import examples as examples_of
from secretwatch.filterpattern.examples import texts
from secretwatch.partition import of_region
from secretwatch.pipeline.doctor import names
from secretwatch.pipeline.doctor.account import Thing
from secretwatch.pipeline.doctor.reads import CHANGES, EVENT_NAMES, SOURCE, expected
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.slips import is_slip
from secretwatch.pipeline.doctor.subject import NoSuchSubject, Subject
from secretwatch.pipeline.doctor.view import View, emission, parsed

_OF_SECRETS = {*EVENT_NAMES, *CHANGES}
ANY = "AnyEvent"
"""Stands for a call that a pattern does not name."""


def what_it_is_about(view: View) -> None:
    """An alarm of the account's: about reads of secrets, or about what its filters match."""
    subject, metric = view.subject, view.metric
    feeding = view.emitting(metric) if view.group else []
    if subject.secrets:
        if feeding and not any(map(names_secrets, feeding)):
            raise NoSuchSubject(
                f"{subject.alarm_name} is not about secrets, by the pattern of its filter "
                f"{feeding[0]['filterName']}: leave out --secret."
            )
        return
    if metric and metric[0].startswith("AWS/"):
        view.subject = replace(subject, is_about_secrets=False, kinds=())
        return
    near = feeding or _meant(view)
    if not any(map(names_secrets, near)) and not (near or _says_secret(view)):
        view.subject = replace(subject, is_about_secrets=False, kinds=())
        return
    if not near:
        return
    events = [event for each in feeding for event in _made(view, each.get("filterPattern") or "")]
    texts_of = " ".join(each.get("filterPattern") or "" for each in near)
    # A name that no call has, as getSecretValue, is a slip of somebody who means reads.
    slipped = not any(event.get("eventName") in _OF_SECRETS for event in events)
    if "secretvalue" in texts_of.lower() and slipped:
        return
    if not feeding:
        if not any(map(names_secrets, near)):
            view.subject = replace(subject, is_about_secrets=False, kinds=())
        return
    # A secret that is written out is the one that is meant, in whatever form a caller names it.
    reads = [event for event in events if event.get("eventName") in EVENT_NAMES]
    named = {each for event in reads for each in secretid.asked_for(event)}
    written = tuple(sorted(each for each in named if f'"{each}"' in texts_of))
    if written:
        view.subject = replace(subject, secrets=written)
        return
    called = dict.fromkeys(str(each.get("eventName")) for each in events if each.get("eventName"))
    known = tuple((name, False) for name in called if name != ANY)
    view.subject = replace(subject, is_about_secrets=False, kinds=known)


def names_secrets(metric_filter: Mapping[str, Any]) -> bool:
    """Whether a filter's pattern says that it is about secrets."""
    return "secret" in (metric_filter.get("filterPattern") or "").lower()


def names_the_trail(metric_filter: Mapping[str, Any]) -> bool:
    """Whether a filter's pattern says that it is about somebody who stops a trail."""
    return "StopLogging" in (metric_filter.get("filterPattern") or "")


def _says_secret(view: View) -> bool:
    """Whether an alarm that no filter feeds has it in its own words that it is about secrets."""
    words = [view.alarm_name, *(view.metric or ()), (view.alarm or {}).get("AlarmDescription")]
    return any("secret" in str(each).lower() for each in words)


def _meant(view: View) -> list[Thing]:
    """Filters that may be meant to feed an alarm that none feeds: by the names of metric and alarm."""
    metric = view.metric
    if metric is None:
        return []
    return [
        each
        for _, each in view.account.all("filter")
        if each.get("filterName") in (view.alarm_name, metric[1])
        or any(
            given["metricName"] == metric[1]
            or is_slip(metric, (given["metricNamespace"], given["metricName"]))
            for given in each.get("metricTransformations") or ()
        )
    ]


def make_examples(view: View, record: Record) -> None:
    """Events as they would be: calls on each watched secret in each form, or what the filters match."""
    subject = view.subject
    if not subject.is_about_secrets:
        view.examples = [
            _counted(view, each, event)
            for each in view.emitting(view.metric)
            for event in _made(view, each.get("filterPattern") or "")
        ]
        return
    for secret in subject.secrets or ("*",):
        region = secretid.region(secret) or subject.region
        for form in secretid.forms(secret, is_whole=secret == subject.made):
            for kind in subject.kinds[:1]:
                view.examples.append(expected(form, view.account.account_id, region, record.now, kind))


def _made(view: View, text: str) -> list[Event]:
    """Events that a pattern is about, as CloudTrail would write them; a term stands in an error's message."""
    pattern = parsed(text)
    if pattern is None:
        return []
    found = []
    is_json = pattern.kind is Kind.JSON
    for event in examples_of(pattern) if is_json else [{"errorMessage": each} for each in texts(pattern)]:
        name = str(event.get("eventName") or ANY)
        source = str(event.get("eventSource") or _source_of(name))
        kind = contents.CATEGORY_OF_TYPE.get(str(event.get("eventType")))
        if event.get("managementEvent") is False:
            kind = "Data"
        # What belongs to no region is recorded in one, wherever it was called from.
        is_global = is_global_service(source) or source == sign_in.EVENT_SOURCE
        region = of_region(view.subject.region).global_region if is_global else view.subject.region
        base = make_event(
            event_id="00000000-0000-4000-8000-000000000000",
            event_time=f"{view.now:%Y-%m-%dT%H:%M:%SZ}",
            event_source=source,
            event_name=name,
            aws_region=region,
            account_id=view.account.account_id,
            user_identity={},
            source_ip_address="192.0.2.1",
            user_agent="secretwatch-doctor",
            request_id="00000000-0000-4000-8000-000000000001",
            request_parameters=None,
            response_elements=None,
        )
        if kind:
            base |= {"eventCategory": kind, "managementEvent": False}
        whole = _merged(base, event)
        if pattern.matches(event_text(whole)):
            found.append(whole)
        elif is_json:
            # What a real event has besides may be what the pattern wants to be absent.
            found.append(event)
    return found


def _counted(view: View, metric_filter: Mapping[str, Any], event: Event) -> Event:
    """The event with what the filter takes from it: the alarm's dimensions, a value that is enough."""
    given = emission(metric_filter, view.metric) if view.metric else None
    dimensions = (given or {}).get("dimensions") or {}
    wanted: dict[str, Any] = {selector: view.dimensions.get(name) for name, selector in dimensions.items()}
    wanted[str((given or {}).get("metricValue"))] = float((view.alarm or {}).get("Threshold") or 0) + 1
    changed = copy.deepcopy(event)
    for selector, value in wanted.items():
        if selector.startswith("$.") and value is not None:
            set_at(changed, selector.removeprefix("$."), value)
    return changed if matches(metric_filter, event_text(changed)) else event


def _merged(base: Any, event: Any) -> Any:
    if isinstance(base, dict) and isinstance(event, dict):
        return {**base, **{name: _merged(base.get(name), value) for name, value in event.items()}}
    return event


def _source_of(name: str) -> str:
    if name in _OF_SECRETS:
        return SOURCE
    if name in ("ConsoleLogin", "CheckMfa", "SwitchRole"):
        return "signin.amazonaws.com"
    for source in ("s3.amazonaws.com", "lambda.amazonaws.com", "dynamodb.amazonaws.com"):
        if event_category(source, name)[0] == "Data":
            return source
    return names.source_of(name) or "ec2.amazonaws.com"


def probes(view: View) -> list[Event]:
    """A read as it would be, by somebody who is not root: of whom filters are about by himself."""
    subject, account = view.subject, view.account
    secret = any_secret(subject)
    role = account.arn("iam", "role/app", region="")
    identity = assumed_role_identity(
        arn=f"{account.arn('sts', 'assumed-role/app', region='')}/session",
        assumed_role_id="AROAEXAMPLE:session",
        role_arn=role,
        access_key_id="ASIAEXAMPLE",
        creation_date=f"{view.now:%Y-%m-%dT%H:%M:%SZ}",
    )
    return [
        expected(secret, account.account_id, subject.region, view.now, kind, identity)
        for kind in subject.kinds
    ]


def any_secret(subject: Subject) -> str:
    return secretid.forms((subject.secrets or ("*",))[0])[0]


def matches(metric_filter: Mapping[str, Any], message: str) -> bool:
    pattern = parsed(metric_filter.get("filterPattern") or "")
    return pattern is not None and pattern.matches(message)


def concerns(view: View, pattern: str) -> bool:
    """Whether a rule's or filter's pattern is about reads of what is watched: it names that or no secret."""
    if "GetSecretValue" not in pattern:
        return False
    wanted = [name.rstrip("*") for each in view.subject.secrets for name in secretid.names(each)]
    return "secretId" not in pattern or not wanted or any(name in pattern for name in wanted)
