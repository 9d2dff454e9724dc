"""Changes that are only unusual: none of them is a fault."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable

from beats import ACCOUNT
from doctor_faults import FOREIGN
from one_step import masks_addresses

from secretwatch.pipeline.doctor.account import Account
from secretwatch.pipeline.doctor.kinds import alarms
from secretwatch.pipeline.doctor.kinds.filters import parts


def _renamed(account: Account, dice: random.Random) -> None:
    """A filter under another name."""
    id, found = dice.choice([each for each in account.all("filter") if "beats-all" in each[0]])
    group, name = parts(id)
    account.put("filter", id, None)
    account.put("filter", f"{group}:by-hand-{name}", {**found, "filterName": f"by-hand-{name}"})


def _reworded(account: Account, dice: random.Random) -> None:
    """A filter's pattern with the same meaning: other spaces, parentheses, an alternative twice."""
    id, found = dice.choice(list(account.all("filter")))
    text = str(found["filterPattern"]).strip()[1:-1].strip()
    others = (
        f"{{ ({text}) }}",
        f"{{  {text}  }}",
        f"{{ ({text}) || ({text}) }}",
        f"{{ ({text}) && ({text}) }}",
    )
    fitting = [each for each in others if len(each) <= 1024 and each.count("[*]") <= 3]
    account.change("filter", id, filterPattern=dice.choice([each for each in fitting if _counts(each)]))


def _counts(pattern: str) -> bool:
    from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern

    with contextlib.suppress(InvalidFilterPattern):
        FilterPattern.parse(pattern)
        return True
    return False


def _reordered(account: Account, dice: random.Random) -> None:
    """A rule's pattern with its fields in another order, and values twice."""
    id, found = dice.choice([each for each in account.all("rule") if each[1].get("EventPattern")])
    pattern = dict(reversed(json.loads(found["EventPattern"]).items()))
    pattern["source"] = pattern.get("source", []) * 2 or None
    text = json.dumps({name: each for name, each in pattern.items() if each}, indent=1)
    account.change("rule", id, EventPattern=text)


def _more_subscribers(account: Account, dice: random.Random) -> None:
    """Somebody else listens, too; one of them has not confirmed."""
    arn, _ = dice.choice(list(account.all("topic")))
    for number, state in enumerate((f"{arn}:1", "PendingConfirmation")):
        endpoint = f"more-{number}@example.com"
        made = {"SubscriptionArn": state, "Protocol": "email", "Endpoint": endpoint, "TopicArn": arn}
        account.put("subscription", f"{arn}|email|{endpoint}", made)


def _more_statements(account: Account, dice: random.Random) -> None:
    """A policy lets more of the account in, or another account read, or denies somebody else."""
    kind = dice.choice(("topic", "key", "bucket", "queue"))
    id, found = dice.choice([each for each in account.all(kind) if each[1].get("Policy")])
    policy = json.loads(found["Policy"])
    effect, theirs = dice.choice(("Allow", "Deny")), "arn:aws:iam::999999999999:root"
    writing, reading = {
        "topic": ("sns:Publish", "sns:GetTopicAttributes"),
        "key": ("kms:ScheduleKeyDeletion", "kms:Decrypt"),
        "bucket": ("s3:DeleteObject", "s3:GetObject"),
        "queue": ("sqs:SendMessage", "sqs:GetQueueAttributes"),
    }[kind]
    who, action = dice.choice([(f"arn:aws:iam::{ACCOUNT}:root", writing), (theirs, reading)])
    if effect == "Deny":
        who, action = theirs, writing
    statement = {
        "Sid": "SomebodyElses",
        "Effect": effect,
        "Principal": {"AWS": who},
        "Action": action,
        "Resource": {"bucket": f"arn:aws:s3:::{id}/*", "key": "*"}.get(kind, id),
    }
    statements = [*policy["Statement"], statement]
    dice.shuffle(statements)
    account.change(kind, id, Policy=json.dumps({**policy, "Statement": statements}))


def _more_things(account: Account, dice: random.Random) -> None:
    """Filters, alarms, rules and a trail of others beside it."""
    group = next(id for id, _ in account.all("log group"))
    other = {"metricName": "other", "metricNamespace": "others", "metricValue": "1"}
    made = {
        "filterName": "other",
        "filterPattern": '{ $.eventName = "GetSecretValue" }',
        "logGroupName": group,
    }
    account.put("filter", f"{group}:other", {**made, "metricTransformations": [other]})
    alarm = {"AlarmName": "other", "AlarmActions": [FOREIGN], "MetricName": "other", "Namespace": "others"}
    account.put("alarm", "other", {**alarm, "StateValue": "OK", "ActionsEnabled": False})
    account.put("rule", "other", {"Name": "other", "State": "DISABLED", "EventPattern": "{}", "Targets": []})
    name = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/other"
    account.put("trail", name, {"TrailARN": name, "Name": "other", "IsLogging": False})


def _another_target(account: Account, dice: random.Random) -> None:
    """A rule that sends to somebody else as well."""
    id, found = dice.choice([each for each in account.all("rule") if each[1].get("Targets")])
    account.change("rule", id, Targets=[*found["Targets"], {"Id": "theirs", "Arn": FOREIGN}])


def _more_actions(account: Account, dice: random.Random) -> None:
    """An alarm that tells somebody else as well."""
    id, found = dice.choice([each for each in account.all("alarm") if each[1].get("AlarmActions")])
    name = dice.choice(("AlarmActions", "OKActions"))
    account.change("alarm", id, **{name: [*(found.get(name) or ()), FOREIGN]})


def _more_data(account: Account, dice: random.Random) -> None:
    """A trail that records data events for somebody, by one kind of selectors or the other."""
    id, _ = next(account.all("trail"))
    resource = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::theirs/"]}
    basic = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [resource]}
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}]
    advanced = [{"Name": "", "FieldSelectors": fields}]
    if dice.random() < 0.5:
        account.change("trail", id, EventSelectors=[basic], AdvancedEventSelectors=[])
    else:
        account.change("trail", id, EventSelectors=[], AdvancedEventSelectors=advanced)


def _another_limit(account: Account, dice: random.Random) -> None:
    """More than none is at least one."""
    at_least = ("GreaterThanOrEqualToThreshold", 1.0)
    those = [
        id
        for id, each in account.all("alarm")
        if (each.get("ComparisonOperator"), each.get("Threshold")) == at_least
    ]
    above = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": dice.choice((0.0, 0.5))}
    account.change("alarm", dice.choice(those), **dice.choice((above, {"Threshold": 0.5})))


def _another_rate(account: Account, dice: random.Random) -> None:
    """An hour is sixty minutes."""
    for id, found in account.all("rule"):
        count, _, unit = str(found.get("ScheduleExpression") or "").strip("rate()").partition(" ")
        if unit.startswith("hour"):
            account.change("rule", id, ScheduleExpression=f"rate({int(count) * 60} minutes)")


def _split_statements(account: Account, dice: random.Random) -> None:
    """A policy with one statement an action."""
    kind = dice.choice(("topic", "key", "bucket"))
    id, found = dice.choice([each for each in account.all(kind) if each[1].get("Policy")])
    policy = json.loads(found["Policy"])
    statements = []
    for number, each in enumerate(policy["Statement"]):
        actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        statements += [{**each, "Sid": f"S{number}{n}", "Action": action} for n, action in enumerate(actions)]
    account.change(kind, id, Policy=json.dumps({**policy, "Statement": statements}))


def _bound_trust(account: Account, dice: random.Random) -> None:
    """A role that only this account's things may have a service assume."""
    id, found = dice.choice(
        [each for each in account.all("role") if "states." in str(each[1]["AssumeRolePolicyDocument"])]
    )
    (statement,) = json.loads(found["AssumeRolePolicyDocument"])["Statement"]
    machine = next(id for id, _ in account.all("state machine"))
    bound = dice.choice(
        (
            {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
            {"ArnLike": {"aws:SourceArn": f"{machine.rpartition(':')[0]}:*"}},
        )
    )
    text = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Condition": bound}]})
    account.change("role", id, AssumeRolePolicyDocument=text)


def _of_here(account: Account, dice: random.Random) -> None:
    """A rule that says which account it is of: no others' calls come to its bus."""
    id, found = dice.choice([each for each in account.all("rule") if each[1].get("EventPattern")])
    pattern = json.loads(found["EventPattern"])
    account.change("rule", id, EventPattern=json.dumps({"account": [ACCOUNT], **pattern}))


def _in_other_words(account: Account, dice: random.Random) -> None:
    """An alarm on one metric put as metric math, a target of another name, a condition that always holds."""
    id, found = dice.choice([each for each in account.all("alarm") if each[1].get("Statistic")])
    metric = {name: found[name] for name in ("Namespace", "MetricName", "Dimensions") if found.get(name)}
    stat = {"Metric": metric, "Period": found["Period"], "Stat": found["Statistic"]}
    if found.get("Unit"):
        stat["Unit"] = found["Unit"]
    several = {name: each for name, each in found.items() if name not in alarms.ON_ONE_METRIC}
    several["Metrics"] = [{"Id": "m1", "MetricStat": stat, "ReturnData": True}]
    account.put("alarm", id, alarms.flat(several))
    id, found = dice.choice([each for each in account.all("rule") if each[1].get("Targets")])
    renamed = [{**each, "Id": f"by-hand-{each['Id']}"} for each in found["Targets"]]
    account.change("rule", id, Targets=renamed)
    id, found = next(each for each in account.all("rule") if "beats-all-a" in each[0])
    pattern = json.loads(found["EventPattern"])
    pattern["detail"] |= {"readOnly": [True], "managementEvent": [True]}
    account.change("rule", id, EventPattern=json.dumps(pattern))


def _more_of_others(account: Account, dice: random.Random) -> None:
    """The trail tells somebody of its files, and a lifecycle rule is for what has a tag."""
    id, _ = next(account.all("trail"))
    account.change("trail", id, SnsTopicName="files")
    id, found = next(account.all("bucket"))
    scope = {"Tag": {"Key": "tmp", "Value": "yes"}}
    rule = {"ID": "tmp", "Status": "Enabled", "Filter": scope, "Expiration": {"Days": 1}}
    account.change("bucket", id, Lifecycle=[*(found.get("Lifecycle") or ()), rule])


def _commented(account: Account, dice: random.Random) -> None:
    """A state machine with a comment."""
    id, found = dice.choice(list(account.all("state machine")))
    definition = {"Comment": "Reads.", **json.loads(found["definition"])}
    account.change("state machine", id, definition=json.dumps(definition))


def _patient(account: Account, dice: random.Random) -> None:
    """A state machine with more attempts, more time, and other names for its states."""
    id, found = dice.choice(list(account.all("state machine")))
    definition = json.loads(found["definition"])
    first = definition["StartAt"]
    text = found["definition"].replace(f'"{first}"', '"Begin"')
    definition = json.loads(text)
    definition["TimeoutSeconds"] = dice.choice((7200, 86400))
    state = definition["States"]["Begin"]
    if state["Type"] in ("Task", "Parallel"):
        more = {"ErrorEquals": ["SecretsManager.InternalServiceErrorException"], "MaxAttempts": 2}
        state["Retry"] = [*(state.get("Retry") or ()), more]
    account.change("state machine", id, definition=json.dumps(definition))


def _by_operators(account: Account, dice: random.Random) -> None:
    """A rule that asks for AWS's own names by their beginning, or in any letters."""
    id, found = dice.choice([each for each in account.all("rule") if each[1].get("EventPattern")])
    pattern = json.loads(found["EventPattern"])
    places = [(pattern, name) for name in ("detail-type", "source") if name in pattern]
    places += [(pattern["detail"], name) for name in ("eventSource",) if name in pattern.get("detail", {})]
    place, name = dice.choice(places)
    any_letters = [{"equals-ignore-case": each.swapcase()} for each in place[name]]
    begins = [{"prefix": each if name == "source" else each[:-1]} for each in place[name]]
    place[name] = dice.choice((any_letters, begins))
    account.change("rule", id, EventPattern=json.dumps(pattern))


def _careful(account: Account, dice: random.Random) -> None:
    """A log group that masks addresses, and keeps events for longer."""
    masks_addresses(account)
    id, _ = next(account.all("log group"))
    account.change("log group", id, retentionInDays=dice.choice((None, 3653)))


def _more_often(account: Account, dice: random.Random) -> None:
    """What is started on schedule is started more often."""
    id = dice.choice([id for id, each in account.all("rule") if each.get("ScheduleExpression")])
    account.change("rule", id, ScheduleExpression=dice.choice(("rate(1 minute)", "rate(2 minutes)")))


def _listeners_elsewhere(account: Account, dice: random.Random) -> None:
    """A topic that another account may listen to."""
    id, found = dice.choice([each for each in account.all("topic") if each[1].get("Policy")])
    listens = {
        "Sid": "Soc",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
        "Action": ["sns:Subscribe", "sns:Receive"],
        "Resource": id,
    }
    policy = json.loads(found["Policy"])
    account.change("topic", id, Policy=json.dumps({**policy, "Statement": [*policy["Statement"], listens]}))


UNUSUAL: list[Callable[[Account, random.Random], None]] = [
    _renamed,
    _reworded,
    _reordered,
    _more_subscribers,
    _more_statements,
    _more_things,
    _another_target,
    _more_actions,
    _more_data,
    _another_limit,
    _another_rate,
    _split_statements,
    _bound_trust,
    _of_here,
    _in_other_words,
    _more_of_others,
    _commented,
    _patient,
    _by_operators,
    _careful,
    _more_often,
    _listeners_elsewhere,
]
