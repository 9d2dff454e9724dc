"""Kinds of resources that experiments make: what one costs, what it takes, how it is found and removed.

A resource of an experiment has a name that begins with `PREFIX` and the id of the run, and where its service
takes tags, the tag `TAG`. What a run left behind is found by the name: every service here can list by it.

Prices are those of us-east-1, for what an experiment can use of one within an hour, rounded up:
https://aws.amazon.com/cloudwatch/pricing/ (a metric $0.30 and an alarm $0.10 a month), Secrets Manager
$0.40 a month, a trail beside the first one $2 for 100,000 events.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from secretwatch.pipeline.aws import is_absent
from secretwatch.verify.cloud import Cloud

PREFIX = "secretwatch-verify-"
TAG = "secretwatch-verify"
CHATBOT_REGION = "us-west-2"
"""Chatbot is global, and its API is in a few regions: https://docs.aws.amazon.com/general/latest/gr/chatbot.html"""

_RUN = re.compile(re.escape(PREFIX) + r"([0-9a-f]{8})-")

CENTS: Mapping[str, float] = {
    "alarm": 0.02,
    "bucket": 0.01,
    "bus": 0.0,
    "chat channel": 0.0,
    "database": 0.01,  # and the queries about it
    "log group": 0.01,
    "metric": 0.05,
    "mute rule": 0.0,
    "queue": 0.01,
    "role": 0.0,
    "rule": 0.01,
    "secret": 0.06,
    "state machine": 0.1,  # forty of its steps
    "topic": 0.01,
    "trail": 0.5,
}

_RULE = (
    "events:DeleteRule events:ListEventBuses events:ListRules events:ListTargetsByRule events:PutRule "
    "events:PutTargets events:RemoveTargets events:TagResource"
)
_LOG_GROUP = "logs:CreateLogGroup logs:DeleteLogGroup logs:DescribeLogGroups logs:TagResource"
_TRAIL = "cloudtrail:AddTags cloudtrail:CreateTrail cloudtrail:DeleteTrail cloudtrail:ListTrails"

ACTIONS: Mapping[str, frozenset[str]] = {
    kind: frozenset(actions.split())
    for kind, actions in {
        "alarm": "cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms cloudwatch:PutMetricAlarm "
        "cloudwatch:TagResource",
        "bucket": "s3:CreateBucket s3:DeleteBucket s3:DeleteObject s3:ListAllMyBuckets s3:ListBucket "
        "s3:PutBucketPolicy s3:PutBucketTagging",
        "bus": f"events:CreateEventBus events:DeleteEventBus {_RULE}",
        "chat channel": "chatbot:CreateSlackChannelConfiguration chatbot:DeleteSlackChannelConfiguration "
        "chatbot:DescribeSlackChannelConfigurations",
        "database": "glue:CreateDatabase glue:CreateTable glue:DeleteDatabase glue:DeleteTable "
        "glue:GetDatabase glue:GetDatabases glue:GetPartitions glue:GetTable",
        "log group": _LOG_GROUP,
        "metric": "cloudwatch:GetMetricStatistics",
        "mute rule": "cloudwatch:DeleteAlarmMuteRule cloudwatch:ListAlarmMuteRules "
        "cloudwatch:PutAlarmMuteRule",
        "queue": "sqs:CreateQueue sqs:DeleteMessage sqs:DeleteQueue sqs:ListQueues sqs:ReceiveMessage "
        "sqs:SetQueueAttributes sqs:TagQueue",
        "role": "iam:CreateRole iam:DeleteRole iam:DeleteRolePolicy iam:ListRolePolicies iam:ListRoles "
        "iam:PassRole iam:PutRolePolicy iam:TagRole",
        "rule": _RULE,
        "secret": "secretsmanager:CreateSecret secretsmanager:DeleteSecret secretsmanager:ListSecrets "
        "secretsmanager:TagResource",
        "state machine": "states:CreateStateMachine states:DeleteStateMachine states:DescribeExecution "
        "states:ListStateMachines states:StartExecution states:TagResource",
        "topic": "sns:CreateTopic sns:DeleteTopic sns:ListTopics sns:SetTopicAttributes sns:Subscribe "
        "sns:TagResource",
        "trail": _TRAIL,
    }.items()
}
"""What making one, looking at it, finding and removing it takes."""


def tags(experiment: str) -> list[dict[str, str]]:
    """For services that want a list."""
    return [{"Key": TAG, "Value": experiment}]


def run_of(name: str) -> str | None:
    """The id of the run that made something of this name; None where no run did."""
    found = _RUN.match(name)
    return found[1] if found else None


# Removing: each is tried again by whoever calls, and none minds that it is gone already.


def remove_alarm(cloud: Cloud, name: str) -> None:
    cloud.client("cloudwatch").delete_alarms(AlarmNames=[name])


def remove_bucket(cloud: Cloud, name: str) -> None:
    s3 = cloud.client("s3")
    with absent_is_fine():
        # CloudTrail may still be writing.
        for _ in range(20):
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
                keys = [{"Key": each["Key"]} for each in page.get("Contents", ())]
                if keys:
                    s3.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})
            try:
                s3.delete_bucket(Bucket=name)
                return
            except ClientError as error:
                if code(error) != "BucketNotEmpty":
                    raise
        s3.delete_bucket(Bucket=name)


def remove_bus(cloud: Cloud, name: str) -> None:
    events = cloud.client("events")
    with absent_is_fine():
        for rule in events.list_rules(EventBusName=name)["Rules"]:
            _remove_rule(events, rule["Name"], name)
        events.delete_event_bus(Name=name)


def remove_database(cloud: Cloud, name: str) -> None:
    """Its tables go with it. Athena takes no hyphen in a name."""
    try:
        with absent_is_fine():
            cloud.client("glue").delete_database(Name=name.replace("-", "_"))
    except ClientError as error:
        # A cloud without a data catalogue, as the local one, has made none.
        if not is_absent(error):
            raise


def remove_log_group(cloud: Cloud, name: str) -> None:
    with absent_is_fine():
        cloud.client("logs").delete_log_group(logGroupName=name)


def remove_mute_rule(cloud: Cloud, name: str) -> None:
    cloudwatch = cloud.client("cloudwatch")
    # A boto3 that lacks the call has made none.
    if hasattr(cloudwatch, "delete_alarm_mute_rule"):
        with absent_is_fine():
            cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName=name)


def remove_queue(cloud: Cloud, name: str) -> None:
    sqs = cloud.client("sqs")
    for url in sqs.list_queues(QueueNamePrefix=name).get("QueueUrls", ()):
        if url.rpartition("/")[2] == name:
            with absent_is_fine():
                sqs.delete_queue(QueueUrl=url)


def remove_role(cloud: Cloud, name: str) -> None:
    iam = cloud.client("iam")
    with absent_is_fine():
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)


def remove_rule(cloud: Cloud, name: str) -> None:
    with absent_is_fine():
        _remove_rule(cloud.client("events"), name, "default")


def remove_secret(cloud: Cloud, name: str) -> None:
    with absent_is_fine():
        cloud.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def remove_chat_channel(cloud: Cloud, name: str) -> None:
    chatbot = cloud.client("chatbot", CHATBOT_REGION)
    for arn in _chat_channels(chatbot):
        if arn.endswith(f"/{name}"):
            with absent_is_fine():
                chatbot.delete_slack_channel_configuration(ChatConfigurationArn=arn)


def remove_state_machine(cloud: Cloud, name: str) -> None:
    arn = cloud.arn("states", f"stateMachine:{name}")
    cloud.client("stepfunctions").delete_state_machine(stateMachineArn=arn)


def remove_topic(cloud: Cloud, name: str) -> None:
    """Its subscriptions go with it."""
    with absent_is_fine():
        cloud.client("sns").delete_topic(TopicArn=cloud.arn("sns", name))


def remove_trail(cloud: Cloud, name: str) -> None:
    with absent_is_fine():
        cloud.client("cloudtrail").delete_trail(Name=name)


def _remove_rule(events: Any, name: str, bus: str) -> None:
    targets = [each["Id"] for each in events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]]
    if targets:
        events.remove_targets(Rule=name, EventBusName=bus, Ids=targets)
    events.delete_rule(Name=name, EventBusName=bus)


REMOVE: Mapping[str, Callable[[Cloud, str], None]] = {
    # In this order: a trail before its bucket, whoever writes before what is written to.
    "trail": remove_trail,
    "rule": remove_rule,
    "bus": remove_bus,
    "chat channel": remove_chat_channel,
    "state machine": remove_state_machine,
    "mute rule": remove_mute_rule,
    "alarm": remove_alarm,
    "topic": remove_topic,
    "queue": remove_queue,
    "log group": remove_log_group,
    "secret": remove_secret,
    "role": remove_role,
    "bucket": remove_bucket,
    "database": remove_database,
}
"""How a kind is removed by name. Metrics cannot be: they fade by themselves."""


# Finding


def _listed(client: Any, operation: str, key: str, name: str | None = None, **given: Any) -> Iterator[str]:
    for page in client.get_paginator(operation).paginate(**given):
        for each in page.get(key, ()):
            yield each[name] if name else each


def _topics(sns: Any) -> Iterator[str]:
    return _listed(sns, "list_topics", "Topics", "TopicArn")


def _buses(events: Any) -> Iterator[str]:
    # botocore has no paginator for it; a page holds 100 buses, as many as an account may have.
    for bus in events.list_event_buses(NamePrefix=PREFIX)["EventBuses"]:
        yield bus["Name"]


def _mute_rules(cloudwatch: Any) -> Iterator[str]:
    # Newer botocores have the call, and not every endpoint has what they have.
    if not hasattr(cloudwatch, "list_alarm_mute_rules"):
        return
    try:
        found = cloudwatch.list_alarm_mute_rules().get("AlarmMuteRuleSummaries", ())
    except ClientError:
        return
    for each in found:
        yield each["AlarmMuteRuleArn"].rpartition(":")[2]


def _chat_channels(chatbot: Any) -> Iterator[str]:
    """ARNs."""
    return _listed(
        chatbot, "describe_slack_channel_configurations", "SlackChannelConfigurations", "ChatConfigurationArn"
    )


def _chat_names(chatbot: Any) -> Iterator[str]:
    # An account that has never had a workspace may have no Chatbot to ask.
    try:
        found = list(_chat_channels(chatbot))
    except (ClientError, EndpointConnectionError):
        return
    for arn in found:
        yield arn.rpartition("/")[2]


def _databases(glue: Any) -> Iterator[str]:
    try:
        for name in list(_listed(glue, "get_databases", "DatabaseList", "Name")):
            yield name.replace("_", "-")
    except ClientError as error:
        if not is_absent(error):
            raise


FIND: Mapping[str, tuple[str, Callable[[Any], Iterable[str]]]] = {
    "trail": ("cloudtrail", lambda client: _listed(client, "list_trails", "Trails", "Name")),
    "rule": ("events", lambda client: _listed(client, "list_rules", "Rules", "Name", NamePrefix=PREFIX)),
    "bus": ("events", _buses),
    "chat channel": ("chatbot", _chat_names),
    "state machine": (
        "stepfunctions",
        lambda client: _listed(client, "list_state_machines", "stateMachines", "name"),
    ),
    "mute rule": ("cloudwatch", _mute_rules),
    "alarm": (
        "cloudwatch",
        lambda client: _listed(
            client, "describe_alarms", "MetricAlarms", "AlarmName", AlarmNamePrefix=PREFIX
        ),
    ),
    "topic": ("sns", lambda client: (arn.rpartition(":")[2] for arn in _topics(client))),
    "queue": (
        "sqs",
        lambda client: (
            url.rpartition("/")[2]
            for url in _listed(client, "list_queues", "QueueUrls", QueueNamePrefix=PREFIX)
        ),
    ),
    "log group": (
        "logs",
        lambda client: _listed(
            client, "describe_log_groups", "logGroups", "logGroupName", logGroupNamePrefix=PREFIX
        ),
    ),
    "secret": (
        "secretsmanager",
        lambda client: _listed(
            client, "list_secrets", "SecretList", "Name", Filters=[{"Key": "name", "Values": [PREFIX]}]
        ),
    ),
    "role": ("iam", lambda client: _listed(client, "list_roles", "Roles", "RoleName")),
    "database": ("glue", _databases),
    "bucket": ("s3", lambda client: (each["Name"] for each in client.list_buckets()["Buckets"])),
}
"""Names of what there is of a kind, some of them perhaps not ours: the service, and how it lists."""


def names_of(cloud: Cloud, kind: str) -> Iterable[str]:
    """Names of what there is of a kind, some of them perhaps not ours."""
    service, names = FIND[kind]
    return names(cloud.client(service, CHATBOT_REGION if service == "chatbot" else None))


def found(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """What runs have made and is there: kind and name, in the order in which it is best removed."""
    for kind in FIND:
        for name in list(names_of(cloud, kind)):
            if run_of(name):
                yield kind, name


# Errors


class absent_is_fine(suppress):
    """What is to be removed may be gone: by somebody else, or because it was never made."""

    def __init__(self) -> None:
        super().__init__(ClientError)

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        return isinstance(error, ClientError) and is_gone(error)


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


_GONE = ("NotFound", "NoSuch", "NonExistentQueue", "QueueDoesNotExist")


def is_gone(error: ClientError) -> bool:
    """Whether the error says that there is no such thing."""
    return any(word in code(error) for word in _GONE)
