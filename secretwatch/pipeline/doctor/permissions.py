"""The IAM policy that an examination needs: nothing but reading, and as little of it as its calls take.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from typing import Any

from secretwatch import partition, secretid
from secretwatch.pipeline.doctor import namesakes
from secretwatch.pipeline.doctor.account import Account
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.subject import Subject

_OF_A_BUCKET = (
    *("s3:GetBucketOwnershipControls", "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock"),
    *("s3:GetBucketVersioning", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration"),
    *("s3:ListBucket", "s3:ListBucketVersions"),
)
_OF_A_ROLE = (
    *("iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy"),
    *("iam:ListAttachedRolePolicies", "iam:ListRolePolicies"),
)


def policy(subject: Subject | None, intent: Intent | None = None) -> dict[str, Any]:
    """The policy for this subject, or for any in an account; a canary reads the secret besides."""
    region = subject.region if subject else "*"
    aws = f"arn:{partition.of_region(region).name}"
    account = (subject.account_id if subject else None) or "*"
    alarm = (subject.alarm_name if subject else None) or "*"
    group = (subject.log_group_name if subject else None) or "*"
    bucket = (subject.bucket_name if subject else None) or "*"
    trail = (subject.trail_arn if subject else None) or f"{aws}:cloudtrail:*:{account}:trail/*"
    realtime = subject.realtime if subject else None
    applied = intent.account if intent else Account("", "")

    def ids(kind: str) -> list[str]:
        return [id for id, _ in applied.all(kind)]

    named = [
        *(subject.topic_arns if subject else ()),
        *(realtime.topic_arns if realtime else ()),
        *ids("topic"),
    ]
    topics = list(dict.fromkeys(named)) or [f"{aws}:sns:{region}:{account}:*"]
    rules = list(dict.fromkeys([*(realtime.rule_names if realtime else ("*",)), *ids("rule")]))

    def statement(sid: str, actions: list[str], resources: str | list[str] = "*") -> dict[str, Any]:
        return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}

    statements = [
        # AWS knows no resource for these.
        statement(
            "WithoutResource",
            [
                "cloudtrail:DescribeTrails",
                "cloudtrail:LookupEvents",
                "cloudwatch:DescribeAlarmsForMetric",
                "cloudwatch:GetMetricStatistics",
                "events:ListEventBuses",
                "logs:DescribeAccountPolicies",
                "logs:TestMetricFilter",
                "s3:ListAllMyBuckets",
            ],
        ),
        statement(
            "Trail",
            ["cloudtrail:GetEventSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus"],
            trail,
        ),
        # Which filters emit a metric is asked of all log groups.
        statement(
            "LogGroups",
            ["logs:DescribeLogGroups", "logs:DescribeMetricFilters"],
            f"{aws}:logs:{region}:{account}:log-group:*",
        ),
        statement(
            "Events",
            ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetDataProtectionPolicy"],
            f"{aws}:logs:{region}:{account}:log-group:{group}:*",
        ),
        # More than the one alarm: those that watch the watch are looked at too.
        statement(
            "Alarms",
            ["cloudwatch:DescribeAlarms"],
            f"{aws}:cloudwatch:{region}:{account}:alarm:*",
        ),
        statement(
            "AlarmMuteRules",
            ["cloudwatch:GetAlarmMuteRule", "cloudwatch:ListAlarmMuteRules"],
            f"{aws}:cloudwatch:{region}:{account}:alarm-mute-rule:*",
        ),
        statement(
            "AlarmHistory",
            ["cloudwatch:DescribeAlarmHistory"],
            f"{aws}:cloudwatch:{region}:{account}:alarm:{alarm}",
        ),
        statement(
            "Topics",
            ["sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"],
            topics,
        ),
        statement("Keys", ["kms:DescribeKey", "kms:GetKeyPolicy"], f"{aws}:kms:{region}:{account}:key/*"),
        statement("Bucket", list(_OF_A_BUCKET), f"{aws}:s3:::{bucket}"),
        # The log files of the time of the read that is followed: is it still in one of them?
        statement("LogFiles", ["s3:GetObject"], f"{aws}:s3:::{bucket}/*"),
        {
            **statement("LogFilesKey", ["kms:Decrypt"], f"{aws}:kms:{region}:{account}:key/*"),
            "Condition": {"StringLike": {"kms:ViaService": f"s3.{region}.*"}},
        },
        statement(
            "Roles",
            list(_OF_A_ROLE),
            [f"{aws}:iam::{account}:policy/*", f"{aws}:iam::{account}:role/*"],
        ),
    ]
    if rules:
        arns = [f"{aws}:events:{region}:{account}:rule/{name}" for name in rules]
        bus = f"{aws}:events:{region}:{account}:event-bus/default"
        statements.append(statement("Bus", ["events:DescribeEventBus"], bus))
        statements.append(statement("Rules", ["events:DescribeRule", "events:ListTargetsByRule"], arns))
    if subject is None or not subject.known:
        statements.append(
            statement("FindRules", ["events:ListRules"], f"{aws}:events:{region}:{account}:rule/*")
        )
    queues = ids("queue")
    if realtime and realtime.dead_letter_queue_url and not queues:
        queues = [f"{aws}:sqs:{region}:{account}:{realtime.dead_letter_queue_url.rsplit('/', 1)[-1]}"]
    if queues:
        statements.append(statement("DeadLetters", ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"], queues))
    if found := ids("state machine"):
        looking = ["states:DescribeStateMachine", "states:ListExecutions"]
        statements.append(statement("StateMachines", looking, found))
        executions = [f"{each.replace(':stateMachine:', ':execution:')}:*" for each in found]
        statements.append(statement("Executions", ["states:DescribeExecution"], executions))
    own = [*ids("secret"), *(ref.id for ref in (namesakes.all_named(intent) if intent else ()))]
    # Where one is gone, it is looked for by its name.
    own += [f"{each[:-7]}-??????" for each in own]
    secrets = [*dict.fromkeys(own), *_secrets(subject, f"{aws}:secretsmanager:{region}:{account}:secret:")]
    if subject is None or not subject.known or secrets:
        found = list(dict.fromkeys(secrets)) or [f"{aws}:secretsmanager:{region}:{account}:secret:*"]
        statements.append(statement("Secrets", ["secretsmanager:DescribeSecret"], found))
    if made := [f"{each[:-7]}-??????" for each in ids("secret")]:
        # Whether the secret's own policy lets the heartbeat read.
        statements.append(statement("SecretPolicies", ["secretsmanager:GetResourcePolicy"], made))
    if ids("chat channel"):
        listing = [
            "chatbot:DescribeSlackChannelConfigurations",
            "chatbot:ListMicrosoftTeamsChannelConfigurations",
        ]
        # AWS knows no resource for these.
        statements.append(statement("ChatChannels", listing))
    if connections := ids("connection"):
        start = f"{aws}:events:{region}:{account}:connection"
        arns = [f"{start}/{name}{end}" for name in connections for end in ("", "/*")]
        statements.append(statement("Connections", ["events:DescribeConnection"], arns))
    return {"Version": "2012-10-17", "Statement": statements}


def _secrets(subject: Subject | None, arn: str) -> list[str]:
    """The watched secrets whose existence is looked at, as resources; arn: how one of a name begins."""
    found = []
    for each in subject.secrets if subject else ():
        if not secretid.is_prefix(each):
            found += [each, f"{each}-??????"] if each.startswith("arn:") else [f"{arn}{each}-??????"]
    return found
