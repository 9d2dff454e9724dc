"""EventBridge's rules with their targets, and the queue for what cannot be delivered.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from secretwatch.partition import of_region
from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Effect, Step
from secretwatch.pipeline.doctor.kinds.kind import (
    META,
    Harmless,
    Kind,
    Looking,
    Of,
    Resource,
    document,
    same_key,
    text,
)
from secretwatch.pipeline.doctor.policy_differences import Place, completed

DEFAULT = "default"
_TARGET = (
    "Id",
    "Arn",
    "RoleArn",
    "Input",
    "InputPath",
    "InputTransformer",
    "DeadLetterConfig",
    "RetryPolicy",
)


def look(looking: Looking, ids: list[str]) -> None:
    def question(name: str) -> dict[str, Any]:
        return {"resource": looking.account.arn("events", f"rule/{name}")}

    for name in ids:
        looking.ask.ahead("events", "DescribeRule", **question(name), Name=name)
        looking.ask.ahead("events", "ListTargetsByRule", **question(name), items="Targets", Rule=name)
    for name in ids:
        asked = looking.ask("events", "DescribeRule", **question(name), Name=name)
        found: Thing | None = None
        if asked.ok:
            found = {key: each for key, each in asked.answer.items() if key != "ResponseMetadata"}
            targets = looking.ask("events", "ListTargetsByRule", **question(name), items="Targets", Rule=name)
            if targets.unknown:
                looking.account.unknown[Ref("targets", name)] = targets
            elif targets.ok:
                found["Targets"] = targets.answer
        looking.note("rule", name, asked, found)


def put(rule: Thing, **changes: Any) -> Call:
    wanted = {**rule, **changes}
    names = ("Name", "ScheduleExpression", "EventPattern", "State", "Description", "RoleArn")
    params = {name: wanted[name] for name in names if wanted.get(name)}
    if wanted.get("EventBusName") not in (None, "", DEFAULT):
        params["EventBusName"] = wanted["EventBusName"]
    return Call("events", "PutRule", params)


def put_targets(rule: str, targets: list[Thing]) -> Call:
    clean = [{name: each[name] for name in _TARGET if each.get(name)} for each in targets]
    return Call("events", "PutTargets", {"Rule": rule, "Targets": clean})


def restore(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    steps: list[Step] = []
    described = {name: live.get("Description") for name in ("Description",)} if live else {}
    if live is None or any(
        KIND.decisive[name](wanted.get(name)) != KIND.decisive[name](live.get(name))
        for name in ("State", "EventPattern", "ScheduleExpression")
    ):
        steps.append(put({**wanted, **{name: each for name, each in described.items() if each}}))
    there = list(targets((live or {}).get("Targets")).values())
    lacking = [each for each in wanted.get("Targets") or () if target(each) not in there]
    if lacking and (live is None or "Targets" in live):
        steps.append(put_targets(id, lacking))
    return steps


def target(value: Mapping[str, Any]) -> Any:
    """What of a target decides: where it sends, as whom, what, and where what fails goes."""
    transformer = value.get("InputTransformer") or {}
    return (
        value.get("Arn"),
        value.get("RoleArn") or None,
        value.get("Input") or None,
        value.get("InputPath") or None,
        tuple(sorted((transformer.get("InputPathsMap") or {}).items())),
        _template(transformer.get("InputTemplate")),
        (value.get("DeadLetterConfig") or {}).get("Arn") or None,
        _retries(value.get("RetryPolicy")),
    )


def _retries(value: Any) -> tuple[int, int]:
    """Times, and seconds, for which a target is tried again.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html
    """
    times, age = (value or {}).get("MaximumRetryAttempts"), (value or {}).get("MaximumEventAgeInSeconds")
    return 185 if times is None else int(times), age or 86400


def _no_rarer(account: Account, wanted: Thing, live: Thing) -> bool:
    """What is started more often than was applied is started in time."""
    meant, there = (_seconds(each.get("ScheduleExpression")) for each in (wanted, live))
    return bool(meant == there) or (isinstance(meant, int) and isinstance(there, int) and there < meant)


def _seconds(schedule: Any) -> Any:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"""
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", str(schedule))
    if re.fullmatch(r"cron\(\d+ \* \* \* \? \*\)", str(schedule)):
        return 3600
    return int(found[1]) * {"minute": 60, "hour": 3600, "day": 86400}[found[2]] if found else schedule


def _has_targets(account: Account, wanted: Thing, live: Thing) -> bool:
    """Somebody else may have a target of the rule, too; what they are called decides nothing."""
    there = list(targets(live.get("Targets")).values())
    return all(each in there for each in targets(wanted.get("Targets")).values())


def _template(value: Any) -> Any:
    return "".join(str(value).split()) if value else None


def targets(value: Any) -> dict[str, Any]:
    return {each["Id"]: target(each) for each in value or ()}


def _add_target(thing: Thing, values: Mapping[str, Any]) -> None:
    made: dict[str, Any] = {"Id": values["target_id"], "Arn": values["arn"]}
    for name, member in (("role_arn", "RoleArn"), ("input", "Input"), ("input_path", "InputPath")):
        if values.get(name):
            made[member] = values[name]
    for transformer in values.get("input_transformer") or ():
        made["InputTransformer"] = {
            "InputPathsMap": dict(transformer.get("input_paths") or {}),
            "InputTemplate": transformer["input_template"],
        }
    for letters in values.get("dead_letter_config") or ():
        if letters.get("arn"):
            made["DeadLetterConfig"] = {"Arn": letters["arn"]}
    for retry in values.get("retry_policy") or ():
        made["RetryPolicy"] = {
            "MaximumRetryAttempts": retry["maximum_retry_attempts"],
            "MaximumEventAgeInSeconds": retry.get("maximum_event_age_in_seconds") or 86400,
        }
    thing.setdefault("Targets", []).append(made)


_OTHER_TARGETS = {
    name: Harmless("of targets of other kinds")
    for name in (
        *("appsync_target", "batch_target", "ecs_target", "http_target", "kinesis_target", "redshift_target"),
        *("run_command_targets", "sagemaker_pipeline_target", "sqs_target"),
    )
}

RULE = Kind(
    "rule",
    "rule",
    look,
    {
        "EventPattern": document,
        "ScheduleExpression": text,
        "State": lambda value: value or "ENABLED",
        "Targets": targets,
    },
    restore,
    enough={"ScheduleExpression": _no_rarer, "Targets": _has_targets},
    resources={
        "aws_cloudwatch_event_rule": Resource(
            "rule",
            lambda values: str(values["name"]),
            {
                **META,
                "description": Harmless("a text", "Description"),
                "event_bus_name": Of("EventBusName"),
                "event_pattern": Of("EventPattern"),
                "force_destroy": Harmless("Terraform's own"),
                "is_enabled": Harmless("as its state"),
                "name": Of("Name"),
                "role_arn": Of("RoleArn"),
                "schedule_expression": Of("ScheduleExpression"),
                "state": Of("State"),
            },
        ),
        "aws_cloudwatch_event_target": Resource(
            "rule",
            lambda values: str(values["rule"]),
            {
                **META,
                **_OTHER_TARGETS,
                "arn": Of("Targets"),
                "dead_letter_config": Of("Targets"),
                "event_bus_name": Harmless("as its rule's"),
                "force_destroy": Harmless("Terraform's own"),
                "input": Of("Targets"),
                "input_path": Of("Targets"),
                "input_transformer": Of("Targets"),
                "retry_policy": Of("Targets"),
                "role_arn": Of("Targets"),
                "rule": Of("Name"),
                "target_id": Of("Targets"),
            },
            whole=False,
            merge=_add_target,
        ),
    },
)
KIND = RULE


# The queue for what cannot be delivered

_LARGEST = 1_048_576
"""Bytes of a message, where a queue says nothing:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""


def look_at_queues(looking: Looking, ids: list[str]) -> None:
    def question(arn: str) -> dict[str, Any]:
        _, _, _, region, account, name = arn.split(":")
        return {"resource": arn, "region": region, "QueueName": name, "QueueOwnerAWSAccountId": account}

    for arn in ids:
        looking.ask.ahead("sqs", "GetQueueUrl", **question(arn))
    for arn in ids:
        asked = looking.ask("sqs", "GetQueueUrl", **question(arn))
        found: Thing | None = None
        if asked.ok:
            url = asked.answer["QueueUrl"]
            asked = looking.ask(
                "sqs", "GetQueueAttributes", arn, arn.split(":")[3], QueueUrl=url, AttributeNames=["All"]
            )
            found = {"QueueUrl": url, **asked.answer.get("Attributes", {})} if asked.ok else None
        looking.note("queue", arn, asked, found)


def _restore_queue(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    steps: list[Step] = []
    url = (live or wanted).get("QueueUrl") or wanted.get("QueueUrl")
    attributes = {}
    for name in (
        *("Policy", "MaximumMessageSize", "MessageRetentionPeriod", "SqsManagedSseEnabled"),
        "KmsMasterKeyId",
    ):
        same = QUEUE.decisive[name]
        if same(wanted.get(name)) != same((live or {}).get(name)):
            value = wanted.get(name)
            if name == "Policy" and value:
                value = completed((live or {}).get("Policy"), value, Place(account, "sqs"))
            attributes[name] = str(value).lower() if isinstance(value, bool) else str(value or "")
    if live is None:
        made = {name: each for name, each in attributes.items() if each}
        params: dict[str, Any] = {"QueueName": id.rsplit(":", 1)[-1]}
        steps.append(Call("sqs", "CreateQueue", params | ({"Attributes": made} if made else {})))
    elif attributes:
        steps.append(Call("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": attributes}))
    return steps


QUEUE = Kind(
    "queue",
    "queue",
    look_at_queues,
    {
        "KmsMasterKeyId": text,
        "MaximumMessageSize": lambda value: int(value) if value else None,
        "MessageRetentionPeriod": lambda value: int(value) if value else None,
        "Policy": document,
        "SqsManagedSseEnabled": lambda value: str(value).lower() == "true",
    },
    _restore_queue,
    enough={
        "KmsMasterKeyId": same_key("KmsMasterKeyId"),
        # What AWS allows by itself has grown.
        "MaximumMessageSize": lambda _, wanted, live: (
            int(live.get("MaximumMessageSize") or _LARGEST) >= int(wanted.get("MaximumMessageSize") or 0)
        ),
    },
    label=lambda id: id.rsplit(":", 1)[-1],
    resources={
        "aws_sqs_queue": Resource(
            "queue",
            lambda values: str(values["arn"]),
            {
                **META,
                "content_based_deduplication": Harmless("of FIFO queues"),
                "deduplication_scope": Harmless("of FIFO queues"),
                "delay_seconds": Harmless("later, and no less"),
                "fifo_queue": Harmless("cannot be changed"),
                "fifo_throughput_limit": Harmless("of FIFO queues"),
                "kms_data_key_reuse_period_seconds": Harmless("what it costs"),
                "kms_master_key_id": Of("KmsMasterKeyId"),
                "max_message_size": Of("MaximumMessageSize"),
                "message_retention_seconds": Of("MessageRetentionPeriod"),
                "name": Harmless("is in its ARN"),
                "policy": Of("Policy"),
                "receive_wait_time_seconds": Harmless("of who reads it"),
                "redrive_allow_policy": Harmless("of who reads it"),
                "redrive_policy": Harmless("of who reads it"),
                "sqs_managed_sse_enabled": Of("SqsManagedSseEnabled"),
                "url": Of("QueueUrl"),
                "visibility_timeout_seconds": Harmless("of who reads it"),
            },
        )
    },
)


def _put(account: Account, params: Mapping[str, Any]) -> None:
    """What is not put is not kept, but for the targets."""
    targets = (account.get("rule", params["Name"]) or {}).get("Targets") or []
    fresh = {"Arn": account.arn("events", f"rule/{params['Name']}"), "State": "ENABLED"}
    account.put("rule", params["Name"], {**fresh, "Targets": targets, **params})


def _put_targets(account: Account, params: Mapping[str, Any]) -> None:
    rule = account.get("rule", params["Rule"]) or {}
    named = {each["Id"]: each for each in [*(rule.get("Targets") or ()), *params["Targets"]]}
    account.change("rule", params["Rule"], Targets=list(named.values()))


def _remove_targets(account: Account, params: Mapping[str, Any]) -> None:
    rule = account.get("rule", params["Rule"]) or {}
    kept = [each for each in rule.get("Targets") or () if each["Id"] not in params["Ids"]]
    account.change("rule", params["Rule"], Targets=kept)


def _create_queue(account: Account, params: Mapping[str, Any]) -> None:
    arn = account.arn("sqs", params["QueueName"])
    url = f"https://sqs.{account.region}.{of_region(account.region).dns_suffix}/{account.account_id}/{params['QueueName']}"
    account.put("queue", arn, {"QueueArn": arn, "QueueUrl": url, **params.get("Attributes", {})})


def _set_queue(account: Account, params: Mapping[str, Any]) -> None:
    for id, found in account.all("queue"):
        if found.get("QueueUrl") == params["QueueUrl"]:
            account.change("queue", id, **params["Attributes"])


EFFECTS: dict[tuple[str, str], Effect] = {
    ("events", "PutRule"): _put,
    ("events", "PutTargets"): _put_targets,
    ("events", "RemoveTargets"): _remove_targets,
    ("sqs", "CreateQueue"): _create_queue,
    ("sqs", "SetQueueAttributes"): _set_queue,
}
__all__ = ["EFFECTS", "KIND", "QUEUE", "json"]
