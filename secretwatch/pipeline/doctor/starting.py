"""Where the walk starts: the alarm, the log group and the trail, given or found, and what watches them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from secretwatch.alarm import metric_of
from secretwatch.cloudtrail import event_text, log_stream_name
from secretwatch.pipeline.doctor import about
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.hops import self_watch
from secretwatch.pipeline.doctor.kinds import Looking, look
from secretwatch.pipeline.doctor.kinds.filters import filters_of, id_of
from secretwatch.pipeline.doctor.kinds.trails import group_of
from secretwatch.pipeline.doctor.slips import is_slip, likeness
from secretwatch.pipeline.doctor.subject import NoSuchSubject
from secretwatch.pipeline.doctor.view import Metric, View, emission

_NEAR = 10


def start(view: View, looking: Looking) -> None:
    """The alarm, the log group and the trail: the watch's own, or those that belong together."""
    subject = view.subject
    view.alarm_name, view.group, view.trail_arn = (
        subject.alarm_name,
        subject.log_group_name,
        subject.trail_arn,
    )
    if subject.alarm_name and not subject.known:
        _given_alarm(view, looking)
    if subject.log_group_name and not subject.known:
        _given_group(view, looking)
    _emitting(view, looking)
    if view.group is None and view.metric:
        metric = view.metric
        there = [each["logGroupName"] for _, each in view.account.all("filter") if emission(each, metric)]
        view.group = next(iter(there), None)
        if len(set(there)) > 1:
            # Of several log groups that feed it, the one that a trail delivers to.
            view.group = next((each for each in there if each in _delivered(looking)), view.group)
    if view.group is None and view.metric and not view.metric[0].startswith("AWS/"):
        _all_filters(view, looking)
    if view.group:
        filters_of(looking, view.group)
    if view.trail_arn is None:
        _find_trail(view, looking)
    if view.group is None and view.trail and (subject.known or not subject.alarm_name):
        view.group = group_of(view.trail)
        if view.group:
            filters_of(looking, view.group)
    if not subject.known and subject.alarm_name:
        about.what_it_is_about(view)
    if not subject.known and view.subject.is_about_secrets:
        _find_rules(view, looking)


def _given_alarm(view: View, looking: Looking) -> None:
    name = view.subject.alarm_name
    assert name
    if not view.account.lacks("alarm", name):
        alarm = view.account.get("alarm", name)
        if alarm and not alarm.get("AlarmActions"):
            _composites_of(view, looking, name)
        return
    asked = looking.ask(
        "cloudwatch",
        "DescribeAlarms",
        items="CompositeAlarms",
        AlarmNames=[name],
        AlarmTypes=["CompositeAlarm"],
    )
    if asked.answer:
        raise NoSuchSubject(
            f"{name} is a composite alarm: name one of the metric alarms that its rule is made of: "
            f"{asked.answer[0].get('AlarmRule')}. Whether the rule itself holds is not followed here: "
            "make what "
            "should ring it happen once."
        )
    listed = looking.ask("cloudwatch", "DescribeAlarms", items="MetricAlarms", AlarmTypes=["MetricAlarm"])
    if listed.unknown:
        view.account.unknown[Ref("alarm", name)] = listed
        return
    there = _there([each["AlarmName"] for each in listed.answer or ()], name)
    raise NoSuchSubject(f"There is no metric alarm {name} in {view.subject.region}{there}.")


def _there(names: list[str], wanted: str) -> str:
    """What there is instead, the nearest first."""
    if not names:
        return ", nor any other"
    ordered = sorted(names, key=lambda each: (-likeness(each, wanted), each))
    return f"; there are these: {', '.join(ordered[:10])}{', …' if len(ordered) > 10 else ''}"


def _composites_of(view: View, looking: Looking, name: str) -> None:
    """Composite alarms that have it in their rule, and tell somebody."""
    asked = looking.ask(
        "cloudwatch", "DescribeAlarms", items="CompositeAlarms", AlarmTypes=["CompositeAlarm"]
    )
    written = (f'"{name}"', f"({name})", f":alarm:{name}")
    for each in asked.answer or ():
        if each.get("AlarmActions") and any(one in each.get("AlarmRule", "") for one in written):
            view.account.put("composite", each["AlarmName"], dict(each))


def _given_group(view: View, looking: Looking) -> None:
    group = view.subject.log_group_name
    assert group
    if view.account.lacks("log group", group):
        listed = looking.ask("logs", "DescribeLogGroups", items="logGroups")
        there = _there([each["logGroupName"] for each in listed.answer or ()], group)
        raise NoSuchSubject(f"There is no log group {group} in {view.subject.region}{there}.")
    if view.subject.alarm_name is None:
        _alarm_of_group(view, looking, group)


def _alarm_of_group(view: View, looking: Looking, group: str) -> None:
    """From a log group: an alarm on the metric of a filter that counts reads."""
    filters_of(looking, group)
    probes = [event_text(each) for each in about.probes(view)]
    there = [each for id, each in view.account.all("filter") if each["logGroupName"] == group]
    if not view.subject.secrets and (others := _about_others(there, probes)):
        _others_of_group(view, looking, group, there, others)
        if view.alarm_name or Ref("alarms", "") in view.account.unknown:
            return
    candidates = [each for each in there if any(about.matches(each, probe) for probe in probes)]
    candidates += [
        each
        for each in there
        if each not in candidates
        and (not view.subject.secrets or about.concerns(view, each.get("filterPattern") or ""))
        and "SecretValue" in (each.get("filterPattern") or "")
    ]
    metrics = list(
        dict.fromkeys(
            (given["metricNamespace"], given["metricName"])
            for each in candidates
            for given in each["metricTransformations"]
        )
    )
    found: dict[str, Thing] = {}
    for namespace, name in metrics:
        asked = looking.ask(
            "cloudwatch",
            "DescribeAlarmsForMetric",
            items="MetricAlarms",
            Namespace=namespace,
            MetricName=name,
        )
        if asked.unknown:
            view.account.unknown[Ref("alarms", "")] = asked
        found |= {each["AlarmName"]: dict(each) for each in asked.answer or ()}
    # One on metric math is not among a metric's alarms. One that wants many datapoints may be that which
    # tells of an alarm that does not end.
    if metrics and not any(_needs(each) == 1 for each in found.values()):
        asked = looking.ask("cloudwatch", "DescribeAlarms", items="MetricAlarms", AlarmTypes=["MetricAlarm"])
        found |= {
            each["AlarmName"]: dict(each)
            for each in asked.answer or ()
            if each.get("Metrics") and _metric(each) in metrics
        }
    for name, alarm in found.items():
        view.account.put("alarm", name, alarm)
    ordered = sorted(found.values(), key=lambda each: (_needs(each), not each.get("Metrics")))
    if ordered:
        view.alarm_name = ordered[0]["AlarmName"]
        view.account.put("looked", "others", {"alarms": [each["AlarmName"] for each in ordered[1:]]})
    elif candidates:
        view.subject = replace(view.subject, metric=metrics[0])


def _about_others(there: list[Thing], probes: list[str]) -> list[Thing]:
    """Filters about something else than secrets, or than the trail, as those of a self-watch are."""
    of_trail = [each for each in there if about.names_the_trail(each)]
    tamper = {_emitted(each) for each in of_trail}
    others = [
        each
        for each in there
        if not about.names_secrets(each) and not (_emitted(each) and _emitted(each) in tamper)
    ]
    # Without a filter on secrets those on the trail are what the alarms are about.
    return others or (there if not any(map(about.names_secrets, there)) else [])


def _emitted(metric_filter: Thing) -> frozenset[Metric]:
    given = metric_filter.get("metricTransformations") or ()
    return frozenset((each["metricNamespace"], each["metricName"]) for each in given)


def _others_of_group(
    view: View, looking: Looking, group: str, there: list[Thing], others: list[Thing]
) -> None:
    """The alarms of a log group are subjects of their own, if some are about something else than secrets."""
    if not alarms_of_group(view, looking, others):
        if not any(map(about.names_secrets, there)) and there and group in _delivered(looking):
            if Ref("alarms", "") in view.account.unknown:
                return
            listed = ", ".join(sorted(each["filterName"] for each in there)[:10])
            raise NoSuchSubject(
                f"No alarm is on a metric that the filters of {group} emit: {listed}. Make one, or name "
                "one with "
                "--alarm."
            )
        return
    names = alarms_of_group(view, looking, there)
    if len(names) == 1:
        view.alarm_name = names[0]
        view.subject = replace(view.subject, alarm_name=names[0])
    elif names:
        raise Several(names)


class Several(Exception):
    """A log group has several alarms: each is a subject of its own."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


def alarms_of_group(view: View, looking: Looking, there: list[Thing]) -> list[str]:
    """The alarms on what these filters emit, by name."""
    metrics = {
        (given["metricNamespace"], given["metricName"])
        for each in there
        for given in each.get("metricTransformations") or ()
    }
    asked = looking.ask("cloudwatch", "DescribeAlarms", items="MetricAlarms", AlarmTypes=["MetricAlarm"])
    if asked.unknown:
        view.account.unknown[Ref("alarms", "")] = asked
    return sorted(each["AlarmName"] for each in asked.answer or () if _metric(each) in metrics)


def _needs(alarm: Mapping[str, Any]) -> int:
    """How many datapoints take the alarm to ALARM."""
    return int(alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods") or 1)


def _metric(alarm: Mapping[str, Any]) -> Metric | None:
    metric = metric_of(alarm)
    return (metric["Namespace"], metric["MetricName"]) if metric else None


def _delivered(looking: Looking) -> list[str | None]:
    """The log groups that trails deliver to."""
    asked = looking.ask("cloudtrail", "DescribeTrails", includeShadowTrails=True)
    return [group_of(each) for each in (asked.answer or {}).get("trailList", [])] if asked.ok else []


def _emitting(view: View, looking: Looking) -> None:
    """Filters of any log group that emit the alarm's metric."""
    metric = view.metric
    if metric is None or metric[0].startswith("AWS/"):
        return
    asked = looking.ask(
        "logs",
        "DescribeMetricFilters",
        items="metricFilters",
        metricNamespace=metric[0],
        metricName=metric[1],
    )
    if asked.unknown:
        view.account.unknown[Ref("filters", "")] = asked
    _put_filters(view, asked.answer or ())


def _put_filters(view: View, those: Iterable[Mapping[str, Any]]) -> None:
    for each in those:
        view.account.put("filter", id_of(each["logGroupName"], each["filterName"]), dict(each))


def _all_filters(view: View, looking: Looking) -> None:
    """Nothing emits the metric: one of nearly its name may be meant."""
    asked = looking.ask("logs", "DescribeMetricFilters", items="metricFilters")
    _put_filters(view, asked.answer or ())
    metric = view.metric
    assert metric
    named = [each for _, each in view.account.all("filter") if each.get("logGroupName")]
    near = [
        each
        for each in named
        if any(given["metricNamespace"] == metric[0] for given in each["metricTransformations"])
    ]
    # One that feeds another alarm is not the one that was meant: all that could be are asked about.
    given_all = {
        (one["metricNamespace"], one["metricName"]) for each in named for one in each["metricTransformations"]
    }
    for given in sorted(each for each in given_all if is_slip(metric, each))[:_NEAR]:
        asked = looking.ask(
            "cloudwatch",
            "DescribeAlarmsForMetric",
            items="MetricAlarms",
            Namespace=given[0],
            MetricName=given[1],
        )
        for each in asked.answer or ():
            view.account.put("alarm", each["AlarmName"], dict(each))
    groups = {each["logGroupName"] for each in near or named}
    if len(groups) == 1:
        view.group = next(iter(groups))


def _find_trail(view: View, looking: Looking) -> None:
    asked = looking.ask("cloudtrail", "DescribeTrails", includeShadowTrails=True)
    if asked.unknown:
        view.account.unknown[Ref("trails", "")] = asked
    trails = (asked.answer or {}).get("trailList", []) if asked.ok else []
    feeding = [
        each for each in trails if group_of(each) and (view.group is None or group_of(each) == view.group)
    ]
    if feeding:
        arn = feeding[0]["TrailARN"]
        view.trail_arn = arn
        look(looking, [Ref("trail", arn)])
        return
    for each in trails:
        view.account.put("trail", each["TrailARN"], dict(each))
    if view.group and not view.subject.known:
        _is_of_a_trail(view, looking, view.group)


def _is_of_a_trail(view: View, looking: Looking, group: str) -> None:
    """Whether a trail has delivered to the log group: by the names that it gives its streams."""
    prefix = log_stream_name(view.account.account_id, "").rstrip("_")
    asked = looking.ask(
        "logs",
        "DescribeLogStreams",
        resource=view.account.arn("logs", f"log-group:{group}:*"),
        items="logStreams",
        logGroupName=group,
        logStreamNamePrefix=prefix,
    )
    if asked.ok and not asked.answer:
        view.account.put("not of a trail", group, {})


def _find_rules(view: View, looking: Looking) -> None:
    asked = looking.ask("events", "ListRules", items="Rules")
    if asked.unknown:
        view.account.unknown[Ref("rules", "")] = asked
    names = [
        each["Name"] for each in asked.answer or () if about.concerns(view, each.get("EventPattern") or "")
    ]
    look(looking, [Ref("rule", name) for name in names])


def self_watch_of(view: View, looking: Looking) -> None:
    """Alarms of the account on the trail's end and on the log group's silence."""
    subject, account = view.subject, view.account
    if not subject.is_about_secrets or view.group is None:
        return
    if not subject.tamper_alarm_name:
        names = []
        for namespace, name in self_watch.tamper_metrics(view):
            names += _alarms_on(view, looking, "tamper", namespace, name, [])
        account.put("looked", "tamper", {"alarms": names})
    if not subject.blind_alarm_name:
        dimensions = [{"Name": "LogGroupName", "Value": view.group}]
        names = _alarms_on(view, looking, "blind", "AWS/Logs", "IncomingLogEvents", dimensions)
        account.put("looked", "blind", {"alarms": names})


def _alarms_on(
    view: View, looking: Looking, what: str, namespace: str, name: str, dimensions: list[Any]
) -> list[str]:
    asked = looking.ask(
        "cloudwatch",
        "DescribeAlarmsForMetric",
        items="MetricAlarms",
        Namespace=namespace,
        MetricName=name,
        Dimensions=dimensions,
    )
    if asked.unknown:
        view.account.unknown[Ref("looked", what)] = asked
    for each in asked.answer or ():
        view.account.put("alarm", each["AlarmName"], dict(each))
    return [each["AlarmName"] for each in asked.answer or ()]
