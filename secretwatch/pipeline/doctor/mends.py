"""The commands that mend. Each is whole: it can be pasted into a shell with the account's credentials."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from secretwatch import secretid
from secretwatch.pipeline.doctor.reads import EVENT_NAMES
from secretwatch.policy import Policy, Request

_PATTERN_LENGTH = 1024
ADDRESS = "you@example.com"
_KEPT = (
    ("AlarmName", "--alarm-name"),
    ("AlarmDescription", "--alarm-description"),
    ("Namespace", "--namespace"),
    ("MetricName", "--metric-name"),
    ("Statistic", "--statistic"),
    ("ExtendedStatistic", "--extended-statistic"),
    ("Period", "--period"),
    ("EvaluationPeriods", "--evaluation-periods"),
    ("DatapointsToAlarm", "--datapoints-to-alarm"),
    ("Threshold", "--threshold"),
    ("ComparisonOperator", "--comparison-operator"),
    ("TreatMissingData", "--treat-missing-data"),
    ("Unit", "--unit"),
)
_LISTS = (
    ("AlarmActions", "--alarm-actions"),
    ("OKActions", "--ok-actions"),
    ("InsufficientDataActions", "--insufficient-data-actions"),
)


def aws(service: str, operation: str, *arguments: str) -> str:
    return " ".join(_quoted(each) for each in ("aws", service, operation, *arguments))


def _quoted(argument: str) -> str:
    """For a shell, on one line: with a line break as bash and zsh write it."""
    if "\n" not in argument:
        return shlex.quote(argument)
    escaped = argument.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"$'{escaped}'"


def document(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def put_alarm(alarm: Mapping[str, Any], **changes: Any) -> str:
    """The alarm as it is (as DescribeAlarms answers it), with changes; None takes something away.

    Of one on metric math, what is changed of its only metric is changed there.
    """
    wanted = {**alarm, **changes}
    arguments: list[str] = []
    if alarm.get("Metrics"):
        wanted = {name: value for name, value in wanted.items() if name not in _OF_A_METRIC}
        wanted["Metrics"] = [_changed(each, changes) for each in alarm["Metrics"]]
        arguments += ["--metrics", document(wanted["Metrics"])]
    for name, option in _KEPT:
        value = wanted.get(name)
        if value is not None and not (name == "Unit" and value == "None"):
            text = f"{value:g}" if isinstance(value, float) else str(value)
            arguments += [option, text]
    if wanted.get("Dimensions"):
        named = [f"Name={each['Name']},Value={each['Value']}" for each in wanted["Dimensions"]]
        arguments += ["--dimensions", *named]
    for name, option in _LISTS:
        if wanted.get(name):
            arguments += [option, *wanted[name]]
    if wanted.get("ActionsEnabled") is False:
        arguments.append("--no-actions-enabled")
    return aws("cloudwatch", "put-metric-alarm", *arguments)


_OF_A_METRIC = (
    *("Namespace", "MetricName", "Dimensions"),
    *("Statistic", "ExtendedStatistic", "Period", "Unit"),
)


def _changed(query: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """An element of an alarm's metrics, with changes as of an alarm on a metric."""
    if not query.get("MetricStat"):
        return dict(query)
    stat, metric = dict(query["MetricStat"]), dict(query["MetricStat"]["Metric"])
    of_metric = {name: changes[name] for name in ("Namespace", "MetricName", "Dimensions") if name in changes}
    of_stat = {name: changes[name] for name in ("Period", "Unit") if name in changes}
    if "Statistic" in changes:
        of_stat["Stat"] = changes["Statistic"]
    stat |= of_stat | {"Metric": _without_none(metric | of_metric)}
    return {**query, "MetricStat": _without_none(stat)}


def _without_none(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value not in (None, [])}


def put_filter(
    group: str,
    name: str,
    pattern: str,
    namespace: str,
    metric: str,
    *,
    value: str = "1",
    default: float | None = None,
    dimensions: Mapping[str, str] | None = None,
    unit: str | None = None,
) -> str:
    """A metric filter that counts its matches."""
    transformation: dict[str, Any] = {
        "metricName": metric,
        "metricNamespace": namespace,
        "metricValue": value,
    }
    if dimensions:
        transformation["dimensions"] = dict(dimensions)
    elif default is not None:
        transformation["defaultValue"] = default
    if unit is not None:
        transformation["unit"] = unit
    return aws(
        "logs",
        "put-metric-filter",
        "--log-group-name",
        group,
        "--filter-name",
        name,
        "--filter-pattern",
        pattern,
        "--metric-transformations",
        document([transformation]),
    )


def pattern_for(secrets: Sequence[str], event_names: Sequence[str] = EVENT_NAMES) -> str:
    """A pattern that counts calls on these secrets, by name, ARN and ARN without its suffix."""
    parts = "|".join(
        _expressions(each) for each in sorted({name for each in secrets for name in secretid.names(each)})
    )
    any_secret = not secrets or "*" in secrets
    one = f"($.requestParameters.secretId = %{parts}%) || "
    several = f"($.requestParameters.secretIdList[*] = %{parts}%) || "
    nameless = "($.requestParameters.secretId NOT EXISTS && $.requestParameters.secretIdList[0] NOT EXISTS)"
    about = "" if any_secret else f" && ({one}{several}{nameless})"
    names = " || ".join(f'($.eventName = "{name}")' for name in event_names)
    pattern = f'{{ ($.eventSource = "secretsmanager.amazonaws.com") && ({names}){about} }}'
    # Rather all secrets than none.
    return pattern if len(pattern) <= _PATTERN_LENGTH else pattern_for((), event_names)


def _expressions(name: str) -> str:
    text = "".join(_in_expression(char) for char in name.removesuffix("*"))
    if name.endswith("*"):
        return f"^{text}|:secret:{text}"
    return f"^{text}$|:secret:{text}$|:secret:{text}-[a-zA-Z0-9]{{6}}$"


def _in_expression(char: str) -> str:
    if char.isalnum() or char in "_/=@-":
        return char
    return f"\\{char}" if char in ".+" else f"\\x{ord(char):02x}"


def with_statements(policy: str | None, *asked: Sequence[Request], sids: Sequence[str]) -> str:
    """The policy with one more statement for each service's requests, which lets them through."""
    return merged(policy, [_statement(requests, sid) for requests, sid in zip(asked, sids, strict=True)])


def _statement(requests: Sequence[Request], sid: str) -> dict[str, Any]:
    first = requests[0]
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": first.principal.name},
        "Action": sorted({each.action for each in requests}),
        "Resource": first.resource if first.action.startswith("sns:") else "*",
    }
    if source := first.context.get("aws:SourceAccount"):
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": source}}
    return statement


def merged(policy: str | None, added: Sequence[Mapping[str, Any]]) -> str:
    """The policy with these statements, which take the place of those with the same Sid."""
    statements = [dict(each.elements) for each in Policy.parse(policy).statements] if policy else []
    sids = {each["Sid"] for each in added}
    kept = [each for each in statements if each.get("Sid") not in sids]
    return document({"Version": "2012-10-17", "Statement": [*kept, *added]})


def lines(*commands: str) -> str:
    return "\n".join(each for each in commands if each)
