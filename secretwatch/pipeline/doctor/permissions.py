"""The IAM policy that an examination needs: nothing but reading, and as little of it as its calls take.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from typing import Any

from secretwatch import partition
from secretwatch.pipeline.doctor.subject import Subject


def policy(subject: Subject | None) -> dict[str, Any]:
    """The policy for this subject, or for any in an account; a canary reads the secret besides."""
    region = subject.region if subject else "*"
    aws = f"arn:{partition.of_region(region).name}"
    account = (subject.account_id if subject else None) or "*"
    alarm = (subject.alarm_name if subject else None) or "*"
    group = (subject.log_group_name if subject else None) or "*"
    bucket = (subject.bucket_name if subject else None) or "*"
    trail = (subject.trail_arn if subject else None) or f"{aws}:cloudtrail:*:{account}:trail/*"
    topics = list(subject.topic_arns if subject else ()) or [f"{aws}:sns:{region}:{account}:*"]
    realtime = subject.realtime if subject else None
    rules = [
        f"{aws}:events:{region}:{account}:rule/{name}"
        for name in (realtime.rule_names if realtime else ("*",))
    ]

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
                "events:TestEventPattern",
                "logs:TestMetricFilter",
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
        statement("Events", ["logs:FilterLogEvents"], f"{aws}:logs:{region}:{account}:log-group:{group}:*"),
        # More than the one alarm: those that watch the watch are looked at too.
        statement("Alarms", ["cloudwatch:DescribeAlarms"], f"{aws}:cloudwatch:{region}:{account}:alarm:*"),
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
        statement("Bucket", ["s3:GetBucketPolicy"], f"{aws}:s3:::{bucket}"),
        statement(
            "DeliveryRole",
            [
                "iam:GetPolicy",
                "iam:GetPolicyVersion",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
            ],
            [f"{aws}:iam::{account}:policy/*", f"{aws}:iam::{account}:role/*"],
        ),
    ]
    if rules:
        statements.append(statement("Rules", ["events:DescribeRule", "events:ListTargetsByRule"], rules))
    if subject is None or not subject.known:
        statements.append(
            statement("FindRules", ["events:ListRules"], f"{aws}:events:{region}:{account}:rule/*")
        )
    if realtime and realtime.dead_letter_queue_url:
        queue = realtime.dead_letter_queue_url.rsplit("/", 1)[-1]
        arn = f"{aws}:sqs:{region}:{account}:{queue}"
        statements.append(statement("DeadLetters", ["sqs:GetQueueAttributes"], arn))
    return {"Version": "2012-10-17", "Statement": statements}
