"""How an event comes to the target of a rule: by which right, and as what. Also what PutTargets refuses.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-cross-account.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html

- A topic or queue of the rule's own account lets events.amazonaws.com in by its policy.
- One of another account needs the target's RoleArn, a role of the rule's account, and a policy that lets that
  role in. Both are in the rule's region.
- A state machine needs a RoleArn, with which it is started.
- A bus needs a RoleArn; one of another account also a policy, without which PutTargets is refused (observed).
  An event crosses one bus: what came from another is not sent on to a third.

AWS does not say what a RoleArn does on a topic or queue of the rule's own account but that "event delivery
may fail": here PutTargets takes it, and nothing is delivered.
AWS does not say with which code another region's topic or queue is refused: here ValidationException.
AWS does not say whether a rule of a receiving bus has to ask for all management events, too: here it has to.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import CommonServiceException
from localstack.aws.connect import connect_to
from localstack.services.events.models import events_stores
from localstack.utils.aws.arns import sqs_queue_url_for_arn

from secretwatch.inputtransformer import InvalidInput, Undeliverable, check_input, input_of
from secretwatch.localstack.access.services.delivering import require_publish
from secretwatch.localstack.access.services.keys import KeyNotFound
from secretwatch.localstack.access.services.queues import queue_policy, queue_refusal
from secretwatch.localstack.access.services.roles import target_refusal
from secretwatch.localstack.access.services.topics import topic_key, topic_policy
from secretwatch.localstack.cloudtrail.drops import DROPS
from secretwatch.policy.services import EVENTS

Forward = Callable[[str, Mapping[str, Any]], None]
"""Hands an event to the rules of the bus with this ARN."""

# By resource policy; every other kind of target by a role. Observed.
_WITHOUT_ROLE = frozenset(["execute-api", "lambda", "logs", "sns", "sqs"])
_ACROSS_ACCOUNTS = frozenset(["events", "execute-api", "kinesis", "lambda", "sns", "sqs"])
_HAS_CROSSED: ContextVar[bool] = ContextVar("has_crossed_a_bus", default=False)


# What PutTargets refuses


def check_target(target: Mapping[str, Any], rule_arn: str) -> None:
    """Raises CommonServiceException, with AWS's code, for a target that PutTargets refuses."""
    arn, role_arn = target["Arn"], target.get("RoleArn")
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[2]:
        raise _invalid(f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.")
    _, _, service, region, account_id, resource = parts
    rule_region, rule_account = rule_arn.split(":")[3:5]
    is_bus = service == "events" and resource.startswith("event-bus/")
    same_account, same_region = account_id == rule_account, region == rule_region
    is_archive = service == "events" and resource.startswith("archive/")  # LocalStack's own way to fill one
    if not role_arn and not is_archive and (service not in _WITHOUT_ROLE or not same_account):
        raise _invalid(f"RoleArn is required for target {arn}.")
    if not same_account and service not in _ACROSS_ACCOUNTS:
        raise _denied(arn, "Adding cross-account target is not permitted.")
    if not same_region and not is_bus:
        raise _invalid(
            f"Parameter {arn} is not valid. Reason: Target must be in the same region as the rule."
        )
    if role_arn and role_arn.split(":")[4:5] != [rule_account]:
        message = "Cross-account pass role is not allowed."
        raise CommonServiceException("AccessDeniedException", message, 400, True)
    if is_bus and not same_account:
        _check_bus(arn, str(role_arn), rule_arn)
    if service == "sqs" and arn.endswith(".fifo") and not target.get("SqsParameters"):
        raise _invalid(f"Parameter(s) SqsParameters must be specified for target: {target['Id']}.")
    _check_queue(target, rule_region)
    try:
        check_input(target)
    except InvalidInput as error:
        raise _invalid(str(error)) from error


def _check_bus(arn: str, role_arn: str, rule_arn: str) -> None:
    """That another account's bus does not let the sender in is seen when the target is put."""
    bus = bus_of(arn)
    policy = bus_policy(bus) if bus else None
    if refused := target_refusal(role_arn, rule_arn, "events:PutEvents", arn, policy):
        raise _denied(arn, refused)


def _check_queue(target: Mapping[str, Any], region: str) -> None:
    arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not arn:
        return
    parts = arn.split(":")
    service = parts[2] if len(parts) > 2 else arn
    if service != "sqs":
        raise _invalid(f"{service} is not supported as a dead letter resource.")
    if arn.endswith(".fifo"):
        raise _invalid("SQS FIFO is not supported by Dead Letter Queues.")
    if parts[3] != region:
        raise _invalid(f"Parameter {arn} is not valid. Reason: The queue must be in the region of the rule.")


def _invalid(message: str) -> CommonServiceException:
    return CommonServiceException("ValidationException", message, 400, True)


def _denied(arn: str, reason: str) -> CommonServiceException:
    return CommonServiceException(
        "AccessDeniedException", f"Access to the resource {arn} is denied. Reason: {reason}", 400, True
    )


# Sending


def deliver(sender: Any, event: Mapping[str, Any], trace_header: Any, forward: Forward) -> None:
    """Send an event, as it came to the rule, to the target of LocalStack's sender.

    Raises ClientError or what LocalStack's sender raises; what AWS drops without a word is among the drops.
    """
    target, rule_arn = sender.target, sender.rule_arn
    arn: str = target["Arn"]
    try:
        text = input_of(
            target, event, rule_arn=rule_arn, ingestion_time=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        )
    except Undeliverable as error:
        raise _dropped(arn, rule_arn, "InvalidInput", str(error)) from error
    service = arn.split(":")[2]
    if service == "sns":
        _require_topic(target, rule_arn)
        _client(arn).sns.publish(TopicArn=arn, Message=text)
    elif service == "sqs":
        _require_queue(target, rule_arn)
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        _client(arn).sqs.send_message(
            QueueUrl=sqs_queue_url_for_arn(arn),
            MessageBody=text,
            **({"MessageGroupId": group} if group else {}),
        )
    elif service == "states" and target.get("RoleArn"):
        _start_execution(target, rule_arn, text, event)
    elif service == "events" and ":event-bus/" in arn:
        _to_bus(target, rule_arn, text, event, forward)
    else:
        sender.send_event(_value(text), trace_header)


def _start_execution(target: Mapping[str, Any], rule_arn: str, text: str, event: Mapping[str, Any]) -> None:
    """With a session of the target's role, whose call is authorised and recorded as any."""
    # Not at the start: few have rules with such targets.
    from secretwatch.localstack.sts.service_roles import Client, NotAssumed, assume

    arn = target["Arn"]
    try:
        keys = assume(target["RoleArn"], EVENTS, rule_arn)
        Client("stepfunctions", arn.split(":")[3], keys).start_execution(
            stateMachineArn=arn, name=f"{event['id']}_{uuid.uuid4()}", input=text
        )
    except NotAssumed as error:
        raise _dropped(arn, rule_arn, "AccessDeniedException", str(error)) from error
    except ClientError as error:
        answer = error.response["Error"]
        raise _dropped(arn, rule_arn, answer["Code"], answer["Message"]) from error


def _client(arn: str) -> Any:
    _, _, _, region, account_id, *_ = arn.split(":")
    return connect_to(aws_access_key_id=account_id, region_name=region)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _require_topic(target: Mapping[str, Any], rule_arn: str) -> None:
    arn, role_arn = target["Arn"], target.get("RoleArn")
    if not role_arn:
        require_publish(EVENTS, arn, rule_arn)
        return
    _refuse_role_at_home(target, rule_arn)
    policy = topic_policy(arn)
    if policy is None:
        raise _dropped(arn, rule_arn, "NotFound", f"the topic {arn} does not exist")
    if refused := target_refusal(role_arn, rule_arn, "sns:Publish", arn, policy):
        raise _dropped(arn, rule_arn, "AuthorizationError", refused)
    try:
        key = topic_key(arn)
    except KeyNotFound as error:
        raise _dropped(arn, rule_arn, "KMSAccessDenied", f"the topic's key {error} does not exist") from error
    if key is None:
        return
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        key_arn = key.metadata["Arn"]
        if refused := target_refusal(role_arn, rule_arn, action, key_arn, key.policy):
            raise _dropped(arn, rule_arn, "KMSAccessDenied", refused)


def _require_queue(target: Mapping[str, Any], rule_arn: str) -> None:
    arn, role_arn = target["Arn"], target.get("RoleArn")
    if not role_arn:
        refused = queue_refusal(EVENTS, arn, rule_arn)
    else:
        _refuse_role_at_home(target, rule_arn)
        refused = target_refusal(role_arn, rule_arn, "sqs:SendMessage", arn, queue_policy(arn))
    if refused:
        missing = refused == f"the queue {arn} does not exist"
        raise _dropped(arn, rule_arn, "QueueDoesNotExist" if missing else "AccessDenied", refused)


def _refuse_role_at_home(target: Mapping[str, Any], rule_arn: str) -> None:
    arn = target["Arn"]
    if arn.split(":")[4] == rule_arn.split(":")[4]:
        why = "the target has a RoleArn, which a topic or queue of the rule's own account must not have"
        raise _dropped(arn, rule_arn, "AccessDenied", why)


def _dropped(arn: str, rule_arn: str, code: str, reason: str) -> ClientError:
    DROPS.add(service=EVENTS, target=arn, reason=f"{rule_arn}: {reason}")
    return ClientError({"Error": {"Code": code, "Message": reason}}, "Invoke")


# Buses


def bus_of(arn: str) -> Any | None:
    """LocalStack's bus by its ARN."""
    _, _, _, region, account_id, resource = arn.split(":", 5)
    # Not by [], which would make what is not there.
    name = resource.partition("/")[2]
    store = (events_stores.get(account_id) or {}).get(region)
    if name == "default" and (store is None or name not in store.event_buses):
        # On AWS it is there in every region, in LocalStack once somebody has called EventBridge there.
        _client(arn).events.describe_event_bus()
        store = events_stores[account_id][region]
    return store.event_buses.get(name) if store else None


def bus_policy(bus: Any) -> str | None:
    """The bus's resource policy as JSON, with a Condition that PutPermission took written out."""
    if not bus.policy or not bus.policy.get("Statement"):
        return None
    statements = []
    for each in bus.policy["Statement"]:
        statement = {name: value for name, value in each.items() if value is not None}
        condition = statement.get("Condition")
        if condition and set(condition) == {"Type", "Key", "Value"}:
            statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
        statements.append(statement)
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _to_bus(
    target: Mapping[str, Any], rule_arn: str, text: str, event: Mapping[str, Any], forward: Forward
) -> None:
    arn, role_arn = target["Arn"], target.get("RoleArn")
    if _HAS_CROSSED.get():
        # No failure: AWS says that it does not do it.
        DROPS.add(service=EVENTS, target=arn, reason=f"{rule_arn}: the event came from another bus")
        return
    bus = bus_of(arn)
    if bus is None:
        raise _dropped(arn, rule_arn, "ResourceNotFoundException", f"the bus {arn} does not exist")
    if role_arn and (refused := target_refusal(role_arn, rule_arn, "events:PutEvents", arn, bus_policy(bus))):
        raise _dropped(arn, rule_arn, "AccessDeniedException", refused)
    made = _value(text)
    # A bus takes events only: where, when and whose stays as it was.
    sent = {**event, **made} if isinstance(made, dict) else dict(event)
    has_crossed = _HAS_CROSSED.set(True)
    try:
        forward(arn, sent)
    finally:
        _HAS_CROSSED.reset(has_crossed)
