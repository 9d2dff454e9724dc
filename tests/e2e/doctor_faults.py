"""A generator of faults: for each decisive member of each thing that was applied, values it must not have.

What is a fault is not asked of the doctor: a member that decides has another value (by what `kinds`
compares), or the thing is gone. Of members that are judged by what they do (policies, patterns) the values
are such that they do something else.

Long because it has values for every decisive member of every kind of thing.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.intent import ASKED_APART
from secretwatch.pipeline.doctor.kinds import BY_NAME

FOREIGN = "arn:aws:sns:us-east-1:999999999999:foreign"
DENIED = {"Sid": "Denied", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}

# What cannot be brought back: terraform apply makes another one, which no command of the doctor's can.
GONE_FOR_GOOD = ("key", "secret", "connection")
# What AWS refuses to set, or to change once it is made.
_FIXED = {
    ("connection", "AuthorizationType"),
    # Another one of its name, which Terraform alone can make again.
    ("connection", "ConnectionArn"),
    ("log group", "logGroupClass"),
    ("rule", "ScheduleExpression"),
    ("trail", "IsOrganizationTrail"),
}


@dataclass(frozen=True)
class Fault:
    """member: "" where the thing is gone. what: in words, for whoever reads a failure."""

    ref: Ref
    member: str
    value: Any
    what: str

    def __str__(self) -> str:
        return f"{self.ref.kind} {self.ref.id.rsplit('/', 1)[-1]} {self.member or 'itself'}: {self.what}"

    def on(self, account: Account) -> Account:
        """The account with this fault."""
        broken = account.copy()
        thing = account.things.get(self.ref)
        if not self.member or thing is None:
            broken.things[self.ref] = None
        elif self.value is None:
            broken.things[self.ref] = {name: each for name, each in thing.items() if name != self.member}
        else:
            broken.things[self.ref] = {**thing, self.member: self.value}
        return broken


def faults(applied: Account) -> list[Fault]:
    """All of them, in the order of the things."""
    return [
        fault
        for ref, thing in applied.things.items()
        if thing is not None
        for fault in (*_of(ref, thing), *_encrypted(ref, applied), *_kept_out(ref, applied))
        if not _concerns_nobody(applied, fault)
    ]


def _concerns_nobody(applied: Account, fault: Fault) -> bool:
    """How a topic delivers to endpoints, where there are none."""
    return (fault.ref.kind, fault.member) == ("topic", "DeliveryPolicy") and not any(
        each.kind == "subscription" and each.id.startswith(f"{fault.ref.id}|https|")
        for each in applied.things
    )


def chosen(applied: Account, count: int, dice: random.Random) -> list[Fault]:
    """Some of them: each kind of thing and each member as often as others, however many things there are."""
    by_member: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults(applied):
        by_member.setdefault((fault.ref.kind, fault.member), []).append(fault)
    keys = sorted(by_member)
    dice.shuffle(keys)
    return [dice.choice(by_member[keys[number % len(keys)]]) for number in range(count)]


def _kept_out(ref: Ref, applied: Account) -> Iterator[Fault]:
    """The policy of a topic or secret that keeps a role from doing what its own policies let it do."""
    roles = [thing["Arn"] for _, thing in applied.all("role") if thing.get("Arn")]
    action = {"secret": "secretsmanager:GetSecretValue", "topic": "sns:Publish"}.get(ref.kind)
    for arn in roles if action else ():
        inline = "".join(((applied.get("role", arn.rsplit("/", 1)[-1]) or {}).get("Inline") or {}).values())
        if ref.id not in inline or str(action) not in inline:
            continue
        deny = {"Sid": "NotThem", "Effect": "Deny", "Action": action, "Resource": ref.id}
        before = (applied.things[ref] or {}).get("Policy")
        alone = json.dumps({"Version": "2012-10-17", "Statement": [{**deny, "Principal": {"AWS": arn}}]})
        yield Fault(
            ref,
            "Policy",
            _with(before, {**deny, "Principal": {"AWS": arn}}) if before else alone,
            f"denied to {arn}",
        )
        if before:
            guard = {"ArnNotLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:*:alarm:prod-*"}}
            others = {**deny, "Principal": "*", "Condition": guard}
            yield Fault(ref, "Policy", _with(before, others), "denied to all but others' alarms")


def _encrypted(ref: Ref, applied: Account) -> Iterator[Fault]:
    """A state machine with a key that serves something else, which its role may not use."""
    keys = [thing.get("Arn") for _, thing in applied.all("key") if thing.get("Arn")]
    if ref.kind == "state machine" and keys:
        value = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": keys[0]}
        yield Fault(ref, "encryptionConfiguration", value, "with another's key")


def _of(ref: Ref, thing: dict[str, Any]) -> Iterator[Fault]:
    kind = BY_NAME[ref.kind]
    if ref.kind not in GONE_FOR_GOOD:
        yield Fault(ref, "", None, "gone")
    for member, same in kind.decisive.items():
        if (ref.kind, member) in _FIXED:
            continue
        value = thing.get(member)
        for what, other in _values(ref, member, value, thing):
            if other is None and member in ASKED_APART.get(ref.kind, ()):
                continue  # that would be a thing that could not be asked
            if same(other) != same(value):
                yield Fault(ref, member, other, what)


def _values(ref: Ref, member: str, value: Any, thing: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if member in ("Policy", "AssumeRolePolicyDocument"):
        yield from _policies(ref.kind, member, value)
    elif member == "Inline":
        for name in value or {}:
            yield "without a policy", {other: text for other, text in value.items() if other != name}
            denied = {**DENIED}
            del denied["Principal"]
            yield "denied", {**value, name: _with(value[name], denied)}
            for what, policy in _in_part(value[name]):
                yield what, {**value, name: policy}
    elif member == "Boundary":
        yield (
            "bounded",
            json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}],
                }
            ),
        )
    elif member == "filterPattern":
        yield "everything", ""
        yield "narrowed", _narrowed(value, '$.userAgent != "*aws-cli*"')
        yield "narrowed to nobody", _narrowed(value, '$.userIdentity.arn = "nobody"')
        yield "something else", '{ $.eventName = "DescribeInstances" }'
        yield "of another place", _narrowed(value, '$.awsRegion = "eu-north-1"')
    elif member == "metricTransformations":
        for name, other in (
            ("metricName", f"{value[0]['metricName']}x"),
            ("metricNamespace", f"{value[0]['metricNamespace']} "),
            ("metricValue", "0"),
            ("defaultValue", 1.0),
            ("unit", "Seconds"),
            ("dimensions", {"Who": "$.userIdentity.arn"}),
        ):
            yield f"{name} {other!r}", [{**value[0], name: other}]
    elif member == "EventPattern":
        if value:
            pattern = json.loads(value)
            yield "of another account", json.dumps({**pattern, "account": ["999999999999"]})
            detail = {**pattern.get("detail", {}), "userAgent": [{"anything-but": {"wildcard": "*aws-cli*"}}]}
            yield "narrowed", json.dumps({**pattern, "detail": detail})
            yield "something else", json.dumps({"source": ["aws.ec2"]})
            names = ("eventName", "eventSource")
            kept = {name: each for name, each in pattern.get("detail", {}).items() if name not in names}
            any_service = {**pattern, "source": [{"prefix": "aws."}]}
            yield "of any service", json.dumps({**any_service, **({"detail": kept} if kept else {})})
    elif member == "Targets":
        yield from _targets(value)
    elif member == "State":
        yield "disabled", "DISABLED"
        if value == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS":
            yield "that sees no reads", "ENABLED"
    elif member == "KeyState":
        yield "disabled", "Disabled"
        yield "to be deleted", "PendingDeletion"
    elif member == "FilterPolicy":
        yield "for nobody", '{"team": ["nobody"]}'
        if value:
            yield "for everything", "{}"
    elif member == "DeliveryPolicy":
        if ref.kind == "topic":
            hurry = {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 1}
            overridden = {"disableSubscriptionOverrides": True, "defaultHealthyRetryPolicy": hurry}
            yield "over that of its endpoints", json.dumps({"http": overridden})
        elif value:
            yield "tried once", '{"healthyRetryPolicy": {"numRetries": 0}}'
            yield "in a hurry", _retrying(value, minDelayTarget=1, maxDelayTarget=2)
            yield "slowly", json.dumps({**json.loads(value), "throttlePolicy": {"maxReceivesPerSecond": 1}})
    elif member == "policyDocument":
        yield "masked", _masking()
    elif member == "EventSelectors":
        yield "of writes", [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]
        yield (
            "without this source",
            [
                {
                    "ReadWriteType": "All",
                    "IncludeManagementEvents": True,
                    "ExcludeManagementEventSources": ["secretsmanager.amazonaws.com", "kms.amazonaws.com"],
                }
            ],
        )
    elif member == "Lifecycle":
        day = {"ID": "day", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
        yield "a day", [*(value or ()), day]
    elif member == "definition":
        definition = json.loads(value)
        yield "nothing", json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
        yield "no time", json.dumps({**definition, "TimeoutSeconds": 5})
        for name, state in definition["States"].items():
            if state["Type"] == "Task":
                other = {**state, "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity"}
                states = {**definition["States"], name: {**other, "Parameters": {}}}
                yield f"another call in {name}", json.dumps({**definition, "States": states})
    elif member in (
        "RedrivePolicy",
        "encryptionConfiguration",
        "AdvancedEventSelectors",
        "FilterPolicyScope",
        "DeletedDate",
    ):
        return
    else:
        yield from _plain(ref, member, value, thing)


def _plain(ref: Ref, member: str, value: Any, thing: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if ref.kind == "alarm":
        yield from _of_alarm(member, value, thing)
        return
    if isinstance(value, bool):
        yield "the contrary", not value
    elif isinstance(value, int | float):
        # As many seconds or days as AWS takes.
        yield "less", 60 if value > 100 else 1
    elif member == "PublicAccessBlock":
        yield "all off", dict.fromkeys(value, False)
    elif isinstance(value, list) and value:
        yield "none", []
    elif value is not None:
        yield "gone", None


def _of_alarm(member: str, value: Any, thing: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What PutMetricAlarm takes, one at a time."""
    if member == "ActionsEnabled":
        yield "off", False
    elif member in ("AlarmActions", "OKActions") and value:
        yield "none", []
        yield "somebody else's", [FOREIGN]
        if len(value) > 1:
            yield "one less", value[1:]
        yield "a slip", [f"{value[0]}s", *value[1:]]
    elif member == "ComparisonOperator":
        yield "above", "GreaterThanThreshold" if value != "GreaterThanThreshold" else "LessThanThreshold"
        yield "below", "LessThanThreshold" if value != "LessThanThreshold" else "GreaterThanThreshold"
    elif member == "Threshold":
        yield "1000", 1000.0
        yield "0", 0.0 if value != 0 else 5.0
    elif member == "EvaluationPeriods":
        yield "one more", value + 1
    elif member == "DatapointsToAlarm" and value and thing.get("EvaluationPeriods", 1) > 1:
        yield "another", value - 1 if value > 1 else 2
    elif member == "TreatMissingData":
        for other in ("breaching", "ignore", "missing", "notBreaching"):
            yield other, other
    elif member == "Metrics" and value:
        changed = copy.deepcopy(value)
        for query in changed:
            if query.get("MetricStat"):
                query["MetricStat"]["Period"] *= 2
        yield "another period", changed
    elif thing.get("Metrics"):
        return
    elif member in ("MetricName", "Namespace"):
        yield "with a blank", f"{value} "
        yield "a slip", f"{value}x"
    elif member == "Statistic":
        for other in ("Average", "SampleCount", "Minimum", "Sum", "Maximum"):
            yield other, other
    elif member == "Period":
        yield "another", 120 if value != 120 else 300
    elif member == "Unit":
        yield "another", "Bytes"
    elif member == "Dimensions" and not value:
        yield "one", [{"Name": "Who", "Value": "me"}]


_SERVICES = {"bucket": "s3", "key": "kms", "queue": "sqs", "topic": "sns"}


def _policies(kind: str, member: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not value:
        return
    statements = json.loads(value)["Statement"]
    denied: dict[str, Any] = {**DENIED}
    if member == "AssumeRolePolicyDocument":
        del denied["Resource"]
        denied["Action"] = "sts:AssumeRole"
    # As somebody would who wants to keep the account's own access. What no service is let into minds none.
    if services := sorted(_services(statements)):
        denied["Principal"] = {"Service": services}
        yield "denied", _with(value, denied)
    stranger = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}}
    if service := _SERVICES.get(kind):
        place = next((each["Resource"] for each in statements if each.get("Resource")), "*")
        yield "open to a stranger", _with(value, {**stranger, "Action": f"{service}:*", "Resource": place})
    else:
        yield "open to a stranger", _with(value, {**stranger, "Action": "sts:AssumeRole"})
    yield from _in_part(value)
    for number, statement in enumerate(statements):
        others = [each for each in statements if each is not statement]
        if others and "Service" in str(statement.get("Principal")):
            name = statement.get("Sid") or number
            yield f"without {name}", json.dumps({"Version": "2012-10-17", "Statement": others})


def _retrying(delivery_policy: str, **changes: int) -> str:
    policy = json.loads(delivery_policy)
    return json.dumps({**policy, "healthyRetryPolicy": {**policy["healthyRetryPolicy"], **changes}})


# Of what AWS writes, a part that no read of today need be in: other regions' files and streams, and digests.
_PARTS = {
    "s3:PutObject": ("/*/CloudTrail-Digest/*", "/*/CloudTrail/eu-north-1/*"),
    "logs:CreateLogStream": (":log-stream:*_CloudTrail_*_2",),
    "logs:PutLogEvents": (":log-stream:*_CloudTrail_*_2",),
}
_NEVER = "1999-12-31T23:59:59Z"


def _in_part(policy: str) -> Iterator[tuple[str, str]]:
    """The policy with a denial of one action, of a part of its resources, from some time on, or until one;
    and with something that it allows until then, for one action less, or for a part alone."""
    now = datetime.now(UTC).replace(microsecond=0)
    hour, month = ((now + timedelta(days=days)).isoformat() for days in (1 / 24, 30))
    statements = json.loads(policy)["Statement"]
    for number, each in enumerate(statements):
        if each["Effect"] != "Allow" or ("Principal" in each and "Service" not in str(each["Principal"])):
            continue

        def instead(changed: Mapping[str, Any], number: int = number) -> str:
            kept = [*statements[:number], changed, *statements[number + 1 :]]
            return json.dumps({"Version": "2012-10-17", "Statement": kept})

        about = {name: each[name] for name in ("Principal", "Resource") if name in each}
        actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        for action in actions:
            denied = {**about, "Sid": "Denied", "Effect": "Deny", "Action": action}
            yield f"{action} denied", _with(policy, denied)
            for when, operator, at in (
                ("in an hour", "DateGreaterThan", hour),
                ("in a month", "DateGreaterThanEquals", month),
                ("up to next month", "DateLessThan", month),
                ("since long ago", "DateGreaterThan", _NEVER),
            ):
                bound = {**denied, "Condition": {operator: {"aws:CurrentTime": at}}}
                yield f"{action} denied {when}", _with(policy, bound)
            if "events." in str(each.get("Principal")) and not action.startswith("sts:"):
                source = {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}
                yield f"{action} denied to rules", _with(policy, {**denied, "Condition": source})
            for part in _PARTS.get(action, ()):
                place = f"{_place(each)}{part}"
                yield f"{action} denied on {part}", _with(policy, {**denied, "Resource": place})
            if len(actions) > 1:
                fewer = [other for other in actions if other != action]
                yield f"without {action}", instead({**each, "Action": fewer})
        bounds = each.get("Condition", {})
        ends = {**bounds, "DateLessThan": {"aws:CurrentTime": month}}
        yield "that ends in a month", instead({**each, "Condition": ends})


def _place(statement: Mapping[str, Any]) -> str:
    """The bucket or log group that a statement is about, as its ARN."""
    resource = statement["Resource"]
    first = resource if isinstance(resource, str) else resource[0]
    return first.partition("/")[0] if ":s3:::" in first else first.partition(":log-stream:")[0]


def _services(statements: list[dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    for each in statements:
        principal = each.get("Principal")
        if isinstance(principal, dict) and each.get("Effect") == "Allow":
            services = principal.get("Service") or []
            found |= {services} if isinstance(services, str) else set(services)
    return found


def _with(policy: str, statement: dict[str, Any]) -> str:
    document = json.loads(policy)
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    return json.dumps({**document, "Statement": [*statements, statement]})


def _narrowed(pattern: str, condition: str) -> str:
    return f"{{ ({pattern.strip()[1:-1]}) && ({condition}) }}"


def _targets(value: Any) -> Iterator[tuple[str, Any]]:
    yield "none", []
    for number, target in enumerate(value or ()):
        others = [each for each in value if each is not target]
        yield (
            "somebody else's",
            [*others, {**target, "Arn": f"{target['Arn']}-others"}],
        )
        if target.get("InputTransformer"):
            template = {**target["InputTransformer"], "InputTemplate": '"nothing happened"'}
            yield "says nothing", [*others, {**target, "InputTransformer": template}]
        yield "tried once", [*others, {**target, "RetryPolicy": {"MaximumRetryAttempts": 0}}]
        if target.get("DeadLetterConfig"):
            yield (
                "without a queue",
                [*others, {name: each for name, each in target.items() if name != "DeadLetterConfig"}],
            )
        assert number < 100


def _masking() -> str:
    identifier = [{"Name": "Reads", "Regex": "eventName"}]
    return json.dumps(
        {
            "Name": "masking",
            "Version": "2021-06-01",
            "Configuration": {"CustomDataIdentifier": identifier},
            "Statement": [
                {
                    "Sid": "a",
                    "DataIdentifier": ["Reads"],
                    "Operation": {"Audit": {"FindingsDestination": {}}},
                },
                {"Sid": "d", "DataIdentifier": ["Reads"], "Operation": {"Deidentify": {"MaskConfig": {}}}},
            ],
        }
    )
