"""Log groups and their metric filters: as DescribeLogGroups and DescribeMetricFilters answer them.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Effect, Person, Step
from secretwatch.pipeline.doctor.kinds.kind import (
    META,
    Harmless,
    Kind,
    Looking,
    Of,
    Resource,
    document,
    members,
    number,
    same_key,
    text,
)


def id_of(group: str, name: str) -> str:
    return f"{group}:{name}"


def parts(id: str) -> tuple[str, str]:
    """Log group and name: a log group's name has no colon."""
    group, _, name = id.partition(":")
    return group, name


# Log groups


def look_at_groups(looking: Looking, ids: list[str]) -> None:
    for id in ids:
        looking.ask.ahead(**_group_question(looking, id))
        looking.ask.ahead(**_protection_question(looking, id))
        looking.ask.ahead(**_ACCOUNTS_PROTECTION)
    for id in ids:
        asked = looking.ask(**_group_question(looking, id))
        found = next((dict(group) for group in asked.answer or () if group["logGroupName"] == id), None)
        if found is not None:
            protection = looking.ask(**_protection_question(looking, id))
            if protection.unknown:
                looking.account.unknown[Ref("masking", id)] = protection
            else:
                found["policyDocument"] = (protection.answer or {}).get("policyDocument")
            all_groups = looking.ask(**_ACCOUNTS_PROTECTION)
            if all_groups.unknown:
                looking.account.unknown[Ref("masking", id)] = all_groups
            policies = (all_groups.answer or {}).get("accountPolicies") or ()
            found["accountPolicies"] = {each["policyName"]: each["policyDocument"] for each in policies}
        looking.note("log group", id, asked, found)


_ACCOUNTS_PROTECTION: dict[str, Any] = {
    "service": "logs",
    "operation": "DescribeAccountPolicies",
    "policyType": "DATA_PROTECTION_POLICY",
}


def _group_question(looking: Looking, name: str) -> dict[str, Any]:
    return {
        "service": "logs",
        "operation": "DescribeLogGroups",
        "resource": looking.account.arn("logs", "log-group:*"),
        "items": "logGroups",
        "logGroupNamePrefix": name,
    }


def _protection_question(looking: Looking, name: str) -> dict[str, Any]:
    return {
        "service": "logs",
        "operation": "GetDataProtectionPolicy",
        "resource": looking.account.arn("logs", f"log-group:{name}:*"),
        "logGroupIdentifier": name,
    }


def keeps_more(wanted: int | None, live: int | None) -> bool:
    """Whether events are kept for longer than wanted; None is for ever."""
    return wanted is not None and (live is None or live > wanted)


def _restore_group(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    steps: list[Step] = []
    if live is None:
        params = {"logGroupName": id}
        if wanted.get("kmsKeyId"):
            params["kmsKeyId"] = wanted["kmsKeyId"]
        steps.append(Call("logs", "CreateLogGroup", params))
        live = {}
    elif text(wanted.get("kmsKeyId")) != text(live.get("kmsKeyId")):
        if wanted.get("kmsKeyId"):
            params = {"logGroupName": id, "kmsKeyId": wanted["kmsKeyId"]}
            steps.append(Call("logs", "AssociateKmsKey", params))
        else:
            steps.append(Call("logs", "DisassociateKmsKey", {"logGroupName": id}))
    asked, kept = wanted.get("retentionInDays") or None, live.get("retentionInDays") or None
    # Going back to fewer days deletes events at once: no mend does that.
    if asked != kept and not ("retentionInDays" in live and keeps_more(asked, kept)):
        if wanted.get("retentionInDays"):
            params = {"logGroupName": id, "retentionInDays": wanted["retentionInDays"]}
            steps.append(Call("logs", "PutRetentionPolicy", params))
        else:
            steps.append(Call("logs", "DeleteRetentionPolicy", {"logGroupName": id}))
    if live and (live.get("logGroupClass") or "STANDARD") != (wanted.get("logGroupClass") or "STANDARD"):
        steps.append(_other_class(id))
    # A policy that masks stays: where it hides something from a filter, that filter's hop takes it away.
    return steps


GROUP = Kind(
    "log group",
    "log group",
    look_at_groups,
    {
        "kmsKeyId": text,
        "logGroupClass": lambda value: value or "STANDARD",
        "policyDocument": document,
        "retentionInDays": lambda value: value or None,
    },
    _restore_group,
    enough={"kmsKeyId": same_key("kmsKeyId")},
    resources={
        "aws_cloudwatch_log_group": Resource(
            "log group",
            lambda values: str(values["name"]),
            {
                **META,
                "deletion_protection_enabled": Harmless("protects, and takes nothing away"),
                "kms_key_id": Of("kmsKeyId"),
                "log_group_class": Of("logGroupClass"),
                "name": Of("logGroupName"),
                "retention_in_days": Of("retentionInDays"),
                "skip_destroy": Harmless("Terraform's own"),
            },
        )
    },
)


# Metric filters


def look_at_filters(looking: Looking, ids: list[str]) -> None:
    groups = list(dict.fromkeys(parts(id)[0] for id in ids))
    for group in groups:
        looking.ask.ahead(**filters_question(looking, group))
    for group in groups:
        asked = filters_of(looking, group)
        for id in ids:
            if parts(id)[0] == group and Ref("filter", id) not in looking.account.things:
                looking.note("filter", id, asked, None)


def filters_of(looking: Looking, group: str) -> Any:
    """All filters of a log group come at once: others may feed the same metric."""
    asked = looking.ask(**filters_question(looking, group))
    for each in asked.answer or ():
        looking.account.put("filter", id_of(group, each["filterName"]), {"logGroupName": group, **each})
    if asked.unknown:
        looking.account.unknown[Ref("filters", group)] = asked
    return asked


def filters_question(looking: Looking, group: str) -> dict[str, Any]:
    return {
        "service": "logs",
        "operation": "DescribeMetricFilters",
        "resource": looking.account.arn("logs", f"log-group:{group}:*"),
        "items": "metricFilters",
        "logGroupName": group,
    }


def put(metric_filter: Thing, **changes: Any) -> Call:
    """The filter, with changes of its pattern (`filterPattern`) and its transformation (its members)."""
    transformation = {**(metric_filter.get("metricTransformations") or [{}])[0]}
    pattern = changes.pop("filterPattern", metric_filter.get("filterPattern") or "")
    transformation |= changes
    if transformation.get("dimensions"):
        transformation["defaultValue"] = None  # AWS takes one of them
    clean = {name: value for name, value in transformation.items() if value not in (None, {}, "None")}
    params = {
        "logGroupName": metric_filter["logGroupName"],
        "filterName": metric_filter["filterName"],
        "filterPattern": pattern,
        "metricTransformations": [clean],
    }
    if metric_filter.get("applyOnTransformedLogs"):
        params["applyOnTransformedLogs"] = True
    return Call("logs", "PutMetricFilter", params)


def _takes_filters(account: Account, group: str) -> bool:
    """Whether a log group can have metric filters: one of another class than STANDARD has none.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html
    """
    found = account.get("log group", group) or {}
    return (found.get("logGroupClass") or "STANDARD") == "STANDARD"


def _other_class(group: str) -> Person:
    return Person(
        f"A log group's class cannot be changed: delete {group}, with what is in it, and apply again. "
        "Metric filters need the class STANDARD."
    )


def _restore_filter(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    group, _ = parts(id)
    return [put(wanted)] if _takes_filters(account, group) else [_other_class(group)]


def transformation(value: Any) -> Any:
    """What a filter emits, with a default value where it has one."""
    return sorted(
        (
            str(each.get("metricNamespace")),
            str(each.get("metricName")),
            str(each.get("metricValue")),
            str(number(each["defaultValue"]) if each.get("defaultValue") not in (None, "") else None),
            str(each.get("unit") or "None"),
            str(sorted((each.get("dimensions") or {}).items())),
        )
        for each in value or ()
    )


def _transformations(value: Any) -> list[dict[str, Any]]:
    found = []
    for each in value or ():
        made = {
            "metricName": each["name"],
            "metricNamespace": each["namespace"],
            "metricValue": each["value"],
            "unit": each.get("unit") or "None",
        }
        if each.get("default_value") not in (None, ""):
            made["defaultValue"] = float(each["default_value"])
        if each.get("dimensions"):
            made["dimensions"] = dict(each["dimensions"])
        found.append(made)
    return found


FILTER = Kind(
    "filter",
    "metric filter",
    look_at_filters,
    {
        "applyOnTransformedLogs": bool,
        "emitSystemFieldDimensions": members,
        "fieldSelectionCriteria": text,
        "filterPattern": lambda value: value or "",
        "metricTransformations": transformation,
    },
    _restore_filter,
    label=lambda id: parts(id)[1],
    resources={
        "aws_cloudwatch_log_metric_filter": Resource(
            "filter",
            lambda values: id_of(values["log_group_name"], values["name"]),
            {
                **META,
                "apply_on_transformed_logs": Of("applyOnTransformedLogs", bool),
                "log_group_name": Of("logGroupName"),
                "metric_transformation": Of("metricTransformations", _transformations),
                "name": Of("filterName"),
                "pattern": Of("filterPattern"),
            },
        )
    },
)


def _create_group(account: Account, params: Mapping[str, Any]) -> None:
    name = params["logGroupName"]
    arn = account.arn("logs", f"log-group:{name}")
    account.put("log group", name, {**params, "arn": f"{arn}:*", "logGroupArn": arn})


def _set_group(**members: str | None) -> Effect:
    """members: of the thing, and the parameter that has the value; None takes it away."""

    def effect(account: Account, params: Mapping[str, Any]) -> None:
        name = params.get("logGroupName") or params.get("logGroupIdentifier")
        assert name
        values = {member: params[param] if param else None for member, param in members.items()}
        account.change("log group", name, **values)

    return effect


def _put_filter(account: Account, params: Mapping[str, Any]) -> None:
    if not _takes_filters(account, params["logGroupName"]):
        return  # AWS refuses it
    account.put("filter", id_of(params["logGroupName"], params["filterName"]), dict(params))


def _delete_filter(account: Account, params: Mapping[str, Any]) -> None:
    account.put("filter", id_of(params["logGroupName"], params["filterName"]), None)


EFFECTS: dict[tuple[str, str], Effect] = {
    ("logs", "DeleteMetricFilter"): _delete_filter,
    ("logs", "CreateLogGroup"): _create_group,
    ("logs", "AssociateKmsKey"): _set_group(kmsKeyId="kmsKeyId"),
    ("logs", "DisassociateKmsKey"): _set_group(kmsKeyId=None),
    ("logs", "PutRetentionPolicy"): _set_group(retentionInDays="retentionInDays"),
    ("logs", "DeleteRetentionPolicy"): _set_group(retentionInDays=None),
    ("logs", "DeleteDataProtectionPolicy"): _set_group(policyDocument=None),
    ("logs", "PutDataProtectionPolicy"): _set_group(policyDocument="policyDocument"),
    ("logs", "PutMetricFilter"): _put_filter,
}
